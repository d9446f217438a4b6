"""The command line of a suite: which of it is ours, which says what to run, and which says how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

# What `python -m matrix adopt` gives pytest itself, each with a value.
OURS = ("--profile", "--adopt-out", "-n", "--numprocesses")
# What selects tests, each with a value.
SELECTS = ("-k", "-m", "--deselect", "--ignore", "--ignore-glob")


def arguments_of(profile: str, given: Sequence[str]) -> tuple[str, ...]:
    """The command line of `python -m matrix adopt` that a run of pytest with the plugin is."""
    name = str(Path(profile).absolute()) if profile.endswith(".toml") else profile
    pairs = list(_without(given, OURS))
    plugin = [place for place, argument in enumerate(pairs) if pairs[place - 1 : place + 1] == ["-p", "matrix.adopt"]]
    own = [argument for place, argument in enumerate(pairs) if place not in plugin and place + 1 not in plugin]
    return ("adopt", "--profile", name, "--", *(argument for argument in own if argument != "-pmatrix.adopt"))


def options_of_suite(given: Sequence[str]) -> list[str]:
    """What of a suite's arguments says how it is run, and not what."""
    kept = _without(given, SELECTS)
    return [argument for argument in kept if argument != "--" and not _is_path(argument)]


def _without(given: Sequence[str], options: Sequence[str]) -> Iterator[str]:
    """The arguments without some options and their values."""
    rest = iter(given)
    for argument in rest:
        name, equals, _ = argument.partition("=")
        if name not in options:
            yield argument
        elif not equals:
            next(rest, None)


def _is_path(argument: str) -> bool:
    return not argument.startswith("-") and Path(argument.partition("::")[0]).exists()
