"""Cells of the fakes: one operator a candidate, with the profile they all run on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from backends.profile import Limits, Profile
from matrix.cell import Cell
from matrix.outcome import Evidence
from operators.case import Case
from operators.operator import Operator, Sample

FOLDER = Path(__file__).resolve().parent
CANDIDATES = FOLDER / "candidates.py"
JUDGE = FOLDER / "judge.py"
PROFILE = Profile(
    name="fakes",
    title="Fakes",
    vendor="nobody",
    device="cpu",
    dispatch_key="CPU",
    evidence=("interpret",),
    limits=Limits(seconds=2.0, memory_gib=0.125, timing_seconds=1.0),
)
# The same with torch imported before time and memory are counted.
TORCH = replace(PROFILE, name="fakes-torch", limits=Limits(seconds=30.0, memory_gib=0.5))


def fake(name: str, *, sample: int = 0, reference: str = "", profile: Profile = PROFILE) -> Cell:
    """The cell of one candidate. `reference` names a function that the judge calls in phase inputs or reference."""
    operator = Operator(
        name=f"fake.{reference or name}",
        base=name,
        family="check",
        providers={"fake": f"{CANDIDATES}:{name}"},
        reference=f"{CANDIDATES}:{reference}" if reference else "none",
        against="none",
        dtypes=("float32",),
        samples=(Sample("typical-0", ""),),
    )
    return Cell(profile, Case(operator, "fake", "float32", Sample(f"typical-{sample}", "")), Evidence.INTERPRET)
