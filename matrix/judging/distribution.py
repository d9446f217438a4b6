"""Random operators: not the values but where they come from is judged.

Dtype and shape as torch gives them; then a check of the operator's own (a permutation is one, a dropout mask scales what it
keeps); otherwise the sample is held against samples of torch's own operator with the same arguments: the two-sample
Kolmogorov-Smirnov statistic D may not exceed sqrt(-ln(alpha/2) (n+m)/(2nm)) with alpha = 1e-6 (Smirnov 1948), so that of a
million right samples one is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from matrix.judging.inputs import Arguments
from matrix.judging.outputs import Labelled
from matrix.result import Comparison

ALPHA = 1e-6
DRAWS = 16  # of torch's own operator, pooled


def judge_distribution(
    base: str, arguments: Arguments, got: list[Labelled], draw_native: Callable[[], list[Labelled]]
) -> tuple[Comparison, str]:
    """The comparison and a complaint, empty when the sample is right."""
    native = draw_native()
    for (label, sample), (_, model) in zip(got, native, strict=False):
        if sample.shape != model.shape or sample.dtype != model.dtype:
            complaint = (
                f"{label} is {list(sample.shape)} {sample.dtype}, due is {list(model.shape)} {model.dtype}"
            ).replace("torch.", "")
            return Comparison("shape and dtype", 1, 1), complaint
    if len(got) < len(native):
        return Comparison("number of outputs", 1, 1), f"gave {len(got)} outputs, due are {len(native)}"
    if base in CHECKS:
        return CHECKS[base](arguments, got)
    pooled = [native] + [draw_native() for _ in range(DRAWS - 1)]
    return _same_distribution(got, pooled)


def _same_distribution(got: list[Labelled], pooled: list[list[Labelled]]) -> tuple[Comparison, str]:
    worst: tuple[Comparison, str] | None = None
    for index, (label, sample) in enumerate(got[: len(pooled[0])]):
        model = torch.cat([draw[index][1].reshape(-1).to(torch.float64) for draw in pooled])
        found = _smirnov(label, sample.reshape(-1).to(torch.float64), model)
        if worst is None or found[1]:
            worst = found
    return worst or (Comparison("nothing is drawn", 0, 0), "")


def _smirnov(label: str, sample: torch.Tensor, model: torch.Tensor) -> tuple[Comparison, str]:
    n, m = sample.numel(), model.numel()
    if n == 0:
        return Comparison("nothing is drawn", 0, 0), ""
    limit = math.sqrt(-math.log(ALPHA / 2) * (n + m) / (2 * n * m))
    points = torch.cat([sample, model]).sort().values
    distance = float((_share_below(sample, points) - _share_below(model, points)).abs().max())
    bad = distance > limit or bool(sample.isnan().any() != model.isnan().any())
    rule = f"distribution: Kolmogorov-Smirnov D <= {limit:.3f} at alpha {ALPHA:g} (n={n}, m={m})"
    comparison = Comparison(rule, n, n if bad else 0, max_abs=distance, bound=limit)
    return comparison, f"{label} is not of torch's distribution: D = {distance:.3f} > {limit:.3f}" if bad else ""


def _share_below(values: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    return torch.searchsorted(values.sort().values, points, right=True).to(torch.float64) / values.numel()


def _permutation(_: Arguments, got: list[Labelled]) -> tuple[Comparison, str]:
    values = got[0][1].to(torch.int64)
    right = bool((values.sort().values == torch.arange(values.numel())).all())
    comparison = Comparison("distribution: each of 0 .. n-1 once", values.numel(), 0 if right else values.numel())
    return comparison, "" if right else "is not a permutation of 0 .. n-1"


def _dropout(arguments: Arguments, got: list[Labelled]) -> tuple[Comparison, str]:
    source, share = arguments.args[0], float(arguments.args[1])
    training = arguments.args[2] if len(arguments.args) > 2 else True
    kept = got[1][1].to(torch.bool) if len(got) > 1 else torch.ones_like(source, dtype=torch.bool)
    scale = 0.0 if share >= 1 else 1 / (1 - share) if training else 1.0
    due = torch.where(kept, source.to(torch.float64) * scale, 0.0)
    error = (got[0][1].to(torch.float64) - due).abs()
    bad = int((error > 8 * torch.finfo(source.dtype).eps * due.abs().clamp(min=1)).sum())
    spread = 6 * math.sqrt(max(share * (1 - share), 0) / max(1, kept.numel()))
    off = training and abs(float((~kept).to(torch.float64).mean()) - share) > spread + 1e-9 if kept.numel() else False
    comparison = Comparison("distribution: mask x input / (1-p), p within 6 sigma", due.numel(), bad + int(off))
    return comparison, "keeps or scales elements other than its mask and p say" if bad or off else ""


def _multinomial(arguments: Arguments, got: list[Labelled]) -> tuple[Comparison, str]:
    weights, drawn = arguments.args[0].to(torch.float64), got[0][1]
    replacement = arguments.args[2] if len(arguments.args) > 2 else arguments.kwargs.get("replacement", False)
    rows = drawn.reshape(-1, drawn.shape[-1]) if drawn.dim() else drawn.reshape(1, 1)
    chances = weights.reshape(-1, weights.shape[-1])
    legal = bool(((rows >= 0) & (rows < chances.shape[-1])).all())
    possible = legal and bool((torch.gather(chances, 1, rows) > 0).all())
    once = replacement or not bool((rows.sort(dim=-1).values.diff(dim=-1) == 0).any())
    right = possible and once
    comparison = Comparison(
        "distribution: possible categories, once each without replacement", rows.numel(), int(not right)
    )
    return comparison, "" if right else "draws a category of weight 0, outside the range, or twice"


CHECKS: dict[str, Callable[[Arguments, list[Labelled]], tuple[Comparison, str]]] = {
    "randperm": _permutation,
    "native_dropout": _dropout,
    "multinomial": _multinomial,
}
