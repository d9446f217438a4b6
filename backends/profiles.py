"""Reading the columns: every TOML file in this folder is a profile, and so is any other file that a user names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from backends.profile import EVIDENCES, FEATURES, ON_DEVICE, Emulation, Limits, Probe, Profile, Target
from backends.reading import MODULE, NAME, VARIABLE, Problem, Table, nearest, parse_table, read_table, refuse
from backends.stand_in import read_attributes

FOLDER = Path(__file__).parent


class UnknownProfileError(ValueError):
    """A name or pattern selects no profile: says what was asked and which there are."""


def load_profiles(paths: Iterable[Path | str] | None = None, folder: Path = FOLDER) -> dict[str, Profile]:
    """All profiles of the folder and those of the files named besides, by name, in alphabetical order.

    Raises ReadingError with every problem of every file.
    """
    problems: list[Problem] = []
    profiles: dict[str, Profile] = {}
    for path in [*sorted(folder.glob("*.toml")), *(Path(path) for path in paths or ())]:
        profile = _read(path, problems)
        known = profiles.setdefault(profile.name, profile) if profile is not None else None
        if profile is not None and known is not profile and known is not None:
            found = f"{profile.name!r}, which {known.path} has already"
            problems.append(Problem(str(path), "name", found, "a name of its own", "rename the file and the profile"))
    refuse(problems)
    return dict(sorted(profiles.items()))


def read_profile(path: Path | str) -> Profile:
    """One profile.

    Raises ReadingError with every problem of the file.
    """
    problems: list[Problem] = []
    profile = _read(Path(path), problems)
    refuse(problems)
    assert profile is not None
    return profile


def select_profiles(patterns: Sequence[str], profiles: Mapping[str, Profile] | None = None) -> tuple[Profile, ...]:
    """The profiles that the patterns name, in the order of the patterns, each once.

    A pattern is a name, a glob (`*`, `?`, `[ab]`) or the path of a profile's file (it ends in `.toml`).
    Raises UnknownProfileError for a pattern that selects nothing.
    """
    files = [pattern for pattern in patterns if pattern.endswith(".toml")]
    available = dict(profiles) if profiles is not None else load_profiles(_outside(files))
    selected: dict[str, Profile] = {}
    for pattern in patterns:
        if pattern in files:
            profile = read_profile(pattern)
            matches = {profile.name: available.get(profile.name, profile)}
        else:
            matches = {name: profile for name, profile in available.items() if fnmatchcase(name, pattern)}
        if not matches:
            raise UnknownProfileError(_unknown(pattern, available))
        selected.update(matches)
    return tuple(selected.values())


def is_shipped(path: Path | str) -> bool:
    """Whether a profile's file lies in this folder: any other must be named by its path wherever the profile is meant."""
    return Path(path).resolve().parent == FOLDER.resolve()


def _outside(files: Iterable[str]) -> list[str]:
    return [file for file in files if not is_shipped(file)]


def _unknown(pattern: str, available: Mapping[str, Profile]) -> str:
    suggestion = nearest(pattern, available)
    return f"no profile is named {pattern!r}; {suggestion or 'there are ' + ', '.join(available)}"


def parse_profile(text: str, name: str, place: str) -> Profile:
    """A profile whose text came from elsewhere, such as another machine; it has no path.

    Raises ReadingError with every problem of the text, which are said to be of `place`.
    """
    problems: list[Problem] = []
    table = parse_table(text, place, problems)
    profile = None if problems else _checked(table, Path(f"{name}.toml"))
    refuse(problems)
    assert profile is not None
    return replace(profile, path=None)


def _read(path: Path, problems: list[Problem]) -> Profile | None:
    """The profile of one file, or None when the file has problems (which are noted)."""
    before = len(problems)
    table = read_table(path, problems)
    return None if len(problems) > before else _checked(table, path)


def _checked(table: Table, path: Path) -> Profile | None:
    """The profile of a table, or None when that has problems (which are noted)."""
    problems = table.problems
    before = len(problems)
    profile = _profile(table, path)
    table.finish()
    if profile.name != path.stem:
        table.complain("name", repr(profile.name), f"{path.stem!r}, as the file is named", "rename one of the two")
    _check_evidence(table, profile)
    return profile if len(problems) == before else None


def _profile(table: Table, path: Path) -> Profile:
    return Profile(
        name=table.text("name", pattern=NAME),
        title=table.text("title"),
        vendor=table.text("vendor"),
        device=table.text("device", pattern=VARIABLE),
        dispatch_key=table.text("dispatch_key", pattern=VARIABLE),
        evidence=table.texts("evidence", choices=EVIDENCES),
        default=table.texts("default", choices=EVIDENCES),
        lacks=table.texts("lacks", choices=FEATURES),
        environment=table.mapping("environment", pattern=VARIABLE),
        one_device=table.optional_text("one_device", pattern=VARIABLE),
        software=table.optional_text("software") or "",
        unknown_up_to=table.optional_text("unknown_up_to", pattern=r"\d+(\.\d+)*"),
        probe=_probe(table),
        emulation=_emulation(table),
        limits=_limits(table),
        path=str(path),
    )


