"""Kernels for a model, in plain torch: healthy ones that compute otherwise than torch does, and ones with a planted fault.

Each function without arguments is the address of a provider: it returns ATen names with functions.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from matrix.inference.factors import scaled

Kernels = Mapping[str, Callable[..., Any]]


def _wide(values: Tensor) -> Tensor:
    return values.to(torch.float32 if values.dtype in (torch.bfloat16, torch.float16) else values.dtype)


def silu(values: Tensor) -> Tensor:
    wide = _wide(values)
    return (wide / (1 + torch.exp(-wide))).to(values.dtype)


def mm(left: Tensor, right: Tensor) -> Tensor:
    """Summed in blocks of 16, as a tile is."""
    parts = [_wide(left[:, at : at + 16]) @ _wide(right[at : at + 16]) for at in range(0, left.shape[1], 16)]
    return torch.stack(parts).sum(0).to(left.dtype)


def exact_mm(left: Tensor, right: Tensor) -> Tensor:
    return (left.double() @ right.double()).to(left.dtype)


def softmax(values: Tensor, dim: int, half_to_float: bool) -> Tensor:
    powers = torch.exp2((_wide(values) - _wide(values).amax(dim, keepdim=True)) * 1.4426950408889634)
    return (powers / powers.sum(dim, keepdim=True)).to(values.dtype)


def rsqrt(values: Tensor) -> Tensor:
    return (1 / torch.sqrt(_wide(values))).to(values.dtype)


def mean(values: Tensor, dims: list[int], keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    wide = _wide(values.flip(-1)).sum(dims, keepdim=keepdim)
    return (wide * (wide.numel() / values.numel())).to(dtype or values.dtype)


def healthy() -> Kernels:
    return {"silu": silu, "mm": mm, "_softmax": softmax, "rsqrt": rsqrt, "mean.dim": mean}


def exact() -> Kernels:
    return {"silu": silu, "mm": exact_mm}


def planted(*names: str, factor: float = 1.01) -> Kernels:
    """Torch's own operators, the named ones 1 % too large; the others as healthy ones compute them."""
    return dict(healthy()) | {name: scaled(name, factor) for name in names}


def silu_off() -> Kernels:
    return planted("silu")


def two_off() -> Kernels:
    return planted("silu", "rsqrt")


def nothing() -> Kernels:
    """Registers an operator that no model comes by."""
    return {"erfinv": scaled("erfinv", 1.0)}


def dies() -> Kernels:
    def function(_values: Tensor) -> Tensor:
        os.kill(os.getpid(), signal.SIGSEGV)
        raise AssertionError

    return {"silu": function}


def raises() -> Kernels:
    def function(_values: Tensor) -> Tensor:
        raise RuntimeError("this kernel refuses")

    return {"silu": function}


def endless() -> Kernels:
    def function(_values: Tensor) -> Tensor:
        while True:
            pass

    return {"silu": function}


def interpreted_silu_off() -> Kernels:
    """FlagGems' kernels, silu's results 1 % too large."""
    from matrix.inference.providing import functions_of
    from workloads.kinds import REGISTRY

    functions = functions_of("flag_gems", REGISTRY)
    silu_of_provider = functions["silu"]
    return functions | {"silu": lambda *given, **named: silu_of_provider(*given, **named) * 1.01}


def no_table() -> int:
    return 3
