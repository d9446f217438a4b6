"""Calls that are timed: the same operators at the sizes that models call them with, in files of their own.

The samples of the catalogue are small, so that an interpreter can run them; what is timed must keep a chip busy. The
files of `operators/timed/` name operators of the catalogue and give them further samples, of the kind `timed`. Only the
evidence `time` takes those, and it takes no others. Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from operators.operator import MOVES, TIMED, Operator, Sample

FOLDER = Path(__file__).parent / "timed"
KEYS = ("calls", "dtypes", "moves", "slow")
# Where a table names no dtypes, the first of these that the operator has: what models are run in.
PREFERRED = ("float16", "bfloat16", "float32")

Table = Mapping[str, Any]


def with_timed(
    operators: Mapping[str, Operator], files: Iterable[tuple[Path, Table]], problems: list[str]
) -> dict[str, Operator]:
    """The operators with the timed samples of the files; what is wrong in a file is added to the problems."""
    timed = dict(operators)
    homes: dict[str, Path] = {}
    for path, tables in files:
        for name, table in tables.items():
            where = f"{path}: [{name}]"
            if name not in operators:
                problems.append(f"{where}: {name!r} is no operator of the catalogue{_nearest(name, operators)}")
            elif name in homes:
                problems.append(f"{where}: the calls of {name} are already given in {homes[name]}; keep one of the two")
            else:
                homes[name] = path
                timed[name] = _timed(operators[name], table, where, problems)
    return timed


def timed_dtypes(dtypes: tuple[str, ...]) -> tuple[str, ...]:
    """The one dtype that an operator of these dtypes is timed with where nothing else is said."""
    return next(((name,) for name in PREFERRED if name in dtypes), dtypes[:1])


def _timed(operator: Operator, table: object, where: str, problems: list[str]) -> Operator:
    """The operator with the samples of its table; as it was where the table has problems."""
    before = len(problems)
    if not isinstance(table, dict):
        problems.append(f"{where}: found {table!r}; it is a table with {', '.join(KEYS)}")
        return operator
    problems += [f"{where}: {key!r} is not known; allowed are {', '.join(KEYS)}" for key in table if key not in KEYS]
    calls, slow, moves = table.get("calls", []), table.get("slow"), table.get("moves", MOVES[0])
    if not _is_texts(calls) or len(set(calls)) < len(calls):
        problems.append(f"{where}: calls is {calls!r}; it is a list of different calls, each a text")
    if slow is not None and not (isinstance(slow, str) and slow):
        problems.append(f"{where}: slow is {slow!r}; it is the reason why nothing is timed, as a text")
    if bool(calls) is (slow is not None):
        problems.append(f"{where}: give either calls, or as slow the reason why there are none")
    if moves not in MOVES:
        problems.append(f"{where}: moves is {moves!r}; allowed are {', '.join(MOVES)}")
    dtypes = _dtypes(operator, table, where, problems)
    if len(problems) > before:
        return operator
    samples = (Sample(f"{TIMED}-{number}", call, dtypes, moves=moves) for number, call in enumerate(calls))
    return replace(operator, samples=(*operator.samples, *samples), slow=slow)


def _dtypes(operator: Operator, table: Table, where: str, problems: list[str]) -> tuple[str, ...]:
    dtypes = table.get("dtypes", list(timed_dtypes(operator.dtypes)))
    if not _is_texts(dtypes) or not dtypes or len(set(dtypes)) < len(dtypes):
        problems.append(f"{where}: dtypes is {dtypes!r}; it is a list of different dtypes")
        return ()
    problems += [
        f"{where}: {dtype!r} is not among the dtypes of {operator.name}{_nearest(dtype, operator.dtypes)}"
        for dtype in dtypes
        if dtype not in operator.dtypes
    ]
    return tuple(dtypes)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _nearest(name: str, known: Iterable[str]) -> str:
    """What was probably meant, as the end of a sentence; all that is allowed where nothing is near and it is short."""
    names = list(known)
    near = get_close_matches(name, names, n=1)
    if near:
        return f"; the nearest is {near[0]}"
    return (
        f"; allowed are {', '.join(names)}" if len(names) <= 12 else "; `python -m matrix plan --tier full` lists all"
    )
