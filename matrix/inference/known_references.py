"""What the reference side answered, kept on disk: on one machine it is the same for every column and provider.

The key is a digest of all that decides it: what is asked, this project's own source of it, the packages, and the processor.
Only what runs on the CPU with made weights is kept.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from matrix.inference.case import WorkloadCase
from matrix.inference.request import ANSWER_BYTES, Request
from matrix.record import Json

ROOT = Path(__file__).resolve().parents[2]
OWN = ("workloads", "matrix/inference")
PACKAGES = ("torch", "transformers", "numpy", "tokenizers")
VARIABLE = "MATRIX_CACHE"
PROCESSOR = Path("/proc/cpuinfo")


def place_of(request: Request) -> Path | None:
    """Where the answer to a request is kept; None where it is not."""
    folder, case = os.environ.get(VARIABLE), request.cell.case
    on_host = request.cell.evidence.emulated or request.cell.profile.device == "cpu"
    if not folder or request.model is not None or not on_host:
        return None
    assert isinstance(case, WorkloadCase)
    told = (request.step, case.dtype, repr(case.setting), json.dumps(dict(request.given), sort_keys=True))
    digest = _digest([*told, _surroundings(), os.environ.get("OMP_NUM_THREADS", "")])
    return Path(folder) / "inference" / digest[:2] / f"{digest[2:40]}.json"


def recall(place: Path) -> dict[str, Any] | None:
    """The answer kept there; None where there is none, or nothing that can be read."""
    try:
        found = json.loads(place.read_bytes()) if place.stat().st_size <= ANSWER_BYTES else None
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def keep(place: Path, found: Mapping[str, Json]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(found))
    draft.replace(place)


@cache
def _surroundings() -> str:
    """What is the same for all requests of one process."""
    packages = [f"{name} {_version(name)}" for name in PACKAGES]
    own = [path for name in OWN for path in sorted((ROOT / name).rglob("*")) if path.suffix in (".py", ".json")]
    files = [f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in own]
    return _digest([sys.version, _processor(), *packages, *files])


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def _processor() -> str:
    """Which instructions there are decides in which order sums are taken."""
    try:
        lines = PROCESSOR.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
