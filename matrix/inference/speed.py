"""throughput-* and latency-*: rounds of requests by the provider's kernels and by torch's own, in turn, on one device.

`contend` is what each child process does; `judge` holds the rounds of the one side against those of the other.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from matrix.inference.asking import missing
from matrix.inference.bench import Bench
from matrix.inference.duel import SIDES, Outcomes, Rules, Turn, duel
from matrix.inference.integrity import integrity
from matrix.inference.judge import Trial
from matrix.inference.load import prompts_of, serve_arguments, told
from matrix.inference.observed import free_memory, observe
from matrix.inference.parity import proof_facts
from matrix.inference.request import CANDIDATE, REFERENCE, AnswerError
from matrix.inference.rounds import Round, read_round, short, spelled
from matrix.inference.speed_measures import measures_of
from matrix.inference.turns import Turns
from matrix.outcome import Outcome, Phase
from matrix.record import Json
from matrix.result import Result
from workloads.kinds import UNDER_LOAD

STEP = "matrix.inference.speed:contend"
# A child also draws prompts and writes its answer down, which the judge's clock has in it and the child's has not.
LEAST_SHARE, SLACK_SECONDS = 0.8, 2.0
INTERPRETED = "says nothing of a chip: the kernels are interpreted"


def judge(trial: Trial) -> Result:
    """PASS with measures; WRONG where fewer tokens came than were asked, UNDISPATCHED where the provider answered nothing."""
    setting = trial.case.setting
    if lacking := missing(UNDER_LOAD.format(setting.engine)):
        return trial.result(Outcome.NOT_RUN, lacking, phase=Phase.START)
    seed, limit = trial.attempt.cell.id.seed_text, setting.number("output")

    def check(turn: Turn, number: int, seconds: float) -> Round:
        found = read_round(turn, prompts_of(setting, seed, number), limit)
        return found if number == 0 else witnessed(found, seconds)  # the first waits for the engine to load

    rules = Rules(STEP, setting.number("pairs"), patience=setting.number("patience"))
    return compare(trial, duel(trial, rules, {"seed": seed}, check))


def witnessed(found: Round, seconds: float) -> Round:
    """A round that took as long as the judge, who waited for it, saw. Raises AnswerError for one that tells of less."""
    if found.seconds < LEAST_SHARE * seconds - SLACK_SECONDS:
        raise AnswerError(f"a round is said to have taken {found.seconds:.3g} s; it took {seconds:.3g} s")
    return found


def compare(trial: Trial, found: Outcomes) -> Result:
    """The result that the rounds of two sides amount to."""
    due, got = found.answers[REFERENCE], found.answers[CANDIDATE]
    trial.facts |= proof_facts(got) | {f"given: {name}": str(value) for name, value in _given(got.found).items()}
    trial.facts |= {f"{side} process": _spoken(answer.found) for side, answer in found.answers.items()}
    trial.facts |= {f"{what}, {side}": str(text) for side in SIDES for what, text in _integrity(found, side).items()}
    if differing := differences(due.found, got.found):
        return trial.result(Outcome.ERROR, f"the sides were not given the same: {differing}", phase=Phase.RUN)
    if not trial.baseline and (strange := due.strange):
        return trial.result(Outcome.INFRA, strange, phase=Phase.REFERENCE)
    limit = trial.case.setting.number("output")
    if lacking := short(found.turns[REFERENCE], limit):
        return trial.result(Outcome.INFRA, f"of torch's own kernels: {lacking}", phase=Phase.REFERENCE)
    if lacking := short(found.turns[CANDIDATE], limit):
        return trial.result(Outcome.WRONG, lacking, phase=Phase.COMPARE)
    measures = measures_of(trial.case.workload.kind, found)
    if got.undispatched:
        return trial.result(Outcome.UNDISPATCHED, got.undispatched, phase=Phase.RUN, measures=measures)
    if trial.attempt.cell.evidence.emulated:
        trial.facts["relative throughput"] = INTERPRETED
    trial.attempt.enter(Phase.COMPARE)
    return trial.result(Outcome.PASS, measures=measures)


def differences(due: Mapping[str, Any], got: Mapping[str, Any]) -> str:
    """In what two sides were not given the same, in words; empty: in nothing."""
    one, other = _given(due), _given(got)
    told_apart = [
        f"{name} is {one.get(name)!r} with torch's own kernels and {other.get(name)!r} with the provider's"
        for name in dict.fromkeys([*one, *other])
        if one.get(name) != other.get(name)
    ]
    return "; ".join(told_apart)


def _given(found: Mapping[str, Any]) -> dict[str, Any]:
    """What a side's engine was given, as the engine says, and what its process was seen to use."""
    given, process = dict(found.get("given") or {}), dict(found.get("process") or {})
    return given | {name: process.get(name) for name in ("devices used", "processes")}


def _integrity(found: Outcomes, side: str) -> dict[str, Any]:
    return dict(found.answers[side].found.get("integrity") or {})


def _spoken(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in dict(found.get("process") or {}).items())


def contend(bench: Bench) -> dict[str, Json]:
    """A child's part: start the engine, and serve one round of requests whenever it is its turn."""
    setting, seed = bench.setting, str(bench.given["seed"])
    before = free_memory(bench.device)
    server = bench.server(serve_arguments(setting))
    turns = Turns(bench.request.folder)
    emulated = bench.cell.evidence.emulated
    if emulated:  # filling a cache by interpreted kernels takes longer than all that is measured
        server.start()
    with ExitStack() as kernels:
        kernels.enter_context(bench.provided())
        if not emulated:
            server.start()
        for number in turns:
            prompts = prompts_of(setting, seed, number)
            began = time.perf_counter()
            found = server.serve(prompts, setting.number("output"), turns.progress)
            seconds = time.perf_counter() - began
            if (
                number == 0 and bench.can_be_bare
            ):  # the proof is of this round; what counts it is no part of those measured
                kernels.close()
                kernels.enter_context(bench.bare())
            turns.done(number, spelled(seconds, prompts, found))
        given, process = told(server.given()), observe(bench.device, before)
        server.stop()
    return {"given": given, "process": process, "integrity": integrity(*server.guarded)}
