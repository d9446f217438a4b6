"""What each measure of a gate comes to, from the evidence: a value, how much of the cases it rests on, and what failed.

Everything here is a sum over rows. Totals never depend on what was judged, so that more evidence of passing never lowers a
value below a threshold that it had reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from backends.gate import Gate
from matrix.timing.statistics import geometric_mean
from matrix.validation.evidence import Row, State, TimedRow
from matrix.validation.repeated import Repetitions
from matrix.validation.soaked import Soak


@dataclass(frozen=True)
class Grounds:
    """All that gates are computed from.

    repeated   by a case's row, what repeating it found;  soak: the latest soak
    reference  by a case's row, whether it passes on the reference chip, for each vendor that evidence was given of
    """

    rows: tuple[Row, ...]
    timed: tuple[TimedRow, ...] = ()
    repeated: Mapping[str, Repetitions] = field(default_factory=dict)
    soak: Soak | None = None
    reference: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """What a measure came to.

    value     None where nothing was measured;  best: what it would be if all that is missing passed, None: anything
    judged, total  what was judged of what there is, counted in `unit`
    failing   what keeps the value down, by name, the worst first;  note: a sentence for a person
    """

    value: float | None
    judged: int
    total: int
    unit: str = "cases"
    best: float | None = None
    failing: tuple[str, ...] = ()
    note: str = ""

    @property
    def coverage(self) -> float | None:
        return self.judged / self.total if self.total else None


def measure(gate: Gate, grounds: Grounds) -> Measured:
    """What a gate's measure comes to."""
    return MEASURES[gate.measure](gate, grounds)


def _rows(gate: Gate, grounds: Grounds) -> list[Row]:
    rows = (row for row in grounds.rows if gate.operators == "all" or row.core)
    return [row for row in rows if not gate.kinds or row.kind in gate.kinds]


