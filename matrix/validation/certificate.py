"""A certificate, as a value: the level that evidence amounts to, gate by gate, what is missing, and what it rests on.

It is a draft: who signs it is not for a program to say. `reports/certificate.py` writes it down.
"""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from shlex import quote

from backends.gate import Gate, Level, Scheme
from backends.profile import ON_DEVICE, Profile
from backends.profiles import FOLDER
from backends.waiver import Waiver
from matrix.run import Header
from matrix.validation.evidence import Row, State
from matrix.validation.growth import DRIFTED
from matrix.validation.levels import Answer, Standing, following, judge_gates, missing, reached
from matrix.validation.measures import Grounds
from matrix.validation.repeated import Repetitions
from matrix.validation.soaked import Soak
from matrix.validation.sources import Gathered, Source


@dataclass(frozen=True)
class Excuse:
    """A waiver as a certificate lists it: `live`, `expired` or `not yet granted`, and how many cases it excused."""

    waiver: Waiver
    standing: str
    cases: int


@dataclass(frozen=True)
class Certificate:
    """What was found.

    obstacles  why no level is given whatever the gates say;  remarks: what a reader should know besides
    states     of the cases of the full tier
    """

    scheme: Scheme
    profile: Profile
    today: date
    standings: tuple[Standing, ...]
    obstacles: tuple[str, ...]
    remarks: tuple[str, ...]
    excuses: tuple[Excuse, ...]
    states: Mapping[State, int]
    sources: tuple[Source, ...]

    @property
    def level(self) -> Level | None:
        return None if self.obstacles else reached(self.scheme, self.standings)

    @property
    def next(self) -> Level | None:
        return following(self.scheme, self.level)

    @property
    def missing(self) -> tuple[Standing, ...]:
        """The gates that keep the profile from the next level."""
        return missing(self.scheme, self.next, self.standings)

    @property
    def failed(self) -> tuple[Standing, ...]:
        return tuple(standing for standing in self.standings if standing.answer is Answer.FAILED)

    @property
    def valid_until(self) -> date:
        return months_later(self.today, self.scheme.months)


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or the month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def certify(  # noqa: PLR0913 - everything that a certificate is made of
    scheme: Scheme,
    profile: Profile,
    grounds: Grounds,
    gathered: Gathered,
    *,
    waivers: Sequence[Waiver],
    today: date,
) -> Certificate:
    """Compute a certificate from evidence that was read."""
    return Certificate(
        scheme=scheme,
        profile=profile,
        today=today,
        standings=judge_gates(scheme, grounds),
        obstacles=tuple(_obstacles(profile, gathered.sources)),
        remarks=tuple(_remarks(gathered)),
        excuses=tuple(Excuse(waiver, waiver.standing(today), _uses(waiver, grounds.rows)) for waiver in waivers),
        states=Counter(row.state for row in grounds.rows),
        sources=gathered.sources,
    )


def _obstacles(profile: Profile, sources: Sequence[Source]) -> list[str]:
    found = []
    if not ON_DEVICE & set(profile.evidence):
        given = " and ".join(profile.evidence)
        found.append(
            f"{profile.name} gives {given} only: that counts for no level. A level needs the chip: run and time"
        )
    stacks = {_listed(source.header.stack): source.place for source in sources if source.counted}
    if len(stacks) > 1:
        several = "; ".join(f"{place} has {stack}" for stack, place in stacks.items())
        found.append(f"the evidence is of {len(stacks)} different stacks, and a certificate is for one: {several}")
    return found


def _listed(stack: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(stack.items())) or "no stack named"


def _uses(waiver: Waiver, rows: Sequence[Row]) -> int:
    return sum(row.waiver is waiver for row in rows)


def _remarks(gathered: Gathered) -> list[str]:
    remarks = []
    if not gathered.sources:
        remarks.append("there is no evidence of this profile yet")
    chips = {text for source in gathered.sources if source.counted for text in _chips(source.header)}
    if len(chips) > 1:
        remarks.append(f"the evidence is of different devices: {'; '.join(sorted(chips))}")
    remarks += [_repeats(gathered.told)] if gathered.told else []
    for soak, what in ((gathered.soak, ""), (gathered.idle_soak, f" (counts for no gate: {_evidence(gathered)})")):
        remarks += [f"soak{what}: {each}" for each in _soaked(soak)] if soak is not None else []
    unread = sum(len(source.warnings) for source in gathered.sources)
    remarks += [f"{unread} lines of the evidence could not be read and count for nothing"] if unread else []
    return remarks


def _evidence(gathered: Gathered) -> str:
    return gathered.idle_soak.evidence if gathered.idle_soak is not None else ""


def _chips(header: Header) -> list[str]:
    return [text for name, text in header.machine.items() if name.startswith("devices of ")]


def _repeats(told: Mapping[str, Repetitions]) -> str:
    bad = [f"{cell} ({each})" for cell, each in told.items() if not each.alike]
    text = f"repetitions (count for no gate: no chip): {len(told) - len(bad)} cases identical, {len(bad)} not"
    return text + (f": {'; '.join(bad[:5])}" if bad else "")


def _soaked(soak: Soak) -> list[str]:
    outcomes = ", ".join(f"{number} {outcome}" for outcome, number in sorted(soak.outcomes.items()))
    lines = [
        f"{soak.hours:.3f} hours, {len(soak.rounds)} rounds, {soak.calls} calls in {soak.visits} visits ({outcomes})"
    ]
    lines += [f"{crash.cell}: {crash.outcome}, {crash.detail}" for crash in soak.crashes[:5]]
    lines += [("LEAK: " if growth.leaks else "") + str(growth) for growth in soak.growths]
    slower = [(row, ratio) for row, ratio in soak.drift if ratio >= DRIFTED]
    if soak.drift:
        worst = ", ".join(f"{row} {ratio:.2f}" for row, ratio in slower[:5])
        lines.append(
            f"speed: {len(slower)} of {len(soak.drift)} cases took {DRIFTED:g} times as long in the last quarter as in the "
            f"first, or longer" + (f": {worst}" if worst else "")
        )
    return lines


def remedy(standing: Standing, profile: Profile) -> str:
    """The command that would measure a gate, or what to do about one that failed."""
    if not ON_DEVICE & set(profile.evidence):
        return "validate a profile that needs a chip, on a machine that has it"
    gate, own = standing.gate, f"python -m matrix validate --profile {quote(_named(profile))}"
    if standing.answer is Answer.FAILED and gate.measure not in ("stress", "leaks"):
        return "mend what fails, or have it waived" if gate.waivers else "mend what fails"
    return _COMMANDS.get(gate.measure, "{own}").format(own=own, name=profile.name, **_numbers(gate))


def _named(profile: Profile) -> str:
    """How a command names it: a profile of one's own by its file, wherever that lies."""
    path = Path(profile.path) if profile.path is not None else None
    return profile.name if path is None or path.resolve().parent == FOLDER else path.name


def _numbers(gate: Gate) -> dict[str, object]:
    hours = gate.hours if gate.hours is not None else gate.at_least
    return {"hours": f"{hours:g}", "repetitions": gate.repetitions, "vendor": gate.reference}


_COMMANDS = {
    "speed": "{own}  (or: python -m matrix run --profile {name}@time --tier full)",
    "reference": "{own} --from DIR --reference DIR2  (DIR2: a full run on a chip of {vendor})",
    "repeats": "{own} --from DIR --repeat {repetitions}",
    "stress": "{own} --from DIR --hours {hours}",
    "leaks": "{own} --from DIR --hours {hours}",
}
