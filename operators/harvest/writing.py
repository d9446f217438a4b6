"""Writing rows as TOML: one file per group of families, rows by name, the same bytes for the same rows."""

from __future__ import annotations

import json
from collections.abc import Iterable

from operators.operator import Operator, Sample

HEADER = """\
# Written by `python -m operators.harvest` from torch's own samples (OpInfo), each tried on torch {torch}.
# Do not edit: rows of our own stand in own-*.toml.
"""


def write_rows(rows: Iterable[Operator], torch_version: str) -> str:
    """The text of one file."""
    return HEADER.format(torch=torch_version) + "".join("\n" + write_row(row) for row in rows)


def write_row(row: Operator) -> str:
    lines = [f"[{_text(row.name)}]", f"family = {_text(row.family)}"]
    providers = ", ".join(f"{name} = {_text(address)}" for name, address in row.providers.items())
    lines.append(f"providers = {{ {providers} }}")
    lines.append(f"reference = {_text(row.reference)}")
    lines.append(f"against = {_text(row.against)}")
    lines.append(f"dtypes = {_list(row.dtypes)}")
    if row.outputs:
        lines.append(f"outputs = {_list(row.outputs)}")
    lines.append(f"source = {_text(row.source)}")
    if row.vacuous:
        lines.append(f"vacuous = {_text(row.vacuous)}")
    if row.no_cases:
        lines.append(f"no_cases = {_text(row.no_cases)}")
    if row.samples:
        lines.append(f"[{_text(row.name)}.samples]")
        lines += [f"{sample.name} = {_sample(sample)}" for sample in row.samples]
    return "\n".join(lines) + "\n"


def _sample(sample: Sample) -> str:
    if sample.dtypes is None and not sample.raises:
        return _text(sample.call)
    parts = [f"call = {_text(sample.call)}"]
    if sample.dtypes is not None:
        parts.append(f"dtypes = {_list(sample.dtypes)}")
    if sample.raises:
        parts.append("raises = true")
    return "{ " + ", ".join(parts) + " }"


def _list(items: Iterable[str]) -> str:
    return "[" + ", ".join(_text(item) for item in items) + "]"


def _text(value: str) -> str:
    """A TOML string; a literal one where the value has double quotes and no single ones."""
    if '"' in value and "'" not in value:
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)
