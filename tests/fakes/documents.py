"""matrix.json made up for comparisons of two runs: cells with the fields that a comparison reads, and the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SCHEMA = "compatibility-matrix/1"


def cell(row: str = "add.Tensor", evidence: str = "run", profile: str = "chip", **changes: Any) -> dict[str, Any]:
    """A cell that passed. `row` may go as far as the sample: `add.Tensor/gems[dtype=int8,sample=odd-0]`."""
    row = row if "/" in row else f"{row}/gems[dtype=float32,sample=typical-0]"
    text = f"{profile}:{row}@{evidence}"
    facts: dict[str, Any] = {
        "id": text,
        "profile": profile,
        "operator": row.partition("/")[0],
        "base": row.partition("/")[0].partition(".")[0],
        "outcome": "PASS",
        "phase": "compare",
        "verdict": "ok",
        "detail": "",
        "seconds": 0.5,
        "rerun": f"python -m matrix rerun '{text}'",
        "launches": [{"kernel": "add_kernel", "file": "gems/ops/add.py", "count": 1}],
        "output": "what the worker printed",
    }
    return facts | changes


def failed(row: str = "add.Tensor", outcome: str = "ERROR", detail: str = "RuntimeError: no", **changes: Any) -> Any:
    phase = {"WRONG": "compare", "NOT_RUN": "start", "UNSUPPORTED": "plan"}.get(outcome, "run")
    return cell(row, **{"outcome": outcome, "phase": phase, "detail": detail} | changes)


def timed(speedup: float, margin: float = 0.01, device: str = "Chip 9000", **changes: Any) -> Any:
    """A cell that was timed; `margin` is the half width of its interval, relative to the speed-up."""
    timing = {
        "speedup": speedup,
        "speedup_low": speedup * (1 - margin),
        "speedup_high": speedup * (1 + margin),
        "candidate_seconds": 1e-4,
        "candidate_low": 0.99e-4,
        "candidate_high": 1.01e-4,
        "baseline_seconds": 1e-4 * speedup,
        "device": device,
    }
    return cell(**{"evidence": "time", "phase": "time", "timing": timing} | changes)


def document(
    *cells: Any, stack: Mapping[str, str] | None = None, machine: Mapping[str, str] | None = None, plan: str = "a" * 64
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "run": {
            "id": "run-1",
            "tier": "quick",
            "started": "2026-11-25T10:00:00+00:00",
            "seconds": 12.5,
            "plan": plan,
            "stack": dict(stack or {"torch": "2.13.0"}),
        },
        "machine": dict(machine or {"processor": "two cores"}),
        "cells": list(cells),
    }
