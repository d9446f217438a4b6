"""Reads the scenarios, `workloads/scenarios/*.toml`, strictly: all problems of all files at once. It imports no torch."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from workloads.kinds import DTYPES, ENGINES, EVIDENCES, KINDS, MODELS, PARAMETERS, TIERS
from workloads.workload import Setting, Value, Workload

FOLDER = Path(__file__).parent / "scenarios"
REQUIRED = ("name", "kind", "title", "providers", "settings")
OPTIONAL = ("needs", "vacuous")
OF_SETTING = ("engine", "model", "evidence", "tier", "dtypes", "parameters")
ALSO = ("smoke", "seconds")
LONGEST = 24 * 3600.0
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")  # what an id can hold
Table = Mapping[str, Any]


class WorkloadError(ValueError):
    """Scenarios cannot be read: all of their problems, one a line."""

    def __init__(self, problems: Collection[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def load_workloads(paths: Iterable[Path] | None = None) -> dict[str, Workload]:
    """The workloads of these files and folders by name, in their order; of the project's own folder when none is given.

    Raises WorkloadError with every problem of every file.
    """
    problems: list[str] = []
    found: dict[str, Workload] = {}
    for path in _files([FOLDER] if paths is None else paths):
        workload = _workload(_read(path, problems), path, problems)
        if workload is not None and workload.name in found:
            problems.append(f"{path}: {workload.name!r} is a workload already; a name stands for one row")
        elif workload is not None:
            found[workload.name] = workload
    if problems:
        raise WorkloadError(problems)
    return found


def _files(paths: Iterable[Path]) -> list[Path]:
    return [file for path in paths for file in (sorted(path.glob("*.toml")) if path.is_dir() else [path])]


def _read(path: Path, problems: list[str]) -> Table:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{path}: cannot be read ({error.strerror}); name a TOML file or a folder of them")
    except ValueError as error:
        problems.append(f"{path}: is not TOML: {error}")
    return {}


def _workload(table: Table, path: Path, problems: list[str]) -> Workload | None:
    """One row family, or None with its problems noted."""
    before, where = len(problems), str(path)
    if not table:
        problems.append(f"{where}: is empty; a scenario has {', '.join(REQUIRED)}")
        return None
    _keys(table, REQUIRED, OPTIONAL, where, problems)
    name = _text(table, "name", where, problems)
    if name and not _NAME.fullmatch(name):
        problems.append(f"{where}: name is {name!r}; allowed are letters, digits and _ . + -, as in model-parity")
    kind = _one_of(table, "kind", KINDS, where, problems)
    title = _text(table, "title", where, problems)
    providers = _providers(table.get("providers"), path, problems)
    settings = _settings(table.get("settings"), kind, where, problems)
    needs = _texts(table, "needs", where, problems) if "needs" in table else ()
    vacuous = _text(table, "vacuous", where, problems) if "vacuous" in table else None
    if len(problems) > before:
        return None
    return Workload(name, kind, title, providers, settings, needs, vacuous)


def _providers(value: object, path: Path, problems: list[str]) -> dict[str, str]:
    """Addresses of files are relative to the scenario's folder."""
    if not isinstance(value, dict) or not value or not all(isinstance(item, str) and item for item in value.values()):
        problems.append(f'{path}: providers is {value!r}; it is a table such as {{ flag_gems = "registry" }}')
        return {}
    bad = [f"{path}: provider {name!r} cannot stand in an id" for name in value if not _NAME.fullmatch(name)]
    problems += bad
    return {name: _absolute(address, path.parent) for name, address in value.items()}


def _absolute(address: str, folder: Path) -> str:
    file, _, function = address.rpartition(":")
    return f"{(folder / file).resolve()}:{function}" if file.endswith(".py") else address


def _settings(value: object, kind: str, where: str, problems: list[str]) -> tuple[Setting, ...]:
    if not isinstance(value, dict) or not value:
        problems.append(f"{where}: settings is {value!r}; it is a table with at least one [settings.<name>]")
        return ()
    return tuple(_setting(name, table, kind, f"{where}: [settings.{name}]", problems) for name, table in value.items())


