"""Cells made by hand: a function in a file is the provider, another the reference, and no emulation is in the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backends.profile import Profile
from matrix.cell import Cell
from matrix.outcome import Evidence
from operators.case import Case
from operators.operator import Operator, Sample

HERE = Profile("here", "This CPU", "nobody", "cpu", "CPU", ("run", "time"))
SOURCE = """
import os, torch

def double(x): return 2 * x
def reference(x): return x + x
def off(x): return 2 * x + 0.5
def nan(x): return x * float("nan")
def fails(x): raise ValueError("no such shape")
def leaves(x): raise SystemExit(3)
def keeps(x): x.add_(1); return 2 * (x - 1)
def short(x): return 2 * x[:1]
def two(x): return 2 * x, x
def half(x): return (2 * x).to(torch.float16)
def greedy(x): return bytearray(1 << 62)
def zero_of(x): return torch.zeros_like(x)
def picky(x, out=None):
    if x.dim() != 1: raise ValueError("one dimension, please")
    return 2 * x
def picky_reference(x, out=None):
    if x.dim() != 1: raise RuntimeError("one dimension")
    return x + x
class Beyond(Exception): memory_fault = True
def unwritten(x): return torch.empty_like(x)
def astray(x): raise RuntimeError("device error: an illegal memory access was encountered")
def beyond(x): raise Beyond("element 9 of argument x")
def pair(x): return x + x, x + x
def nearly_pair(x): return 2 * x, 2 * x * (1 + 2e-7)
def into(x, out): out.copy_(2 * x); return out
def mm(x, y): return x @ y
def doubles(x): return x.mul_(2)
def slow_reference(x):
    import time; time.sleep(0.3); return x + x
SEEN = []
def ordered(x):
    from operators.adapters.values import VALUES
    SEEN.append(VALUES.computed); return 2 * x
def naps(x):
    import time; time.sleep(0.004); return 2 * x
def napping_reference(x):
    import time; time.sleep(0.004); return x + x
def no_reference(x): raise RuntimeError("not on this device")
"""

MakeCell = Callable[..., Cell]


@pytest.fixture
def make_cell(tmp_path: Path) -> MakeCell:
    file = tmp_path / "functions.py"
    file.write_text(SOURCE)

    def make(provider: str, call: str = "T[5]", reference: str = "reference", **facts: object) -> Cell:
        raises = bool(facts.pop("raises", False))
        evidence = Evidence(str(facts.pop("evidence", "run")))
        declared = {
            "name": "test.double",
            "base": "double",
            "family": "pointwise",
            "against": "float64",
            "dtypes": ("float32",),
            "proof": "call",
            **facts,
        }
        sample = Sample("illegal-0" if raises else "typical-0", call, raises=raises)
        operator = Operator(
            providers={"mine": f"{file}:{provider}"},
            reference=reference if reference == "aten" else f"{file}:{reference}",
            samples=(sample,),
            **declared,  # type: ignore[arg-type]
        )
        return Cell(HERE, Case(operator, "mine", "float32", sample), evidence)

    return make
