"""What workloads came to, in words: the headline of a square, and all measures and facts of a result."""

from __future__ import annotations

from collections.abc import Sequence

from matrix.result import Measure, Result
from reports.finding import Finding, Square
from workloads.workload import FAMILY

# Most measures and facts of one result that reports show; the journal has all.
MOST = 40


def is_workload(finding: Finding) -> bool:
    return finding.family == FAMILY


def square_measure(square: Square) -> str:
    """The headline of a square of workloads: ` 412 tokens/s`, or nothing. Of several, that of the first that has one."""
    found = (finding.result.measures[0] for finding in square.findings if finding.result.measures)
    return next((f" {amount(measure)}" for measure in found), "")


def amount(measure: Measure) -> str:
    """A measure's value as people write it, with its unit."""
    return f"{number(measure.value)} {measure.unit}".rstrip()


def number(value: float) -> str:
    """Three digits that count; whole numbers whole."""
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"


def describe_measures(measures: Sequence[Measure]) -> list[str]:
    """The measures, a line each, the headline first."""
    lines = []
    for measure in measures[:MOST]:
        spread = f" ({len(measure.samples)} samples)" if measure.samples else ""
        lines.append(f"{measure.name}: {amount(measure)}{spread}")
    return lines


def describe_facts(result: Result) -> list[str]:
    """What has to be said of the measures: versions, model, weights, what was replaced."""
    return [f"{name}: {text}" for name, text in list(result.facts.items())[:MOST]]
