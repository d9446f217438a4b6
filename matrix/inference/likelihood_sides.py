"""The two sides of model-parity, as child processes do them: likelihoods of given tokens, and what explains a difference."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch

from matrix.inference.bench import Bench
from matrix.inference.factors import operators_of, scaled
from matrix.inference.likelihood import PLANTED
from matrix.inference.providing import replaced
from matrix.record import Json, write_float
from workloads.engine import Engine
from workloads.models.forward import log_likelihoods

# In what the truth is computed: enough digits more than the dtype that is judged, and on a chip no more than needed.
TRUTH = {"float32": torch.float64, "bfloat16": torch.float32, "float16": torch.float32}
Texts = Sequence[Sequence[int]]


def reference(bench: Bench) -> dict[str, Json]:
    """The native side: its likelihoods, the truth for the same weights, and what each operator's factor would do."""
    texts = _texts(bench)
    engine: Any = bench.engine(attention=bench.setting.text("attention"))
    with bench.provided():
        generated = _generated(bench, engine, texts)
        key = "CPU" if bench.device == "cpu" else bench.cell.profile.dispatch_key
        return {**native_facts(engine, texts, bench.case.dtype, key), "generated": generated}


def native_facts(engine: Any, texts: Texts, dtype: str, dispatch_key: str) -> dict[str, Json]:
    """What an engine of the transformers library says of texts natively. It goes over to float32 for good."""
    native = engine.log_likelihoods(texts)
    weights, shape = dict(engine.model.state_dict()), engine.model.config.to_dict()
    shape |= {"rope_theta": _rope_theta(engine.model.config)}
    truth = [log_likelihoods(weights, shape, text, TRUTH[dtype]) for text in texts]
    engine.model.float()  # the weights stay as the dtype rounds them, and nothing else is rounded so
    return {"native": _spelled(native), "truth": _spelled(truth), "scales": templates(engine, texts, dispatch_key)}


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


def _generated(bench: Bench, engine: Engine, texts: Texts) -> list[Json]:
    """Greedy tokens after the first half of the first text."""
    limit: Any = bench.given["generated"]
    half = texts[0][: max(1, len(texts[0]) // 2)]
    return [list(one.tokens) for one in engine.generate([half], limit, ignore_end=True)]


def templates(engine: Engine, texts: Texts, dispatch_key: str) -> dict[str, Json]:
    """Operator -> what a factor of PLANTED in its results does to each likelihood, natively, in the engine's own dtype."""
    plain = list(chain.from_iterable(engine.log_likelihoods(texts)))
    found: dict[str, Json] = {}
    for name in operators_of(lambda: engine.log_likelihoods(texts[:1])):
        with replaced({name: scaled(name, PLANTED)}, dispatch_key, guarded=True):
            moved = list(chain.from_iterable(engine.log_likelihoods(texts)))
        found[name] = [one - other for one, other in zip(moved, plain, strict=True)]
    return found


def _spelled(rows: Sequence[Sequence[float]]) -> list[Json]:
    return [write_float(value) for value in chain.from_iterable(rows)]
