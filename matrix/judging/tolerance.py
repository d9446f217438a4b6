"""How far a result may be from the exact answer. The bound belongs to dtype and operation, never to a vendor.

Named policies, each a bound per element `atol + rtol * |reference|`:

    native      the project's own: what torch's own operator achieves at the same dtype against float64, with room. rtol is
                4 eps(dtype), or 3 x torch's own largest relative error where that is below 1 %; where it is above (results
                that cancel), 3 x torch's own largest absolute error joins atol instead. To atol also belongs 4 x
                eps(float32) x sqrt(K) x the scale of the answer, K being how many elements are summed into one (rounding
                errors of a sum grow like sqrt(K): Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 4.2)
    flaggems    FlagGems' own tests: rtol by dtype, atol = 1e-4 x K
    challenge   FlagOS Open Computing Challenge, operator track: rtol 1e-4, atol by dtype
    torch       torch.testing.assert_close's defaults by dtype

Integers and bool are exact under every policy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

POLICIES = ("native", "flaggems", "challenge", "torch")

FLAGGEMS_RTOL = {
    torch.float16: 1e-3,
    torch.float32: 1.3e-6,
    torch.bfloat16: 0.016,
    torch.float64: 1e-7,
    torch.float8_e4m3fn: 1e-3,
    torch.float8_e5m2: 1e-3,
}
CHALLENGE_ATOL = {
    torch.float16: 1e-3,
    torch.float32: 1.3e-6,
    torch.bfloat16: 0.016,
    torch.float64: 1e-7,
    torch.float8_e4m3fn: 1e-3,
    torch.float8_e5m2: 1e-3,
}
TORCH_TOLERANCE = {
    torch.float16: (1e-3, 1e-5),
    torch.bfloat16: (1.6e-2, 1e-5),
    torch.float32: (1.3e-6, 1e-5),
    torch.float64: (1e-7, 1e-7),
}
RELATIVE_LIMIT = 0.01  # above it torch's own result has lost the digits, and a relative bound says nothing
# Families whose outputs each sum over many inputs.
REDUCING = frozenset(
    {
        "reduction",
        "scan",
        "matmul",
        "normalization",
        "convolution",
        "pooling",
        "attention",
        "moe",
        "quantised",
        "loss",
        "linear-algebra",
        "upsampling",
    }
)


@dataclass(frozen=True)
class Bound:
    """`atol + rtol * |reference|`, with the rule that gave the two numbers."""

    atol: float
    rtol: float
    rule: str


@dataclass(frozen=True)
class Situation:
    """What a policy may look at.

    dtype         element type of the output;  reduced: K, how many inputs go into one output
    native_error, native_relative   largest |native - exact|, and |native - exact| / |exact|, over the finite elements; None
                  where torch has no such kernel on the CPU
    scale         size of the answer: its largest finite |exact|, but at most 16 medians (so that one huge element does not
                  loosen the bound of all others), and at least 1, because inputs are of order one, unless all of the answer
                  is tiny (0 < |exact| < 1e-3)
    """

    dtype: torch.dtype
    reduced: int
    native_error: float | None
    native_relative: float | None
    scale: float


def bound(policy: str, situation: Situation) -> Bound:
    """The bound of a named policy. Raises KeyError for a policy that is not one of POLICIES."""
    dtype = situation.dtype
    if not dtype.is_floating_point and not dtype.is_complex:
        return Bound(0.0, 0.0, "exact: integers and bool")
    return _RULES[policy](situation)


def reduction_size(family: str, input_shapes: list[tuple[int, ...]], output_elements: int) -> int:
    """K: how many elements are summed into one output element, estimated from shapes (1 for elementwise operators)."""
    if family not in REDUCING or not input_shapes:
        return 1
    largest = max(math.prod(shape) for shape in input_shapes)
    longest = max((size for shape in input_shapes for size in shape), default=1)
    return max(1, longest, largest // max(1, output_elements))


def _native(situation: Situation) -> Bound:
    eps = torch.finfo(situation.dtype).eps
    working = eps if situation.dtype is torch.float64 else torch.finfo(torch.float32).eps
    atol = torch.finfo(situation.dtype).smallest_normal + 4 * working * math.sqrt(situation.reduced) * situation.scale
    rtol, parts = 4 * eps, [f"rtol 4 eps({_short(situation.dtype)})"]
    if situation.native_relative is not None and 3 * situation.native_relative > rtol:
        if situation.native_relative < RELATIVE_LIMIT:
            rtol = 3 * situation.native_relative
            parts = [f"rtol 3 x torch's own {situation.native_relative:.2e}"]
        elif situation.native_error is not None:
            atol += 3 * situation.native_error
            parts.append(f"atol 3 x torch's own {situation.native_error:.2e}")
    parts.append(f"atol 4 eps({_short(torch.float32)}) sqrt(K={situation.reduced}) {situation.scale:.2e}")
    return Bound(atol, rtol, "native: " + ", ".join(parts))


def _flaggems(situation: Situation) -> Bound:
    rtol = FLAGGEMS_RTOL.get(situation.dtype, 1e-3)
    return Bound(1e-4 * situation.reduced, rtol, f"flaggems: rtol {rtol:g}, atol 1e-4 x K={situation.reduced}")


def _challenge(situation: Situation) -> Bound:
    atol = CHALLENGE_ATOL.get(situation.dtype, 1e-3)
    return Bound(atol, 1e-4, f"challenge: rtol 1e-4, atol {atol:g}")


def _torch(situation: Situation) -> Bound:
    rtol, atol = TORCH_TOLERANCE.get(situation.dtype, (1e-3, 1e-3))
    return Bound(atol, rtol, f"torch: rtol {rtol:g}, atol {atol:g}")


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


_RULES = {"native": _native, "flaggems": _flaggems, "challenge": _challenge, "torch": _torch}
