"""A task of the challenge: the rows of one file in `operators/challenge/`. It imports no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import operators
from backends.profile import Profile
from backends.profiles import load_profiles
from backends.reading import nearest
from matrix.addresses import composed
from matrix.cell import Cell
from matrix.outcome import Evidence
from matrix.plan import lacking
from matrix.usage import UsageError
from operators.case import Case
from operators.catalogue import load_catalogue
from operators.operator import TIMED, Operator

FOLDER = Path(operators.__file__).parent / "challenge"
PREFIX = "challenge."
OURS = "ours"
ENTRY = "entry"
# Rows that judge what an answer stands for, because there is more than one right one, go through functions of these modules.
ADAPTERS = "operators.adapters."
# Samples that take longest, and notice what small ones do: they come last.
SLOW = ("large",)


@dataclass(frozen=True)
class Task:
    """One task. `rows` are its forms, the main one first: `challenge.log10`, `challenge.log10_`, `challenge.log10.out`."""

    name: str
    tier: str
    rows: Mapping[str, Operator]

    @property
    def main(self) -> Operator:
        return next(iter(self.rows.values()))

    def functions(self, address: str) -> dict[str, str]:
        """By row, the address of the function that an entry has for it.

        The main row's is given. A form that only adds `out=` is the same function; any other is one of its own name beside it.
        """
        file, _, name = address.rpartition(":")
        found = {}
        for row, operator in self.rows.items():
            own = row.removeprefix(PREFIX).partition(".")[0]
            same = own == self.main.name.removeprefix(PREFIX).partition(".")[0] or operator.providers.get(
                OURS
            ) == self.main.providers.get(OURS)
            found[row] = f"{file}:{name if same else own}"
        return found

    def cells(self, profile: Profile, functions: Mapping[str, str] | None = None) -> tuple[Cell, ...]:
        """Every case of the task in the interpreter: of our own kernel, or of functions by row. The slow ones come last."""
        cells = list(self._cells(profile, functions))
        return tuple(sorted(cells, key=lambda cell: cell.case.sample.kind in SLOW))

    def _cells(self, profile: Profile, functions: Mapping[str, str] | None) -> Iterator[Cell]:
        for row, operator in self.rows.items():
            provider = OURS if functions is None else ENTRY
            if functions is not None:
                answering = {ENTRY: address_of(operator, functions[row])}
                operator = replace(operator, providers=answering)  # noqa: PLW2901 - the same row, answered by another
            for sample in operator.samples:
                for dtype in sample.dtypes or operator.dtypes:
                    case = Case(operator, provider, dtype, sample)
                    if sample.kind != TIMED and lacking(profile, case) is None:
                        yield Cell(profile, case, Evidence.INTERPRET)

    @property
    def kernel_file(self) -> Path:
        """The file of our own kernel."""
        addresses = [row.providers[OURS] for row in self.rows.values()]
        own = [address for address in addresses if not address.startswith(ADAPTERS)]
        module = own[0].partition(":")[0] if own else f"operators.kernels.{self.name}"
        return Path(operators.__file__).parents[1] / (module.replace(".", "/") + ".py")


def address_of(row: Operator, function: str) -> str:
    """What answers a row for an entry: its function, through the row's adapter where right answers are many."""
    own = row.providers.get(OURS, "")
    return composed(f"{own}_of", function) if own.startswith(ADAPTERS) else function


def task_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_task(name: str) -> Task:
    """The task of a name. Raises UsageError for one that there is not."""
    if name not in task_names():
        hint = nearest(name, task_names())
        raise UsageError(f"no task is named {name!r}; there are {', '.join(task_names())}{'; ' + hint if hint else ''}")
    rows = load_catalogue([FOLDER / f"{name}.toml"])
    first = next(iter(rows.values()))
    return Task(name, first.tier or "", rows)


def interpreter() -> Profile:
    """The profile whose kernels are interpreted on any machine, as no particular chip's."""
    return next(
        profile
        for profile in load_profiles().values()
        if profile.default == (Evidence.INTERPRET,) and profile.device == "cpu"
    )
