"""Evidence `time` in the arena, on this processor: what is timed, and what the clock outside says against what is claimed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backends.profile import Profile
from matrix.cell import Cell
from matrix.challenge.arena import judge as arena
from matrix.challenge.arena import timed
from matrix.challenge.arena.timing import Claimed, Rows, contradictions, time_rows
from matrix.outcome import Evidence, Outcome
from matrix.result import Result, Sampled
from matrix.timing.measuring import Procedure
from operators.case import Case
from operators.operator import Operator, Sample

HERE = Profile("here", "This CPU", "nobody", "cpu", "CPU", ("run", "time"))
QUICK = Procedure(warm_seconds=0.0, warm_limit=0.01, seconds=0.1, most_blocks=12, least_seconds=0.0)
SOURCE = '''
import time, torch

def right(x): return torch.log10(x)
def naps(x): time.sleep(0.004); return torch.log10(x)
def in_place(x): return x.log10_()
def into(x, out): out.copy_(torch.log10(x)); return out
CALLS, KNOWN = [0], {}
def later(x):
    """Right while it is judged, and a replay once it is timed."""
    CALLS[0] += 1
    if CALLS[0] < 4: return torch.log10(x)
    KNOWN.setdefault("x", torch.log10(x))
    return KNOWN["x"].clone()
def by_sum(x):
    """Knows values again that it has seen."""
    key = float(x.double().sum())
    if key not in KNOWN: KNOWN[key] = torch.log10(x)
    return KNOWN[key].clone()
def clock(x):
    time.perf_counter = lambda: 0.0
    return torch.log10(x)
def slows_torch(x):
    import operators.references.challenge.easy as easy
    old = easy.log10
    easy.log10 = lambda *a, **k: (time.sleep(0.01), old(*a, **k))[1]
    return torch.log10(x)
'''


@pytest.fixture
def time_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(timed, "PROCEDURE", QUICK)
    # A shared machine's clocks say little: what they say is tested below, without one.
    monkeypatch.setattr(timed, "contradictions", lambda *_: ())
    folder = tmp_path / "entry"
    folder.mkdir()
    (folder / "entry.py").write_text(SOURCE, encoding="utf-8")

    def judge(name: str, reference: str = "log10", call: str = "T[32, 32].between(0.26, 8)", **facts: object) -> Result:
        sample = Sample("typical-0", call)
        declared: dict[str, object] = {"name": "test.timed", "base": "timed", "family": "pointwise", "proof": "call"}
        operator = Operator(
            providers={"entry": f"{folder / 'entry.py'}:{name}"},
            reference=f"operators.references.challenge.easy:{reference}",
            against="float64",
            dtypes=("float32",),
            samples=(sample,),
            **(declared | facts),  # type: ignore[arg-type]
        )
        return arena.judge(Cell(HERE, Case(operator, "entry", "float32", sample), Evidence.TIME), lambda _: None)

    return judge


def test_an_honest_entry_is_timed(time_it: Callable[..., Result]) -> None:
    result = time_it("right")
    assert (result.outcome, result.tampering) == (Outcome.PASS, ()), result
    assert result.timing is not None
    assert len(result.timing.candidate.samples) >= 12
    assert result.timing.moved == 2 * 32 * 32 * 4


def test_it_is_the_entry_that_is_timed(time_it: Callable[..., Result]) -> None:
    result = time_it("naps")
    assert result.timing is not None, result
    assert min(result.timing.candidate.samples) >= 0.004


def test_in_place_and_into_a_given_tensor(time_it: Callable[..., Result]) -> None:
    assert time_it("in_place", "log10_", outputs=("0",)).outcome is Outcome.PASS
    assert time_it("into", call="T[9].between(0.26, 8), out=like(0)").outcome is Outcome.PASS


@pytest.mark.parametrize("name", ["later", "by_sum"])
def test_a_replay_among_the_timed_calls_is_found(time_it: Callable[..., Result], name: str) -> None:
    """Of `by_sum` nothing is found: no values come twice, so it computes every time and is as slow as it is."""
    result = time_it(name)
    if name == "by_sum":
        assert result.outcome is Outcome.PASS, result
    else:
        assert result.outcome is Outcome.WRONG
        assert "in a call that was timed" in result.detail
        assert [each.kind for each in result.tampering] == ["replay"]


@pytest.mark.parametrize(
    ("name", "kind", "word"),
    [("clock", "timers", "time.perf_counter was replaced"), ("slows_torch", "patched", "easy.log10 was replaced")],
)
def test_clocks_and_the_native_operator_cannot_be_changed(
    time_it: Callable[..., Result], name: str, kind: str, word: str
) -> None:
    result = time_it(name)
    assert (result.outcome, result.timing) == (Outcome.ERROR, None), result
    assert kind in {each.kind for each in result.tampering}
    assert word in result.detail


def claims(baseline: float, candidate: float) -> Claimed:
    return Claimed(Sampled((baseline,) * 24, 1e-5), Sampled((candidate,) * 24, 1e-5), "interval", True, [])


def test_true_laps_are_contradicted_by_nothing() -> None:
    assert list(contradictions(claims(1e-3, 5e-4), 1.1e-3, 1.0, Rows(5.2e-4, 1e-6))) == []


@pytest.mark.parametrize(
    ("outside", "whole", "row", "word"),
    [
        (5e-4, 1.0, 5e-4, "beside the entry the native operator took 1 ms a call, and 500 us by itself"),
        (1e-3, 0.01, 5e-4, "laps of 36 ms were claimed of a series that took 10 ms"),
        (1e-3, 1.0, 2e-3, "a call was said to take 500 us, and took 2 ms in a row by the clock outside"),
    ],
)
def test_laps_that_the_clock_outside_contradicts(outside: float, whole: float, row: float, word: str) -> None:
    (said,) = contradictions(claims(1e-3, 5e-4), outside, whole, Rows(row, 1e-6))
    assert said.startswith(word)


def test_work_on_another_stream_shows_in_a_row() -> None:
    """A pretended device: a call hands its work to a queue that only the end of the row waits for, and laps do not see it."""

    def ask(_side: str, calls: int, ahead: int) -> None:
        time.sleep(1e-4 + 1e-4 * ahead + 0.005 * calls)  # all that was queued, on whichever stream, is waited for

    claimed = claims(5e-3, 1e-5)
    found = list(contradictions(claimed, 5e-3, 10.0, time_rows(ask, claimed)))
    assert len(found) == 1
    assert "in a row by the clock outside" in found[0]


def test_the_host_s_part_of_a_call_is_hidden_behind_other_work() -> None:
    """A device of its own: calls are handed over in 200 us and done in 20 us; only the latter is held against the laps."""

    def ask(_side: str, calls: int, ahead: int) -> None:
        handing, work = 2e-4 * calls, 2e-3 * ahead + 2e-5 * calls
        time.sleep(1e-4 + max(handing + (2e-5 if calls else 0), work))

    claimed = claims(4e-5, 2e-5)
    rows = time_rows(ask, claimed)
    assert rows.candidate < 2e-4
