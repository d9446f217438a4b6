"""How an entry is scored, as an organiser sets it: one TOML file, read strictly, all problems at once. It imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backends.reading import NAME, Problem, Table, read_table, refuse
from matrix.challenge.task import FOLDER
from matrix.outcome import Evidence

FILE = FOLDER / "scoring" / "scoring.toml"
DIMENSIONS = ("correctness", "performance", "completeness", "adaptability", "hardware", "readability")
FAMILIES = ("typical", "edges", "forms", "gradient", "illegal")
POLICIES = ("native", "challenge", "flaggems")
MOST = 1000.0


@dataclass(frozen=True)
class Correctness:
    """`families`: weight by family of case;  policy: the tolerance that decides."""

    policy: str
    families: Mapping[str, float]


@dataclass(frozen=True)
class Performance:
    """The line from a speed-up to a share of the points; see the file."""

    gate: float
    start: float
    at_start: float
    full: float
    roofline: float
    full_roofline: float
    device: str

    def share_of(self, speedup: float) -> float:
        """Nothing below the gate; from `at_start` at `start` to all at `full`, along a line."""
        if speedup < self.gate or speedup < self.start:
            return 0.0
        along = (speedup - self.start) / (self.full - self.start) if self.full > self.start else 1.0
        return min(1.0, self.at_start + (1 - self.at_start) * along)


@dataclass(frozen=True)
class Completeness:
    """`correct`: share of right cases below which tests earn nothing;  mutants: how many are judged at most."""

    correct: float
    mutants: int
    grid: float
    mutation: float


@dataclass(frozen=True)
class Hardware:
    """By evidence: `weights`, and in how many profiles it is `enough` to have it."""

    weights: Mapping[Evidence, float]
    enough: Mapping[Evidence, int]
    utilisation: float
    full_utilisation: float


@dataclass(frozen=True)
class Readability:
    """`weights` by part, and the three bounds."""

    weights: Mapping[str, float]
    most_complexity: int
    most_findings: float
    lines_to_a_comment: int


@dataclass(frozen=True)
class Weights:
    """Everything that an organiser can set. `correct`: share of right cases below which correctness alone earns points."""

    name: str
    title: str
    columns: tuple[str, ...]
    points: Mapping[str, float]
    correct: float
    correctness: Correctness
    performance: Performance
    completeness: Completeness
    adaptability: Mapping[str, float]
    hardware: Hardware
    readability: Readability

    @property
    def total(self) -> float:
        return sum(self.points.values())


def load_weights(path: Path = FILE) -> Weights:
    """Read a file of weights. Raises ReadingError with every problem that it has."""
    problems: list[Problem] = []
    top = read_table(path, problems)
    refuse(problems)
    points = _table(top, "points")
    found = Weights(
        name=top.text("name", pattern=NAME),
        title=top.text("title"),
        columns=top.texts("columns"),
        points=_weights(points, DIMENSIONS),
        correct=_share(points, "correct"),
        correctness=_correctness(_table(top, "correctness")),
        performance=_performance(_table(top, "performance")),
        completeness=_completeness(_table(top, "completeness")),
        adaptability=_adaptability(_table(top, "adaptability")),
        hardware=_hardware(_table(top, "hardware")),
        readability=_readability(_table(top, "readability")),
    )
    points.finish()
    if not found.columns:
        top.complain("columns", "none", "at least one, as --profile takes them", "name one")
    top.finish()
    refuse(problems)
    return found


def _table(top: Table, key: str) -> Table:
    found = top.table(key)
    if found is None and key not in top.data:
        top.complain(key, "nothing", "a table", f"copy [{key}] from {FILE.name}")
    return found or Table(top.path, key, {}, [])


def _number(table: Table, key: str, high: float, low: float = 0.0) -> float:
    if key not in table.data:
        table.complain(key, "nothing", f"a number from {low:g} to {high:g}", "write it; nothing has a default here")
        table.asked.append(key)
        return low
    return table.number(key, default=low, low=low, high=high)


def _share(table: Table, key: str) -> float:
    return _number(table, key, 1.0)


def _count(table: Table, key: str, low: int, high: int) -> int:
    found = table.optional_integer(key, low=low, high=high)
    if key not in table.data:
        table.complain(key, "nothing", f"a whole number from {low} to {high}", "write it; nothing has a default here")
    return low if found is None else found


def _weights(table: Table, keys: Sequence[str]) -> dict[str, float]:
    found = {key: _number(table, key, MOST) for key in keys}
    if not any(found.values()) and all(key in table.data for key in keys):
        table.complain("", "weights that are all 0", "at least one above 0", "raise one")
    return found


def _correctness(table: Table) -> Correctness:
    families = _table(table, "families")
    found = Correctness(table.text("policy", choices=POLICIES), _weights(families, FAMILIES))
    families.finish()
    table.finish()
    return found


def _performance(table: Table) -> Performance:
    found = Performance(
        gate=_number(table, "gate", 100.0),
        start=_number(table, "start", 100.0),
        at_start=_share(table, "at_start"),
        full=_number(table, "full", 100.0),
        roofline=_share(table, "roofline"),
        full_roofline=_number(table, "full_roofline", 1.0, 0.01),
        device=table.optional_text("device") or "",
    )
    if found.full < found.start:
        table.complain("full", f"{found.full:g}", f"no less than start ({found.start:g})", "raise it")
    table.finish()
    return found


def _completeness(table: Table) -> Completeness:
    weights = _weights(table, ("grid", "mutation"))
    mutants = _count(table, "mutants", 0, 100_000)
    found = Completeness(_share(table, "correct"), mutants, weights["grid"], weights["mutation"])
    table.finish()
    return found


def _adaptability(table: Table) -> dict[str, float]:
    found = _weights(table, ("schema", "licence", "style", "imports", "registration", "own_kernels"))
    table.finish()
    return found


def _hardware(table: Table) -> Hardware:
    weights = _weights(table, (*Evidence, "utilisation"))
    enough = _table(table, "enough")
    found = Hardware(
        weights={each: weights[each] for each in Evidence},
        enough={each: _count(enough, each, 1, 1000) for each in Evidence},
        utilisation=weights["utilisation"],
        full_utilisation=_number(table, "full_utilisation", 1.0, 0.01),
    )
    enough.finish()
    table.finish()
    return found


def _readability(table: Table) -> Readability:
    found = Readability(
        weights=_weights(table, ("lint", "complexity", "names", "docstrings", "comments")),
        most_complexity=_count(table, "most_complexity", 1, 1000),
        most_findings=_number(table, "most_findings", 1000.0, 0.1),
        lines_to_a_comment=_count(table, "lines_to_a_comment", 1, 10_000),
    )
    table.finish()
    return found
