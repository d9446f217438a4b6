"""Holding one output against the exact answer: shape, dtype, then every element against its bound."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from matrix.judging.tolerance import POLICIES, Bound, Situation, bound
from matrix.result import Comparison

EXACT_KINDS = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
SHOWN_DIGITS = 9
NEGLIGIBLE = 1e-3  # answers all below it are judged by their own scale


@dataclass(frozen=True)
class Due:
    """What is due for one output.

    exact    float64 or exact values;  native: torch's own at the case's dtype, or None
    dtype    the element type that is due
    reduced  K of the operation
    slack    how far integers may be off (0, and 1 for a quantised value whose rounding may fall either way)
    """

    exact: torch.Tensor
    native: torch.Tensor | None
    dtype: torch.dtype
    reduced: int = 1
    slack: int = 0


@dataclass(frozen=True)
class Finding:
    """Whether an output holds, and the numbers; `complaint` is empty when it does."""

    comparison: Comparison
    complaint: str = ""


def compare(label: str, got: torch.Tensor, due: Due) -> Finding:
    """Hold one output against what is due."""
    if tuple(got.shape) != tuple(due.exact.shape):
        return _misshapen(f"{label} has shape {list(got.shape)}, due is {list(due.exact.shape)}", due)
    if got.dtype != due.dtype:
        return _misshapen(f"{label} is {_name(got.dtype)}, due is {_name(due.dtype)}", due)
    main = _situation_bound("native", due)
    inside = within(got, due, main)
    comparison = _measure(got, due, main, inside)
    policies = {name: _passes(got, due, name) for name in POLICIES if name != "native"}
    comparison = replace(comparison, policies={"native": comparison.mismatched == 0, **policies})
    if comparison.mismatched == 0:
        return Finding(comparison)
    return Finding(comparison, _complaint(label, comparison))


def impostors(due: Due, inputs: list[torch.Tensor]) -> tuple[str, ...]:
    """The answers that say nothing and would pass all the same: zeros, ones, or an input handed back."""
    if due.exact.numel() == 0:
        return ()
    rule = _situation_bound("native", due)
    candidates = {"zeros": torch.zeros(due.exact.shape), "ones": torch.ones(due.exact.shape)}
    for tensor in inputs:
        if tensor.shape == due.exact.shape:
            candidates["identity"] = tensor
            break
    return tuple(
        name for name, candidate in candidates.items() if bool(within(candidate.to(due.dtype), due, rule).all())
    )


def within(got: torch.Tensor, due: Due, rule: Bound) -> torch.Tensor:
    """For each element, whether it is inside its bound. NaN agrees with NaN, infinity with the same infinity.

    Where the exact answer is out of the dtype's range the rounded one is due, and where torch's own operator at that dtype
    gives NaN or infinity the same is accepted: overflow of the arithmetic is not the provider's invention.
    """
    if not due.dtype.is_floating_point and not due.dtype.is_complex:
        if due.slack:
            return (got.to(torch.int64) - due.exact.to(torch.int64)).abs() <= due.slack
        return got == due.exact.to(got.dtype)
    wide, exact = _wide(got), _wide(due.exact)
    limit = _limits(exact, rule)
    inside = (wide - exact).abs() <= limit
    inside |= _same(wide, exact)
    inside |= _same(wide, _wide(due.exact.to(due.dtype)))
    if due.native is not None and due.native.shape == due.exact.shape:
        native = _wide(due.native)
        inside |= ~torch.isfinite(native) & _same(wide, native)
    return inside


def _situation_bound(policy: str, due: Due) -> Bound:
    if not due.exact.is_floating_point() and not due.exact.is_complex():
        return Bound(0.0, 0.0, f"exact: integers and bool{', off by one allowed' if due.slack else ''}")
    return bound(policy, _situation(due))


def _situation(due: Due) -> Situation:
    exact = _wide(due.exact)
    finite = exact[torch.isfinite(exact)].abs()
    if finite.numel() == 0:
        return Situation(_real(due.dtype), due.reduced, None, None, 0.0)
    largest, median = float(finite.max()), float(finite.median())
    scale = min(largest, max(16 * median, 1.0))
    if largest > NEGLIGIBLE or largest == 0:
        scale = max(scale, 1.0)  # inputs and intermediate values are of order one, and round there
    absolute, relative = _native_errors(due, exact)
    return Situation(_real(due.dtype), due.reduced, absolute, relative, scale)


def _native_errors(due: Due, exact: torch.Tensor) -> tuple[float | None, float | None]:
    """Largest absolute and relative error of torch's own operator at the case's dtype, over the finite elements."""
    if due.native is None or due.native.shape != due.exact.shape or not due.native.is_floating_point():
        return None, None
    native = _wide(due.native)
    usable = torch.isfinite(native) & torch.isfinite(exact)
    if not bool(usable.any()):
        return None, None
    error = (native - exact).abs()[usable]
    size = exact.abs()[usable]
    relative = torch.where(size > 0, error / size, torch.where(error > 0, torch.inf, 0.0))
    return float(error.max()), float(relative.max())


def _measure(got: torch.Tensor, due: Due, rule: Bound, inside: torch.Tensor) -> Comparison:
    wide, exact = _wide(got), _wide(due.exact)
    finite = torch.isfinite(wide) & torch.isfinite(exact)
    difference = (wide - exact).abs()[finite]
    size = exact.abs()[finite]
    nonzero = size > 0
    mismatched = int((~inside).sum())
    first = None if mismatched == 0 else tuple(int(index) for index in (~inside).nonzero()[0])
    limits = _limits(exact, rule)
    return Comparison(
        rule=rule.rule,
        total=exact.numel(),
        mismatched=mismatched,
        max_abs=float(difference.max()) if difference.numel() else None,
        max_rel=float((difference[nonzero] / size[nonzero]).max()) if bool(nonzero.any()) else None,
        bound=_limit_at(limits, first),
        first_bad=first,
        got=None if first is None else _show(wide, first),
        expected=None if first is None else _show(exact, first),
    )


def _limit_at(limits: torch.Tensor, first: tuple[int, ...] | None) -> float | None:
    if limits.numel() == 0:
        return None
    limit = limits[_real_index(limits, first)] if first is not None else limits.max()
    return float(limit)


def _real_index(limits: torch.Tensor, index: tuple[int, ...]) -> tuple[int, ...]:
    return index[: limits.dim()]


def _limits(exact: torch.Tensor, rule: Bound) -> torch.Tensor:
    size = torch.where(torch.isfinite(exact), exact.abs(), 0.0)
    return rule.atol + rule.rtol * size


def _passes(got: torch.Tensor, due: Due, policy: str) -> bool:
    return bool(within(got, due, _situation_bound(policy, due)).all())


def _same(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return (left == right) | (torch.isnan(left) & torch.isnan(right))


def _wide(tensor: torch.Tensor) -> torch.Tensor:
    """Float64; complex numbers as pairs along a last dimension of two."""
    if tensor.is_complex():
        return torch.view_as_real(tensor.to(torch.complex128).resolve_conj())
    return tensor.to(torch.float64)


def _real(dtype: torch.dtype) -> torch.dtype:
    return {torch.complex64: torch.float32, torch.complex128: torch.float64}.get(dtype, dtype)


def _show(values: torch.Tensor, index: tuple[int, ...]) -> str:
    return f"{float(values[index]):.{SHOWN_DIGITS}g}"


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _misshapen(complaint: str, due: Due) -> Finding:
    elements = max(1, due.exact.numel())
    return Finding(Comparison(rule="shape and dtype", total=elements, mismatched=elements), complaint)


def _complaint(label: str, comparison: Comparison) -> str:
    share = f"{comparison.mismatched} of {comparison.total}"
    where = list(comparison.first_bad or ())
    limit = "" if comparison.bound is None else f" (bound {comparison.bound:.3g})"
    return (
        f"{label}: {share} elements are outside the bound; at {where} got {comparison.got}, "
        f"due is {comparison.expected}{limit}"
    )
