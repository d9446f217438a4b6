"""Qwen3's forward pass written out in plain torch, in a higher precision: the truth that both sides are held against.

The structure is that of the published model: RMS normalisation of the stream, of queries and of keys; rotary positions; grouped
keys and values; a gated MLP with SiLU. It shares no code with an engine, so an engine's own fault would show as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

Weights = Mapping[str, Tensor]


def log_likelihoods(
    weights: Weights, shape: Mapping[str, Any], tokens: Sequence[int], dtype: torch.dtype
) -> list[float]:
    """Natural logarithms of the probabilities of the tokens after the first.

    weights  the engine's, by their names in the transformers library;  shape: the configuration
    """
    with torch.inference_mode():
        values = _logits(weights, shape, tokens, dtype).to(torch.float64)
        chances = torch.log_softmax(values[:-1], dim=-1)
        wanted = torch.tensor(list(tokens[1:]), device=values.device)
        found: list[float] = chances.gather(1, wanted[:, None])[:, 0].tolist()
        return found


def _logits(weights: Weights, shape: Mapping[str, Any], tokens: Sequence[int], dtype: torch.dtype) -> Tensor:
    def weight(name: str) -> Tensor:
        return weights[f"{name}.weight"].to(dtype)

    stream = weight("model.embed_tokens")[list(tokens)]
    turns = _rotation(len(tokens), shape, stream)
    for number in range(shape["num_hidden_layers"]):
        layer = f"model.layers.{number}"
        normal = _normalised(stream, weight(f"{layer}.input_layernorm"), shape)
        stream = stream + _attention(normal, f"{layer}.self_attn", weight, shape, turns)
        normal = _normalised(stream, weight(f"{layer}.post_attention_layernorm"), shape)
        gate = normal @ weight(f"{layer}.mlp.gate_proj").T
        up = normal @ weight(f"{layer}.mlp.up_proj").T
        stream = stream + (gate * torch.sigmoid(gate) * up) @ weight(f"{layer}.mlp.down_proj").T
    head = "lm_head" if "lm_head.weight" in weights else "model.embed_tokens"
    logits: Tensor = _normalised(stream, weight("model.norm"), shape) @ weight(head).T
    return logits


def _normalised(values: Tensor, weight: Tensor, shape: Mapping[str, Any]) -> Tensor:
    normal: Tensor = values * torch.rsqrt(values.square().mean(-1, keepdim=True) + shape["rms_norm_eps"]) * weight
    return normal


def _rotation(length: int, shape: Mapping[str, Any], like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines, [length, head_dim / 2]."""
    half = shape["head_dim"] // 2
    exponents = torch.arange(half, dtype=torch.float64, device=like.device) / half
    angles = torch.arange(length, dtype=torch.float64, device=like.device)[:, None] * shape["rope_theta"] ** -exponents
    return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


def _turned(values: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
    """values: [heads, length, head_dim]; the first half of a head turns with the second."""
    cosine, sine = turns
    first, second = values.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)


def _attention(
    stream: Tensor, layer: str, weight: Any, shape: Mapping[str, Any], turns: tuple[Tensor, Tensor]
) -> Tensor:
    size, groups = shape["head_dim"], shape["num_attention_heads"] // shape["num_key_value_heads"]

    def heads(name: str) -> Tensor:
        made: Tensor = stream @ weight(f"{layer}.{name}").T
        return made.view(len(made), -1, size).transpose(0, 1)

    queries = _turned(_normalised(heads("q_proj"), weight(f"{layer}.q_norm"), shape), turns)
    keys = _turned(_normalised(heads("k_proj"), weight(f"{layer}.k_norm"), shape), turns)
    keys, values = keys.repeat_interleave(groups, 0), heads("v_proj").repeat_interleave(groups, 0)
    scores = queries @ keys.transpose(1, 2) * size**-0.5
    hidden = torch.ones(scores.shape[1:], dtype=torch.bool, device=stream.device).triu(1)
    shares = torch.softmax(scores.masked_fill(hidden, float("-inf")), dim=-1)
    mixed: Tensor = (shares @ values).transpose(0, 1).flatten(1) @ weight(f"{layer}.o_proj").T
    return mixed
