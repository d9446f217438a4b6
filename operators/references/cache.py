"""Writing keys and values into a paged cache (vLLM's cache kernels): token t goes to slot slot_mapping[t].

Slot s is place s % block_size of block s // block_size; a negative slot is padding and is left out. A cache of `fp8`
holds the bits of value / scale as uint8.
"""

# The signatures are those of the functions held against these references.
# ruff: noqa: PLR0913, PLR0917

from __future__ import annotations

import torch

FLOAT8 = {"fp8": torch.float8_e4m3fn, "fp8e4m3": torch.float8_e4m3fn, "fp8e5m2": torch.float8_e5m2}


def reshape_and_cache(
    key: torch.Tensor,
    value: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    slot_mapping: torch.Tensor,
    kv_cache_dtype: str,
    k_scale: torch.Tensor,
    v_scale: torch.Tensor,
) -> None:
    """key, value: (tokens, heads, D); key_cache: (blocks, heads, D / x, block_size, x);
    value_cache: (blocks, heads, D, block_size).
    """
    keys, values = _stored(key, kv_cache_dtype, k_scale), _stored(value, kv_cache_dtype, v_scale)
    split = keys.reshape(*key.shape[:2], key_cache.shape[2], key_cache.shape[4])
    for token, block, place in _places(slot_mapping, key_cache.shape[3]):
        key_cache[block, :, :, place] = split[token]
        value_cache[block, :, :, place] = values[token]


def reshape_and_cache_flash(
    key: torch.Tensor,
    value: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    slot_mapping: torch.Tensor,
    kv_cache_dtype: str,
    k_scale: torch.Tensor,
    v_scale: torch.Tensor,
) -> None:
    """key, value: (tokens, heads, D); both caches: (blocks, block_size, heads, D)."""
    keys, values = _stored(key, kv_cache_dtype, k_scale), _stored(value, kv_cache_dtype, v_scale)
    for token, block, place in _places(slot_mapping, key_cache.shape[1]):
        key_cache[block, place] = keys[token]
        value_cache[block, place] = values[token]


def concat_and_cache_mla(
    kv_c: torch.Tensor,
    k_pe: torch.Tensor,
    kv_cache: torch.Tensor,
    slot_mapping: torch.Tensor,
    kv_cache_dtype: str,
    scale: torch.Tensor,
) -> None:
    """kv_c: (tokens, rank) and k_pe: (tokens, D) side by side; kv_cache: (blocks, block_size, rank + D)."""
    if (kv_cache_dtype == "auto") != (kv_cache.dtype != torch.uint8):
        raise ValueError(f"a cache of {kv_cache_dtype!r} does not have dtype {kv_cache.dtype}")
    if kv_cache.shape[2] != kv_c.shape[1] + k_pe.shape[1]:
        raise ValueError("the cache is not as wide as both parts")
    both = _stored(torch.cat((kv_c, k_pe), dim=1), kv_cache_dtype, scale)
    for token, block, place in _places(slot_mapping, kv_cache.shape[1]):
        kv_cache[block, place] = both[token]


def _places(slot_mapping: torch.Tensor, block_size: int) -> list[tuple[int, int, int]]:
    """Token, block and place of every token that is stored."""
    return [(token, *divmod(slot, block_size)) for token, slot in enumerate(slot_mapping.tolist()) if slot >= 0]


def _stored(values: torch.Tensor, kv_cache_dtype: str, scale: torch.Tensor) -> torch.Tensor:
    if kv_cache_dtype == "auto":
        return values
    if kv_cache_dtype not in FLOAT8:
        raise ValueError(f"{kv_cache_dtype!r} is not a type of cache; allowed are auto, {', '.join(FLOAT8)}")
    scaled = values.to(torch.float32) / scale.to(torch.float32)
    return scaled.to(FLOAT8[kv_cache_dtype]).view(torch.uint8)
