"""Results that contradict themselves cannot be built."""

from __future__ import annotations

import pytest

from matrix.outcome import Outcome, Phase
from matrix.result import Comparison, Compiled, Launch, Result, ResultError, Sampled, Timing

COMPARED = Comparison(rule="exact", total=1, mismatched=0)
KERNEL = Compiled("add", "add.py", {"BLOCK": "16"}, 4096, 0, 20, 0, 0.5)


@pytest.mark.parametrize(
    "facts",
    [
        {"outcome": Outcome.PASS, "phase": Phase.COMPARE},
        {"outcome": Outcome.WRONG, "phase": Phase.RUN, "detail": "x", "comparison": COMPARED},
        {"outcome": Outcome.ERROR, "phase": Phase.RUN},
        {"outcome": Outcome.CRASH, "phase": Phase.RUN, "detail": "SIGSEGV", "comparison": COMPARED},
        {"outcome": Outcome.TIMEOUT, "phase": Phase.RUN, "detail": "60 s", "comparison": COMPARED},
        {"outcome": Outcome.ERROR, "phase": Phase.RUN, "detail": "x", "gap": "inline-asm"},
        {"outcome": Outcome.PASS, "phase": Phase.COMPARE, "comparison": COMPARED, "attempt": 0},
        {"outcome": Outcome.PASS, "phase": Phase.COMPILE},
        {"outcome": Outcome.PASS, "phase": Phase.RUN, "compiled": (KERNEL,)},
        {"outcome": Outcome.PASS, "phase": Phase.COMPILE, "compiled": (KERNEL,), "launches": (Launch("add", "a.py"),)},
    ],
)
def test_a_contradiction_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(ResultError, match="cell"):
        Result("cell", **facts)  # type: ignore[arg-type]


def test_a_pass_with_its_comparison_is_built() -> None:
    assert Result("cell", Outcome.PASS, Phase.COMPARE, comparison=COMPARED).attempt == 1


def test_a_pass_with_kernels_that_were_compiled_is_built() -> None:
    assert Result("cell", Outcome.PASS, Phase.COMPILE, compiled=(KERNEL,)).comparison is None


@pytest.mark.parametrize(
    "facts", [{"tried": 3}, {"fitting": 1}, {"tried": 3, "fitting": 4}, {"tried": 3, "fitting": 0}]
)
def test_a_tuned_kernel_fits_in_some_of_what_was_tried(facts: dict[str, int]) -> None:
    with pytest.raises(ResultError, match="add"):
        Compiled("add", "add.py", {}, 4096, 0, 20, 0, 0.5, **facts)


@pytest.mark.parametrize("peak", [0.0, -1.0, float("nan")])
def test_a_measured_peak_is_more_than_nothing(peak: float) -> None:
    """It is divided by, and a record may come from anywhere."""
    sampled = Sampled((1e-6,), 1e-6)
    with pytest.raises(ResultError, match="peak"):
        Timing(sampled, sampled, "native", 1.0, 1.0, 1.0, "chip", "cap", moved=1, peak_bandwidth=peak)
