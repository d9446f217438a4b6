"""model-parity: teacher-forced log-likelihoods of a model with the provider's kernels, against torch's own kernels.

What the child processes do is in `likelihood_sides.py`; `judge` holds the one's answer against the other's.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from matrix.inference.asking import Answer
from matrix.inference.judge import Trial
from matrix.inference.likelihood import SPREAD, Likelihoods, Parity, weigh
from matrix.inference.request import CANDIDATE, REFERENCE
from matrix.outcome import Outcome, Phase
from matrix.record import Json
from matrix.result import Comparison, Measure, Result
from workloads.workload import Setting

REFERENCE_STEP = "matrix.inference.likelihood_sides:reference"
CANDIDATE_STEP = "matrix.inference.likelihood_sides:candidate"
TOKENS = 256  # of the random texts: every tokenizer has more
SHOWN = 12


def judge(trial: Trial) -> Result:
    """PASS or WRONG by the likelihoods; UNDISPATCHED where the candidate's are not the provider's."""
    given = question(trial.case.setting, str(trial.attempt.cell.id.seed_text))
    due = trial.ask(REFERENCE, REFERENCE_STEP, given)
    got = trial.ask(CANDIDATE, CANDIDATE_STEP, given)
    trial.attempt.enter(Phase.COMPARE)
    return compare(trial, due, got)


def question(setting: Setting, seed: str) -> dict[str, Json]:
    """What both sides are given. The same seed gives the same texts."""
    texts: list[Json] = [list(text) for text in random_texts(setting, seed)]
    return {"texts": texts, "generated": setting.number("generated")}


def random_texts(setting: Setting, seed: str) -> list[list[int]]:
    """Tokens that no model would choose: their likelihoods move with every fault. The same for every column and provider."""
    draw = random.Random(seed)  # noqa: S311 - the same numbers each time are what is wanted
    return [[draw.randrange(TOKENS) for _ in range(setting.number("length"))] for _ in range(setting.number("prompts"))]


def compare(trial: Trial, due: Answer, got: Answer) -> Result:
    """The result that two answers amount to."""
    likelihoods = likelihoods_of(due, got)
    dtype = trial.case.dtype
    parity = weigh(likelihoods, dtype)
    trial.facts |= proof_facts(got)
    measures = (*measures_of(parity), *_agreement(due, got))
    comparison = Comparison(
        rule=f"likelihoods within {SPREAD[dtype]:g} x the native back end's own error at {dtype}, without bias",
        total=parity.tokens,
        mismatched=parity.outside,
        max_abs=None
        if parity.bound == 0
        else max(abs(a - b) for a, b in zip(likelihoods.got, likelihoods.truth, strict=True)),
        bound=parity.bound,
        got=f"{likelihoods.got[parity.worst]:.6g}",
        expected=f"{likelihoods.truth[parity.worst]:.6g}",
    )
    if got.undispatched:
        said = "the likelihoods are right" if not parity.complaints else f"and {parity.complaints[0]}"
        detail = f"{got.undispatched}; {said}"
        return trial.result(Outcome.UNDISPATCHED, detail, phase=Phase.RUN, measures=measures)
    if parity.complaints:
        return trial.result(Outcome.WRONG, "; ".join(parity.complaints), comparison=comparison, measures=measures)
    return trial.result(Outcome.PASS, comparison=comparison, measures=measures)


def likelihoods_of(due: Answer, got: Answer) -> Likelihoods:
    """What the sides said of the same tokens. Raises TypeError or ValueError for what is no number."""
    return Likelihoods(
        truth=_numbers(due.found, "truth"),
        native=_numbers(due.found, "native"),
        got=_numbers(got.found, "likelihoods"),
        scales={str(name): _floats(values) for name, values in dict(due.found.get("scales") or {}).items()},
    )


def measures_of(parity: Parity) -> tuple[Measure, ...]:
    if parity.bound == 0:
        return ()
    worst = [Measure(f"scale of {s.operator}", "%", 100 * s.value) for s in parity.scales[:1]]
    return (
        Measure("errors, of the native back end's", "x", parity.ratio),
        Measure("mean |difference| from native", "nat", parity.mean),
        Measure("99.9 % quantile of |error|", "nat", parity.quantile),
        Measure("mean error", "nat", parity.bias),
        Measure("native back end's error (root mean square)", "nat", parity.noise),
        *worst,
    )


def _agreement(due: Answer, got: Answer) -> tuple[Measure, ...]:
    """How many of the greedy tokens are the same, counted until the first that is not: information, never a verdict."""
    pairs = list(zip(due.found.get("generated") or (), got.found.get("generated") or (), strict=False))
    total = sum(len(mine) for mine, _ in pairs)
    if not total:
        return ()
    same = 0
    for mine, other in pairs:
        for one, two in zip(mine, other, strict=False):
            if one != two:
                break
            same += 1
    return (Measure("greedy tokens that agree", "%", 100 * same / total),)


def proof_facts(got: Answer) -> dict[str, str]:
    """What the provider answered for, in words."""
    entered = list(got.entered.items())
    shown = ", ".join(f"{name} x {count}" for name, count in entered[:SHOWN])
    more = f" and {len(entered) - SHOWN} more" if len(entered) > SHOWN else ""
    launched = sum(launch.count for launch in got.launches)
    return {
        "operators replaced": f"{len(entered)} entered: {shown}{more}" if entered else "none",
        "kernels launched": f"{launched} launches of {len(got.launches)} kernels",
    }


def _numbers(found: Mapping[str, Any], name: str) -> list[float]:
    return _floats(found.get(name) or ())


def _floats(values: Sequence[Any]) -> list[float]:
    """Numbers as they were written; what is not finite came as text."""
    return [float(value) for value in values]
