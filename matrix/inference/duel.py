"""Two sides of a workload that are measured against each other: two warm processes that take turns on one device.

The order is that of ABBA blocks: reference candidate, candidate reference, and so on. Each neighbouring two are a pair; what
drifts favours the one in one pair and the other in the next. While a side measures, the other one sleeps. A side that makes no
progress for as long as its patience is ended, and its last word on its progress is told.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matrix.inference.asking import OUTPUT_TAIL, Answer, Fault, read_side, start
from matrix.inference.judge import SideError, Trial
from matrix.inference.request import CANDIDATE, OUTPUT, REFERENCE, AnswerError, Request
from matrix.inference.turns import read_progress, read_turn, say_go
from matrix.outcome import SUITE_PHASES, Outcome, Phase
from matrix.record import Json
from matrix.runner.output import read_tail

LOOK_SECONDS = 0.01
END_SECONDS = 60.0
SIDES = (REFERENCE, CANDIDATE)
Turn = Mapping[str, Any]
Check = Callable[[Turn, int, float], Any]


@dataclass(frozen=True)
class Rules:
    """How a duel goes.

    step      address of what each child does: `step(Bench)`, which iterates over `Turns`
    pairs     measured turns of each side;  warm: turns of each before them
    patience  seconds without progress in a measured turn;  warm_patience: before that, where kernels are still compiled
    """

    step: str
    pairs: int
    warm: int = 1
    patience: float = 60.0
    warm_patience: float = 600.0


@dataclass(frozen=True)
class Outcomes:
    """What came of a duel: the answers to the measured turns of each side in their order, and each side's last answer."""

    turns: Mapping[str, tuple[Any, ...]]
    answers: Mapping[str, Answer]


@dataclass
class Contender:
    """One side at work."""

    side: str
    request: Request
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def order(pairs: int) -> Iterator[str]:
    """Who has the next turn."""
    for number in range(pairs):
        yield from SIDES if number % 2 == 0 else reversed(SIDES)


def duel(trial: Trial, rules: Rules, given: Mapping[str, Json], check: Check) -> Outcomes:
    """Have both sides measured in turn.

    check  makes of an answer, the number of its turn and the seconds that were waited for it, what is kept of it; raises
           AnswerError where it cannot be true

    Raises SideError with what became of a side that did not keep up.
    """
    contenders: dict[str, Contender] = {}
    taken: dict[str, list[Any]] = {side: [] for side in SIDES}
    try:
        for side in SIDES:
            request, environment = trial.switched(side, rules.step, given)
            contenders[side] = Contender(side, request, start(request, environment))
        for side in [*SIDES] * rules.warm + list(order(rules.pairs)):
            number = len(taken[side])
            patience = rules.warm_patience if number < rules.warm else rules.patience
            taken[side].append(take_turn(trial, contenders[side], number, patience, check))
        answers = {side: dismiss(trial, contender) for side, contender in contenders.items()}
    finally:
        for contender in contenders.values():
            contender.end()
    return Outcomes({side: tuple(found[rules.warm :]) for side, found in taken.items()}, answers)


def take_turn(trial: Trial, contender: Contender, number: int, patience: float, check: Check) -> Any:
    """One turn of one side, watched. Raises SideError."""
    folder = contender.request.folder
    say_go(folder, number)
    last, since = "", time.monotonic()
    began = since
    while True:
        try:
            if (found := read_turn(folder, number)) is not None:
                return check(found, number, time.monotonic() - began)
        except AnswerError as error:
            raise SideError(_fault(contender, Outcome.ERROR, str(error))) from None
        if contender.process.poll() is not None:
            raise SideError(gone(contender))
        phase = contender.request.phase()
        if phase is not trial.attempt.phase:
            trial.attempt.enter(phase)
        word, now = f"{phase} {read_progress(folder)}", time.monotonic()
        if word != last:
            last, since = word, now
        if now - since > patience:
            contender.end()
            raise SideError(_fault(contender, Outcome.TIMEOUT, stalled(contender, number, now - since)))
        time.sleep(LOOK_SECONDS)


def stalled(contender: Contender, number: int, seconds: float) -> str:
    """What is said of a side that got nowhere."""
    done = read_progress(contender.request.folder)
    counted = (
        f"its last word was {done} {contender.request.given.get('counted', 'steps')}" if done else "it had begun none"
    )
    return f"no progress for {seconds:.0f} s in turn {number} of the {contender.side}: {counted}"


def dismiss(trial: Trial, contender: Contender) -> Answer:
    """End a side's turns, and read its last answer. Raises SideError."""
    say_go(contender.request.folder, None)
    try:
        contender.process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        contender.end()
        raise SideError(_fault(contender, Outcome.TIMEOUT, f"the {contender.side} did not end")) from None
    found = read_side(contender.request, contender.process.returncode, time.monotonic() - contender.started)
    if isinstance(found, Fault):
        raise SideError(found)
    trial.keep(contender.side, found)
    return found


def gone(contender: Contender) -> Fault:
    """Why a process ended in the middle of its turns: what it raised, or what ended it."""
    found = read_side(contender.request, contender.process.returncode, time.monotonic() - contender.started)
    if isinstance(found, Fault):
        return found
    return _fault(contender, Outcome.ERROR, f"the {contender.side} ended before its turns did")


def _fault(contender: Contender, outcome: Outcome, detail: str) -> Fault:
    """A fault of a side: of the reference's, it is the suite's."""
    output = read_tail(contender.request.folder / OUTPUT, OUTPUT_TAIL)
    phase = contender.request.phase()
    if contender.side == REFERENCE:
        return Fault(Outcome.INFRA, Phase.REFERENCE, detail, output=output)
    if phase in SUITE_PHASES:
        return Fault(Outcome.INFRA, phase, f"{detail} (in phase {phase}, which is the suite's own)", output=output)
    return Fault(outcome, phase, detail, output=output)


def pairs_of(turns: Mapping[str, Sequence[float]]) -> list[float]:
    """Of numbers by turn, the candidate's over the reference's, pair by pair."""
    return [mine / other for mine, other in zip(turns[CANDIDATE], turns[REFERENCE], strict=True)]
