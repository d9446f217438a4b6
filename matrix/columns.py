"""Columns: which evidence of which profiles a command is about. It imports no torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backends.availability import can_run
from backends.machine import Machine
from backends.profile import ON_DEVICE, Profile
from backends.profiles import load_profiles, select_profiles
from matrix.outcome import Evidence

# The evidence for which a column needs its chip and nothing else: what a machine that has the chip is asked for.
RUN = Evidence.RUN


class UnknownEvidenceError(ValueError):
    """A profile is asked for an evidence that it does not give."""


@dataclass(frozen=True)
class Column:
    """A profile and one evidence that is asked of it."""

    profile: Profile
    evidence: Evidence

    def __str__(self) -> str:
        return f"{self.profile.name}@{self.evidence}"


@dataclass(frozen=True)
class Choice:
    """A profile that was chosen and the evidences that were named with it; None: what this machine can give."""

    profile: Profile
    evidences: tuple[Evidence, ...] | None = None

    def columns(self, machine: Machine) -> tuple[Column, ...]:
        evidences = self.evidences if self.evidences is not None else fitting(self.profile, machine)
        return tuple(Column(self.profile, evidence) for evidence in evidences)


def fitting(profile: Profile, machine: Machine) -> tuple[Evidence, ...]:
    """What a machine is asked for where the user names no evidence.

    Where the chip is: that the case runs on it, which outranks everything that is known without a chip. Elsewhere: all
    that needs no chip, or, where there is nothing of that kind, the run that cannot be made here.
    """
    without = tuple(Evidence(name) for name in profile.evidence if name not in ON_DEVICE)
    if RUN in profile.evidence and (not without or can_run(profile, machine, RUN).possible):
        return (RUN,)
    return without or tuple(Evidence(name) for name in profile.evidence[:1])


def choose(patterns: Sequence[str]) -> tuple[Choice, ...]:
    """The profiles that patterns name, each `NAME` or `NAME@EVIDENCE`, where the name may be a glob or a file.

    No pattern: what the profiles themselves say that a run asks of them by default.
    Raises UnknownProfileError for a pattern that selects nothing, UnknownEvidenceError for an evidence that a profile
    named without a wildcard does not give, ReadingError.
    """
    if not patterns:
        return tuple(
            Choice(profile, tuple(Evidence(name) for name in profile.default))
            for profile in load_profiles().values()
            if profile.default
        )
    chosen: dict[str, Choice] = {}
    for pattern in patterns:
        name, named, evidence = pattern.partition("@")
        found = select_profiles([name])
        wanted = [profile for profile in found if not named or evidence in profile.evidence]
        if not wanted:
            raise UnknownEvidenceError(_no_such_evidence(pattern, evidence, found))
        for profile in wanted:
            before = chosen.get(profile.name, Choice(profile, ()))
            chosen[profile.name] = _widened(before, Evidence(evidence) if evidence else None)
    return tuple(chosen.values())


def remembered(names: Iterable[str], choices: Iterable[Choice]) -> tuple[Column, ...]:
    """The columns of an earlier run, by their names, with the profiles as they are declared today."""
    profiles = {choice.profile.name: choice.profile for choice in choices}
    split = [name.partition("@") for name in names]
    known = [(name, evidence) for name, _, evidence in split if name in profiles and evidence in list(Evidence)]
    return tuple(Column(profiles[name], Evidence(evidence)) for name, evidence in known)


def _widened(choice: Choice, evidence: Evidence | None) -> Choice:
    """A choice that has one more evidence; one that leaves the evidence open stays open."""
    if evidence is None or choice.evidences is None:
        return Choice(choice.profile, None)
    both = dict.fromkeys([*choice.evidences, evidence])
    return Choice(choice.profile, tuple(sorted(both, key=lambda item: item.strength)))


def _no_such_evidence(pattern: str, evidence: str, profiles: Sequence[Profile]) -> str:
    if evidence not in list(Evidence):
        return f"{evidence!r} in {pattern!r} is no evidence; allowed are {', '.join(Evidence)}"
    given = "; ".join(f"{profile.name} gives {', '.join(profile.evidence)}" for profile in profiles[:4])
    return f"{pattern!r} selects nothing: {given}"
