"""Cells of the providers in tests/fakes/repeated.py: on this CPU, as if it were the chip."""

from __future__ import annotations

from pathlib import Path

from backends.profile import Limits, Profile
from matrix.cell import Cell
from matrix.outcome import Evidence
from matrix.runner.session import RunSettings
from operators.case import Case
from operators.operator import Operator, Sample

FILE = Path(__file__).parents[2] / "fakes" / "repeated.py"
HERE = Profile("here", "This CPU", "nobody", "cpu", "CPU", ("run",), limits=Limits(seconds=30, memory_gib=1))


def fake(provider: str, call: str = "T[5]", outputs: tuple[str, ...] = ()) -> Cell:
    sample = Sample("typical-0", call)
    operator = Operator(
        name=f"fake.{provider}",
        base=provider,
        family="pointwise",
        providers={"mine": f"{FILE}:{provider}"},
        reference=f"{FILE}:double",
        against="float64",
        dtypes=("float32",),
        samples=(sample,),
        outputs=outputs,
        proof="call",
    )
    return Cell(HERE, Case(operator, "mine", "float32", sample), Evidence.RUN)


def settings(judge: str, **environment: str) -> RunSettings:
    return RunSettings(judge=judge, probe="", workers=1, environment=environment, grace=0.5)
