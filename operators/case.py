"""A case: one row of the matrix. Its id is its identity."""

from __future__ import annotations

from dataclasses import dataclass

from operators.operator import Operator, Sample


@dataclass(frozen=True)
class Case:
    """An operator, who provides it, and with which dtype and sample it is called."""

    operator: Operator
    provider: str
    dtype: str
    sample: Sample
