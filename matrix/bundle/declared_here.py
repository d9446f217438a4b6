"""What is declared in this checkout, and a digest of what the samples of cells stand for in it.

Ids name a sample, and another version of the catalogue may call it otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache

from backends.profile import Profile
from backends.profiles import load_profiles
from matrix.identity import CellId, IdentityError, parse_id
from matrix.inference.case import row_of
from operators.catalogue import load_catalogue
from operators.operator import Operator
from workloads.catalogue import load_workloads


@cache
def operators_here() -> Mapping[str, Operator]:
    """The rows of this checkout, operators and then workloads, read once."""
    return {**load_catalogue(), **{name: row_of(workload) for name, workload in load_workloads().items()}}


@cache
def profiles_here() -> Mapping[str, Profile]:
    """The profiles of this checkout, read once."""
    return load_profiles()


def digest_calls(cells: Iterable[str], operators: Mapping[str, Operator]) -> dict[str, str]:
    """Operator -> digest of the samples that the cells name with their calls, for operators that are known here."""
    named: dict[str, set[str]] = {}
    for cell in cells:
        identity = read_id(cell)
        if identity is not None and identity.operator in operators:
            named.setdefault(identity.operator, set()).add(dict(identity.parameters).get("sample", ""))
    return {name: _digest(operators[name], samples) for name, samples in sorted(named.items())}


def read_id(text: str) -> CellId | None:
    try:
        return parse_id(text)
    except IdentityError:
        return None


def _digest(operator: Operator, names: set[str]) -> str:
    calls = sorted(f"{sample.name}\t{sample.call}" for sample in operator.samples if sample.name in names)
    lines = [operator.reference, *calls]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
