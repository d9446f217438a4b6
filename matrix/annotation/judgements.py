"""The technical part, which people judge: a TOML file with marks and reasons, read strictly.

[[judgement]] entry = "team-a" judge = "Ada Lovelace" prompt_strategy = 80       # 0 to 100 long_context = 70 multi_turn =
60 [judgement.reasons] prompt_strategy = "few-shot examples chosen by similarity; ..." long_context = "..." multi_turn =
"..."
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backends.reading import Problem, Table, read_table, refuse

# The criteria and their parts of the technical mark, as published.
CRITERIA: Mapping[str, float] = {"prompt_strategy": 0.2, "long_context": 0.4, "multi_turn": 0.4}
HIGHEST = 100.0


@dataclass(frozen=True)
class Judgement:
    """One judge's marks for one entry, from 0 to 100, each with a reason."""

    entry: str
    judge: str
    marks: Mapping[str, float]
    reasons: Mapping[str, str]

    @property
    def technical(self) -> float:
        """The weighted sum, from 0 to 100."""
        return sum(weight * self.marks[name] for name, weight in CRITERIA.items())


def read_judgements(path: Path) -> tuple[Judgement, ...]:
    """All judgements of a file. Raises ReadingError with every problem."""
    problems: list[Problem] = []
    top = read_table(path, problems)
    found = []
    for table in top.tables("judgement"):
        found.append(_read(table))
        table.finish()
    top.finish()
    pairs = [(each.entry, each.judge) for each in found]
    for entry, judge in sorted({pair for pair in pairs if pairs.count(pair) > 1}):
        told = f"{judge!r} judges {entry!r} more than once"
        problems.append(Problem(str(path), "judgement", told, "one judgement of each entry by each judge", "leave one"))
    refuse(problems)
    return tuple(found)


def _read(table: Table) -> Judgement:
    entry, judge = table.text("entry"), table.text("judge")
    marks = {}
    for name in CRITERIA:
        if name not in table.data:
            table.complain(name, "nothing", "a mark from 0 to 100", f"add {name} = ...")
        marks[name] = table.number(name, default=0.0, low=0.0, high=HIGHEST)
    reasons = table.table("reasons")
    if reasons is None:
        table.complain("reasons", "nothing", "a reason for each mark", "write [judgement.reasons] and its keys below")
        return Judgement(entry, judge, marks, {})
    told = {name: reasons.text(name) for name in CRITERIA}
    reasons.finish()
    return Judgement(entry, judge, marks, told)
