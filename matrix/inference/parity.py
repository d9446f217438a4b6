"""model-parity: teacher-forced log-likelihoods of a model with the provider's kernels, against torch's own kernels.

`reference` and `candidate` are what the child processes do; `judge` holds the one's answer against the other's.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from matrix.inference.asking import Answer
from matrix.inference.bench import Bench
from matrix.inference.judge import Trial
from matrix.inference.likelihood import PLANTED, SPREAD, Likelihoods, Parity, weigh
from matrix.inference.request import CANDIDATE, REFERENCE
from matrix.outcome import Outcome, Phase
from matrix.record import Json
from matrix.result import Comparison, Measure, Result
from workloads.engine import Engine
from workloads.workload import Setting

# In what the truth is computed: enough digits more than the dtype that is judged, and on a chip no more than needed.
TRUTH = {"float32": "float64", "bfloat16": "float32", "float16": "float32"}
TOKENS = 256  # of the random texts: every tokenizer has more
SHOWN = 12


def judge(trial: Trial) -> Result:
    """PASS or WRONG by the likelihoods; UNDISPATCHED where the candidate's are not the provider's."""
    texts: list[Json] = [list(text) for text in random_texts(trial.case.setting, str(trial.attempt.cell.id.seed_text))]
    given: dict[str, Json] = {"texts": texts, "generated": trial.case.setting.number("generated")}
    due = trial.ask(REFERENCE, "matrix.inference.parity:reference", given)
    got = trial.ask(CANDIDATE, "matrix.inference.parity:candidate", given)
    trial.attempt.enter(Phase.COMPARE)
    return compare(trial, due, got)


def random_texts(setting: Setting, seed: str) -> list[list[int]]:
    """Tokens that no model would choose: their likelihoods move with every fault. The same for every column and provider."""
    draw = random.Random(seed)  # noqa: S311 - the same numbers each time are what is wanted
    return [[draw.randrange(TOKENS) for _ in range(setting.number("length"))] for _ in range(setting.number("prompts"))]


def compare(trial: Trial, due: Answer, got: Answer) -> Result:
    """The result that two answers amount to."""
    likelihoods = Likelihoods(
        truth=_numbers(due.found, "truth"),
        native=_numbers(due.found, "native"),
        got=_numbers(got.found, "likelihoods"),
        scales={str(name): _floats(values) for name, values in dict(due.found.get("scales") or {}).items()},
    )
    dtype = trial.case.dtype
    parity = weigh(likelihoods, dtype)
    trial.facts |= _proof(got)
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


def _proof(got: Answer) -> dict[str, str]:
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


def _spelled(rows: Sequence[Sequence[float]]) -> list[Json]:
    from matrix.record import write_float

    return [write_float(value) for value in chain.from_iterable(rows)]


def reference(bench: Bench) -> dict[str, Json]:
    """The native side: its likelihoods, the truth for the same weights, and what each operator's factor would do."""
    import torch

    from workloads.models.forward import log_likelihoods

    texts, attention = _texts(bench), bench.setting.text("attention")
    engine: Any = bench.engine(attention=attention)
    with bench.provided():
        native = engine.log_likelihoods(texts)
        generated = _generated(bench, engine, texts)
        weights, shape = dict(engine.model.state_dict()), engine.model.config.to_dict()
        shape |= {"rope_theta": _rope_theta(engine.model.config)}
        kind = getattr(torch, TRUTH[bench.case.dtype])
        truth = [log_likelihoods(weights, shape, text, kind) for text in texts]
        engine.model.float()  # the weights stay as the dtype rounds them, and nothing else is rounded so
        scales = templates(bench, engine, texts)
    return {"native": _spelled(native), "truth": _spelled(truth), "generated": generated, "scales": scales}


def _rope_theta(shape: Any) -> float:
    return float(getattr(shape, "rope_theta", None) or shape.rope_parameters["rope_theta"])


def candidate(bench: Bench) -> dict[str, Json]:
    """The provider's side: its likelihoods, and what it generates."""
    texts = _texts(bench)
    engine = bench.engine(attention=bench.setting.text("attention"))
    with bench.provided():
        found = engine.log_likelihoods(texts)
        generated = _generated(bench, engine, texts)
    return {"likelihoods": _spelled(found), "generated": generated}


def _texts(bench: Bench) -> list[list[int]]:
    texts: Any = bench.given["texts"]
    return [list(text) for text in texts]


def _generated(bench: Bench, engine: Engine, texts: Sequence[Sequence[int]]) -> list[Json]:
    """Greedy tokens after the first half of the first text."""
    limit: Any = bench.given["generated"]
    half = texts[0][: max(1, len(texts[0]) // 2)]
    return [list(one.tokens) for one in engine.generate([half], limit, ignore_end=True)]


def templates(bench: Bench, engine: Engine, texts: Sequence[Sequence[int]]) -> dict[str, Json]:
    """Operator -> what a factor of PLANTED in its results does to each likelihood, natively in float32."""
    from matrix.inference.factors import operators_of, scaled
    from matrix.inference.providing import replaced

    key = "CPU" if bench.device == "cpu" else bench.cell.profile.dispatch_key
    plain = list(chain.from_iterable(engine.log_likelihoods(texts)))
    found: dict[str, Json] = {}
    for name in operators_of(lambda: engine.log_likelihoods(texts[:1])):
        function: Callable[..., Any] = scaled(name, PLANTED)
        with replaced({name: function}, key, guarded=True):
            moved = list(chain.from_iterable(engine.log_likelihoods(texts)))
        found[name] = [one - other for one, other in zip(moved, plain, strict=True)]
    return found
