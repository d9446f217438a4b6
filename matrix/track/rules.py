"""The rules of a season, `workloads/track/*.toml`, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from backends.reading import NAME, Problem, ReadingError, Table, read_table, refuse
from matrix.usage import UsageError

FOLDER = Path(__file__).resolve().parents[2] / "workloads" / "track"
AGGREGATIONS = ("mean", "geometric", "total")
RESOURCE = r"[a-z][a-z ]*"


@dataclass(frozen=True)
class Rules:
    """What an entry is held against.

    scenarios            names of throughput workloads;  latency, accuracy: of the workloads that gate
    aggregation          how the scenarios' throughputs become one: the mean of the gains, the geometric mean of the
                         ratios, or all tokens over all seconds
    throughput_at_least, latency_at_most, ttft_at_most   times the baseline's
    accuracy_within      share of the baseline's accuracy that may be lost;  accuracy_significance: how unlikely it has to be
                         that chance made a larger loss (McNemar's test on the same questions)
    noise                a relative gain below it counts as none
    weight_gain, weight_chip   score = weight_gain x relative gain + weight_chip for each further chip with a gain
    resources            what engine and process must say that they were given
    """

    name: str
    title: str
    source: str
    scenarios: tuple[str, ...]
    latency: str
    accuracy: str
    aggregation: str
    throughput_at_least: float
    latency_at_most: float
    ttft_at_most: float
    accuracy_within: float
    accuracy_significance: float
    noise: float
    weight_gain: float
    weight_chip: float
    resources: Mapping[str, str] = field(default_factory=dict)


# Number -> lowest and highest that are allowed. Each has to be written down: a bound that nobody wrote is none.
NUMBERS = {
    "throughput_at_least": (0.0, 10.0),
    "latency_at_most": (0.1, 10.0),
    "ttft_at_most": (0.1, 10.0),
    "accuracy_within": (0.0, 1.0),
    "accuracy_significance": (0.0, 0.5),
    "noise": (0.0, 1.0),
    "weight_gain": (0.0, 1.0),
    "weight_chip": (0.0, 1.0),
}


def load_rules(name: str) -> Rules:
    """The rules of a preset by its name, or of a file.

    Raises UsageError for a name that is neither, ReadingError with every problem of the file.
    """
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(preset.stem for preset in FOLDER.glob("*.toml")))
        raise UsageError(f"no rules are named {name!r}; there are {known}, or name a TOML file")
    problems: list[Problem] = []
    rules = read_rules(read_table(path, problems))
    refuse(problems)
    return rules


def read_rules(table: Table) -> Rules:
    """Rules of a table; its problems are noted in it."""
    scenarios = table.texts("scenarios", pattern=NAME)
    if not scenarios:
        table.complain(
            "scenarios", "none", "a list of throughput workloads", 'write scenarios = ["throughput-chat-1k"]'
        )
    numbers = {key: _number(table, key) for key in NUMBERS}
    resources = table.mapping("resources", pattern=RESOURCE)
    rules = Rules(
        name=table.text("name", pattern=NAME),
        title=table.text("title"),
        source=table.text("source"),
        scenarios=scenarios,
        latency=table.text("latency", pattern=NAME),
        accuracy=table.text("accuracy", pattern=NAME),
        aggregation=table.text("aggregation", choices=AGGREGATIONS),
        resources=resources,
        **numbers,
    )
    table.finish()
    return rules


def _number(table: Table, key: str) -> float:
    low, high = NUMBERS[key]
    if key not in table.data:
        table.complain(key, "nothing", f"a number from {low:g} to {high:g}", f"add {key} = ...")
    return table.number(key, default=low, low=low, high=high)


__all__ = ["AGGREGATIONS", "FOLDER", "ReadingError", "Rules", "load_rules", "read_rules"]
