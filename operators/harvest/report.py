"""What has cases and what has not, in lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from operators.harvest.entries import Entry
from operators.operator import Operator


def coverage(operators: Mapping[str, Operator], entries: list[Entry]) -> Iterator[str]:
    """Entries and base names with cases, cases by kind of sample, and every entry without."""
    having = {entry.name for entry in entries if entry.name in operators and operators[entry.name].samples}
    bases = {entry.packet for entry in entries}
    bases_having = {entry.packet for entry in entries if entry.name in having}
    yield f"entries     {len(having)} of {len(entries)} have cases"
    yield f"base names  {len(bases_having)} of {len(bases)} have cases ({len(bases_having) / len(bases):.1%})"
    yield f"operators   {len(operators)} in the catalogue"
    cells, samples = count_cases(operators)
    yield f"samples     {sum(samples.values())}, cases {sum(cells.values())}"
    for kind, count in cells.most_common():
        yield f"  {kind:11} {samples[kind]:6} samples {count:7} cases"
    for entry in entries:
        if entry.name not in having:
            row = operators.get(entry.name)
            yield f"without     {entry.name}: {row.no_cases if row else 'not in the catalogue'}"


def count_cases(operators: Mapping[str, Operator]) -> tuple[Counter[str], Counter[str]]:
    """Cases (sample x dtype x provider) and samples by kind."""
    cells: Counter[str] = Counter()
    samples: Counter[str] = Counter()
    for operator in operators.values():
        for sample in operator.samples:
            dtypes = operator.dtypes if sample.dtypes is None else sample.dtypes
            cells[sample.kind] += len(dtypes) * len(operator.providers)
            samples[sample.kind] += 1
    return cells, samples
