"""Drawing inputs from the notation, to see whether torch accepts a call. The judge has its own, seeded by the case."""

from __future__ import annotations

import math
from typing import Any, cast

import torch

from operators.call import Call, DeviceSpec, DTypeSpec, FormatSpec, LikeSpec, TensorSpec, Value

HALVES = (torch.float16, torch.bfloat16)


def draw_call(
    call: Call, dtype: torch.dtype, outputs: list[torch.Tensor] | None = None, seed: int = 0
) -> tuple[Any, dict[str, Any]]:
    """Arguments of the call with tensors of `dtype` for T; `outputs` stand for like(n)."""
    generator = torch.Generator().manual_seed(seed)

    def draw(value: Value) -> Any:
        match value:
            case TensorSpec():
                return draw_tensor(value, resolve(value.dtype, dtype), generator)
            case DTypeSpec(name):
                return resolve(name, dtype)
            case FormatSpec(name):
                return getattr(torch, name)
            case DeviceSpec():
                return torch.device("cpu")
            case LikeSpec(output):
                assert outputs is not None
                return torch.empty_like(outputs[output])
            case list() | tuple():
                return type(value)(draw(item) for item in value)
        return value

    return [draw(value) for value in call.args], {name: draw(value) for name, value in call.kwargs.items()}


def resolve(name: str, dtype: torch.dtype) -> torch.dtype:
    """The dtype that a name stands for when the case's own is `dtype`."""
    if name == "T":
        return dtype
    if name == "acc":
        return torch.float32 if dtype in HALVES else dtype
    found = getattr(torch, name)
    assert isinstance(found, torch.dtype)
    return found


def draw_tensor(spec: TensorSpec, dtype: torch.dtype, generator: torch.Generator) -> torch.Tensor:
    """One tensor with the values and the layout of its notation."""
    values = _values(spec, dtype, generator)
    if spec.strides is None and spec.step == 1 and not spec.offset:
        return values
    if spec.step != 1:
        strides = [stride * spec.step for stride in _contiguous(spec.shape)]
    else:
        strides = list(_contiguous(spec.shape) if spec.strides is None else spec.strides)
    span = 1 + sum((size - 1) * stride for size, stride in zip(spec.shape, strides, strict=True) if size)
    storage = torch.zeros(spec.offset + max(span, 1), dtype=dtype)
    tensor = storage.as_strided(spec.shape, strides, spec.offset)
    tensor.copy_(values) if 0 not in strides else storage.copy_(_cycle(values, storage.numel()))
    return tensor


def _cycle(values: torch.Tensor, count: int) -> torch.Tensor:
    flat = values.reshape(-1)
    return flat.repeat(math.ceil(count / max(1, flat.numel())))[:count] if flat.numel() else torch.zeros(count)


def _contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides = [1]
    for size in reversed(shape[1:]):
        strides.insert(0, strides[0] * max(size, 1))
    return tuple(strides) if shape else ()


def _values(spec: TensorSpec, dtype: torch.dtype, generator: torch.Generator) -> torch.Tensor:
    shape = spec.shape
    match spec.fill:
        case "values":
            return torch.tensor(spec.fill_args).reshape(shape).to(dtype)
        case "fill":
            return torch.full(shape, cast("float", spec.fill_args[0]), dtype=dtype)
        case "special":
            if not dtype.is_floating_point:
                raise ValueError(f"{dtype} has no special values")
            pool = torch.tensor([math.nan, math.inf, -math.inf, 0.0, -0.0, 1.5, -0.5, 2.0])
            return pool[torch.randint(0, len(pool), shape, generator=generator)].to(dtype)
        case "extreme":
            return _extreme(shape, dtype, generator)
        case "permutation":
            return torch.rand(shape, generator=generator).argsort(dim=-1).to(dtype)
        case "distinct":
            return torch.randperm(math.prod(shape), generator=generator).reshape(shape).to(dtype)
        case "ascending":
            return _between(shape, dtype, (-2, 2), generator).sort(dim=-1).values
        case "first":
            found = _between(shape, dtype, (-2, 2), generator)
            found.view(-1)[:1] = cast("float", spec.fill_args[0])
            return found
    return _between(shape, dtype, spec.fill_args, generator)


def _extreme(shape: tuple[int, ...], dtype: torch.dtype, generator: torch.Generator) -> torch.Tensor:
    if dtype is torch.bool:
        return torch.randint(0, 2, shape, generator=generator).bool()
    if dtype.is_floating_point:
        finfo = torch.finfo(dtype)
        pool = torch.tensor([finfo.max, finfo.min, finfo.tiny, -finfo.tiny, finfo.max / 2, 1.0], dtype=dtype)
    else:
        iinfo = torch.iinfo(dtype)
        pool = torch.tensor([iinfo.max, iinfo.min, iinfo.max - 1, 0, 1], dtype=dtype)
    return pool[torch.randint(0, len(pool), shape, generator=generator)]


def _between(
    shape: tuple[int, ...], dtype: torch.dtype, bounds: tuple[Any, ...], generator: torch.Generator
) -> torch.Tensor:
    if dtype is torch.bool:
        return torch.randint(0, 2, shape, generator=generator).bool()
    if dtype.is_floating_point:
        low, high = bounds or (-2, 2)
        unit = torch.rand(shape, generator=generator, dtype=torch.float64)
        return unit.mul(high - low).add(low).to(dtype)
    low, high = bounds or (-8, 8)
    low, high = math.ceil(low), math.floor(high)
    if dtype is torch.uint8:
        low = max(low, 0)
    if low > high:
        raise ValueError(f"no whole number lies between {bounds}")
    return torch.randint(low, high + 1, shape, generator=generator).to(dtype)
