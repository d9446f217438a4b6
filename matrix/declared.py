"""Everything that is declared, read once for a command: rows, columns, what cannot run here. It imports no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from backends.availability import can_run
from backends.machine import Machine, observe_machine
from backends.profile import Profile
from backends.profiles import is_shipped, load_profiles
from matrix.cell import Cell
from matrix.columns import Choice, Column, choose, remembered
from matrix.identity import CellId, IdentityError
from matrix.inference.case import case_of
from matrix.outcome import Evidence
from matrix.plan import Plan, Selection, plan
from operators.case import Case
from operators.catalogue import FOLDER, load_catalogue, smoke_operators
from operators.operator import Operator
from workloads.catalogue import load_workloads
from workloads.workload import Workload


@dataclass(frozen=True)
class Declared:
    """The catalogue and what is asked of which profiles.

    recorded  names of the columns that an earlier run had: they are taken again, whatever this machine can give
    """

    choices: tuple[Choice, ...]
    operators: Mapping[str, Operator]
    recorded: tuple[str, ...] = ()
    workloads: Mapping[str, Workload] = field(default_factory=dict)

    @classmethod
    def read(
        cls, profile_patterns: Sequence[str], catalogues: Sequence[Path] = (), recorded: Sequence[str] = ()
    ) -> Declared:
        """The profiles that the patterns name; none: those of the default run.

        Raises CatalogueError, ReadingError, UnknownProfileError or UnknownEvidenceError, each with every problem there is.
        """
        rows = load_catalogue([FOLDER, *catalogues])
        return cls(choose(profile_patterns), rows, tuple(recorded), load_workloads())

    @classmethod
    def read_all(cls, catalogues: Sequence[Path] = (), profiles: Sequence[str] = ()) -> Declared:
        """Every profile of the folder and those of files besides, as far as this machine can fill them."""
        own = [path for path in profiles if not is_shipped(path)]
        choices = tuple(Choice(profile) for profile in load_profiles(own).values())
        return cls(choices, load_catalogue([FOLDER, *catalogues]), (), load_workloads())

    @property
    def profiles(self) -> tuple[Profile, ...]:
        return tuple(choice.profile for choice in self.choices)

    @cached_property
    def machine(self) -> Machine:
        return observe_machine(self.profiles)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What is asked of the profiles here."""
        if self.recorded:
            return remembered(self.recorded, self.choices)
        return tuple(column for choice in self.choices for column in choice.columns(self.machine))

    @cached_property
    def unavailable(self) -> dict[Column, str]:
        """For each column that cannot be filled here, why."""
        found = {column: can_run(column.profile, self.machine, column.evidence) for column in self.columns}
        return {column: reason for column, (able, reason) in found.items() if not able}

    def abilities(self, profile: Profile) -> list[tuple[str, bool, str]]:
        """What a profile gives here and what not, evidences with the same answer together: their names, and why."""
        answers: dict[tuple[bool, str], list[str]] = {}
        for evidence in profile.evidence:
            answers.setdefault(can_run(profile, self.machine, evidence), []).append(evidence)
        return [(", ".join(names), able, why) for (able, why), names in answers.items()]

    def plan(self, selection: Selection) -> Plan:
        rows = self.workloads
        return plan(selection, self.columns, self.operators, smoke_operators(), self.unavailable, workloads=rows)

    def full_ids(self, named: Mapping[str, Iterable[str]] | None = None) -> tuple[CellId, ...]:
        """Every cell of the full tier: what tells whether an expectation still matches anything.

        `named` gives, by profile, evidences besides those of the columns: an expectation may speak of one not asked for.
        """
        others = [
            Column(profile, Evidence(name))
            for profile in self.profiles
            for name in (named or {}).get(profile.name, ())
            if name in profile.evidence
        ]
        columns = tuple(dict.fromkeys([*self.columns, *others]))
        everything = plan(Selection("full"), columns, self.operators, (), {}, workloads=self.workloads)
        return tuple(cell.id for cell in everything.cells)

    def no_cases(self) -> dict[str, str]:
        return {name: operator.no_cases for name, operator in self.operators.items() if operator.no_cases}

    def find(self, wanted: CellId) -> Cell:
        """The cell of an id.

        Raises IdentityError that says which part of it is not declared.
        """
        profile = next((profile for profile in self.profiles if profile.name == wanted.profile), None)
        if profile is not None and wanted.operator in self.workloads:
            return self._find_workload(profile, wanted)
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

    def _find_workload(self, profile: Profile, wanted: CellId) -> Cell:
        workload = self.workloads[wanted.operator]
        name, dtype = wanted.parameter("sample"), wanted.parameter("dtype")
        setting = next((setting for setting in workload.settings if setting.name == name), None)
        if setting is None or wanted.provider not in workload.providers or dtype not in setting.dtypes:
            raise IdentityError(
                f"{wanted}: {workload.name} has no setting {name!r} in {dtype} by provider {wanted.provider!r}"
            )
        return Cell(profile, case_of(workload, wanted.provider, dtype, setting), wanted.evidence)
