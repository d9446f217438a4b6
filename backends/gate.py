"""Gates and levels of a certification scheme, as data: what is measured, against which threshold, and which level needs it.

Nothing is computed here (`matrix/validation/` does that); a scheme is one file of `backends/gates/`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from backends.reading import NAME, Problem, Table, read_table, refuse

FOLDER = Path(__file__).parent / "gates"
SCHEME = FOLDER / "flagos.toml"

# How a gate may be computed; `matrix.validation.measures` has a function for each.
#   operators  share of operators (base names) that pass        cases      share of judged cases that pass
#   overloads  share of ATen overloads that pass                answers    share of judged cases that came to an answer
#   speed      geometric mean of speed-ups over the native      reference  share that passes, relative to a reference chip's
#   repeats    share of repeated cases that were identical      stress     hours of a soak without a crash
#   leaks      1 when a soak's memory did not grow, else 0
MEASURES = ("operators", "cases", "overloads", "answers", "speed", "reference", "repeats", "stress", "leaks")
OPERATORS = ("all", "core")
UNSUPPORTED = ("against", "aside")


@dataclass(frozen=True)
class Gate:
    """One requirement. The TOML of the scheme says what every key means.

    ours   what the source leaves open and this project has decided
    kinds  the kinds of samples whose cases count (`typical`, `strided`, ...); none: all
    """

    name: str
    title: str
    source: str
    measure: str
    at_least: float
    operators: str = "all"
    ours: str = ""
    coverage: float = 0.0
    unsupported: str = "aside"
    waivers: bool = False
    repetitions: int | None = None
    hours: float | None = None
    reference: str | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Level:
    """A level and the gates it needs besides those of the levels before it."""

    name: str
    gates: tuple[str, ...]


@dataclass(frozen=True)
class Scheme:
    """All gates, and the levels in ascending order.

    months   how long a certificate lasts;  falls: what makes it fall before that, in words
    """

    name: str
    title: str
    source: str
    gates: tuple[Gate, ...]
    levels: tuple[Level, ...]
    months: int = 12
    falls: str = ""

    def gate(self, name: str) -> Gate:
        return next(gate for gate in self.gates if gate.name == name)

    def needed(self, level: Level) -> tuple[Gate, ...]:
        """Every gate that a level needs, those of the lower levels first."""
        below = self.levels[: self.levels.index(level) + 1]
        return tuple(self.gate(name) for each in below for name in each.gates)


def load_scheme(path: Path | str = SCHEME) -> Scheme:
    """Read a scheme.

    Raises ReadingError with every problem of the file.
    """
    problems: list[Problem] = []
    table = read_table(Path(path), problems)
    refuse(problems)
    gates = tuple(_gate(item) for item in table.tables("gate"))
    _refuse_repetition("gate", (gate.name for gate in gates), table)
    levels = tuple(_level(item, {gate.name for gate in gates}) for item in table.tables("level"))
    _refuse_repetition("level", (level.name for level in levels), table)
    scheme = Scheme(
        name=table.text("name", pattern=NAME),
        title=table.text("title"),
        source=table.text("source"),
        gates=gates,
        levels=levels,
        months=table.integer("months", default=12, low=1, high=120),
        falls=table.optional_text("falls") or "",
    )
    for key, found in (("gate", gates), ("level", levels)):
        if not found:
            table.complain(key, "none", f"at least one [[{key}]]", "declare one")
    table.finish()
    refuse(problems)
    return scheme


def _gate(table: Table) -> Gate:
    measure = table.text("measure", choices=MEASURES)
    gate = Gate(
        name=table.text("name", pattern=NAME),
        title=table.text("title"),
        source=table.text("source"),
        measure=measure,
        at_least=table.number("at_least", default=1.0, low=0.0, high=100_000.0),
        operators=table.text("operators", choices=OPERATORS),
        ours=table.optional_text("ours") or "",
        coverage=table.number("coverage", default=0.0, low=0.0, high=1.0),
        unsupported=table.optional_text("unsupported", choices=UNSUPPORTED) or "aside",
        waivers=table.flag("waivers"),
        repetitions=table.optional_integer("repetitions", low=2, high=10**9),
        hours=table.number("hours", default=0.0, low=0.0, high=100_000.0) if "hours" in table.data else None,
        reference=table.optional_text("reference"),
        kinds=table.texts("kinds", pattern=r"[a-z]+"),
    )
    _check_needs(table, gate)
    table.finish()
    return gate


def _check_needs(table: Table, gate: Gate) -> None:
    """What a measure cannot do without, and what only it knows."""
    own = {"repeats": "repetitions", "leaks": "hours", "reference": "reference"}
    for measure, key in own.items():
        given = getattr(gate, key) is not None
        if gate.measure == measure and not given:
            table.complain(key, "nothing", f"a value, for the measure {measure!r}", f"add {key} = ...")
        if given and gate.measure != measure:
            table.complain(key, "a value", f"it only with the measure {measure!r}", "remove it")
    if "at_least" not in table.data:
        table.complain("at_least", "nothing", "a threshold", "add at_least = ...")


def _level(table: Table, known: set[str]) -> Level:
    level = Level(table.text("name", pattern=NAME), table.texts("gates", choices=sorted(known)))
    if not level.gates:
        table.complain("gates", "none", "names of gates of this file", "name at least one")
    table.finish()
    return level


def _refuse_repetition(key: str, names: Iterable[str], table: Table) -> None:
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            table.complain(f"{key}[{place}].name", repr(name), "each name once", "rename one of the two")
        seen.add(name)
