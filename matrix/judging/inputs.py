"""From a call to its arguments: tensors drawn on the CPU from the seed of the case, the same on every chip.

Values are drawn in float64 with NumPy's PCG64 and then rounded to the element type, so they depend on neither torch's
generator nor the device. What lies between the elements of a strided tensor is poisoned (NaN, or the largest integer):
a kernel that reads it shows.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from operators.call import ACCUMULATOR, CASE_DTYPE, Call, DeviceSpec, DTypeSpec, FormatSpec, LikeSpec, TensorSpec, Value

FLOAT_RANGE = (-2.0, 2.0)
INTEGER_RANGE = (-8, 8)
# So many values are drawn at most: a prime, so that no two rows of a tensor are alike. Drawing more takes longer than timing.
POOL = 2_097_143


@dataclass
class Arguments:
    """What a call is made with. `like` marks the keywords whose value is shaped as an output of the native operator."""

    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)
    like: dict[str, int] = field(default_factory=dict)

    def tensors(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Every tensor with the place it stands in: `0`, `1[2]`, `weight`."""
        for position, value in enumerate(self.args):
            yield from _tensors_in(str(position), value)
        for name, value in self.kwargs.items():
            yield from _tensors_in(name, value)

    def mapped(self, change: Callable[[Any], Any]) -> Arguments:
        """The same call with every leaf replaced by `change(leaf)`."""
        return Arguments(
            [_map(change, value) for value in self.args],
            {name: _map(change, value) for name, value in self.kwargs.items()},
            dict(self.like),
        )

    def copied(self) -> Arguments:
        """The same values in memory of their own, with the same strides and offsets."""
        return self.mapped(copy_layout)


def draw(call: Call, dtype: str, seed_text: str) -> Arguments:
    """The arguments of a call for a case dtype, drawn from the seed text."""
    seed = int.from_bytes(hashlib.sha256(seed_text.encode()).digest()[:8], "big")
    generator = np.random.Generator(np.random.PCG64(seed))
    arguments = Arguments()
    for value in call.args:
        arguments.args.append(_draw_value(value, dtype, generator))
    for name, value in call.kwargs.items():
        if isinstance(value, LikeSpec):
            arguments.like[name] = value.output
        else:
            arguments.kwargs[name] = _draw_value(value, dtype, generator)
    return arguments


def widened(arguments: Arguments) -> Arguments:
    """The same call with every floating tensor, and every floating dtype argument, in float64 (complex in complex128)."""

    def widen(leaf: Any) -> Any:
        if isinstance(leaf, torch.Tensor) and leaf.is_floating_point():
            return leaf.to(torch.float64)
        if isinstance(leaf, torch.Tensor) and leaf.is_complex():
            return leaf.to(torch.complex128)
        if isinstance(leaf, torch.dtype) and leaf.is_floating_point:
            return torch.float64
        return leaf

    return arguments.mapped(widen)


def copy_layout(leaf: Any) -> Any:
    """A tensor with its own storage, the same strides and offset; anything else as it is."""
    if not isinstance(leaf, torch.Tensor):
        return leaf
    storage = leaf.untyped_storage().clone()  # type: ignore[no-untyped-call]
    return torch.empty(0, dtype=leaf.dtype).set_(storage, leaf.storage_offset(), leaf.shape, leaf.stride())


def torch_dtype(name: str, case_dtype: str) -> torch.dtype:
    """The torch dtype of a notation's dtype name, given the case's own."""
    if name == CASE_DTYPE:
        name = case_dtype
    elif name == ACCUMULATOR:
        name = "float32" if case_dtype in ("float16", "bfloat16") else case_dtype
    dtype = getattr(torch, name)
    if not isinstance(dtype, torch.dtype):
        raise TypeError(f"torch.{name} is not a dtype")
    return dtype


def _tensors_in(place: str, value: Any) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield place, value
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _tensors_in(f"{place}[{index}]", item)


def _map(change: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_map(change, item) for item in value)
    return change(value)


def _draw_value(value: Value, dtype: str, generator: np.random.Generator) -> Any:
    match value:
        case TensorSpec():
            return _draw_tensor(value, torch_dtype(value.dtype, dtype), generator)
        case DTypeSpec(name):
            return torch_dtype(name, dtype)
        case FormatSpec(name):
            return getattr(torch, name)
        case DeviceSpec():
            return torch.device("cpu")
        case list() | tuple():
            return type(value)(_draw_value(item, dtype, generator) for item in value)
        case _:
            return value


