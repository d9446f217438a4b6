"""What is seen of a call from beside it: results that change later, work on another stream, strange tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from matrix.cell import Cell
from matrix.challenge.arena.calling import Calls, strangeness
from matrix.challenge.arena.wire import pack_arguments, raw
from matrix.judging import judge as judging
from matrix.judging.attempt import Attempt
from matrix.judging.inputs import Arguments
from matrix.tampering import Tampering
from tests.fakes.cells import fake


def call(function: Callable[..., Any], found: list[Tampering], cell: Cell | None = None) -> dict[str, Any]:
    """Call a function with one tensor, and once again."""
    calls = Calls(None, found.append)
    calls.function = function
    packed = pack_arguments(Arguments([torch.arange(1.0, 5.0)]))
    parts = [bytearray(raw(storage)) for storage in packed.storages]
    attempt = Attempt(cell or fake("right"), lambda _: None)
    told: dict[str, Any] = {}
    for operation in ("call", "again"):
        told, _ = calls.make(attempt, {"operation": operation, "arguments": packed.arguments}, parts)
    calls.settle()
    return told


def test_a_plain_call_leaves_nothing_to_say() -> None:
    found: list[Tampering] = []
    told = call(lambda x: (2 * x, x), found)
    assert found == []
    assert [each["shape"] for each in told["returned"]] == [[4], [4]]


def test_work_on_another_stream_is_not_done_when_the_call_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pretended device: what was queued on a stream of the entry's own is done when the whole device is waited for."""
    queued: list[Callable[[], object]] = []

    def wait(_attempt: Attempt) -> None:
        while queued:
            queued.pop()()

    def on_a_stream(x: torch.Tensor) -> torch.Tensor:
        out = torch.empty_like(x)
        queued.append(lambda: out.copy_(2 * x))
        return out

    monkeypatch.setattr(judging, "wait_for_device", wait)
    found: list[Tampering] = []
    call(on_a_stream, found)
    assert {each.kind for each in found} == {"late"}
    assert "changed after the call had returned it" in found[0].what


def test_a_result_that_is_changed_by_the_next_call_is_late_or_a_replay() -> None:
    buffer = torch.empty(4)
    found: list[Tampering] = []
    call(lambda x: buffer.copy_(2 * x), found)
    assert {each.kind for each in found} == {"replay"}


@pytest.mark.parametrize(
    ("tensor", "word"),
    [
        (torch.nn.Parameter(torch.ones(2)), "no plain torch.Tensor"),
        (torch.empty(2, device="meta"), "without memory"),
        (torch.ones(2).to_sparse(), "without memory"),
    ],
)
def test_a_tensor_that_is_none(tensor: torch.Tensor, word: str) -> None:
    assert word in strangeness(tensor)
    assert strangeness(torch.ones(2)) == ""
    with pytest.raises(TypeError):
        call(lambda _: tensor, [])
