"""Result + expectations -> verdict. Computed when a record is read, never stored as a fact.

An expectation that has expired excuses nothing. An expectation that excuses nothing any more is stale; that can be said
only when every cell that it matches was judged, so a small tier never accuses an expectation of the large one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from backends.expectation import Expectation, Expectations
from matrix.outcome import SUITE_PHASES, Outcome, Verdict
from matrix.result import Result

# Worst first: what a square of many cells shows, and the order in which a person should read.
SEVERITY: tuple[Verdict, ...] = (
    Verdict.BROKEN,
    Verdict.KNOWN,
    Verdict.SUITE,
    Verdict.FIXED,
    Verdict.OK,
    Verdict.UNKNOWN,
    Verdict.NOT_APPLICABLE,
)
# Those that want a person to look.
LOUD = SEVERITY[:4]


def judge_verdict(result: Result, expectations: Expectations, today: date) -> Verdict:
    """See one result through the expectations of its profile; those that have expired are ignored."""
    return weigh(result, live_expectations(result.cell, expectations, today))


def live_expectations(cell: str, expectations: Expectations, today: date) -> tuple[Expectation, ...]:
    """The expectations that match the cell and have not expired."""
    return tuple(item for item in expectations.matching(cell) if not item.is_expired(today))


def weigh(result: Result, live: Sequence[Expectation]) -> Verdict:
    """The verdict on a result, given the live expectations that match its cell."""
    expected = any(expectation.outcome == result.outcome for expectation in live)
    match result.outcome:
        case Outcome.UNSUPPORTED:
            return Verdict.NOT_APPLICABLE
        case Outcome.NOT_RUN:
            return Verdict.UNKNOWN
        case Outcome.PASS:
            return Verdict.FIXED if any(not item.inherited for item in live) else Verdict.OK
        case Outcome.INFRA:
            return Verdict.KNOWN if expected else Verdict.SUITE
    # An expectation is about the provider, so it cannot excuse what went wrong before the provider's turn.
    if result.phase in SUITE_PHASES:
        return Verdict.SUITE
    return Verdict.KNOWN if expected else Verdict.BROKEN


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict to show where there is room for one.

    What needs a person comes first; then one ok cell outranks those that say nothing about the operator.
    """
    return min(verdicts, key=SEVERITY.index)


@dataclass(frozen=True)
class Lapsed:
    """An expectation that a person must look at: `kind` is expired, stale or draft, and `why` is for that person."""

    expectation: Expectation
    kind: str
    why: str

    @property
    def profile(self) -> str:
        return self.expectation.profile


def find_lapsed(
    expectations: Expectations,
    outcomes: Mapping[str, Outcome],
    today: date,
    universe: Iterable[str] | None = None,
) -> tuple[Lapsed, ...]:
    """Which expectations of a profile are expired or stale, or were drafted and never finished.

    outcomes   what was found in the cells of the profile, by cell id
    universe   ids of every cell that the full tier plans for the profile; None: not known, and then none can be stale
    """
    lapsed = [
        Lapsed(item, "expired", f"expired on {item.expires}: it excuses nothing since")
        for item in expectations
        if item.is_expired(today) and not item.inherited
    ]
    lapsed += [
        Lapsed(item, "draft", "it was drafted from a run: say in its reason what is wrong")
        for item in expectations
        if item.is_draft and not item.is_expired(today) and not item.inherited
    ]
    if universe is None:
        return tuple(lapsed)
    own = [item for item in expectations if not item.is_expired(today) and not item.inherited]
    matched: dict[int, list[str]] = {id(item): [] for item in own}
    for cell in universe:
        for item in live_expectations(cell, expectations, today):
            matched.get(id(item), []).append(cell)
    for item in expectations:
        why = _stale(matched[id(item)], outcomes) if id(item) in matched else None
        lapsed += [Lapsed(item, "stale", why)] if why else []
    return tuple(lapsed)


def _stale(matched: Sequence[str], outcomes: Mapping[str, Outcome]) -> str | None:
    if not matched:
        return "matches no cell of the full plan"
    found = {outcomes.get(cell, Outcome.NOT_RUN) for cell in matched}
    if found - {Outcome.PASS, Outcome.UNSUPPORTED}:
        return None
    return f"all {len(matched)} cells that it matches pass" if len(matched) > 1 else "the cell that it matches passes"


def exit_code(verdicts: Mapping[Verdict, int], lapsed: int = 0, *, strict: bool = False) -> int:
    """0 nothing broken, 1 broken, 3 nothing selected.

    A run whose every try failed for the suite's own reasons has shown nothing and is not green. Strict also refuses
    stale, expired and unfinished expectations.
    """
    total = sum(verdicts.values())
    if total == 0:
        return 3
    judged = sum(verdicts.get(verdict, 0) for verdict in (Verdict.OK, Verdict.KNOWN, Verdict.FIXED, Verdict.BROKEN))
    blind = verdicts.get(Verdict.SUITE, 0) > 0 and judged == 0
    return 1 if verdicts.get(Verdict.BROKEN, 0) or blind or (strict and lapsed) else 0
