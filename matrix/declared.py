"""Everything that is declared, read once for a command: rows, columns, what cannot run here. It imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from backends.availability import can_run
from backends.machine import Machine, observe_machine
from backends.profile import Profile
from backends.profiles import load_profiles, select_profiles
from matrix.cell import Cell
from matrix.identity import CellId, IdentityError
from matrix.outcome import Evidence
from matrix.plan import Plan, Selection, plan
from operators.case import Case
from operators.catalogue import FOLDER, load_catalogue, smoke_operators
from operators.operator import Operator


@dataclass(frozen=True)
class Declared:
    """The catalogue and the chosen columns."""

    profiles: tuple[Profile, ...]
    operators: Mapping[str, Operator]

    @classmethod
    def read(cls, profile_patterns: Sequence[str], catalogues: Sequence[Path] = ()) -> Declared:
        """Raises CatalogueError, ReadingError or UnknownProfileError, each with every problem there is."""
        files = [pattern for pattern in profile_patterns if pattern.endswith(".toml")]
        profiles = select_profiles(profile_patterns) if profile_patterns else tuple(load_profiles(files).values())
        return cls(profiles, load_catalogue([FOLDER, *catalogues]))

    @cached_property
    def machine(self) -> Machine:
        return observe_machine(self.profiles)

    @cached_property
    def unavailable(self) -> dict[str, str]:
        """For each profile that cannot run here, why."""
        found = {profile.name: can_run(profile, self.machine) for profile in self.profiles}
        return {name: reason for name, (able, reason) in found.items() if not able}

    def plan(self, selection: Selection) -> Plan:
        return plan(selection, self.profiles, self.operators, smoke_operators(), self.unavailable)

    def full_ids(self) -> tuple[CellId, ...]:
        """Every cell of the full tier: what tells whether an expectation still matches anything."""
        everything = plan(Selection("full"), self.profiles, self.operators, (), {})
        return tuple(cell.id for cell in everything.cells)

    def no_cases(self) -> dict[str, str]:
        return {name: operator.no_cases for name, operator in self.operators.items() if operator.no_cases}

    def find(self, wanted: CellId) -> Cell:
        """The cell of an id.

        Raises IdentityError that says which part of it is not declared.
        """
        profile = next((profile for profile in self.profiles if profile.name == wanted.profile), None)
        operator = self.operators.get(wanted.operator)
        if profile is None or operator is None:
            missing = f"profile {wanted.profile!r}" if profile is None else f"operator {wanted.operator!r}"
            raise IdentityError(f"{wanted} names {missing}, which is not declared")
        name = wanted.parameter("sample")
        sample = next((sample for sample in operator.samples if sample.name == name), None)
        if sample is None or wanted.provider not in operator.providers:
            raise IdentityError(f"{wanted}: {operator.name} has no sample {name!r} by provider {wanted.provider!r}")
        return Cell(
            profile, Case(operator, wanted.provider, wanted.parameter("dtype"), sample), Evidence(wanted.evidence)
        )
