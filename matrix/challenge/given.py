"""Runs that a card rests on: the assessment's own, and those that chips elsewhere have made of the very same entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from matrix.bundle.merging import gather, is_merged
from matrix.challenge.scoring.cases import Judged
from matrix.challenge.task import ENTRY
from matrix.identity import IdentityError, parse_id
from matrix.run import Run
from matrix.runner.journal import read_run
from matrix.usage import UsageError
from operators.operator import Operator

# In the facts of a run's stack: which entry it is of. It travels in bundles.
STACK_KEY = "entry"


@dataclass(frozen=True)
class Given:
    """A run and where it is from."""

    name: str
    run: Run
    own: bool


def read_given(path: Path, digest: str) -> list[Given]:
    """The runs of a directory or a bundle. Raises UsageError for one that is of another entry, or of none; BundleError."""
    if path.is_dir() and not is_merged(path):
        runs = [read_run(path)]
    elif path.exists():
        runs = [source.bundle.run for source in gather([path])]
    else:
        raise UsageError(
            f"--evidence {path}: there is no such file or folder; name a bundle, or the folder of a judgement"
        )
    for run in runs:
        theirs = run.header.stack.get(STACK_KEY)
        if not run.results or theirs is None:
            raise UsageError(f"--evidence {path}: holds no judgement of an entry; name what `challenge judge` wrote")
        if theirs != digest:
            raise UsageError(
                f"--evidence {path}: is of another entry ({theirs[:12]}; this one is {digest[:12]}): not a byte may differ"
            )
    return [Given(path.name, run, own=False) for run in runs]


def judged_of(givens: list[Given], rows: Mapping[str, Operator]) -> tuple[Judged, ...]:
    """The cells of all runs that are cases of the rows. Where two runs have the same cell, the one that is not right counts."""
    found: dict[str, Judged] = {}
    for source, given in enumerate(givens):
        for text in given.run.results:
            cell = _judged(text, given.run, rows, source)
            if cell is not None and (text not in found or _prevails(cell, found[text])):
                found[text] = cell
    return tuple(found.values())


def _judged(text: str, run: Run, rows: Mapping[str, Operator], source: int) -> Judged | None:
    try:
        identity = parse_id(text)
    except IdentityError:
        return None
    result = run.final(text)
    operator = rows.get(identity.operator)
    if operator is None or identity.provider != ENTRY or result is None:
        return None
    parameters = dict(identity.parameters)
    sample = next((each for each in operator.samples if each.name == parameters.get("sample")), None)
    if sample is None or parameters.get("dtype") not in (sample.dtypes or operator.dtypes):
        return None
    return Judged(identity, sample, result, source)


def _prevails(new: Judged, old: Judged) -> bool:
    return new.judged and (not old.judged or (old.right and not new.right))
