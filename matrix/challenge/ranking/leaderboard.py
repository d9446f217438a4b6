"""The leaderboard: per task who is where, who wins and what keeps it open; over all tasks; and what each team has won.

An entry wins its task if it is ahead of every other by more than all that was not measured could change. Otherwise the task
is open and the leaderboard says what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from matrix.challenge.ranking.breaches import Breach, find_breaches
from matrix.challenge.ranking.comparing import STEP, Table, alike, margin, obstacles, over_common
from matrix.challenge.ranking.entrant import Entrant

# Prizes in RMB, from the rules.
PRIZES: Mapping[str, int] = {"easy": 1000, "medium": 2000, "hard": 3000}
TIERS = tuple(PRIZES)
NEEDED = "correctness"
MOST_OBSTACLES = 12


class Standing(StrEnum):
    """Who wins a task.

    won   one entry is ahead of every other whatever is measured later
    tied  several have the same points, and everything was measured of them
    open  what was not measured, or was on another device, can still change it
    held  the first is in breach of a rule of taking part
    none  there is no entry that can be ranked
    """

    WON = "won"
    TIED = "tied"
    OPEN = "open"
    HELD = "held"
    NONE = "none"


@dataclass(frozen=True)
class Excluded:
    """An entry that is not ranked, and why."""

    entrant: Entrant
    why: str


@dataclass(frozen=True)
class TaskBoard:
    """A task.

    alike     entries that were measured alike in every dimension, each group ranked by itself
    common    all entries, over the dimensions that all have; None where there is no entry
    standing  who wins, with `first` of `common`;  reasons: why it is open or held
    """

    task: str
    tier: str
    alike: tuple[Table, ...]
    common: Table | None
    standing: Standing
    reasons: tuple[str, ...]
    excluded: tuple[Excluded, ...]

    @property
    def first(self) -> tuple[Entrant, ...]:
        return self.common.first if self.common is not None else ()

    @property
    def winner(self) -> Entrant | None:
        return self.first[0] if self.standing is Standing.WON else None


@dataclass(frozen=True)
class Team:
    """The same people with all their entries. `won`: tasks;  prize: in RMB."""

    rank: int
    tied: bool
    name: str
    entered: tuple[str, ...]
    won: tuple[str, ...]
    prize: int


@dataclass(frozen=True)
class Leaderboard:
    """All of it. `overall`: the entries of all tasks over the dimensions that all of them have."""

    weights: str
    tasks: tuple[TaskBoard, ...]
    overall: Table | None
    teams: tuple[Team, ...]
    breaches: tuple[Breach, ...]
    entrants: int

    def in_breach(self, entrant: Entrant) -> tuple[Breach, ...]:
        return tuple(breach for breach in self.breaches if entrant.place in breach.places)


def rank_entrants(entrants: Sequence[Entrant], others: Mapping[str, str]) -> Leaderboard:
    """Rank the entries of any number of tasks. `others`: name -> track of who takes part in another."""
    breaches = find_breaches(entrants, others)
    names = sorted({(TIERS.index(each.tier), each.task, each.tier) for each in entrants})
    boards = [_board([each for each in entrants if each.task == task], breaches) for _, task, _ in names]
    valid = [each for each in entrants if not why_excluded(each)]
    return Leaderboard(
        weights=entrants[0].weights if entrants else "",
        tasks=tuple(boards),
        overall=over_common(valid) if valid else None,
        teams=_teams(entrants, boards),
        breaches=breaches,
        entrants=len(entrants),
    )


def why_excluded(entrant: Entrant) -> str:
    """Why an entry has no rank; empty where it has one."""
    unmeasured = "" if entrant.measure(NEEDED).points is not None else "its correctness was not measured"
    return entrant.invalid or unmeasured


def _board(entrants: Sequence[Entrant], breaches: Sequence[Breach]) -> TaskBoard:
    valid = [each for each in entrants if not why_excluded(each)]
    common = over_common(valid) if valid else None
    standing, reasons = _standing(valid, common, breaches)
    excluded = tuple(Excluded(each, why) for each in entrants if (why := why_excluded(each)))
    return TaskBoard(entrants[0].task, entrants[0].tier, alike(valid), common, standing, reasons, excluded)


def _standing(
    valid: Sequence[Entrant], common: Table | None, breaches: Sequence[Breach]
) -> tuple[Standing, tuple[str, ...]]:
    if common is None:
        return Standing.NONE, ("no entry can be ranked",)
    first = common.first
    disputed = [b for b in breaches if any(each.place in b.places for each in first)]
    if disputed:
        return Standing.HELD, tuple(breach.text for breach in disputed)
    leader, rest = first[0], [each for each in valid if each is not first[0]]
    if all(margin(leader, each) > STEP for each in rest):
        return Standing.WON, () if rest else ("there is no other entry that can be ranked",)
    if all(abs(margin(one, other)) <= STEP for one in first for other in first if one is not other) and all(
        margin(leader, each) > STEP for each in rest if each not in first
    ):
        return Standing.TIED, (f"{len(first)} entries have the same points",)
    return Standing.OPEN, _reasons(leader, rest)


def _reasons(leader: Entrant, rest: Sequence[Entrant]) -> tuple[str, ...]:
    """What has to be measured before it can be said whether the leader wins."""
    found: dict[str, None] = {}
    for each in rest:
        if margin(leader, each) <= STEP:
            found.update(dict.fromkeys(obstacles(leader, each)))
    listed = list(found) or ["the points agree to the hundredth"]
    more = [f"and {len(listed) - MOST_OBSTACLES} reasons more"] if len(listed) > MOST_OBSTACLES else []
    return (*listed[:MOST_OBSTACLES], *more)


def _teams(entrants: Sequence[Entrant], boards: Sequence[TaskBoard]) -> tuple[Team, ...]:
    """By prize, most first."""
    own: dict[frozenset[str], list[Entrant]] = {}
    for each in entrants:
        own.setdefault(each.people, []).append(each)
    won: dict[frozenset[str], list[TaskBoard]] = {people: [] for people in own}
    for board in boards:
        if board.winner is not None:
            won[board.winner.people].append(board)
    prizes = {people: sum(PRIZES[board.tier] for board in wins) for people, wins in won.items()}
    values = list(prizes.values())
    found = [
        Team(
            rank=1 + sum(value > prizes[people] for value in values),
            tied=values.count(prizes[people]) > 1,
            name=theirs[0].name,
            entered=tuple(sorted({each.task for each in theirs})),
            won=tuple(board.task for board in won[people]),
            prize=prizes[people],
        )
        for people, theirs in own.items()
    ]
    return tuple(sorted(found, key=lambda team: (team.rank, team.name)))
