"""Weights made from a configuration, so that faults show. No weights are downloaded, and none are needed to judge kernels.

Initialised as for training (a standard deviation of 0.02 and tied embeddings) a model repeats one token, and a layer's output
can be set to zero without a change. So here embeddings are untied, every matrix keeps the size of what passes through it, and
attention, MLP and what came before add equally to the stream: were one of them far larger, the next normalisation would
cancel a fault of its scale.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

SEED = 20261126
# Standard deviation of a matrix, times the root of its inputs: by the last part of its name.
GAINS = {
    "embed_tokens": 1.0,
    "q_proj": 1.0,
    "k_proj": 1.0,
    "v_proj": 1.5,
    "o_proj": 1.5,
    "gate_proj": 1.5,
    "up_proj": 1.5,
    "down_proj": 1.5,
    "lm_head": 3.0,
}
NORM_SPREAD = 0.1
DESCRIPTION = (
    f"made from the configuration by a recipe (seed {SEED}, untied embeddings, scales that keep faults visible)"
)


def made(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of made weights: the same shape, embeddings untied."""
    return {**configuration, "tie_word_embeddings": False}


def fill(model: torch.nn.Module) -> None:
    """Give every parameter its value, on its device and in its dtype: the same each time on one kind of device."""
    import torch

    with torch.no_grad():
        for name, parameter in model.named_parameters():
            generator = torch.Generator(parameter.device).manual_seed(_seed(name))
            parameter.normal_(_mean(name), _spread(name, parameter.shape), generator=generator)


def _seed(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{SEED} {name}".encode()).digest()[:7], "big")


def _mean(name: str) -> float:
    return 1.0 if "norm" in name else 0.0


def _spread(name: str, shape: tuple[int, ...]) -> float:
    if "norm" in name:
        return NORM_SPREAD
    part = name.removesuffix(".weight").rpartition(".")[2]
    inputs = 1 if part == "embed_tokens" else shape[-1]
    return GAINS[part] / math.sqrt(inputs)