def _draw_tensor(spec: TensorSpec, dtype: torch.dtype, generator: np.random.Generator) -> torch.Tensor:
    if spec.step != 1 and spec.shape:
        wide = replace(spec, shape=(*spec.shape[:-1], spec.shape[-1] * spec.step), step=1, offset=0, strides=None)
        strides = torch.empty(wide.shape, device="meta").stride()
        spec = replace(spec, step=1, strides=(*strides[:-1], spec.step))
    if spec.strides is None and spec.offset == 0:
        return _drawn(spec, dtype, generator)
    strides = spec.strides if spec.strides is not None else torch.empty(spec.shape, device="meta").stride()
    reach = sum((size - 1) * stride for size, stride in zip(spec.shape, strides, strict=True)) if spec.shape else 0
    length = spec.offset + (0 if 0 in spec.shape else reach + 1)
    overlapping = any(stride == 0 and size > 1 for size, stride in zip(spec.shape, strides, strict=True))
    if overlapping:
        flat = replace(spec, fill="default" if spec.fill == "values" else spec.fill)
        return _as_tensor(draw_values((length,), flat, dtype, generator), dtype).as_strided(
            spec.shape, strides, spec.offset
        )
    view = torch.full((length,), poison(dtype), dtype=dtype).as_strided(spec.shape, strides, spec.offset)
    view.copy_(_as_tensor(draw_values(spec.shape, spec, dtype, generator), dtype))
    return view


