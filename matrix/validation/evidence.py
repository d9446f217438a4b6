"""What evidence says of every case of a profile's full tier: `run` and `time` only, whatever else a record holds.

The universe is today's catalogue and what the profile declares today. A record cannot make it smaller: a case that it calls
UNSUPPORTED is unjudged unless the profile declares so too, and cells that no plan names count for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from backends.profile import Profile
from backends.waiver import Waiver
from matrix.columns import Column
from matrix.identity import CellId, IdentityError, id_text, parse_id
from matrix.outcome import Evidence, Outcome, Phase
from matrix.plan import Selection, plan
from matrix.result import Result
from matrix.run import Run
from matrix.validation.repeated import repeatable, repetitions
from operators.operator import Operator

# The evidences that count for a gate.
COUNTING = (Evidence.RUN, Evidence.TIME)
ANSWERED = (Outcome.PASS, Outcome.WRONG)


class State(StrEnum):
    """What is known of a case."""

    PASSED = "passed"
    FAILED = "failed"
    UNJUDGED = "unjudged"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Row:
    """One case, with what the evidence says of it.

    row      the case's id without profile and evidence, the same on every chip
    core     whether its operator is a core one;  aten: whether it is called through torch's dispatcher
    raises   whether the call must be refused;  repeatable: whether the same inputs must give the same answer
    result   the result that decided the state, if one did;  waiver: a live one that matches a case that did not pass
    speedup  how many times as fast as the native operator, where that was timed
    """

    row: str
    operator: str
    base: str
    core: bool
    aten: bool
    raises: bool
    repeatable: bool
    state: State
    result: Result | None = None
    waiver: Waiver | None = None
    speedup: float | None = None

    @property
    def judged(self) -> bool:
        return self.state in (State.PASSED, State.FAILED)

    @property
    def answered(self) -> bool:
        """Whether its kernels compiled, ran and gave an answer, be it a wrong one."""
        return self.result is not None and self.result.outcome in ANSWERED


def finals(runs: Iterable[Run], profile: str) -> dict[str, Result]:
    """By cell id, what the latest run that carried a cell says of it; of one profile and of the evidences that count."""
    found: dict[str, Result] = {}
    for run in sorted(runs, key=lambda run: run.header.started):
        for text in run.results:
            final = run.final(text)
            if final is None or (text in found and final.outcome is Outcome.NOT_RUN):
                continue
            identity = _identity(text)
            if identity is None or identity.profile != profile or identity.evidence not in COUNTING:
                continue
            if _says_of_correctness(final):
                found[text] = final
    return found


def _identity(text: str) -> CellId | None:
    try:
        return parse_id(text)
    except IdentityError:  # a line of another company's bundle: it names no cell
        return None


def _says_of_correctness(result: Result) -> bool:
    """A PASS of repetitions says only that they were alike, and a PASS of compiled kernels that there is a binary."""
    return repetitions(result) is None and not (result.outcome is Outcome.PASS and result.comparison is None)


def gather(  # noqa: PLR0913 - everything that a row is made of
    profile: Profile,
    operators: Mapping[str, Operator],
    core: Collection[str],
    found: Mapping[str, Result],
    live: Sequence[Waiver],
    *,
    speedup: Callable[[Result], float | None] = lambda _: None,
) -> tuple[Row, ...]:
    """A row for every case of the full tier; `live` are the waivers that waive something today."""
    everything = plan(Selection("full"), [Column(profile, Evidence.RUN)], operators, ())
    names = set(core)
    rows = []
    for cell in everything.cells:
        operator, row = cell.case.operator, cell.id.row
        ids = [id_text(profile.name, row, evidence) for evidence in COUNTING]
        results = [found[name] for name in ids if name in found]
        decided = decide(results)
        state = _state(decided, declared=str(cell.id) in everything.presets)
        excused = state in (State.FAILED, State.UNSUPPORTED)
        rows.append(
            Row(
                row=row,
                operator=operator.name,
                base=operator.base,
                core=operator.name in names,
                aten=operator.providers[cell.case.provider] == "aten",
                raises=cell.case.sample.raises,
                repeatable=repeatable(operator) and not cell.case.sample.raises,
                state=state,
                result=decided,
                waiver=_waiver(live, ids) if excused else None,
                speedup=_speed(found.get(ids[-1]), speedup),
            )
        )
    return tuple(rows)


def decide(results: Iterable[Result]) -> Result | None:
    """The result that decides: what blames the provider before what passes; None where nothing was judged.

    What went wrong while a case was timed says nothing about whether its answer is right.
    """
    judged = [
        result
        for result in results
        if result.outcome.judged and (result.outcome is Outcome.PASS or result.phase is not Phase.TIME)
    ]
    return min(judged, key=lambda result: result.outcome is Outcome.PASS, default=None)


def _state(decided: Result | None, *, declared: bool) -> State:
    if decided is not None:
        return State.PASSED if decided.outcome is Outcome.PASS else State.FAILED
    return State.UNSUPPORTED if declared else State.UNJUDGED


def _waiver(live: Sequence[Waiver], ids: Sequence[str]) -> Waiver | None:
    return next((waiver for waiver in live if any(waiver.matches(name) for name in ids)), None)


def _speed(timed: Result | None, speedup: Callable[[Result], float | None]) -> float | None:
    return speedup(timed) if timed is not None and timed.outcome is Outcome.PASS else None
