"""Cells of model-parity whose provider is a function of model_kernels.py, natively on the CPU: real kernels, real processes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from backends.profile import Limits, Profile
from matrix.cell import Cell
from matrix.inference.case import case_of
from matrix.outcome import Evidence
from workloads.workload import Setting, Workload

KERNELS = Path(__file__).resolve().parent / "model_kernels.py"
HOST = Profile(
    name="host",
    title="Host",
    vendor="nobody",
    device="cpu",
    dispatch_key="CPU",
    evidence=("run",),
    limits=Limits(memory_gib=4.0),
)
SETTING = Setting(
    name="transformers-tiny-0",
    engine="transformers",
    model="tiny",
    evidence=("run", "interpret"),
    tier="smoke",
    dtypes=("float32", "bfloat16"),
    parameters={"prompts": 4, "length": 24, "generated": 2, "attention": "eager"},
)


def parity(
    provider: str,
    *,
    address: str = "",
    profile: Profile = HOST,
    dtype: str = "float32",
    setting: Setting = SETTING,
) -> Cell:
    """The cell of a function of model_kernels.py, or of another address."""
    workload = Workload("model-parity", "parity", "", {provider: address or f"{KERNELS}:{provider}"}, (setting,))
    evidence = Evidence.RUN if profile is HOST else Evidence.INTERPRET
    return Cell(profile, case_of(workload, provider, dtype, setting), evidence)


def without_engine() -> Cell:
    """A cell whose engine is not installed anywhere."""
    return parity("healthy", setting=replace(SETTING, name="nowhere-tiny-0", engine="nowhere"))
