"""Reading MessagePack, as much of it as metadata uses: maps, lists, texts, bytes, whole numbers, truth and nothing.

https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from __future__ import annotations

import struct
from typing import Any

_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_NUMBERS = {
    0xCA: ">f",
    0xCB: ">d",
    0xCC: ">B",
    0xCD: ">H",
    0xCE: ">I",
    0xCF: ">Q",
    0xD0: ">b",
    0xD1: ">h",
    0xD2: ">i",
    0xD3: ">q",
}
_BYTES = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I"}
_TEXTS = {0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
_LISTS = {0xDC: ">H", 0xDD: ">I"}
_MAPS = {0xDE: ">H", 0xDF: ">I"}


def unpack(data: bytes) -> Any:
    """The value that the data opens with. Raises ValueError for a type that metadata does not use, or data cut short."""
    return _Reader(data).value()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def value(self) -> Any:
        tag = self.number(">B")
        if tag < 0x80:
            return tag
        if tag >= 0xE0:
            return tag - 0x100
        if tag < 0x90:
            return self.map(tag & 0x0F)
        if tag < 0xA0:
            return self.list(tag & 0x0F)
        if tag < 0xC0:
            return self.take(tag & 0x1F).decode()
        return self.tagged(tag)

    def tagged(self, tag: int) -> Any:
        if tag in _CONSTANTS:
            return _CONSTANTS[tag]
        if tag in _NUMBERS:
            return self.number(_NUMBERS[tag])
        if tag in _TEXTS:
            return self.take(self.number(_TEXTS[tag])).decode()
        if tag in _BYTES:
            return self.take(self.number(_BYTES[tag]))
        if tag in _LISTS:
            return self.list(self.number(_LISTS[tag]))
        if tag in _MAPS:
            return self.map(self.number(_MAPS[tag]))
        raise ValueError(f"MessagePack type {tag:#x} is not read here")

    def map(self, size: int) -> dict[Any, Any]:
        return {self.value(): self.value() for _ in range(size)}

    def list(self, size: int) -> list[Any]:
        return [self.value() for _ in range(size)]

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def take(self, size: int) -> bytes:
        taken = self.data[self.position : self.position + size]
        if len(taken) < size:
            raise ValueError(f"the data ends at {len(self.data)}, in the middle of a value")
        self.position += size
        return taken
