"""What goes between judge and child comes out as it went in, and nothing else is taken for an answer."""

from __future__ import annotations

import json
import math
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from matrix.challenge.arena import wire
from matrix.judging.inputs import Arguments

SOON = 5.0


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        yield mine, theirs


def test_arguments_keep_their_layout_and_what_lies_between() -> None:
    strided = torch.arange(24, dtype=torch.float16).as_strided((2, 3), (8, 2), 1)
    given = Arguments([strided, 3, [torch.ones(2, dtype=torch.bool), None]], {"x": torch.empty(0, 4)})
    packed = wire.pack_arguments(given)
    sent = [bytearray(wire.raw(storage)) for storage in packed.storages]
    back = wire.unpack_arguments(packed.arguments, sent)
    assert back.args[0].stride() == (8, 2)
    assert torch.equal(wire.storage_bytes(back.args[0]), wire.storage_bytes(strided))
    assert back.args[1] == 3
    assert torch.equal(back.args[2][0], given.args[2][0])
    assert back.kwargs["x"].shape == (0, 4)
    assert back.args[0].data_ptr() != strided.data_ptr()


def test_results_come_back_as_they_are() -> None:
    kept: list[torch.Tensor] = []

    def keep(tensor: torch.Tensor) -> int:
        kept.append(tensor)
        return len(kept) - 1

    value = (torch.arange(6).reshape(2, 3), [torch.tensor(1.5, dtype=torch.bfloat16), None], 3, math.inf, {"a": True})
    described = json.loads(json.dumps(wire.describe(value, keep)))
    tensors = [bytearray(wire.raw(wire.storage_bytes(tensor))) for tensor in kept]
    back = wire.rebuild(described, tensors)
    assert torch.equal(back[0], value[0])
    assert back[1][0].dtype is torch.bfloat16
    assert back[1:] == ((back[1][0], None), 3, math.inf, {"a": True})


@pytest.mark.parametrize(
    "described",
    [
        "text",
        {"tensor": 0, "dtype": "float32", "shape": [3]},
        {"tensor": 1, "dtype": "float32", "shape": [2]},
        {"tensor": -1, "dtype": "float32", "shape": [2]},
        {"tensor": True, "dtype": "float32", "shape": [2]},
        {"tensor": 0, "dtype": "__class__", "shape": [2]},
        {"tensor": 0, "dtype": "float32", "shape": [-2]},
        {"tensor": 0, "dtype": "float32", "shape": ["2"]},
        {"tensor": 0, "dtype": "float32", "shape": [1] * 99},
        {"tensor": 0, "dtype": "float32", "shape": [2**62, 4]},
        [[[[[[[[[[0]]]]]]]]]],
        [0] * 1000,
    ],
)
def test_what_is_no_answer_is_refused(described: Any) -> None:
    with pytest.raises(wire.WireError):
        wire.rebuild(described, [bytearray(8)])


def test_a_request_and_its_answer(pair: tuple[socket.socket, socket.socket]) -> None:
    mine, theirs = pair
    wire.send_request(mine, {"operation": "call"}, [torch.arange(3, dtype=torch.uint8)], time.monotonic() + SOON)
    request, parts = wire.receive_request(theirs)
    assert (request["operation"], parts) == ("call", [bytearray(b"\x00\x01\x02")])
    wire.send_answer(theirs, {"told": 1}, [torch.ones(2, dtype=torch.uint8)])
    head, parts = wire.receive_answer(mine, time.monotonic() + SOON, 2)
    assert (head["told"], parts) == (1, [bytearray(b"\x01\x01")])


@pytest.mark.parametrize(
    ("head", "body", "size"),
    [
        (b"{}", b"", None),
        (b"[]", b"", None),
        (b"nothing", b"", None),
        (b'{"parts": [1]}', b"", None),
        (b'{"parts": [-1, 1]}', b"", None),
        (b'{"parts": [true]}', b"x", None),
        (b'{"parts": []}', b"", (wire.HEAD_LIMIT + 1, 0)),
        (b'{"parts": []}', b"", (13, 101)),
        (b"[" * 100_000, b"", None),
    ],
)
def test_hostile_bytes_are_refused(
    pair: tuple[socket.socket, socket.socket], head: bytes, body: bytes, size: tuple[int, int] | None
) -> None:
    mine, theirs = pair
    theirs.sendall(wire.SIZES.pack(*(size or (len(head), len(body)))) + head + body)
    with pytest.raises(wire.WireError):
        wire.receive_answer(mine, time.monotonic() + SOON, 100)


def test_silence_and_an_end_are_told_apart(pair: tuple[socket.socket, socket.socket]) -> None:
    mine, theirs = pair
    with pytest.raises(wire.Overdue):
        wire.receive_answer(mine, time.monotonic(), 100)
    theirs.close()
    with pytest.raises(wire.Gone):
        wire.receive_answer(mine, time.monotonic() + SOON, 100)


def test_one_that_takes_nothing_does_not_hold_the_judge(pair: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(wire.Overdue):
        wire.send_request(pair[0], {}, [torch.zeros(1 << 24, dtype=torch.uint8)], time.monotonic() + 0.05)