def _probe(parent: Table) -> Probe | None:
    table = parent.table("probe")
    if table is None:
        return None
    probe = Probe(
        device=str(parent.data.get("device", "")),
        module=table.optional_text("module", pattern=MODULE),
        commands=table.texts("commands", pattern=r"[\w.+-]+"),
        machines=table.texts("machines", pattern=r"\w+"),
    )
    table.finish()
    return probe


def _limits(parent: Table) -> Limits:
    table = parent.table("limits")
    if table is None:
        return Limits()
    limits = Limits(
        seconds=table.number("seconds", default=Limits.seconds, low=1, high=86400),
        memory_gib=table.number("memory_gib", default=Limits.memory_gib, low=0.25, high=4096),
        timing_seconds=table.number("timing_seconds", default=Limits.timing_seconds, low=1, high=86400),
    )
    table.finish()
    return limits


def _emulation(parent: Table) -> Emulation | None:
    table = parent.table("emulation")
    if table is None:
        return None
    emulation = Emulation(
        vendor=table.text("vendor", pattern=VARIABLE),
        device=Emulation.device if parent.data.get("device") in (None, "cpu") else str(parent.data["device"]),
        target=_target(table),
        stand_ins=_stand_ins(table),
        device_modules=table.texts("device_modules", pattern=MODULE),
        device_functions=table.mapping("device_functions", pattern=VARIABLE),
        driver_functions=table.texts("driver_functions", pattern=VARIABLE),
        config_arguments=table.texts("config_arguments", pattern=VARIABLE),
        launch_arguments=table.texts("launch_arguments", pattern=VARIABLE),
        autotune_arguments=table.texts("autotune_arguments", pattern=VARIABLE),
        generated_configurations=_generated(table),
        language_arguments=_language_arguments(table),
        any_block_size=table.flag("any_block_size"),
        tensor_returns=table.flag("tensor_returns"),
        block_slices=table.flag("block_slices"),
        mixed_arguments=table.flag("mixed_arguments"),
        numbers_promote=table.flag("numbers_promote"),
    )
    table.finish()
    return emulation


def _stand_ins(parent: Table) -> dict[str, dict[str, object]]:
    table = parent.table("stand_ins")
    stand_ins: dict[str, dict[str, object]] = {}
    for module in table.keys_like(MODULE) if table is not None else ():
        attributes = table.table(module) if table is not None else None
        if attributes is not None:
            stand_ins[module] = read_attributes(attributes)
    return stand_ins


def _generated(parent: Table) -> dict[str, dict[str, object]]:
    table = parent.table("generated_configurations")
    generated: dict[str, dict[str, object]] = {}
    for name in table.keys_like(VARIABLE) if table is not None else ():
        configuration = table.table(name) if table is not None else None
        if configuration is not None:
            generated[name] = {key: configuration.data[key] for key in configuration.keys_like(VARIABLE)}
    return generated


def _language_arguments(parent: Table) -> dict[str, tuple[str, ...]]:
    table = parent.table("language_arguments")
    return (
        {name: table.texts(name, pattern=VARIABLE) for name in table.keys_like(VARIABLE)} if table is not None else {}
    )


def _target(parent: Table) -> Target:
    table = parent.table("target")
    if table is None:
        return Target()
    major, minor = table.integers("capability", default=Target.capability)
    target = Target(
        backend=table.text("backend", choices=("cuda", "hip")),
        arch=table.text_or_integer("arch", default=Target.arch),
        warp_size=table.integer("warp_size", default=Target.warp_size, low=1, high=128),
        capability=(major, minor),
        shared_memory=table.integer("shared_memory", default=Target.shared_memory, low=1024, high=1 << 30),
        registers=table.optional_integer("registers", low=1, high=4096),
        multiprocessors=table.integer("multiprocessors", default=Target.multiprocessors, low=1, high=4096),
        source=table.text("source"),
        properties=_properties(table),
    )
    table.finish()
    return target


def _properties(parent: Table) -> dict[str, object]:
    table = parent.table("properties")
    return {name: table.data[name] for name in table.keys_like(VARIABLE)} if table is not None else {}


def _check_evidence(table: Table, profile: Profile) -> None:
    """What the evidences of a profile presuppose."""
    evidence = profile.evidence
    known = [item for item in evidence if item in EVIDENCES]
    if not evidence:
        table.complain("evidence", "no evidence", "at least one of " + ", ".join(EVIDENCES), "name one")
    if known != sorted(known, key=EVIDENCES.index):
        table.complain("evidence", ", ".join(known), "weakest first: " + ", ".join(EVIDENCES), "reorder them")
    if ON_DEVICE & set(known) and profile.probe is None:
        table.complain("probe", "nothing", "a table [probe]", "say how the chip is found; 'run' and 'time' take one")
    if set(known) - ON_DEVICE and profile.emulation is None:
        allowed = "a table [emulation]"
        table.complain("emulation", "nothing", allowed, "say what is emulated; 'compile' and 'interpret' take it")
    for item in profile.default:
        if item in EVIDENCES and item not in evidence:
            table.complain("default", repr(item), ", ".join(evidence), "ask by default only for what the column gives")
    if "time" in known and "run" not in known:
        table.complain("evidence", "'time' without 'run'", "both", "add 'run': nothing is timed before it is right")
