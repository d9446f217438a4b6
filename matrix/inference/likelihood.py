"""Whether the log-likelihoods of one side are as near to the truth as the native back end's are at the same dtype.

Three sides gave the same tokens a log-likelihood each: the truth (another implementation in a higher precision), the native
back end, the candidate. The native side's errors are the noise that the dtype makes; the candidate's are held against them:

    spread  their root mean square is at most SPREAD times the native one
    tail    the largest 0.1 % of them are at most SPREAD times as far out as the native ones may be
    bias    their mean is none, as far as so many tokens can tell
    scale   no operator's results are too large or too small by a factor: for each the reference side worked out what a
            factor of 1.01 would do to every likelihood; how much of that is in the difference is a least-squares fit, which
            finds in bfloat16 what hides in the noise of any single token

A likelihood is a natural logarithm: its unit is the nat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

# How many times the native noise is allowed. In float32 sums taken in another order differ by more than one rounding; a fault
# of 1 % is thousands of times the noise there. In half precision rounding each result makes nearly all of the noise.
SPREAD = {"float32": 8.0, "bfloat16": 1.5, "float16": 1.5}
QUANTILE = 0.999
# The tail of a sample is as long as chance makes it: a native one shorter than this many root mean squares counts as this.
SHORTEST_TAIL = 5.0
# A mean is a bias when it is so many of its standard errors from zero, and larger than this share of the noise that is allowed.
ERRORS, SHARE = 5.0, 0.5
# A factor is a fault when it is certain, by so many standard errors, that it is further from 1 than this.
SCALE_ERRORS, SCALE = 4.0, 0.002
# A verdict whose nearest statistic is at such a share of its bound is one that chance may have decided.
NEAR = (0.75, 1.33)
# The factor of the templates.
PLANTED = 1.01


@dataclass(frozen=True)
class Likelihoods:
    """The log-likelihood of each token by each side, in nats, in the same order.

    scales  ATen name -> likelihoods in higher precision with that operator's results times PLANTED, less those without
    """

    truth: Sequence[float]
    native: Sequence[float]
    got: Sequence[float]
    scales: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Scale:
    """How far an operator's results are off by a factor: 0.01 is 1 % too large. `error` is the standard error."""

    operator: str
    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.operator} were off by {100 * self.value:+.2f} %"

    @property
    def certain(self) -> float:
        """What is left of it when chance is taken off, never below zero."""
        return max(0.0, abs(self.value) - SCALE_ERRORS * self.error)

    @property
    def clarity(self) -> float:
        """How many standard errors it is from none."""
        return abs(self.value) / max(self.error, 1e-300)


@dataclass(frozen=True)
class Parity:
    """What the likelihoods come to.

    noise     root mean square of the native errors;  ratio: the candidate's to it
    mean      of the absolute differences from the native side;  quantile: of the absolute errors;  bias: mean of the errors
    bound     the tail's;  outside: how many tokens lie beyond it;  worst: the place of the largest error
    strain    the statistic that is nearest to its bound, as a share of it;  complaints: none, if all is well
    """

    tokens: int
    ratio: float
    mean: float
    quantile: float
    bias: float
    bias_error: float
    noise: float
    bound: float
    outside: int
    worst: int
    scales: tuple[Scale, ...]
    complaints: tuple[str, ...]
    strain: float = 0.0

    @property
    def near(self) -> bool:
        """Whether chance may have decided: more tokens would tell."""
        return NEAR[0] < self.strain < NEAR[1]


def weigh(found: Likelihoods, dtype: str) -> Parity:
    """Hold the candidate's errors against the native ones.

    Raises ValueError when the sides have not the same number of tokens, or none.
    """
    truth, native, got = (np.asarray(side, dtype=np.float64) for side in (found.truth, found.native, found.got))
    if not len(truth) == len(native) == len(got) > 0:
        raise ValueError(f"{len(truth)}, {len(native)} and {len(got)} likelihoods; each side has one for each token")
    noise, error, allowed = _root(native - truth), got - truth, SPREAD[dtype]
    if not np.isfinite(got).all():
        return _not_finite(got, noise)
    tail = max(float(np.quantile(np.abs(native - truth), QUANTILE)), SHORTEST_TAIL * noise)
    bound = allowed * tail
    parity = Parity(
        tokens=len(got),
        ratio=_root(error) / noise if noise else float(_root(error) > 0),
        mean=float(np.abs(got - native).mean()),
        quantile=float(np.quantile(np.abs(error), QUANTILE)),
        bias=float(error.mean()),
        bias_error=float(error.std() / np.sqrt(len(error))),
        noise=noise,
        bound=bound,
        outside=int((np.abs(error) > bound).sum()),
        worst=int(np.abs(error).argmax()),
        scales=fit_scales(got - native, found.scales),
        complaints=(),
    )
    return _with_complaints(parity, allowed)


def _root(values: Numbers) -> float:
    return float(np.sqrt(np.mean(values**2)))


def fit_scales(difference: Numbers, scales: Mapping[str, Sequence[float]]) -> tuple[Scale, ...]:
    """For each operator alone, the factor that explains most of the difference; the one that explains most of it first."""
    fitted = []
    for operator, template in scales.items():
        slope = np.asarray(template, dtype=np.float64) / (PLANTED - 1)
        weight = float(slope @ slope)
        if weight > 0:
            value = float(slope @ difference) / weight
            left = difference - value * slope
            error = _root(left) / np.sqrt(weight)
            fitted.append(Scale(operator, value, float(error)))
    return tuple(sorted(fitted, key=lambda scale: -scale.clarity))


def _with_complaints(parity: Parity, allowed: float) -> Parity:
    least = max(ERRORS * parity.bias_error, SHARE * allowed * parity.noise)
    scale = next(iter(sorted(parity.scales, key=lambda scale: -scale.clarity if scale.certain > SCALE else 0.0)), None)
    off = scale.certain / SCALE if scale is not None else 0.0
    shares = {
        f"errors are {parity.ratio:.3g} times the native noise; {allowed:g} are allowed": parity.ratio / allowed,
        f"the 99.9 % quantile of the errors is {parity.quantile:.3g} nat; {parity.bound:.3g} are allowed": _over(
            parity.quantile, parity.bound
        ),
        f"likelihoods are off by {parity.bias:+.3g} nat in the mean; {least:.3g} are allowed": _over(
            abs(parity.bias), least
        ),
        f"it is as if {scale} (standard error {100 * scale.error:.2f} %)" if scale is not None else "": off,
    }
    complaints = tuple(sentence for sentence, share in shares.items() if share > 1)
    return replace(parity, complaints=complaints, strain=max(shares.values()))


def _over(value: float, bound: float) -> float:
    return value / bound if bound else float(value > 0) * 2.0


def _not_finite(got: Numbers, noise: float) -> Parity:
    bad = ~np.isfinite(got)
    said = f"{int(bad.sum())} of {len(got)} likelihoods are not finite"
    return Parity(len(got), 0.0, 0.0, 0.0, 0.0, 0.0, noise, 0.0, int(bad.sum()), int(bad.argmax()), (), (said,), 2.0)
