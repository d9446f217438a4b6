"""Quantisation to 8-bit floats by groups, and matrix products of quantised operands.

A scale is the largest magnitude of its group over the largest float8 (448 for e4m3); with `ue8m0` it is rounded up to
a power of 2 (DeepSeek-V3, section 3.3; vLLM's fp8 utilities). Rounding happens in float32, as everywhere.
"""

# The signatures are those of the functions held against these references.
# ruff: noqa: FBT001, FBT002, N803, PLR0913, PLR0917

from __future__ import annotations

import torch

from operators.references.precision import working_dtype

GROUP = 128


def per_token_group_quant_fp8(
    x: torch.Tensor,
    group_size: int,
    eps: float = 1e-10,
    dtype: torch.dtype = torch.float8_e4m3fn,
    column_major_scales: bool = False,
    scale_ue8m0: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Float8 of x (..., K), and one scale for each group_size columns of each row (..., K / group_size).

    A group smaller than eps counts as eps. `column_major_scales` changes the strides of the scales, not their values.
    """
    if x.numel() and x.stride(-1) != 1:
        raise ValueError("the elements of a group lie next to each other")
    return _quantise(x, group_size, eps, dtype, power_of_two=scale_ue8m0)


def act_quant_triton(
    x: torch.Tensor, block_size: int = 128, scale_fmt: str | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Float8 e4m3 of x (..., K), and one scale per block (DeepSeek-V3's act_quant); `scale_fmt` makes powers of 2."""
    if not x.is_contiguous():
        raise ValueError("act_quant takes contiguous tensors")
    return _quantise(x, block_size, 1e-4, torch.float8_e4m3fn, power_of_two=scale_fmt is not None)


def fp8_matmul(
    a: torch.Tensor, a_s: torch.Tensor, b: torch.Tensor, b_s: torch.Tensor, scale_dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """The product a b^T of block-scaled operands in bfloat16 (DeepSeek's fp8_gemm).

    a: (..., K) and its scales (..., K / 128); b: (N, K) and its scales (N / 128, K / 128). Returns (..., N).
    """
    result = _block_matmul(a, b, a_s, b_s, (GROUP, GROUP))
    return result if a.dtype == torch.float64 else result.to(torch.bfloat16)


def w8a8_block_fp8_matmul(
    A: torch.Tensor,
    B: torch.Tensor,
    As: torch.Tensor,
    Bs: torch.Tensor,
    block_size: list[int],
    output_dtype: torch.dtype = torch.bfloat16,
) -> torch.Tensor:
    """The product A B^T of block-scaled operands (vLLM's w8a8_block_fp8_matmul).

    A: (..., K) with one scale per row and block of columns; B: (N, K) with one per block of block_size = [n, k].
    """
    blocks_n, blocks_k = -(-B.shape[0] // block_size[0]), -(-B.shape[1] // block_size[1])
    if A.shape[-1] != B.shape[1] or As.shape != (*A.shape[:-1], blocks_k) or Bs.shape != (blocks_n, blocks_k):
        raise ValueError(f"A {tuple(A.shape)}, B {tuple(B.shape)} and their scales do not fit {block_size}")
    return _block_matmul(A, B, As, Bs, (block_size[0], block_size[1])).to(output_dtype)


def cutlass_scaled_mm(
    c: torch.Tensor,
    a: torch.Tensor,
    b: torch.Tensor,
    a_scale: torch.Tensor,
    b_scale: torch.Tensor,
    bias: torch.Tensor | None = None,
) -> None:
    """The product c = (a_scale * a) (b_scale * b) + bias, written in place (vLLM's cutlass_scaled_mm).

    a: (M, K) row-major and b: (K, N) column-major, float8 or int8; a scale is one number, one per row of a or column of
    b, or one per 128 columns of a row of a and per 128 x 128 block of b.
    """
    if a.shape[1] != b.shape[0] or c.shape != (a.shape[0], b.shape[1]) or b.stride(0) != 1:
        raise ValueError("shapes do not fit, or b is not column-major")
    wide = working_dtype(c)
    if a_scale.numel() in (1, a.shape[0]) and b_scale.numel() in (1, b.shape[1]):
        product = a.to(wide) @ b.to(wide) * a_scale.to(wide).view(-1, 1) * b_scale.to(wide).view(1, -1)
    else:
        product = _block_matmul(a, b.t(), a_scale, b_scale.t(), (GROUP, GROUP)).to(wide)
    c.copy_(product if bias is None else product + bias.to(wide))


def _quantise(
    x: torch.Tensor, group_size: int, eps: float, dtype: torch.dtype, *, power_of_two: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    if x.shape[-1] % group_size:
        raise ValueError(f"{x.shape[-1]} columns are not whole groups of {group_size}")
    limits = torch.finfo(dtype)
    groups = x.to(torch.float32).reshape(*x.shape[:-1], x.shape[-1] // group_size, group_size)
    scale = groups.abs().amax(-1).clamp(min=eps) / limits.max
    if power_of_two:
        scale = torch.exp2(torch.ceil(torch.log2(scale)))
    quantised = (groups / scale.unsqueeze(-1)).clamp(limits.min, limits.max).flatten(-2)
    return quantised.to(dtype), scale


def _block_matmul(
    a: torch.Tensor, b: torch.Tensor, a_scale: torch.Tensor, b_scale: torch.Tensor, block: tuple[int, int]
) -> torch.Tensor:
    """(..., K) and (N, K) with scales per row and block of columns, and per block."""
    wide = working_dtype(a, b, a_scale, b_scale)
    n, k = block
    rows = a.to(wide) * a_scale.to(wide).repeat_interleave(k, dim=-1)[..., : a.shape[-1]]
    spread = b_scale.to(wide).repeat_interleave(n, dim=0).repeat_interleave(k, dim=1)
    return rows @ (b.to(wide) * spread[: b.shape[0], : b.shape[1]]).t()
