"""A run made up for the renderers: three profiles, every outcome, and details that mean harm."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from backends.expectation import Expectation, Expectations
from backends.pattern import parse_pattern
from backends.profile import Profile
from matrix.cell import Cell
from matrix.outcome import Evidence, Outcome, Phase
from matrix.result import Comparison, Launch, Result
from matrix.run import Header, Run
from operators.case import Case
from operators.operator import Operator, Sample
from reports.grid import Grid, build_grid

TODAY = date(2026, 11, 22)
HOSTILE = "</script><img src=x onerror=alert(1)> | `pipe` \x1b[31mred\x07 \u2028 & <b>\x00"
BASES = {
    "add": "pointwise",
    "mul": "pointwise",
    "exp": "pointwise",
    "gelu": "activation",
    "softmax": "reduction",
    "sum": "reduction",
    "argmax": "reduction",
    "mm": "matmul",
    "sort": "sort",
    "conv2d": "convolution",
    "rms_norm": "normalization",
}
DTYPES = ("float32", "bfloat16")
SAMPLES = ("typical-0", "empty-0", "strided-0")


def make_profile(name: str, evidence: tuple[str, ...] = ("interpret",)) -> Profile:
    return Profile(name, f"The {name} column", "nobody", "cpu", "CPU", evidence)


def make_operator(base: str, family: str, samples: Sequence[str] = SAMPLES) -> Operator:
    return Operator(
        name=f"{base}.Tensor",
        base=base,
        family=family,
        providers={"gems": "aten"},
        reference="aten",
        against="float64",
        dtypes=DTYPES,
        samples=tuple(Sample(name, f"T[5, 3], dim={place}") for place, name in enumerate(samples)),
        vacuous="an empty sum is zero" if base == "sum" else None,
    )


def make_cells(profile: Profile, evidence: Evidence, bases: Mapping[str, str] = BASES) -> list[Cell]:
    cells = []
    for base, family in bases.items():
        operator = make_operator(base, family)
        for dtype in DTYPES:
            cells += [Cell(profile, Case(operator, "gems", dtype, sample), evidence) for sample in operator.samples]
    return cells


def passed(cell: str, **changes: object) -> Result:
    comparison = Comparison("rtol 1.3e-06, atol 1e-05 (float32)", 15, 0, 1.2e-7, 3.4e-7, 1e-5)
    launches = (Launch("kernel", "flag_gems/ops/kernel.py", 2),)
    facts: dict[str, object] = {"seconds": 0.25, "comparison": comparison, "launches": launches, "worker": "gw0-17"}
    return Result(cell, Outcome.PASS, Phase.COMPARE, **(facts | changes))  # type: ignore[arg-type]


def failed(
    cell: str, outcome: Outcome, phase: Phase = Phase.RUN, detail: str = "it failed", **changes: object
) -> Result:
    if outcome is Outcome.WRONG:
        phase = Phase.COMPARE
        changes.setdefault(
            "comparison",
            Comparison("rtol 0.016", 15, 3, float("inf"), float("nan"), 0.1, (0, 2), "nan", "1.5", 0, {"loose": False}),
        )
    return Result(cell, outcome, phase, detail, 0.5, **changes)  # type: ignore[arg-type]


def every_outcome(cells: Sequence[Cell]) -> dict[str, list[Result]]:
    """Mostly passes; the first cells of each operator carry one of every other outcome."""
    results = {str(cell.id): [passed(str(cell.id))] for cell in cells}
    ids = list(results)
    planted: list[list[Result]] = [
        [failed(ids[0], Outcome.WRONG, detail=HOSTILE), failed(ids[0], Outcome.WRONG, detail=HOSTILE, attempt=2)],
        [failed(ids[1], Outcome.ERROR, detail="RuntimeError: " + "x" * 5000, traceback="Traceback\n" * 3000)],
        [failed(ids[2], Outcome.UNCOMPILED, Phase.COMPILE, "shared memory: 131072 bytes, the target has 65536")],
        [failed(ids[3], Outcome.CRASH, detail="SIGSEGV", output="\x1b[31mboom\x00"), passed(ids[3], attempt=2)],
        [failed(ids[4], Outcome.TIMEOUT, detail="did not end within 60 s")],
        [failed(ids[5], Outcome.OOM, detail="wanted more than 6 GiB")],
        [failed(ids[6], Outcome.UNDISPATCHED, detail="no kernel of the provider was launched")],
        [failed(ids[7], Outcome.UNSUPPORTED, Phase.PLAN, "lacks bf16")],
        [failed(ids[8], Outcome.NOT_RUN, Phase.START, "interrupted")],
        [failed(ids[9], Outcome.INFRA, detail="libdevice.fancy has no meaning here", gap="libdevice")],
        [failed(ids[10], Outcome.ERROR, Phase.REFERENCE, "the reference raised ValueError")],
        [failed(ids[12], Outcome.ERROR, detail="IndexError: tuple index out of range")],
        [passed(ids[24], comparison=Comparison("exact", 4, 0, vacuous=("zeros",)))],
        [passed(ids[30], comparison=Comparison("exact", 4, 0, vacuous=("zeros", "ones")))],
    ]
    return results | {attempts[0].cell: attempts for attempts in planted}


@pytest.fixture
def profiles() -> tuple[Profile, ...]:
    return (
        make_profile("laptop", ("interpret",)),
        make_profile("accelerator", ("compile", "interpret")),
        make_profile("faraway", ("run",)),
    )


@pytest.fixture
def cells(profiles: tuple[Profile, ...]) -> list[Cell]:
    laptop, accelerator, faraway = profiles
    return [
        *make_cells(laptop, Evidence.INTERPRET),
        *make_cells(accelerator, Evidence.COMPILE),
        *make_cells(faraway, Evidence.RUN),
    ]


@pytest.fixture
def run(cells: list[Cell]) -> Run:
    results: dict[str, list[Result]] = every_outcome([cell for cell in cells if cell.profile.name == "laptop"])
    draw = random.Random(3)
    for cell in cells:
        text = str(cell.id)
        if cell.profile.name == "accelerator" and draw.random() < 0.9:
            results[text] = [passed(text)]
        elif cell.profile.name == "faraway":
            results[text] = [failed(text, Outcome.NOT_RUN, Phase.START, "no device of this kind is here")]
    header = Header(
        plan="0123abcd",
        cells=len(cells),
        columns=("laptop@interpret", "accelerator@run", "faraway@run"),
        machine={"cpu": "two cores", "memory": "8 GiB"},
        stack={"torch": "2.13.0", "triton": "3.7.1"},
        started="2026-11-22T11:00:00+00:00",
        arguments=("run", "--tier", "quick"),
    )
    return Run(header, {cell: tuple(attempts) for cell, attempts in results.items()})


def expect(pattern: str, outcome: str, reason: str, expires: date = date(2027, 1, 1)) -> Expectation:
    return Expectation("laptop", (parse_pattern(pattern),), outcome, reason, "us", "#7", expires, "laptop.toml")


@pytest.fixture
def expectations() -> dict[str, Expectations]:
    laptop = [
        expect("mul.Tensor", "UNDISPATCHED", "falls back to native"),
        expect("exp.Tensor", "ERROR", "raises on 0-d"),
        expect("mm.Tensor", "CRASH", "crashes when cold", date(2026, 1, 1)),
        expect("sort.Tensor", "WRONG", "ties"),
    ]
    return {"laptop": Expectations(laptop)}


@pytest.fixture
def grid(
    run: Run,
    cells: list[Cell],
    profiles: tuple[Profile, ...],
    expectations: dict[str, Expectations],
) -> Grid:
    everything = [cell.id for cell in cells]
    no_cases = {"weird.Tensor": "needs a device-side generator"}
    return build_grid([run], cells, profiles, expectations, TODAY, universe=everything, no_cases=no_cases)
