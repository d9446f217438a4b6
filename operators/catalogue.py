"""Reading the catalogue: every TOML file of rows becomes Operators, strictly, with all problems at once.

The files lie in `operators/catalogue/`, and the calls that are timed in `operators/timed/`; a user may name more files or
folders, which may have a folder `timed` too. The texts of the calls are read when a
case runs, not here: planning thousands of cases stays fast. `check_catalogue` reads them all. Nothing here imports
torch.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from operators.call import DTYPES, CallError, parse_call
from operators.operator import FAMILIES, MOVES, PROOFS, REFERENCES, TASK_TIERS, TIMED, Operator, Sample
from operators.timed import FOLDER as TIMED_FOLDER
from operators.timed import with_timed

FOLDER = Path(__file__).parent / "catalogue"
TIERS = Path(__file__).parent / "tiers.toml"
KINDS = (
    "typical",
    "scalar",
    "empty",
    "one",
    "odd",
    "strided",
    "transposed",
    "expanded",
    "broadcast",
    "nan",
    "extreme",
    "large",
    "illegal",
    TIMED,
)
DTYPE_NAMES = frozenset(DTYPES.values())
REQUIRED = ("family", "providers", "reference", "against", "dtypes")
OPTIONAL = ("base", "needs", "outputs", "vacuous", "source", "no_cases", "proof", "samples", "tier", "schema")
SAMPLE_KEYS = ("call", "dtypes", "raises", "moves")

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_SAMPLE = re.compile(rf"({'|'.join(KINDS)})-(0|[1-9]\d*)")

Table = Mapping[str, Any]


class CatalogueError(ValueError):
    """One or more rows cannot be read: `problems` says of each the file, the table, what was found, what is allowed."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def load_catalogue(paths: Iterable[Path] | None = None) -> dict[str, Operator]:
    """Read the project's own rows, or those of the files and folders named, in the order of their names.

    The calls that are timed come with the project's own folder, and with another that has them in a folder `timed` of its
    own; rows of single files have theirs among their samples.
    Raises CatalogueError with every problem of every file.
    """
    operators: dict[str, Operator] = {}
    homes: dict[str, Path] = {}
    problems: list[str] = []
    folders = [FOLDER] if paths is None else list(paths)
    for path in catalogue_files(folders):
        for name, table in _read_file(path, problems).items():
            if name in operators:
                problems.append(f"{path}: [{name}] is already a row of {homes[name]}; a name stands for one row")
                continue
            found = _operator(name, table, f"{path}: [{name}]", problems)
            if found is not None:
                operators[name] = _anchored(found, path.parent)
                homes[name] = path
    if not problems:
        files = [(path, _read_file(path, problems)) for path in catalogue_files(timed_folders(folders))]
        operators = with_timed(operators, files, problems)
    if problems:
        raise CatalogueError(problems)
    return operators


def timed_folders(paths: Iterable[Path]) -> list[Path]:
    """The folders that hold the timed calls of these catalogues."""
    beside = (TIMED_FOLDER if path == FOLDER else path / "timed" for path in paths)
    return [folder for folder in beside if folder.is_dir()]


def catalogue_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The TOML files of these files and folders."""
    for path in paths:
        if path.is_dir():
            yield from sorted(path.glob("*.toml"))
        else:
            yield path


def check_catalogue(operators: Mapping[str, Operator]) -> list[str]:
    """Read the text of every call; one sentence for each that cannot be read."""
    problems = []
    for operator in operators.values():
        for sample in operator.samples:
            try:
                parse_call(sample.call)
            except CallError as error:
                problems.append(f"{operator.name}, sample {sample.name}: {error}")
    return problems


def smoke_operators(path: Path = TIERS) -> tuple[str, ...]:
    """The operators of the smoke tier, by name.

    Raises CatalogueError when the file is not a list of names under `smoke`.
    """
    problems: list[str] = []
    table = _read_file(path, problems)
    names = table.get("smoke")
    if problems or not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise CatalogueError(problems or [f"{path}: `smoke` is {names!r}; it is a list of names of operators"])
    return tuple(names)


def _read_file(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{path}: cannot be read ({error.strerror}); name a TOML file or a folder of them")
    except ValueError as error:
        problems.append(f"{path}: is not TOML: {error}")
    return {}


def _operator(name: str, table: object, where: str, problems: list[str]) -> Operator | None:
    """One row, or None with its problems noted."""
    before = len(problems)
    if not _NAME.fullmatch(name):
        problems.append(f"{where}: {name!r} is not a name; allowed are letters, digits and _ . + -, as in add.Tensor")
    if not isinstance(table, dict):
        problems.append(f"{where}: found {table!r}; a row is a table with {', '.join(REQUIRED)}")
        return None
    _check_keys(table, (*REQUIRED, *OPTIONAL), where, problems)
    problems += [f"{where}: {key!r} is missing" for key in REQUIRED if key not in table]
    _check_texts(table, where, problems)
    _check_choice(table, "family", FAMILIES, where, problems)
    _check_choice(table, "against", REFERENCES, where, problems)
    _check_choice(table, "proof", PROOFS, where, problems)
    _check_choice(table, "tier", TASK_TIERS, where, problems)
    dtypes = _dtypes(table.get("dtypes", []), f"{where} dtypes", problems)
    samples = _samples(table, dtypes, where, problems)
    if len(problems) > before:
        return None
    return Operator(
        name=name,
        base=table.get("base") or base_of(name),
        family=table["family"],
        providers=dict(table["providers"]),
        reference=table["reference"],
        against=table["against"],
        dtypes=dtypes,
        samples=samples,
        needs=tuple(table.get("needs", ())),
        outputs=tuple(table.get("outputs", ())),
        vacuous=table.get("vacuous"),
        source=table.get("source", "own"),
        no_cases=table.get("no_cases"),
        proof=table.get("proof", "launch"),
        tier=table.get("tier"),
        schema=table.get("schema"),
    )


def _anchored(operator: Operator, folder: Path) -> Operator:
    """Addresses of files, which a catalogue gives relative to its own folder, made absolute."""
    return replace(
        operator,
        providers={name: _absolute(address, folder) for name, address in operator.providers.items()},
        reference=_absolute(operator.reference, folder),
    )


def _absolute(address: str, folder: Path) -> str:
    file, _, function = address.rpartition(":")
    return f"{(folder / file).resolve()}:{function}" if file.endswith(".py") else address


def base_of(name: str) -> str:
    """The name without its overload: `add` of `add.Tensor`; a fused function's own name follows the dot."""
    first, _, rest = name.partition(".")
    return rest if first == "fused" and rest else first


