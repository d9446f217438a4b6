"""A small world: a chip, a catalogue of four operators, and runs of them as they might be recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from backends.profile import Profile
from matrix.outcome import Outcome, Phase
from matrix.result import Comparison, Result, Sampled, Timing
from matrix.run import Header, Run
from operators.operator import Operator, Sample

CHIP = Profile("chip", "A chip", "A vendor", "chip", "PrivateUse1", ("run", "time"))
LAME = Profile("chip", "A chip", "A vendor", "chip", "PrivateUse1", ("run", "time"), lacks=("fp64",))


def make_operator(name: str, dtypes: tuple[str, ...] = ("float32", "float16"), **facts: object) -> Operator:
    declared: dict[str, object] = {
        "base": name.partition(".")[0],
        "family": "pointwise",
        "providers": {"gems": "aten"},
        "reference": "aten",
        "against": "float64",
        "samples": (
            Sample("typical-0", "T[5]"),
            Sample("odd-0", "T[7]"),
            Sample("illegal-0", "T[2]", dtypes=dtypes[:1], raises=True),
            Sample("timed-0", "T[512]", dtypes=dtypes[:1]),
        ),
    }
    return Operator(name=name, dtypes=dtypes, **(declared | facts))  # type: ignore[arg-type]


OPERATORS = {
    operator.name: operator
    for operator in (
        make_operator("add.Tensor"),
        make_operator("add.out"),
        make_operator("mm"),
        make_operator("wide", dtypes=("float64",)),
        make_operator("draw", family="random"),
        make_operator("fused.rope", base="rope", providers={"gems": "flag_gems:rope"}),
    )
}
CORE = ("add.Tensor", "mm")


def result(cell: str, outcome: Outcome = Outcome.PASS, speedup: float | None = None, rule: str = "rtol 1e-5") -> Result:
    if outcome is Outcome.PASS:
        return Result(cell, outcome, Phase.COMPARE, comparison=Comparison(rule, 5, 0), timing=timing(cell, speedup))
    phase = Phase.COMPARE if outcome is Outcome.WRONG else Phase.RUN
    return Result(cell, outcome, phase, "it failed")


def timing(cell: str, speedup: float | None) -> Timing | None:
    if not cell.endswith("@time"):
        return None
    ratio = speedup if speedup is not None else 1.0
    return Timing(Sampled((ratio,) * 4, 1e-6), Sampled((1.0,) * 4, 1e-6), "torch", ratio, ratio, ratio, "A chip", "cap")


def make_run(outcomes: Mapping[str, Outcome | Result], started: str = "2026-11-01T00:00:00+00:00") -> Run:
    results = {cell: (found if isinstance(found, Result) else result(cell, found),) for cell, found in outcomes.items()}
    return Run(Header(started=started, stack={"torch": "2.11"}), results)


Ids = Callable[..., list[str]]


@pytest.fixture
def every() -> Ids:
    """The ids of the full tier of the small world, with an evidence."""
    from matrix.columns import Column
    from matrix.outcome import Evidence
    from matrix.plan import Selection, plan

    def ids(evidence: str = "run", profile: Profile = CHIP) -> list[str]:
        return list(plan(Selection("full"), [Column(profile, Evidence(evidence))], OPERATORS, ()).ids)

    return ids
