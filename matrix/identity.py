"""The one grammar of ids: it selects, names, sorts and expects, and it parses back.

profile:operator/provider[dtype=bfloat16,sample=typical-0]@evidence
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from matrix.outcome import Evidence

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
_PATTERN = re.compile(
    rf"(?P<profile>{_NAME}):(?P<operator>{_NAME})/(?P<provider>{_NAME})\[(?P<parameters>[^\[\]]*)\]@(?P<evidence>[a-z]+)"
)
_PARAMETER = re.compile(rf"(?P<key>[a-z_]+)=(?P<value>{_NAME})")


class IdentityError(ValueError):
    """A text is not the id of a cell."""


@dataclass(frozen=True, order=True)
class CellId:
    """The identity of a cell; `str()` writes it, `parse_id` reads it."""

    profile: str
    operator: str
    provider: str
    parameters: tuple[tuple[str, str], ...]
    evidence: Evidence

    def __str__(self) -> str:
        return id_text(self.profile, self.row, self.evidence)

    @property
    def row(self) -> str:
        """The id without profile and evidence: the same case on every column."""
        parameters = ",".join(f"{key}={value}" for key, value in self.parameters)
        return f"{self.operator}/{self.provider}[{parameters}]"

    @property
    def seed_text(self) -> str:
        """What the inputs are seeded from: the same for every profile, provider and evidence."""
        parameters = ",".join(f"{key}={value}" for key, value in self.parameters)
        return f"{self.operator}[{parameters}]"

    def parameter(self, key: str) -> str:
        return dict(self.parameters)[key]


def id_text(profile: str, row: str, evidence: str) -> str:
    """An id of its three parts."""
    return f"{profile}:{row}@{evidence}"


def parse_id(text: str) -> CellId:
    """Read an id back.

    Raises IdentityError that says what was found and how an id looks.
    """
    match = _PATTERN.fullmatch(text.strip())
    example = "chip:add.Tensor/flag_gems[dtype=float32,sample=typical-0]@interpret"
    if match is None:
        raise IdentityError(f"{text!r} is not a cell id; one looks like {example}")
    parameters = []
    for part in match["parameters"].split(","):
        parameter = _PARAMETER.fullmatch(part)
        if parameter is None:
            raise IdentityError(f"{part!r} in {text!r} is not key=value; an id looks like {example}")
        parameters.append((parameter["key"], parameter["value"]))
    try:
        evidence = Evidence(match["evidence"])
    except ValueError:
        allowed = ", ".join(Evidence)
        raise IdentityError(f"{match['evidence']!r} in {text!r} is not an evidence; allowed are {allowed}") from None
    return CellId(match["profile"], match["operator"], match["provider"], tuple(parameters), evidence)
