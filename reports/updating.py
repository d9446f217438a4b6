"""What a run changes in the expectations of one profile: what can go, what is narrowed, what has to be drafted.

Decides, and writes nothing (that is `reports/rewriting.py`). A cell that the run did not judge changes nothing: it is
kept in its pattern, so that a small tier prunes nothing of the large one. A cell that fails in another way than its
expectation says is kept, too, and drafted with what it does now: whether both are true is for a person to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from backends.expectation import Expectation, Expectations
from matrix.identity import CellId
from matrix.outcome import Outcome, Verdict
from reports.expecting import Draft, distinct, draft_entries
from reports.finding import Finding
from reports.grid import SUITE
from reports.narrowing import narrow
from reports.wording import count, one_line

DONE = (Outcome.PASS, Outcome.UNSUPPORTED)  # what an expectation of is stale (matrix/verdict.py)


@dataclass(frozen=True)
class Edit:
    """What becomes of one entry: it is removed, or some of its patterns become others (none: the pattern goes).

    entry  its place among the file's own entries, from 0;  patterns: by their place in the entry
    """

    entry: int
    patterns: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    removed: bool = False


@dataclass(frozen=True)
class Update:
    """Everything that a run changes in a profile's file, and each of it in words."""

    profile: str
    edits: tuple[Edit, ...]
    drafts: tuple[Draft, ...]
    actions: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return bool(self.edits or self.drafts)


@dataclass
class _Matched:
    """The cells that one pattern names: to keep, passing, and of neither kind."""

    keep: list[CellId] = field(default_factory=list)
    drop: list[CellId] = field(default_factory=list)


def plan_update(
    profile: str, findings: Iterable[Finding], universe: Iterable[CellId], expectations: Expectations, today: date
) -> Update:
    """What the findings of a run change.

    universe  every cell of the full tier: a pattern that names some of them that the run did not judge keeps these
    """
    found = {finding.text: finding for finding in findings if finding.id.profile == profile}
    planned = {str(cell): cell for cell in universe if cell.profile == profile}
    own = [item for item in expectations if not item.inherited]
    matched = _match(expectations, own, found, {**{text: f.id for text, f in found.items()}, **planned})
    taken = {(pattern.text, item.outcome) for item in own for pattern in item.patterns}
    edits, actions = [], []
    for place, item in enumerate(own):
        edit, words = _edit(place, item, matched[place], taken, today)
        edits += [edit] if edit else []
        actions += words
    strangers = [f for text, f in found.items() if text not in planned and f.verdict is Verdict.BROKEN]
    listed = [finding for text, finding in found.items() if text in planned]
    drafts = draft_entries(listed, planned.values(), taken)
    actions += [
        f"drafted   {_listed(draft.patterns)}: {count(draft.cells, 'cell')} {draft.outcome}" for draft in drafts
    ]
    notes = [*_notes(own, found, expectations, today), *_strange(strangers)]
    return Update(profile, tuple(edits), tuple(drafts), tuple(actions), tuple(notes))


def _match(
    expectations: Expectations, own: Sequence[Expectation], found: Mapping[str, Finding], cells: Mapping[str, CellId]
) -> list[list[_Matched]]:
    """For each pattern of each own entry, what it names."""
    places = {id(item): place for place, item in enumerate(own)}
    matched = [[_Matched() for _ in item.patterns] for item in own]
    for text, identity in cells.items():
        outcome = found[text].result.outcome if text in found else Outcome.NOT_RUN
        row = text.partition(":")[2]
        for item in expectations.matching(text):
            for place, pattern in enumerate(item.patterns if id(item) in places else ()):
                if pattern.matches(row):
                    _sort(matched[places[id(item)]][place], identity, outcome)
    return matched


def _sort(matched: _Matched, identity: CellId, outcome: Outcome) -> None:
    if outcome is Outcome.PASS:
        matched.drop.append(identity)
    elif outcome not in DONE:
        matched.keep.append(identity)


def _edit(
    place: int, item: Expectation, matched: Sequence[_Matched], taken: set[tuple[str, str]], today: date
) -> tuple[Edit | None, list[str]]:
    """What becomes of one entry, and in words. `taken` learns the patterns that are written."""
    name = f"entry {place + 1} ({one_line(item.pattern, 80)}: {item.outcome})"
    passing = len({cell for pattern in matched for cell in pattern.drop})
    alive = any(pattern.keep for pattern in matched)
    if item.is_expired(today):
        # It excuses nothing, so nothing in it is wrong; once its cells pass it has done its duty.
        gone = passing and not alive
        return (
            (Edit(place, removed=True), [f"removed   {name}: it has expired, and its cells pass"])
            if gone
            else (None, [])
        )
    if not passing and any(
        name.startswith(f"{SUITE}.") for pattern in item.patterns for name in pattern.operators or ()
    ):
        return None, []  # tests of a suite that was adopted: no plan knows them
    if not alive:
        why = f"{count(passing, 'cell passes', 'cells pass')}" if passing else "it names no cell that could fail"
        return Edit(place, removed=True), [f"removed   {name}: {why}"]
    changed: dict[int, tuple[str, ...]] = {}
    words = []
    untouched = {pattern.text for pattern, cells in zip(item.patterns, matched, strict=True) if not cells.drop}
    for number, (pattern, cells) in enumerate(zip(item.patterns, matched, strict=True)):
        if not cells.drop:
            continue
        narrowed = [text for text in narrow(pattern.text, cells.keep, cells.drop) if text not in untouched]
        texts = _fresh(narrowed, item.outcome, taken)
        changed[number] = texts
        passed = count(len(cells.drop), "cell passes", "cells pass")
        to = f" to {_listed(texts)}" if texts else ""
        words.append(f"{'narrowed' if texts else 'dropped '}  {pattern.text} of {item.outcome}{to}: {passed}")
    return (Edit(place, changed) if changed else None), words


def _fresh(texts: Iterable[str], outcome: str, taken: set[tuple[str, str]]) -> tuple[str, ...]:
    fresh = []
    for text in texts:
        fresh.append(distinct(text, outcome, taken))
        taken.add((fresh[-1], outcome))
    return tuple(fresh)


def _listed(patterns: Sequence[str]) -> str:
    more = f" and {count(len(patterns) - 3, 'pattern')} more" if len(patterns) > 3 else ""
    return one_line(", ".join(patterns[:3]), 300) + more


def _notes(
    own: Sequence[Expectation], found: Mapping[str, Finding], expectations: Expectations, today: date
) -> Iterable[str]:
    """What a person should look at, and no program can decide."""
    for item in own:
        if item.is_expired(today):
            yield f"expired   {one_line(item.pattern, 120)}: on {item.expires}; renew it or remove it"
    others: dict[tuple[str, str], list[str]] = defaultdict(list)
    for text, finding in found.items():
        live = [item for item in expectations.matching(text) if not item.is_expired(today) and not item.inherited]
        if finding.verdict is Verdict.BROKEN and live:
            others[live[0].pattern, finding.result.outcome].append(live[0].outcome)
    for (pattern, outcome), expected in others.items():
        cells = count(len(expected), "cell is", "cells are")
        yield f"changed   {one_line(pattern, 120)}: {cells} {outcome} rather than {expected[0]}; drafted beside it"


def _strange(strangers: Sequence[Finding]) -> Iterable[str]:
    if strangers:
        cells = count(len(strangers), "broken cell is", "broken cells are")
        yield f"left out  {cells} not of today's catalogue, such as {strangers[0].text}"
