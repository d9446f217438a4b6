"""Qwen3 by the transformers library, in this process: the engine that is there by default."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, Qwen3Config
from transformers.generation.stopping_criteria import StoppingCriteria, StoppingCriteriaList

from workloads.engine import Generation
from workloads.engines.written import Written
from workloads.models import recipe
from workloads.models.shape import configuration
from workloads.models.tokenizer import make_tokenizer

NAME = "transformers"
# Sequences that go through the model at once where likelihoods are asked for.
BATCH = 8


def open_engine(
    model: str, dtype: str, device: str, *, weights: Path | None = None, attention: str = "eager"
) -> TransformersEngine:
    """A model by its name, with the weights of a folder or made ones.

    attention  as transformers calls it: `eager` computes it with operators that can be replaced one by one
    """
    kind: torch.dtype = getattr(torch, dtype)
    if weights is not None:
        loaded = AutoModelForCausalLM.from_pretrained(
            weights, dtype=kind, attn_implementation=attention, local_files_only=True, device_map=device
        )
        tokenizer, source = AutoTokenizer.from_pretrained(weights, local_files_only=True), f"read from {weights.name}"
    else:
        loaded, tokenizer, source = _make(model, kind, device, attention), make_tokenizer(), recipe.DESCRIPTION
    facts = {
        "engine": f"transformers {transformers.__version__}, torch {torch.__version__}",
        "model": f"{model}: {loaded.config.num_hidden_layers} layers, hidden {loaded.config.hidden_size}",
        "weights": source,
        "dtype": dtype,
        "device": _device_name(device),
        "attention": attention,
    }
    return TransformersEngine(loaded.eval(), tokenizer, device, facts)


def _make(model: str, dtype: torch.dtype, device: str, attention: str) -> Any:
    shape = Qwen3Config(**recipe.made(configuration(model)))
    with torch.device(device):
        made = AutoModelForCausalLM.from_config(shape, dtype=dtype, attn_implementation=attention)
    recipe.fill(made)
    return made


def _device_name(device: str) -> str:
    kind = device.partition(":")[0]
    module: Any = getattr(torch, kind, None)
    return module.get_device_name() if kind != "cpu" and hasattr(module, "get_device_name") else kind


class TransformersEngine(Written):
    """Meets `workloads.engine.Engine`. `model` and `tokenizer` are the library's own."""

    def __init__(self, model: Any, tokenizer: Any, device: str, facts: Mapping[str, str]) -> None:
        self.name = NAME
        self.model = model
        self.tokenizer = tokenizer
        self.device = device
        self.facts = facts

    def generate(
        self, prompts: Sequence[Sequence[int]], limit: int, *, stop: Sequence[str] = (), ignore_end: bool = False
    ) -> list[Generation]:
        """All prompts as one batch, padded on the left."""
        pad = self.tokenizer.pad_token_id
        longest = max(map(len, prompts))
        padded = [[pad] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
        mask = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
        ends = [] if ignore_end else self._ends()
        watch = _Watch(self, longest, stop)
        settings = GenerationConfig(
            max_new_tokens=limit, do_sample=False, eos_token_id=ends or None, pad_token_id=pad, use_cache=True
        )
        with torch.no_grad():
            output = self.model.generate(
                torch.tensor(padded, device=self.device),
                attention_mask=torch.tensor(mask, device=self.device),
                generation_config=settings,
                stopping_criteria=StoppingCriteriaList([watch]),
            )
        rows = output[:, longest:].tolist()
        return [self._generation(row, ends, watch, place) for place, row in enumerate(rows)]

    def _ends(self) -> list[int]:
        end = self.model.generation_config.eos_token_id or self.tokenizer.eos_token_id
        return list(end) if isinstance(end, list | tuple) else [end]

    def _generation(self, row: list[int], ends: list[int], watch: _Watch, place: int) -> Generation:
        end = next((index for index, token in enumerate(row) if token in ends), None)
        stopped = watch.stopped.get(place)
        length = min(found for found in (end, stopped, len(row)) if found is not None)
        reason = "length" if end is None and stopped is None else "stop"
        return Generation(tuple(row[:length]), reason, tuple(watch.times[:length]))

    def log_likelihoods(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """Padded on the right: no token sees what follows it. Softmax is taken by NumPy in float64, not by what is judged."""
        found: list[list[float]] = []
        for start in range(0, len(sequences), BATCH):
            batch = sequences[start : start + BATCH]
            longest = max(map(len, batch))
            padded = [[*sequence, *[0] * (longest - len(sequence))] for sequence in batch]
            mask = [[1] * len(sequence) + [0] * (longest - len(sequence)) for sequence in batch]
            with torch.no_grad():
                logits = self.model(
                    torch.tensor(padded, device=self.device),
                    attention_mask=torch.tensor(mask, device=self.device),
                    use_cache=False,
                ).logits
            found += [likelihoods(row, sequence) for row, sequence in zip(logits, batch, strict=True)]
        return found


def likelihoods(logits: torch.Tensor, tokens: Sequence[int]) -> list[float]:
    """Natural logarithms of the probabilities of the tokens after the first. logits: [at least len(tokens), vocabulary]."""
    values = logits[: len(tokens) - 1].cpu().float().numpy().astype(np.float64)
    top = values.max(axis=-1)
    total = top + np.log(np.exp(values - top[:, None]).sum(axis=-1))
    found: list[float] = (values[np.arange(len(values)), list(tokens[1:])] - total).tolist()
    return found


class _Watch(StoppingCriteria):  # type: ignore[misc]
    """Notes when each token came, and where a stop text was written."""

    def __init__(self, engine: TransformersEngine, start: int, stop: Sequence[str]) -> None:
        self.engine = engine
        self.start = start
        self.stop = tuple(stop)
        self.began = time.perf_counter()
        self.times: list[float] = []
        self.stopped: dict[int, int] = {}

    def __call__(self, input_ids: torch.Tensor, _scores: Any = None, **_named: Any) -> torch.Tensor:
        rows = input_ids[:, self.start :].tolist() if self.stop else []  # reading waits for the device
        if not self.stop:
            input_ids[:, -1].tolist()
        self.times.append(time.perf_counter() - self.began)
        for place, row in enumerate(rows):
            if place not in self.stopped and any(text in self.engine.text(row) for text in self.stop):
                self.stopped[place] = len(row)
        done = [place in self.stopped for place in range(len(input_ids))]
        return torch.tensor(done, device=input_ids.device)
