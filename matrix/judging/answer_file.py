"""Answers on disk: a line of JSON that says what there is, then the tensors' bytes.

A run reads one for every cell, so reading is kept cheap, which torch's own archive is not. Nothing in such a file can be
executed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import torch

from matrix.judging.outputs import Labelled

Lists = dict[str, list[Labelled] | None]


class AnswerFileError(ValueError):
    """The bytes are no answer, or only a part of one."""


def pack(lists: Lists, raised: str | None) -> bytes:
    """Named lists of labelled tensors (or None), and a text, as bytes."""
    described = {name: _describe(tensors) for name, tensors in lists.items()}
    head = json.dumps({"lists": described, "raised": raised}).encode()
    return b"\n".join([head, b"".join(_bytes(tensor) for tensors in lists.values() for _, tensor in tensors or ())])


def unpack(data: bytes) -> tuple[Lists, str | None]:
    """What `pack` was given; the tensors are contiguous, and no two share memory.

    Raises AnswerFileError.
    """
    head, newline, body = data.partition(b"\n")
    try:
        described = json.loads(head)
        source = _Source(memoryview(body))
        lists = {name: _tensors(entries, source) for name, entries in described["lists"].items()}
        raised = described["raised"]
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise AnswerFileError(f"no answer: {error}") from error
    if not newline or source.left or not isinstance(raised, str | None):
        raise AnswerFileError("no answer, or one that was cut")
    return lists, raised


def _describe(tensors: list[Labelled] | None) -> list[tuple[str, str, list[int]]] | None:
    if tensors is None:
        return None
    return [(label, str(tensor.dtype).removeprefix("torch."), list(tensor.shape)) for label, tensor in tensors]


def _bytes(tensor: torch.Tensor) -> bytes:
    """A tensor's elements in order, whatever its layout."""
    flat = tensor.detach().resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format).reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


class _Source:
    """The bytes after the head, taken from the front."""

    def __init__(self, body: memoryview) -> None:
        self.body = body
        self.place = 0

    @property
    def left(self) -> int:
        return len(self.body) - self.place

    def take(self, size: int) -> bytearray:
        if size > self.left:
            raise AnswerFileError(f"{size} bytes are due and {self.left} are there")
        self.place += size
        return bytearray(self.body[self.place - size : self.place])


def _tensors(entries: Iterable[Any] | None, source: _Source) -> list[Labelled] | None:
    return None if entries is None else list(_each(entries, source))


def _each(entries: Iterable[Any], source: _Source) -> Iterator[Labelled]:
    for label, name, shape in entries:
        dtype = getattr(torch, name)
        count = 1
        for size in shape:
            count *= size
        if not count:
            yield label, torch.empty(shape, dtype=dtype)
            continue
        yield label, torch.frombuffer(source.take(count * dtype.itemsize), dtype=dtype).reshape(shape)