def _setting(name: str, table: object, kind: str, where: str, problems: list[str]) -> Setting:
    if not isinstance(table, dict):
        problems.append(f"{where}: found {table!r}; a setting is a table with {', '.join(OF_SETTING)}")
        table = {}
    _keys(table, OF_SETTING, ALSO, where, problems)
    engine = _one_of(table, "engine", ENGINES, where, problems)
    model = _one_of(table, "model", MODELS, where, problems)
    if engine and model and not re.fullmatch(rf"{re.escape(f'{engine}-{model}')}-\d+", name):
        problems.append(f"{where}: is to be named {engine}-{model}-<number>")
    return Setting(
        name=name,
        engine=engine,
        model=model,
        evidence=_some_of(table, "evidence", EVIDENCES, where, problems),
        tier=_one_of(table, "tier", TIERS, where, problems),
        dtypes=_some_of(table, "dtypes", DTYPES, where, problems),
        smoke=_texts(table, "smoke", where, problems) if "smoke" in table else (),
        seconds=_seconds(table.get("seconds", Setting.seconds), where, problems),
        parameters=_parameters(table.get("parameters"), kind, where, problems),
    )


def _seconds(value: object, where: str, problems: list[str]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST:
        problems.append(f"{where}: seconds is {value!r}; allowed is a number above 0, up to {LONGEST:g}")
        return Setting.seconds
    return float(value)


def _parameters(value: object, kind: str, where: str, problems: list[str]) -> dict[str, Value]:
    due = PARAMETERS.get(kind, {})
    if not isinstance(value, dict):
        problems.append(f"{where}: parameters is {value!r}; it is a table with {', '.join(due)}")
        return {}
    _keys(value, tuple(due), (), f"{where} parameters", problems)
    read: dict[str, Value] = {}
    for name, wanted in due.items():
        if name in value:
            allowed, is_right = WANTED[wanted]
            if not is_right(value[name]):
                problems.append(f"{where} parameters: {name} is {value[name]!r}; allowed is {allowed}")
            else:
                read[name] = tuple(value[name]) if isinstance(value[name], list) else value[name]
    return read


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


# What a parameter has to be: in words, and as a check.
WANTED = {
    "number": ("a whole number from 1", _is_number),
    "share": ("a number above 0", _is_share),
    "text": ("a text that is not empty", _is_text),
    "flag": ("true or false", lambda value: isinstance(value, bool)),
    "numbers": ("a list of whole numbers from 1", lambda value: _is_list(value, _is_number)),
    "texts": ("a list of texts", lambda value: _is_list(value, _is_text)),
}


def _is_list(value: object, check: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(check(item) for item in value)


def _keys(table: Table, required: Collection[str], optional: Collection[str], where: str, problems: list[str]) -> None:
    known = (*required, *optional)
    problems += [f"{where}: {key!r} is not known; allowed are {', '.join(known)}" for key in table if key not in known]
    problems += [f"{where}: {key!r} is missing" for key in required if key not in table]


def _text(table: Table, key: str, where: str, problems: list[str]) -> str:
    value = table.get(key)
    if isinstance(value, str) and value:
        return value
    if key in table:
        problems.append(f"{where}: {key} is {value!r}; it is a text that is not empty")
    return ""


def _texts(table: Table, key: str, where: str, problems: list[str]) -> tuple[str, ...]:
    value = table.get(key)
    if isinstance(value, list) and value and all(isinstance(item, str) and item for item in value):
        return tuple(value)
    if key in table:
        problems.append(f"{where}: {key} is {value!r}; it is a list of texts")
    return ()


def _one_of(table: Table, key: str, allowed: Collection[str], where: str, problems: list[str]) -> str:
    value = _text(table, key, where, problems)
    if value and value not in allowed:
        problems.append(f"{where}: {key} is {value!r}; allowed are {', '.join(allowed)}")
        return ""
    return value


def _some_of(table: Table, key: str, allowed: Collection[str], where: str, problems: list[str]) -> tuple[str, ...]:
    values = _texts(table, key, where, problems)
    strange = [value for value in values if value not in allowed]
    if strange:
        problems.append(f"{where}: {key} has {', '.join(strange)}; allowed are {', '.join(allowed)}")
    if len(set(values)) < len(values):
        problems.append(f"{where}: {key} names one twice; each stands once")
    return values