def _grouped(rows: Iterable[Row], name: Callable[[Row], str]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(name(row), []).append(row)
    return groups


def _operators(gate: Gate, grounds: Grounds) -> Measured:
    groups = _grouped(_rows(gate, grounds), lambda row: row.base)
    found = _share_of_groups(gate, groups)
    return replace(found, note="; ".join([found.note, *_shared(gate, groups, grounds.reference)]))


def _shared(
    gate: Gate, groups: Mapping[str, Sequence[Row]], reference: Mapping[str, Mapping[str, bool]]
) -> Iterator[str]:
    """How many of the operators that fail do so in no case that passes on a reference chip: those are not the chip's doing."""
    bad = {
        name: rows for name, found in groups.items() if (rows := [row for row in found if _counts_against(gate, row)])
    }
    for vendor, there in reference.items():
        alike = sum(all(there.get(row.row) is False for row in rows) for rows in bad.values())
        yield f"of {len(bad)} that fail, {alike} fail in the same cases on the chip of {vendor}"


def _counts_against(gate: Gate, row: Row) -> bool:
    return row.state is State.FAILED and not _excused(gate, row)


def _overloads(gate: Gate, grounds: Grounds) -> Measured:
    rows = [row for row in _rows(gate, grounds) if row.aten]
    return _share_of_groups(gate, _grouped(rows, lambda row: row.operator))


def _share_of_groups(gate: Gate, groups: Mapping[str, Sequence[Row]]) -> Measured:
    """The share of groups of which every judged row passes or is waived, and at least one does."""
    total = passing = lost = waived = 0
    failing: list[str] = []
    for name, rows in groups.items():
        bad = [row for row in rows if _counts_against(gate, row)]
        good = [row for row in rows if row.state is State.PASSED or _excused(gate, row)]
        unable = all(row.state is State.UNSUPPORTED for row in rows) and not good
        if unable and gate.unsupported == "aside":
            continue
        total += 1
        passing += bool(good and not bad)
        waived += bool(good and not bad and any(row.state is not State.PASSED for row in good))
        if bad or unable:
            lost += 1
            failing.append(f"{name}: {_why(bad, rows)}")
    supported = [row for rows in groups.values() for row in rows if row.state is not State.UNSUPPORTED]
    judged = sum(row.judged for row in supported)
    return Measured(
        value=passing / total if total and judged else None,
        judged=judged,
        total=len(supported),
        best=(total - lost) / total if total else None,
        failing=tuple(failing),
        note=f"{passing} of {total} pass" + (f", {waived} of them with a waiver" if waived else ""),
    )


def _excused(gate: Gate, row: Row) -> bool:
    return gate.waivers and row.waiver is not None


def _why(bad: Sequence[Row], rows: Sequence[Row]) -> str:
    if not bad:
        return f"UNSUPPORTED in all of its {len(rows)} cases"
    outcomes = sorted({row.result.outcome.value for row in bad if row.result is not None})
    judged = sum(row.judged for row in rows)
    return f"{', '.join(outcomes)} in {len(bad)} of {judged} judged cases"


def _cases(gate: Gate, grounds: Grounds) -> Measured:
    return _share_of_rows(gate, _rows(gate, grounds), lambda row: row.state is State.PASSED)


def _answers(gate: Gate, grounds: Grounds) -> Measured:
    """An illegal call that was refused launched nothing: it says nothing about kernels."""
    return _share_of_rows(gate, [row for row in _rows(gate, grounds) if not row.raises], lambda row: row.answered)


def _share_of_rows(gate: Gate, rows: Sequence[Row], good: Callable[[Row], bool]) -> Measured:
    counted = [row for row in rows if row.state is not State.UNSUPPORTED or gate.unsupported == "against"]
    judged = [row for row in counted if row.judged]
    passing = sum(map(good, judged))
    lost = len(judged) - passing + sum(row.state is State.UNSUPPORTED for row in counted)
    bad = [row for row in judged if not good(row)]
    return Measured(
        value=passing / len(judged) if judged else None,
        judged=len(judged),
        total=len(counted),
        best=(len(counted) - lost) / len(counted) if counted else None,
        failing=_by_operator(bad),
        note=f"{passing} of {len(judged)} judged cases",
    )


def _by_operator(bad: Sequence[Row]) -> tuple[str, ...]:
    groups = _grouped(bad, lambda row: row.operator)
    return tuple(f"{name}: {len(rows)} cases" for name, rows in sorted(groups.items(), key=lambda item: -len(item[1])))


def _speed(gate: Gate, grounds: Grounds) -> Measured:
    """Over operators, each with the mean over its calls: an operator with many calls weighs no more than another."""
    calls: dict[str, list[float]] = {}
    for row in grounds.timed:
        if (gate.operators == "all" or row.core) and (row.supported or gate.unsupported == "against" or row.speedup):
            calls.setdefault(row.base, []).extend([row.speedup] if row.speedup is not None else [])
    means = {name: mean for name, speedups in calls.items() if (mean := geometric_mean(speedups)) is not None}
    slow = sorted((speedup, name) for name, speedup in means.items() if speedup < gate.at_least)
    return Measured(
        value=geometric_mean(list(means.values())),
        judged=len(means),
        total=len(calls),
        unit="operators",
        failing=tuple(f"{name}: {speedup:.2f}" for speedup, name in slow),
        note=f"of {len(means)} timed operators {len(slow)} are slower than {gate.at_least:g} of the native one",
    )


def _reference(gate: Gate, grounds: Grounds) -> Measured:
    there = grounds.reference.get(gate.reference or "", {})
    rows = [row for row in _rows(gate, grounds) if row.state is not State.UNSUPPORTED]
    shared = [row for row in rows if row.judged and row.row in there]
    here = sum(row.state is State.PASSED for row in shared)
    due = sum(there[row.row] for row in shared)
    worse = [row for row in shared if row.state is State.FAILED and there[row.row]]
    return Measured(
        value=here / due if due else None,
        judged=len(shared),
        total=len(rows),
        failing=_by_operator(worse),
        note=f"of {len(shared)} cases judged on both, {here} pass here and {due} on the chip of {gate.reference}",
    )


def _repeats(gate: Gate, grounds: Grounds) -> Measured:
    """What fails when it is called once is another gate's affair."""
    asked = gate.repetitions or 0
    rows = [row for row in _rows(gate, grounds) if row.repeatable and row.state in (State.PASSED, State.UNJUDGED)]
    told = [(row, grounds.repeated[row.row]) for row in rows if row.row in grounds.repeated]
    different = [(row, each) for row, each in told if not each.alike]
    alike = [row for row, each in told if each.alike and each.count >= asked]
    operators = {row.base for row in rows}
    covered = {row.base for row in alike} | {row.base for row, _ in different}
    counted = len(alike) + len(different)
    return Measured(
        value=len(alike) / counted if counted else None,
        judged=len(covered),
        total=len(operators),
        unit="operators",
        best=(len(rows) - len(different)) / len(rows) if rows else None,
        failing=tuple(f"{row.row}: {each}" for row, each in different),
        note=f"{len(alike)} cases identical over {asked} repetitions, {len(different)} not",
    )


def _stress(gate: Gate, grounds: Grounds) -> Measured:
    soak = grounds.soak
    if soak is None:
        return Measured(None, 0, 1, unit="soaks")
    reached = soak.hours >= gate.at_least
    return Measured(
        value=soak.hours if reached and not soak.crashes else None,
        judged=1,
        total=1,
        unit="soaks",
        best=-1.0 if soak.crashes else None,
        failing=tuple(f"{each.cell}: {each.outcome} ({each.detail})" for each in soak.crashes),
        note=f"{soak.hours:.2f} hours, {soak.visits} visits of cases, {len(soak.crashes)} crashes",
    )


def _leaks(gate: Gate, grounds: Grounds) -> Measured:
    soak = grounds.soak
    if soak is None:
        return Measured(None, 0, 1, unit="soaks")
    leaking = tuple(growth for growth in soak.growths if growth.leaks)
    enough = soak.hours >= (gate.hours or 0) and any(growth.series for growth in soak.growths)
    return Measured(
        value=None if leaking or not enough else 1.0,
        judged=1,
        total=1,
        unit="soaks",
        best=-1.0 if leaking else None,
        failing=tuple(map(str, leaking)),
        note=f"{soak.hours:.2f} hours; " + ("; ".join(map(str, soak.growths)) or "too few laps to tell"),
    )


MEASURES: Mapping[str, Callable[[Gate, Grounds], Measured]] = {
    "operators": _operators,
    "cases": _cases,
    "overloads": _overloads,
    "answers": _answers,
    "speed": _speed,
    "reference": _reference,
    "repeats": _repeats,
    "stress": _stress,
    "leaks": _leaks,
}
