"""What goes between the judge and the child: a head and the bytes of tensors.

Requests go down as pickles of our own making. Answers come up from code that is judged, so they are hostile: a head of JSON
and raw bytes, each no longer than was said beforehand, and nothing in them can be executed.
"""

from __future__ import annotations

import json
import math
import pickle
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch

from matrix.judging.inputs import Arguments

SIZES = struct.Struct("<QQ")
HEAD_LIMIT = 4 * 1024 * 1024
ROOM = 256 * 1024**2  # bytes of an answer beyond a multiple of what was sent
DEEPEST = 8  # of what a function returns: a tuple of lists of ...
LONGEST = 256  # of one tuple in it
MOST_DIMENSIONS = 16
CHUNK = 1 << 20
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in vars(torch).values()
    if isinstance(dtype, torch.dtype) and not str(dtype).startswith(("torch.q", "torch.bits"))
}


class WireError(ValueError):
    """What came is no answer."""


class Overdue(TimeoutError):  # noqa: N818 - a fact about the other side
    """Nothing came, or was taken, in time."""


class Gone(ConnectionError):  # noqa: N818 - a fact about the other side
    """The other side has ended."""


@dataclass(frozen=True)
class Lent:
    """A tensor in a request: whose bytes come as a storage of their own, by number."""

    number: int
    dtype: torch.dtype
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int


@dataclass(frozen=True)
class Packed:
    """Arguments without their bytes, and the bytes: one storage for each tensor."""

    arguments: Arguments
    storages: tuple[torch.Tensor, ...]


def pack_arguments(arguments: Arguments) -> Packed:
    """Arguments on the CPU, ready to be sent."""
    storages: list[torch.Tensor] = []

    def lend(leaf: Any) -> Any:
        if not isinstance(leaf, torch.Tensor):
            return leaf
        storages.append(storage_bytes(leaf))
        return Lent(len(storages) - 1, leaf.dtype, tuple(leaf.shape), tuple(leaf.stride()), int(leaf.storage_offset()))

    return Packed(arguments.mapped(lend), tuple(storages))


