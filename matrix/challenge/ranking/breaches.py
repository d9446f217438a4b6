"""The rules of taking part: teams of one to three, each person in one team, and in one track."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matrix.bundle.limits import MIB, shown
from matrix.challenge.entry import LARGEST_TEAM
from matrix.challenge.ranking.entrant import Entrant, same_name
from matrix.plain_text import clean
from matrix.usage import UsageError

MOST_NAMES, NAME_LENGTH = 100_000, 200
SEPARATOR = " | "


@dataclass(frozen=True)
class Breach:
    """A rule that is broken. `people`: who by name;  places: the cards of the entries that it concerns."""

    rule: str
    people: tuple[str, ...]
    text: str
    places: tuple[str, ...]


def read_others(path: Path) -> dict[str, str]:
    """Who takes part in another track: name -> the track, or an empty text. Raises UsageError with all that is wrong.

    A line is `NAME` or `NAME | TRACK`; an empty one, and one that begins with `#`, says nothing.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MIB + 1)
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as UTF-8 ({error}); write one name on each line") from error
    if len(data) > MIB:
        raise UsageError(f"{path}: is larger than 1 MiB; write one name on each line")
    found, problems = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        name, _, track = clean(line).strip().partition(SEPARATOR)
        if not name or name.startswith("#"):
            continue
        if len(line) > NAME_LENGTH:
            problems.append(f"{path}:{number}: {shown(line, 40)} is longer than {NAME_LENGTH} characters")
        found[name.strip()] = track.strip()
    if problems:
        raise UsageError("\n".join(problems[:20]))
    return found


def find_breaches(entrants: Sequence[Entrant], others: Mapping[str, str]) -> tuple[Breach, ...]:
    """Every breach, each once. `others`: name -> the track that the person is in besides."""
    return (*_sizes(entrants), *_doubled(entrants), *_two_teams(entrants), *_two_tracks(entrants, others))


def _sizes(entrants: Sequence[Entrant]) -> Iterable[Breach]:
    for each in entrants:
        if not 1 <= len(each.team) <= LARGEST_TEAM:
            text = f"the team of {each.task} {each.short} has {len(each.team)} members; allowed are 1 to {LARGEST_TEAM}"
            yield Breach("one to three members", each.team, text, (each.place,))


def _doubled(entrants: Sequence[Entrant]) -> Iterable[Breach]:
    for each in entrants:
        names = [same_name(name) for name in each.team]
        twice = tuple(name for place, name in enumerate(each.team) if names.index(names[place]) != place)
        if twice:
            text = f"the team of {each.task} {each.short} names {', '.join(twice)} more than once"
            yield Breach("each person once", twice, text, (each.place,))


def _two_teams(entrants: Sequence[Entrant]) -> Iterable[Breach]:
    """A person in teams that are not the same people. One team may have entries for several tasks."""
    for key, (name, own) in _by_person(entrants).items():
        teams = {each.people: each.name for each in own}
        if len(teams) > 1:
            listed = " and ".join(f"({team})" for team in sorted(teams.values()))
            text = f"{name} is in {len(teams)} teams: {listed}; if {key!r} is the name of two people, tell them apart"
            yield Breach("one team for each person", (name,), text, tuple(each.place for each in own))


def _two_tracks(entrants: Sequence[Entrant], others: Mapping[str, str]) -> Iterable[Breach]:
    elsewhere = {same_name(name): track for name, track in others.items()}
    for key, (name, own) in _by_person(entrants).items():
        if key in elsewhere:
            track = f" ({elsewhere[key]})" if elsewhere[key] else ""
            text = f"{name} is in this track and in another{track}; each participant may enter one"
            yield Breach("one track for each person", (name,), text, tuple(each.place for each in own))


def _by_person(entrants: Sequence[Entrant]) -> dict[str, tuple[str, list[Entrant]]]:
    """By name as names are compared: the name as it is written, and the entries."""
    found: dict[str, tuple[str, list[Entrant]]] = {}
    for each in entrants:
        for key, name in {same_name(name): name for name in each.team}.items():
            found.setdefault(key, (name, []))[1].append(each)
    return found