def _check_keys(table: Table, allowed: tuple[str, ...], where: str, problems: list[str]) -> None:
    problems += [
        f"{where}: {key!r} is not known; allowed are {', '.join(allowed)}" for key in table if key not in allowed
    ]


def _check_choice(table: Table, key: str, allowed: tuple[str, ...], where: str, problems: list[str]) -> None:
    if key in table and table[key] not in allowed:
        problems.append(f"{where}: {key} is {table[key]!r}; allowed are {', '.join(allowed)}")


def _check_texts(table: Table, where: str, problems: list[str]) -> None:
    """Texts, lists of texts and the table of providers have the type they are read as."""
    problems += [
        f"{where}: {key} is {table[key]!r}; it is a text that is not empty"
        for key in ("base", "reference", "vacuous", "source", "no_cases", "tier", "schema")
        if key in table and not (isinstance(table[key], str) and table[key])
    ]
    problems += [
        f"{where}: {key} is {table[key]!r}; it is a list of texts"
        for key in ("needs", "outputs")
        if key in table and not _is_texts(table[key])
    ]
    providers = table.get("providers", {"any": "aten"})
    if not (isinstance(providers, dict) and providers and _is_texts(list(providers.values()))):
        problems.append(f'{where}: providers is {providers!r}; it is a table such as {{ flag_gems = "aten" }}')


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _dtypes(value: object, where: str, problems: list[str]) -> tuple[str, ...]:
    if not _is_texts(value):
        problems.append(f"{where}: is {value!r}; it is a list of dtypes")
        return ()
    assert isinstance(value, list)
    unknown = [name for name in value if name not in DTYPE_NAMES]
    if unknown:
        problems.append(f"{where}: {', '.join(unknown)} is not a dtype; allowed are {', '.join(DTYPES.values())}")
    if len(set(value)) < len(value):
        problems.append(f"{where}: {', '.join(value)} names one twice; each dtype stands once")
    return tuple(value)


def _samples(table: Table, dtypes: tuple[str, ...], where: str, problems: list[str]) -> tuple[Sample, ...]:
    """The samples in their order; an operator without any says why."""
    found = table.get("samples", {})
    if not isinstance(found, dict):
        problems.append(f"{where}: samples is {found!r}; it is a table of name and call")
        return ()
    if not found and "no_cases" not in table:
        problems.append(f"{where}: has no samples; give typical-0, or the reason as no_cases")
    if found and "no_cases" in table:
        problems.append(f"{where}: has samples and no_cases; keep one of the two")
    if found and not dtypes:
        problems.append(f"{where}: has samples and no dtypes; name at least one")
    if found and next(iter(found)) != "typical-0":
        problems.append(f"{where}: the first sample is {next(iter(found))!r}; it is typical-0")
    return tuple(_sample(name, value, dtypes, f"{where} sample {name}", problems) for name, value in found.items())


def _sample(name: str, value: object, dtypes: tuple[str, ...], where: str, problems: list[str]) -> Sample:
    if not _SAMPLE.fullmatch(name):
        problems.append(f"{where}: {name!r} is not <kind>-<number>; kinds are {', '.join(KINDS)}")
    if isinstance(value, str):
        return Sample(name, value)
    if not isinstance(value, dict) or not isinstance(value.get("call"), str):
        problems.append(f'{where}: found {value!r}; it is a call as text or {{ call = "...", raises = true }}')
        return Sample(name, "")
    _check_keys(value, SAMPLE_KEYS, where, problems)
    raises, moves = value.get("raises", False), value.get("moves", MOVES[0])
    if not isinstance(raises, bool):
        problems.append(f"{where}: raises is {raises!r}; allowed are true and false")
    if moves not in MOVES:
        problems.append(f"{where}: moves is {moves!r}; allowed are {', '.join(MOVES)}")
    if raises and name.startswith(f"{TIMED}-"):
        problems.append(f"{where}: a call that is timed is one that is taken; leave raises out")
    narrowed = _dtypes(value["dtypes"], f"{where} dtypes", problems) if "dtypes" in value else None
    foreign = [dtype for dtype in narrowed or () if dtype not in dtypes and not raises]
    if foreign:
        problems.append(f"{where}: {', '.join(foreign)} is not among the operator's dtypes: {', '.join(dtypes)}")
    return Sample(name, value["call"], narrowed, raises is True, moves)
