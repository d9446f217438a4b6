"""Cells of an entry as they were judged, made from a few words: for what computes points from them."""

from __future__ import annotations

from matrix.challenge.scoring.cases import Case, Judged, cases_of
from matrix.challenge.scoring.score import Score
from matrix.challenge.task import load_task
from matrix.identity import CellId
from matrix.outcome import Evidence, Outcome, Phase
from matrix.result import Comparison, Result, Sampled, Timing
from operators.operator import TIMED, Sample

TASK = load_task("leaky_relu")
MAIN = TASK.main.name


def cell(
    outcome: Outcome = Outcome.PASS,
    *,
    row: str = MAIN,
    sample: str = "typical-0",
    dtype: str = "float32",
    profile: str = "chip",
    evidence: Evidence = Evidence.INTERPRET,
    timing: Timing | None = None,
    policies: dict[str, bool] | None = None,
    raises: bool = False,
    detail: str = "it is so",
) -> Judged:
    """One cell with its result. `policies` are the verdicts of tolerances."""
    identity = CellId(profile, row, "entry", (("dtype", dtype), ("sample", sample)), evidence)
    compared = outcome in (Outcome.PASS, Outcome.WRONG)
    bad = 1 if outcome is Outcome.WRONG else 0
    comparison = Comparison("a rule", 4, bad, max_abs=0.25, policies=policies or {}) if compared else None
    phases = {Outcome.PASS: Phase.COMPARE, Outcome.WRONG: Phase.COMPARE, Outcome.NOT_RUN: Phase.START}
    result = Result(
        str(identity),
        outcome,
        phases.get(outcome, Phase.RUN),
        "" if outcome is Outcome.PASS else detail,
        comparison=comparison,
        timing=timing,
    )
    return Judged(identity, Sample(sample, "T[4]", raises=raises), result)


def timed(
    speedup: float | None, *, dtype: str = "float32", number: int = 0, profile: str = "chip", **facts: object
) -> Judged:
    """A timed call; None: it failed where it was timed."""
    sample = f"{TIMED}-{number}"
    known: dict[str, object] = {"device": "A chip", "stable": True, **facts}
    if speedup is None:
        return cell(Outcome.WRONG, sample=sample, dtype=dtype, profile=profile, evidence=Evidence.TIME)
    samples = Sampled((1e-3 * speedup,) * 3, 1e-5), Sampled((1e-3,) * 3, 1e-5)
    timing = Timing(*samples, "torch", speedup, speedup * 0.98, speedup * 1.02, stopped="interval", **known)  # type: ignore[arg-type]
    return cell(sample=sample, dtype=dtype, profile=profile, evidence=Evidence.TIME, timing=timing)


def cases(*cells: Judged) -> tuple[Case, ...]:
    return cases_of(TASK.rows, MAIN, cells)


def earned(score: Score) -> tuple[float | None, float]:
    """Points, and of how many: rounded, to be held against plain numbers."""
    return None if score.points is None else round(score.points, 6), round(score.measured, 6)


def repeat(cell_id: str) -> str:
    return f"repeat {cell_id}"
