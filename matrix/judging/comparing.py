"""Holding all outputs of a call against the reference's answer, and the test that the case itself says something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from matrix.cell import Cell
from matrix.judging import reference
from matrix.judging.comparison import Due, Finding, compare, impostors
from matrix.judging.distribution import judge_distribution
from matrix.judging.indices import same_values
from matrix.judging.inputs import Arguments
from matrix.judging.outputs import Labelled
from matrix.judging.reference import Answer
from matrix.judging.tolerance import reduction_size
from matrix.result import Comparison


@dataclass(frozen=True)
class Judged:
    """The comparison that decides (the first bad output's, or the tightest fit), and a complaint if there is one."""

    comparison: Comparison
    complaint: str = ""


def compare_outputs(cell: Cell, arguments: Arguments, got: list[Labelled], due: Answer) -> Judged:
    """Hold what a provider gave back against the answer."""
    operator = cell.case.operator
    if operator.against == "none":
        return Judged(Comparison("returned without raising", 0, 0))
    if operator.against == "distribution":
        comparison, complaint = judge_distribution(operator.base, arguments, got, _redraw(cell, arguments))
        return Judged(comparison, complaint)
    return _compare_values(cell, arguments, dict(got), due)


def _redraw(cell: Cell, arguments: Arguments) -> Callable[[], list[Labelled]]:
    return lambda: reference.call_native(cell.case.operator, arguments.copied())


def _compare_values(cell: Cell, arguments: Arguments, got: dict[str, torch.Tensor], due: Answer) -> Judged:
    native = dict(due.native or [])
    inputs = [tensor for _, tensor in arguments.tensors()]
    findings: list[tuple[Finding, Due]] = []
    for index, (label, exact) in enumerate(due.exact):
        if label not in got and exact.numel() == 0 and len(due.exact) > 1:
            continue  # torch returns an empty tensor for what was not asked for; nothing at all says the same
        if label not in got:
            return Judged(Comparison("number of outputs", 1, 1), f"{label} is missing: gave {sorted(got) or 'nothing'}")
        wanted = _due(cell, inputs, exact, native.get(label), got[label])
        finding = replace(compare(label, got[label], wanted))
        if finding.complaint and _tied(cell, arguments, got[label], exact):
            finding = Finding(replace(finding.comparison, mismatched=0, rule="positions of equal values (ties)"))
        finding = Finding(replace(finding.comparison, output=index), finding.complaint)
        if finding.complaint:
            return Judged(finding.comparison, finding.complaint)
        findings.append((finding, wanted))
    return Judged(_with_vacuity(findings, inputs))


def _due(
    cell: Cell, inputs: list[torch.Tensor], exact: torch.Tensor, native: torch.Tensor | None, got: torch.Tensor
) -> Due:
    """What is due; where torch has no kernel on the CPU to say which floating dtype, the one that came is taken."""
    family = cell.case.operator.family
    if native is not None:
        dtype = native.dtype
    elif exact.is_floating_point() and got.is_floating_point():
        dtype = got.dtype
    else:
        dtype = exact.dtype
    reduced = reduction_size(family, [tuple(tensor.shape) for tensor in inputs], exact.numel())
    slack = 1 if family == "quantised" and dtype in (torch.int8, torch.uint8) else 0
    return Due(exact, native, dtype, reduced, slack)


def _tied(cell: Cell, arguments: Arguments, got: torch.Tensor, exact: torch.Tensor) -> bool:
    operator = cell.case.operator
    if operator.reference != "aten" or got.dtype is not torch.int64:
        return False
    return same_values(operator.name, operator.base, arguments, got, exact)


def _with_vacuity(findings: list[tuple[Finding, Due]], inputs: list[torch.Tensor]) -> Comparison:
    """The comparison of the output that used most of its bound; impostors are those that every output lets pass."""
    if not findings:
        return Comparison("nothing is returned", 0, 0)
    passing = set(impostors(findings[0][1], inputs))
    for _, due in findings[1:]:
        if passing and due.exact.numel():
            passing &= set(impostors(due, inputs))
    deciding = max((finding.comparison for finding, _ in findings), key=_share_of_bound)
    return replace(deciding, vacuous=tuple(sorted(passing)))


def _share_of_bound(comparison: Comparison) -> float:
    if not comparison.max_abs or not comparison.bound:
        return 0.0
    return comparison.max_abs / comparison.bound
