"""lm-eval over our engines: its tasks, its prompts, its metrics, our model (`lm_eval` is imported late, and is optional).

Tasks are read from a folder that the user names, local YAML with local data, and nothing else: nothing is downloaded.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workloads.engine import Engine

# Metrics that say of each document whether it was right; the first that a task has is taken.
METRICS = ("exact_match", "acc", "pass@1", "pass_at_1", "acc_norm")
OFFLINE = {"HF_DATASETS_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


class HarnessError(ValueError):
    """A folder of tasks that cannot be followed."""


def evaluate(engine: Engine, folder: Path, limit: int) -> dict[str, list[bool]]:
    """Task -> whether each document was answered rightly, in their order; of each task at most `limit` documents.

    Raises HarnessError for a folder with no tasks, or a task none of whose metrics is known.
    """
    os.environ.update(OFFLINE)
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    names = task_names(folder)
    manager = TaskManager(include_path=str(folder), include_defaults=False)
    found = simple_evaluate(
        model=model_of(engine),
        tasks=list(names),
        task_manager=manager,
        limit=limit,
        log_samples=True,
        bootstrap_iters=0,
        random_seed=0,
        numpy_random_seed=0,
        torch_random_seed=0,
        fewshot_random_seed=0,
    )
    return {name: rights(name, samples) for name, samples in found["samples"].items()}


def task_names(folder: Path) -> tuple[str, ...]:
    """The tasks that a folder's YAML files define. Raises HarnessError."""
    import yaml

    names = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            told = yaml.load(path.read_text(encoding="utf-8"), Loader=_lenient())  # noqa: S506 - a safe loader
        except yaml.YAMLError as error:
            raise HarnessError(f"{path}: is no YAML: {error}") from None
        if isinstance(told, dict) and isinstance(told.get("task"), str):
            names.append(told["task"])
    if not names:
        raise HarnessError(f"{folder}: no *.yaml there defines a task; it holds tasks of lm-eval with local data")
    return tuple(names)


def _lenient() -> Any:
    """A safe loader that takes lm-eval's own tags, such as !function, for text."""
    import yaml

    class Lenient(yaml.SafeLoader):  # type: ignore[misc]
        pass

    Lenient.add_multi_constructor("!", lambda loader, _suffix, node: str(node.value))
    return Lenient


def rights(name: str, samples: Sequence[Mapping[str, Any]]) -> list[bool]:
    """By the first known metric, whether each document is right. Raises HarnessError."""
    ordered = sorted(samples, key=lambda sample: int(sample["doc_id"]))
    metric = next((metric for metric in METRICS if ordered and metric in ordered[0]), None)
    if metric is None:
        raise HarnessError(
            f"{name}: no metric says of each document whether it is right; known are {', '.join(METRICS)}"
        )
    seen: dict[int, bool] = {}
    for sample in ordered:  # a document stands once for each filter; the first is the strictest
        seen.setdefault(int(sample["doc_id"]), float(sample[metric]) >= 0.5)
    return list(seen.values())


def model_of(engine: Engine) -> Any:
    """An engine as lm-eval's model."""
    from lm_eval.api.model import LM

    class Model(LM):  # type: ignore[misc]
        def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
            return choices(engine, [request.args for request in requests])

        def loglikelihood_rolling(self, requests: Sequence[Any]) -> list[float]:
            sequences = [engine.tokens(request.args[0]) for request in requests]
            return [sum(one) for one in engine.log_likelihoods(sequences)]

        def generate_until(self, requests: Sequence[Any]) -> list[str]:
            return [written(engine, *request.args) for request in requests]

    return Model()


def choices(engine: Engine, pairs: Sequence[tuple[str, str]]) -> list[tuple[float, bool]]:
    """The log-likelihood of each continuation after its context. Whether it is the greedy one is not asked of the engine."""
    contexts = [engine.tokens(context) or engine.tokens("\n") for context, _ in pairs]
    own = [engine.tokens(continuation) for _, continuation in pairs]
    found = engine.log_likelihoods([[*context, *tokens] for context, tokens in zip(contexts, own, strict=True)])
    return [(sum(one[-len(tokens) :]), False) for one, tokens in zip(found, own, strict=True)]


def written(engine: Engine, context: str, settings: Mapping[str, Any]) -> str:
    """What the model writes, greedily, up to the first stop text."""
    stop = settings.get("until") or ()
    stops = [stop] if isinstance(stop, str) else list(stop)
    found = engine.generate([engine.tokens(context)], int(settings.get("max_gen_toks", 256)), stop=stops)[0]
    text = engine.text(found.tokens)
    for each in stops:
        text = text.split(each)[0] if each else text
    return text
