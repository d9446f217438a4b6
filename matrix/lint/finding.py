"""A finding of the lint: where, what, and what it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How sure a finding is to bite.

    error    somebody's import or call fails, or an operator is silently another one than was meant
    warning  dead or misleading: an entry that does nothing, a signature that differs
    """

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, order=True)
class Finding:
    """`file` is relative to the folder that the package is installed in; `check` names the rule; `why` is what follows."""

    file: str
    line: int
    severity: Severity
    check: str
    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity}: {self.what} [{self.check}]\n    {self.why}"