def _drawn(spec: TensorSpec, dtype: torch.dtype, generator: np.random.Generator) -> torch.Tensor:
    """A contiguous tensor. Of a large one only the first POOL values are drawn: those repeat."""
    count = math.prod(spec.shape)
    if count <= POOL or spec.fill not in ("default", "between"):
        return _as_tensor(draw_values(spec.shape, spec, dtype, generator), dtype)
    pool = _as_tensor(draw_values((POOL,), spec, dtype, generator), dtype)
    return pool.repeat(-(-count // POOL))[:count].reshape(spec.shape)


def poison(dtype: torch.dtype) -> float | int | bool:
    """What fills memory that no kernel may read."""
    if dtype.is_floating_point or dtype.is_complex:
        return math.nan
    return True if dtype is torch.bool else torch.iinfo(dtype).max


def _as_tensor(values: np.ndarray[Any, Any], dtype: torch.dtype) -> torch.Tensor:
    if values.size == 0:
        return torch.empty(values.shape, dtype=dtype)  # NumPy's empty arrays have strides of their own
    return torch.from_numpy(np.ascontiguousarray(values)).reshape(values.shape).to(dtype)


def draw_values(
    shape: tuple[int, ...], spec: TensorSpec, dtype: torch.dtype, generator: np.random.Generator
) -> np.ndarray[Any, Any]:
    """The values of one tensor, before rounding to the element type: float64, int64 or bool."""
    if dtype is torch.bool:
        return _draw_bools(shape, spec, generator)
    return _FILLS[spec.fill](shape, spec, dtype, generator)


def _draw_bools(shape: tuple[int, ...], spec: TensorSpec, generator: np.random.Generator) -> np.ndarray[Any, Any]:
    coins = generator.random(shape) < 0.5
    if spec.fill == "values":
        return np.resize(np.array(spec.fill_args, dtype=bool), shape)
    if spec.fill == "fill":
        return np.full(shape, bool(spec.fill_args[0]))
    return np.asarray(coins)


def bounds(spec: TensorSpec, dtype: torch.dtype) -> tuple[float, float]:
    """The ends of the range that uniform values are drawn from."""
    if spec.fill == "between":
        low, high = spec.fill_args
        return float(low), float(high)  # type: ignore[arg-type]
    if dtype.is_floating_point or dtype.is_complex:
        return FLOAT_RANGE
    return (0, INTEGER_RANGE[1]) if not dtype.is_signed else INTEGER_RANGE


def whole_bounds(spec: TensorSpec, dtype: torch.dtype) -> tuple[int, int]:
    """The least and the largest integer of a tensor of integers with uniform values."""
    low, high = bounds(spec, dtype)
    first, last = math.ceil(low), math.floor(high)
    if last < first:
        first, last = math.floor(low), math.ceil(high)
    info = torch.iinfo(dtype)
    first = max(first, info.min)
    return first, max(min(last, info.max), first)


def _between(
    shape: tuple[int, ...], spec: TensorSpec, dtype: torch.dtype, generator: np.random.Generator
) -> np.ndarray[Any, Any]:
    uniform = generator.random(shape)
    if dtype.is_floating_point or dtype.is_complex:
        low, high = bounds(spec, dtype)
        return np.asarray(low + (high - low) * uniform)
    first, last = whole_bounds(spec, dtype)
    whole: np.ndarray[Any, Any] = np.minimum(first + np.floor(uniform * (last - first + 1)), last)
    return whole.astype(np.int64)


def _values(
    shape: tuple[int, ...], spec: TensorSpec, dtype: torch.dtype, _: np.random.Generator
) -> np.ndarray[Any, Any]:
    kind = np.float64 if dtype.is_floating_point else np.int64
    if math.prod(shape) and len(spec.fill_args) != math.prod(shape):
        raise ValueError(
            f".values() gives {len(spec.fill_args)} numbers for the {math.prod(shape)} elements of {shape}"
        )
    return np.array([kind(value) for value in spec.fill_args], dtype=kind).reshape(shape)  # type: ignore[arg-type]


def _fill(shape: tuple[int, ...], spec: TensorSpec, dtype: torch.dtype, _: np.random.Generator) -> np.ndarray[Any, Any]:
    return np.full(shape, spec.fill_args[0], dtype=np.float64 if dtype.is_floating_point else np.int64)


def _sprinkled(
    shape: tuple[int, ...], spec: TensorSpec, dtype: torch.dtype, generator: np.random.Generator, special: list[float]
) -> np.ndarray[Any, Any]:
    base = _between(shape, replace(spec, fill="default", fill_args=()), dtype, generator).reshape(-1)
    places = generator.permutation(base.size)[: max(len(special), base.size // 4)]
    for turn, place in enumerate(places):
        base[place] = special[turn % len(special)]
    return base.reshape(shape)


def _special(
    shape: tuple[int, ...], spec: TensorSpec, dtype: torch.dtype, generator: np.random.Generator
) -> np.ndarray[Any, Any]:
    if not dtype.is_floating_point:
        return _between(shape, replace(spec, fill="default", fill_args=()), dtype, generator)
    return _sprinkled(shape, spec, dtype, generator, [math.nan, math.inf, -math.inf, 0.0, -0.0])


def _extreme(
    shape: tuple[int, ...], spec: TensorSpec, dtype: torch.dtype, generator: np.random.Generator
) -> np.ndarray[Any, Any]:
    if dtype.is_floating_point:
        info = torch.finfo(dtype)
        return _sprinkled(shape, spec, dtype, generator, [info.max, -info.max, info.tiny, info.max / 2, info.eps, -1.0])
    limits = torch.iinfo(dtype)
    return _sprinkled(shape, spec, dtype, generator, [limits.max, limits.min, 0, 1, limits.max - 1])


def _permutation(
    shape: tuple[int, ...], _: TensorSpec, __: torch.dtype, generator: np.random.Generator
) -> np.ndarray[Any, Any]:
    return np.asarray(generator.permuted(np.broadcast_to(np.arange(shape[-1]), shape), axis=-1))


def _distinct(
    shape: tuple[int, ...], _: TensorSpec, dtype: torch.dtype, generator: np.random.Generator
) -> np.ndarray[Any, Any]:
    count = math.prod(shape)
    order = generator.permutation(count).reshape(shape)
    if dtype.is_floating_point:
        return (order - count / 2 + 0.25) * (4.0 / max(count, 1))
    return order - (count // 2 if dtype.is_signed else 0)


def _ascending(
    shape: tuple[int, ...], spec: TensorSpec, dtype: torch.dtype, generator: np.random.Generator
) -> np.ndarray[Any, Any]:
    values = _between(shape, replace(spec, fill="default", fill_args=()), dtype, generator)
    return np.sort(values, axis=-1) if shape else values


def _first(
    shape: tuple[int, ...], spec: TensorSpec, dtype: torch.dtype, generator: np.random.Generator
) -> np.ndarray[Any, Any]:
    values = np.ravel(_between(shape, replace(spec, fill="default", fill_args=()), dtype, generator))
    values[:1] = spec.fill_args[0]
    return values.reshape(shape)


_FILLS = {
    "default": _between,
    "between": _between,
    "values": _values,
    "fill": _fill,
    "special": _special,
    "extreme": _extreme,
    "permutation": _permutation,
    "distinct": _distinct,
    "ascending": _ascending,
    "first": _first,
}
