"""What evidence says of every case of a profile's full tier: `run` and `time` only, whatever else a record holds.

`run` says whether answers are right, `time` how fast they come; each has calls of its own. The universe is today's catalogue
and what the profile declares today. A record cannot make it smaller: a case that it calls UNSUPPORTED is unjudged unless the
profile declares so too, and cells that no plan names count for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from backends.profile import Profile
from backends.waiver import Waiver
from matrix.columns import Column
from matrix.identity import CellId, IdentityError, parse_id
from matrix.outcome import Evidence, Outcome
from matrix.plan import Plan, Selection, plan
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
    """One case, with what the evidence `run` says of it.

    row      the case's id without profile and evidence, the same on every chip
    core     whether its operator is a core one;  aten: whether it is called through torch's dispatcher
    kind     the kind of its sample
    raises   whether the call must be refused;  repeatable: whether the same inputs must give the same answer
    result   the result that decided the state, if one did;  waiver: a live one that matches a case that did not pass
    """

    row: str
    operator: str
    base: str
    core: bool
    aten: bool
    kind: str
    raises: bool
    repeatable: bool
    state: State
    result: Result | None = None
    waiver: Waiver | None = None

    @property
    def judged(self) -> bool:
        return self.state in (State.PASSED, State.FAILED)

    @property
    def answered(self) -> bool:
        """Whether its kernels compiled, ran and gave an answer, be it a wrong one."""
        return self.result is not None and self.result.outcome in ANSWERED


@dataclass(frozen=True)
class TimedRow:
    """One call that is timed.

    supported  whether the profile declares that it can be made
    speedup    how many times as fast as the native operator; None where it was not timed, for whatever reason
    """

    row: str
    base: str
    core: bool
    supported: bool = True
    speedup: float | None = None


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


def gather(
    profile: Profile,
    operators: Mapping[str, Operator],
    core: Collection[str],
    found: Mapping[str, Result],
    live: Sequence[Waiver],
) -> tuple[Row, ...]:
    """A row for every case of the full tier; `live` are the waivers that waive something today."""
    everything, names = _full(profile, operators, Evidence.RUN), set(core)
    rows = []
    for cell, text in zip(everything.cells, everything.ids, strict=True):
        operator, sample = cell.case.operator, cell.case.sample
        result = found.get(text)
        decided = result if result is not None and result.outcome.judged else None
        state = _state(decided, declared=text in everything.presets)
        excused = state in (State.FAILED, State.UNSUPPORTED)
        rows.append(
            Row(
                row=text.partition(":")[2].rpartition("@")[0],
                operator=operator.name,
                base=operator.base,
                core=operator.name in names,
                aten=operator.providers[cell.case.provider] == "aten",
                kind=sample.kind,
                raises=sample.raises,
                repeatable=repeatable(operator) and not sample.raises,
                state=state,
                result=decided,
                waiver=next((waiver for waiver in live if waiver.matches(text)), None) if excused else None,
            )
        )
    return tuple(rows)


def gather_timed(
    profile: Profile,
    operators: Mapping[str, Operator],
    core: Collection[str],
    found: Mapping[str, Result],
    speedup: Callable[[Result], float | None],
) -> tuple[TimedRow, ...]:
    """A row for every call that is timed."""
    everything, names = _full(profile, operators, Evidence.TIME), set(core)
    return tuple(
        TimedRow(
            row=text.partition(":")[2].rpartition("@")[0],
            base=cell.case.operator.base,
            core=cell.case.operator.name in names,
            supported=text not in everything.presets,
            speedup=speedup(found[text]) if text in found and found[text].outcome is Outcome.PASS else None,
        )
        for cell, text in zip(everything.cells, everything.ids, strict=True)
    )


def _full(profile: Profile, operators: Mapping[str, Operator], evidence: Evidence) -> Plan:
    return plan(Selection("full"), [Column(profile, evidence)], operators, ())


def _state(decided: Result | None, *, declared: bool) -> State:
    if decided is not None:
        return State.PASSED if decided.outcome is Outcome.PASS else State.FAILED
    return State.UNSUPPORTED if declared else State.UNJUDGED