def unpack_arguments(arguments: Arguments, storages: list[bytearray]) -> Arguments:
    """The arguments with tensors in memory of their own."""

    def made(leaf: Any) -> Any:
        if not isinstance(leaf, Lent):
            return leaf
        data = storages[leaf.number]
        whole = torch.empty(len(data) // leaf.dtype.itemsize, dtype=leaf.dtype)
        if data:
            storage_bytes(whole).copy_(torch.frombuffer(data, dtype=torch.uint8))
        return whole.as_strided(leaf.shape, leaf.strides, leaf.offset)

    return arguments.mapped(made)


def storage_bytes(tensor: torch.Tensor) -> torch.Tensor:
    """All of a tensor's memory as bytes, where it is."""
    return torch.empty(0, dtype=torch.uint8, device=tensor.device).set_(tensor.untyped_storage())


def raw(tensor: torch.Tensor) -> memoryview:
    """The memory of a tensor of bytes on the CPU."""
    return tensor.numpy().data if tensor.numel() else memoryview(b"")


def describe(value: Any, keep: Callable[[torch.Tensor], int], depth: int = 0) -> Any:
    """What a function returned, as JSON: tensors by number. What is neither a tensor nor a number is its type's name."""
    if isinstance(value, torch.Tensor):
        return {"tensor": keep(value), "dtype": str(value.dtype).removeprefix("torch."), "shape": list(value.shape)}
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    if depth < DEEPEST and isinstance(value, list | tuple):
        return [describe(item, keep, depth + 1) for item in value]
    if depth < DEEPEST and isinstance(value, dict):
        return {"items": [[str(name), describe(item, keep, depth + 1)] for name, item in value.items()]}
    return {"other": type(value).__name__}


def rebuild(described: Any, tensors: list[bytearray], depth: int = 0) -> Any:
    """What `describe` was given, as far as it is tensors and numbers; lists are tuples. Raises WireError."""
    if described is None or isinstance(described, bool | int | float):
        return described
    if isinstance(described, list) and depth < DEEPEST and len(described) <= LONGEST:
        return tuple(rebuild(item, tensors, depth + 1) for item in described)
    if not isinstance(described, dict):
        raise WireError(f"{str(described)[:60]!r} is no answer")
    if "tensor" in described:
        return _tensor(described, tensors)
    if "items" in described and depth < DEEPEST:
        return {str(name): rebuild(item, tensors, depth + 1) for name, item in described["items"][:LONGEST]}
    return float(described["float"]) if described.get("float") in ("nan", "inf", "-inf") else None


def _tensor(described: dict[str, Any], tensors: list[bytearray]) -> torch.Tensor:
    number, name, shape = described.get("tensor"), described.get("dtype"), described.get("shape")
    if not isinstance(name, str) or name not in DTYPES or not isinstance(shape, list) or len(shape) > MOST_DIMENSIONS:
        raise WireError("a tensor of no dtype or shape that there is")
    if not all(type(size) is int and 0 <= size < 2**40 for size in shape):
        raise WireError("a tensor whose shape is no shape")
    if type(number) is not int or not 0 <= number < len(tensors):
        raise WireError("a tensor that did not come")
    dtype, data = DTYPES[name], tensors[number]
    if math.prod(shape) * dtype.itemsize != len(data):
        raise WireError(f"{len(data)} bytes came for {name}{shape}")
    return torch.frombuffer(data, dtype=dtype).reshape(shape) if data else torch.empty(shape, dtype=dtype)


def send_request(
    channel: socket.socket, request: dict[str, Any], parts: Iterable[torch.Tensor], deadline: float
) -> None:
    """Send a request. Raises Overdue and Gone."""
    parts = list(parts)
    head = pickle.dumps({**request, "parts": [part.numel() for part in parts]})
    _send(channel, SIZES.pack(len(head), sum(part.numel() for part in parts)), deadline)
    for view in (memoryview(head), *(raw(part) for part in parts)):
        _send(channel, view, deadline)


def receive_request(channel: socket.socket) -> tuple[dict[str, Any], list[bytearray]]:
    """In the child: the next request. Raises Gone when there will be none."""
    size, total = SIZES.unpack(_receive(channel, SIZES.size, math.inf))
    request: dict[str, Any] = pickle.loads(_receive(channel, size, math.inf))  # noqa: S301 - from the judge that started us
    parts = [_receive(channel, length, math.inf) for length in request["parts"]]
    assert sum(map(len, parts)) == total
    return request, parts


def send_answer(channel: socket.socket, head: dict[str, Any], parts: Iterable[torch.Tensor] = ()) -> None:
    """In the child: send a message up."""
    parts = list(parts)
    text = json.dumps({**head, "parts": [part.numel() for part in parts]}).encode()
    channel.sendall(SIZES.pack(len(text), sum(part.numel() for part in parts)) + text)
    for part in parts:
        channel.sendall(raw(part))


def receive_answer(channel: socket.socket, deadline: float, limit: int) -> tuple[dict[str, Any], list[bytearray]]:
    """The child's next message, of at most `limit` bytes of tensors. Raises WireError, Overdue and Gone."""
    size, total = SIZES.unpack(_receive(channel, SIZES.size, deadline))
    if size > HEAD_LIMIT or total > limit:
        raise WireError(f"an answer of {size} and {total} bytes; at most {HEAD_LIMIT} and {limit} can be one")
    text = _receive(channel, size, deadline)
    try:
        head = json.loads(text)
        lengths = head["parts"]
        told = all(type(length) is int and length >= 0 for length in lengths) and sum(lengths) == total
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WireError(f"an answer that is no JSON: {type(error).__name__}") from error
    if not told:
        raise WireError("an answer whose parts are not as long as it says")
    return head, [_receive(channel, length, deadline) for length in lengths]


def _send(channel: socket.socket, data: bytes | memoryview, deadline: float) -> None:
    view = memoryview(data).cast("B") if len(data) else memoryview(b"")
    while view:
        _wait(channel, select.POLLOUT, deadline)
        try:
            view = view[channel.send(view[:CHUNK], socket.MSG_DONTWAIT) :]
        except BlockingIOError:
            continue
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Gone("the other side has ended") from error


def _receive(channel: socket.socket, size: int, deadline: float) -> bytearray:
    data = bytearray(size)
    view, place = memoryview(data), 0
    while place < size:
        _wait(channel, select.POLLIN, deadline)
        try:
            count = channel.recv_into(view[place : place + CHUNK], 0, socket.MSG_DONTWAIT)
        except BlockingIOError:
            continue
        except ConnectionResetError as error:
            raise Gone("the other side has ended") from error
        if not count:
            raise Gone("the other side has ended")
        place += count
    return data


def _wait(channel: socket.socket, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(channel, event)
    left = None if deadline == math.inf else max(0.0, deadline - time.monotonic()) * 1000
    if not poll.poll(left) and left is not None:
        raise Overdue("nothing came in time")
