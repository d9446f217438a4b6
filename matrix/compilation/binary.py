"""What a compiled kernel says of itself: registers and memory of a thread, read from the metadata in its binary.

Both kinds of binary are ELF files. A cubin keeps attributes in the section `.nv.info`, an hsaco keeps a MessagePack map in an
ELF note. Neither holds the shared memory: Triton asks the driver for that at each launch.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from matrix.compilation.message_pack import unpack

_CUBIN, _HSACO = 190, 224  # e_machine: EM_CUDA, EM_AMDGPU
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_NOTE = struct.Struct("<III")
_NOTE_METADATA = 32  # NT_AMDGPU_METADATA
# Attributes of `.nv.info`, each a symbol and a number: registers, and bytes of a thread's stack without and with its calls.
_REGISTERS, _FRAME, _STACK = 0x2F, 0x11, 0x12
_SIZED = 4  # the format of an attribute whose value has a length of its own
_WORD = 4


class UnreadableBinary(ValueError):  # noqa: N818 - says what it is: no error of the kernel's
    """A binary is none of those known here, or does not hold what is looked for."""


@dataclass(frozen=True)
class Resources:
    """What one thread takes.

    registers  32-bit registers (of an hsaco: vector registers, accumulators included)
    spilled    32-bit registers that did not fit and live in memory; of a cubin this is its local memory in words, which
               arrays of a thread's own are part of, so it is an upper bound (Triton counts its `n_spills` this way)
    local      bytes of memory of its own that a thread has on the chip
    """

    registers: int
    spilled: int
    local: int


def read_resources(binary: bytes) -> Resources:
    """The resources of a binary's kernel. Raises UnreadableBinary."""
    try:
        machine = _HEADER.unpack_from(binary)[2] if binary[:4] == b"\x7fELF" else None
        if machine == _CUBIN:
            return _cubin(binary)
        if machine == _HSACO:
            return _hsaco(binary)
    except (struct.error, IndexError, KeyError, TypeError, ValueError) as error:
        raise UnreadableBinary(f"the binary's metadata is not as expected: {error!r}") from error
    raise UnreadableBinary(f"neither a cubin nor an hsaco: it begins with {binary[:4]!r}, machine {machine}")


def _sections(binary: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the sections of an ELF file."""
    header = _HEADER.unpack_from(binary)
    offset, size, count, names_at = header[6], header[11], header[12], header[13]
    rows = [_SECTION.unpack_from(binary, offset + index * size) for index in range(count)]
    names = binary[rows[names_at][4] :]
    for name, kind, _, _, start, length, *_ in rows:
        content = b"" if kind == 8 else binary[start : start + length]  # 8: SHT_NOBITS
        yield names[name : names.index(b"\0", name)].decode(), content


def _cubin(binary: bytes) -> Resources:
    info = next(content for name, content in _sections(binary) if name == ".nv.info")
    found = {_REGISTERS: 0, _FRAME: 0, _STACK: 0}
    position = 0
    while position + 4 <= len(info):
        form, attribute, length = struct.unpack_from("<BBH", info, position)
        position += 4
        if form == _SIZED:
            if attribute in found and length == 8:
                found[attribute] = max(found[attribute], struct.unpack_from("<II", info, position)[1])
            position += length
    local = max(found[_FRAME], found[_STACK])
    return Resources(found[_REGISTERS], local // _WORD, local)


def _hsaco(binary: bytes) -> Resources:
    note = next(content for name, content in _sections(binary) if name == ".note")
    name_size, size, kind = _NOTE.unpack_from(note)
    if kind != _NOTE_METADATA:
        raise UnreadableBinary(f"its first note is of type {kind}, not {_NOTE_METADATA}")
    start = _NOTE.size + (name_size + 3) // 4 * 4
    kernels = unpack(note[start : start + size])["amdhsa.kernels"]
    return Resources(
        registers=max(kernel[".vgpr_count"] for kernel in kernels),
        spilled=max(kernel.get(".vgpr_spill_count", 0) + kernel.get(".sgpr_spill_count", 0) for kernel in kernels),
        local=max(kernel[".private_segment_fixed_size"] for kernel in kernels),
    )
