"""Running torch's OpInfo samples on the CPU and noting every ATen call that they lead to.

Each sample runs three times: in inference mode, where composite operators (pad, hstack, conv2d, ...) are seen as they
were called; in plain mode, where they fall apart into the operators that a device implements; and with gradients, where
the backward entries appear.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils._python_dispatch import TorchDispatchMode

from operators.harvest.facts import ForeignValueError, Recorded, TensorFact, bind, describe, facts_in

SAMPLES = 36  # of one OpInfo, spread over all it has
CALLS = 40  # of one overload from one OpInfo
ELEMENTS = 4000  # in all tensors of a call together
DTYPES = (
    torch.float32,
    torch.int32,
    torch.bool,
    torch.float64,
)  # Arguments that are written and not read (the noise of rrelu: not where it is evaluated).
UNREAD = dict.fromkeys(("copy_", "fill_", "zero_", "normal_", "uniform_", "exponential_", "bernoulli_"), "self")
UNREAD["rrelu_with_noise_backward"] = "noise"
NOISE = 0.125  # rrelu's noise lies between its bounds, by default 1/8 and 1/3

# How torch and its test suite refuse a sample.
REFUSALS = (RuntimeError, TypeError, ValueError, IndexError, AttributeError, AssertionError)

# OpInfo groups whose samples reach no entry that another does not reach better.
SKIPPED = ("linalg.", "fft.", "masked.", "signal.", "sparse.", "_refs.", "jiterator", "torch.ops.aten._efficient")
KEPT = ("linalg.vector_norm",)


class Recorder(TorchDispatchMode):  # type: ignore[misc, unused-ignore, no-untyped-call]
    """Notes each ATen call before it runs."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self.calls: dict[tuple[str, str], dict[str, Recorded]] = {}
        self.source, self.path = "", "direct"
        self.dtype = torch.float32
        self.device_dtypes: frozenset[torch.dtype] = frozenset()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.note(func, args, kwargs or {})
        return func(*args, **(kwargs or {}))

    def note(self, func: Any, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        overload = func.name().removeprefix("aten::")
        seen = self.calls.setdefault((overload, self.source), {})
        if "::" in overload or len(seen) >= CALLS:
            return
        try:
            named = {
                name: describe(value, self.dtype)
                for name, value in bind(func._schema, args, kwargs).items()  # noqa: SLF001
            }
        except ForeignValueError:
            return
        named = {name: _settled(overload, name, value) for name, value in named.items()}
        recorded = Recorded(overload, named, self.source, self.dtype, self.device_dtypes, self.path)
        if recorded.elements <= ELEMENTS:
            seen.setdefault(_shape_key(named), recorded)


def _settled(overload: str, name: str, value: Any) -> Any:
    """Values that the operator overwrites may be uninitialised memory, different each time: they are not looked at."""
    if UNREAD.get(overload.partition(".")[0]) != name or not isinstance(value, TensorFact):
        return value
    low = NOISE if name == "noise" else -1.0
    return TensorFact(value.shape, value.dtype, value.strides, low, 2.0 + low)


def _shape_key(named: dict[str, Any]) -> str:
    shapes = [(fact.shape, str(fact.dtype), fact.strides, fact.low == fact.high) for fact in facts_in(named)]
    others = {name: value for name, value in named.items() if not facts_in(value)}
    return f"{shapes} {others} {sorted(named)}"


def record(names: Container[str] | None = None) -> list[Recorded]:
    """Every call that torch's samples lead to, in a fixed order; of these operators only, if they are named."""
    recorder = Recorder()
    for info in op_db:
        reached = not info.name.startswith(SKIPPED) or info.name.startswith(KEPT)
        if reached and (names is None or info.name in names):
            _record_info(recorder, info)
    return [recorded for seen in recorder.calls.values() for recorded in seen.values()]


def _record_info(recorder: Recorder, info: Any) -> None:
    dtype = next((dtype for dtype in DTYPES if dtype in info.supported_dtypes("cpu")), None)
    if dtype is None:
        return
    recorder.source = info.name + (f":{info.variant_test_name}" if info.variant_test_name else "")
    recorder.dtype = dtype
    recorder.device_dtypes = frozenset(info.supported_dtypes("cuda"))
    functions = [info.op, *(alias.op for alias in info.aliases)]
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    for sample in _spread(_samples(info, dtype)):
        for function in functions:
            recorder.path = "direct"
            _run(recorder, function, sample, torch.inference_mode())
            recorder.path = "decomposed"
            _run(recorder, function, sample, torch.no_grad())
        if info.supports_autograd and dtype.is_floating_point:
            recorder.path = "backward"
            _run_backward(recorder, info.op, sample)
    _record_errors(recorder, info)


def _record_errors(recorder: Recorder, info: Any) -> None:
    """What torch's own tests say must be refused; only calls that get as far as ATen show."""
    recorder.path, recorder.source = "error", f"{recorder.source} (must raise)"
    try:
        errors = list(info.error_inputs("cpu")) if info.error_inputs_func else []
    except REFUSALS:
        return
    for error in errors:
        recorder.dtype = getattr(error.sample_input.input, "dtype", recorder.dtype)
        _run(recorder, info.op, error.sample_input, torch.inference_mode())


def _samples(info: Any, dtype: torch.dtype) -> list[Any]:
    try:
        return list(info.sample_inputs("cpu", dtype, requires_grad=False))
    except REFUSALS:
        return []


def _spread(samples: list[Any]) -> Iterable[Any]:
    step = max(1, -(-len(samples) // SAMPLES))
    return samples[::step]


def _copied(value: Any, *, gradient: bool = False) -> Any:
    """The arguments anew, because in-place operators change them."""
    if isinstance(value, torch.Tensor):
        copy = value.detach().clone()
        return copy.requires_grad_() if gradient and copy.is_floating_point() else copy
    if isinstance(value, list | tuple):
        items = [_copied(item, gradient=gradient) for item in value]
        return type(value)(items) if type(value) in (list, tuple) else value
    if isinstance(value, dict):
        return {key: _copied(item, gradient=gradient) for key, item in value.items()}
    return value


def _run(recorder: Recorder, function: Callable[..., Any], sample: Any, mode: AbstractContextManager[Any]) -> None:
    args, kwargs = _copied([sample.input, *sample.args]), _copied(sample.kwargs)
    try:
        with mode, recorder:
            function(*args, **kwargs)
    except REFUSALS:
        return  # torch's own sample does not run in this mode; the calls made until then are kept


def _run_backward(recorder: Recorder, function: Callable[..., Any], sample: Any) -> None:
    args = _copied([sample.input, *sample.args], gradient=True)
    kwargs = _copied(sample.kwargs, gradient=True)
    inputs = [tensor for tensor in _tensors([args, kwargs]) if tensor.requires_grad]
    try:
        with recorder:
            outputs = [out for out in _tensors(function(*args, **kwargs)) if out.requires_grad]
        gradients = [torch.empty_like(out).uniform_(-2, 2) for out in outputs]
        with recorder:
            torch.autograd.grad(outputs, inputs, gradients, allow_unused=True)
    except REFUSALS:
        return


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)
