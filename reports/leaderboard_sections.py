"""What a leaderboard says, in words: per task, over all, teams, breaches, and the rules by which it was ranked."""

from __future__ import annotations

from collections.abc import Iterable

from matrix.challenge.ranking.comparing import Place, Table
from matrix.challenge.ranking.entrant import Entrant, Measure
from matrix.challenge.ranking.leaderboard import Leaderboard, Standing, TaskBoard
from reports.sections import Section

MOST_ROWS = 200
RULES = (
    "Ranks first stand within entries that were measured alike: the same dimensions, to the same extent, on the same devices.",
    "All entries of a task are ranked together only over the dimensions that were measured alike of every one of them.",
    "A speed-up is relative to the native operator on the same device, which is shown with it.",
    "The performance points of different devices are not compared, nor what share of its device's peak an entry reaches.",
    "What was not measured is never 0: a total says of how many measured points it is.",
    "An entry wins its task if it is ahead of all by more than what was not measured, or was on other devices, can change.",
    "Until then the task is open.",
    "Points are compared to the hundredth. Entries with the same points share a rank, and a tie is no win.",
    "An entry that tampers with its judge, is not valid, or whose correctness was not measured, has no rank.",
    "A team has one to three members; a person is in one team, and in one track.",
    "What is in breach keeps its rank and is marked, and wins nothing until the breach is settled.",
)


def leaderboard_sections(board: Leaderboard) -> list[Section]:
    """The title, breaches, results, each task, all entries, teams, rules."""
    return [
        _head(board),
        *_breaches(board),
        _results(board),
        *(section for task in board.tasks for section in _task(task, board)),
        *_overall(board),
        _teams(board),
        Section("How this is ranked", items=RULES),
    ]


def number(points: float) -> str:
    """Points with at most two digits after the dot."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _head(board: Leaderboard) -> Section:
    decided = sum(task.standing is Standing.WON for task in board.tasks)
    text = (
        f"{board.entrants} entries for {len(board.tasks)} operators, by the weights {board.weights}; {decided} of "
        f"{len(board.tasks)} operators have a winner."
    )
    return Section("Leaderboard of the operator challenge", 1, (text,))


def _breaches(board: Leaderboard) -> list[Section]:
    if not board.breaches:
        return []
    items = tuple(f"{breach.rule}: {breach.text}" for breach in board.breaches)
    return [Section("Breaches of the rules of taking part", items=items, alarm=True)]


def _results(board: Leaderboard) -> Section:
    rows = tuple((task.task, task.tier, result(task), "; ".join(task.reasons)) for task in board.tasks)
    return Section("Results", headers=("operator", "tier", "result", "because"), rows=rows)


def result(task: TaskBoard) -> str:
    """Who wins, in a few words."""
    names = " = ".join(_who(each) for each in task.first)
    match task.standing:
        case Standing.WON:
            return f"won by {names}"
        case Standing.TIED:
            return f"tie: {names}"
        case Standing.OPEN:
            return f"open; ahead over what all have: {names}"
        case Standing.HELD:
            return f"held, in breach of a rule: {names}"
        case Standing.NONE:
            return "no entry can be ranked"


def _task(task: TaskBoard, board: Leaderboard) -> list[Section]:
    found = [Section(f"{task.task} ({task.tier})", paragraphs=(f"Result: {result(task)}.",), items=task.reasons)]
    for place, table in enumerate(task.alike, 1):
        title = f"{task.task}: measured alike" + (
            f", group {place} of {len(task.alike)}" if len(task.alike) > 1 else ""
        )
        found.append(_table(title, table, board))
    if task.common is not None and len(task.alike) > 1:
        found.append(_table(f"{task.task}: all entries, over what all have", task.common, board))
    if task.excluded:
        items = tuple(f"{_who(each.entrant)}: {each.why}" for each in task.excluded)
        found.append(Section(f"{task.task}: not ranked", 3, items=items, alarm=True))
    return found


def _table(title: str, table: Table, board: Leaderboard) -> Section:
    names = ", ".join(table.titles) or "nothing that all have"
    device = f" Speed-ups and shares of a peak are of {table.basis}." if table.basis else ""
    text = f"Ranked over {number(table.out_of)} points: {names}.{device}"
    if not table.names:
        text = "Nothing was measured alike of all of them, so they cannot be ranked together."
    rows = tuple(_row(place, table, board) for place in table.places[:MOST_ROWS]) if table.names else ()
    left = len(table.places) - MOST_ROWS
    items = (f"and {left} more, in leaderboard.json",) if left > 0 else ()
    head = ("rank", "entry", "points here", "all that was measured", "speed-up", "dimensions", "breach")
    return Section(title, 3, (text,), head, rows, items)


def _row(place: Place, table: Table, board: Leaderboard) -> tuple[str, ...]:
    entrant = place.entrant
    total = f"{number(entrant.points)} of {number(entrant.measured)} points measured ({number(entrant.out_of)} in all)"
    return (
        f"{place.rank}" + (" (tie)" if place.tied else ""),
        _who(entrant),
        f"{number(place.points)} of {number(table.out_of)}",
        total,
        speedup(entrant),
        ", ".join(_measure(measure) for measure in entrant.measures if measure.out_of),
        ", ".join(dict.fromkeys(breach.rule for breach in board.in_breach(entrant))) or "-",
    )


def speedup(entrant: Entrant) -> str:
    """The speed-up that earned points, with its device."""
    device = entrant.scored_device
    if device is None:
        return "not measured"
    return f"{device.speedup:.3f} ({device.low:.3f} to {device.high:.3f}) on {device.name} ({device.profile})"


def _measure(measure: Measure) -> str:
    if measure.points is None:
        return f"{measure.name} unmeasured"
    whole = "" if measure.measured > measure.out_of - 0.005 else f" of {number(measure.measured)}"
    return f"{measure.name} {number(measure.points)}{whole}/{number(measure.out_of)}"


def _overall(board: Leaderboard) -> Iterable[Section]:
    if board.overall is None or len(board.tasks) < 2:
        return []
    text = "Entries for different operators, over the dimensions that were measured alike of every entry."
    section = _table("All entries", board.overall, board)
    return [Section(section.title, 2, (text, *section.paragraphs), section.headers, section.rows, section.items)]


def _teams(board: Leaderboard) -> Section:
    rows = tuple(
        (
            f"{team.rank}" + (" (tie)" if team.tied else ""),
            team.name,
            ", ".join(team.entered),
            ", ".join(team.won) or "none yet",
            f"{team.prize} RMB",
        )
        for team in board.teams
    )
    text = "By the prizes of the operators that have a winner; an open operator counts for nobody yet."
    return Section("Teams", paragraphs=(text,), headers=("rank", "team", "entered", "won", "prize"), rows=rows)


def _who(entrant: Entrant) -> str:
    return f"{entrant.name} ({entrant.task} {entrant.short})"
