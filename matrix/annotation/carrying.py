"""Carrying out: a task's samples, by a strategy and an engine, into a run's folder, and on from where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from matrix.annotation.answered import Answered, Ending
from matrix.annotation.asking import Asking
from matrix.annotation.run_folder import RunFolder
from workloads.annotation.data_file import Sample

# Samples in a row that strategy or engine broke on before a task is left: it would not end better for those that follow.
PATIENCE = 3


@dataclass(frozen=True)
class Carried:
    """What one task came to: how its samples ended, and how many were not asked."""

    answered: tuple[Answered, ...]
    left: int = 0

    def count(self, ending: Ending) -> int:
        return sum(each.ending is ending for each in self.answered)


def carry(
    asking: Asking,
    samples: Sequence[Sample],
    folder: RunFolder,
    *,
    batch: int = 1,
    tell: Callable[[Answered], None] = lambda _: None,
) -> Carried:
    """Ask what has not been asked, and write each end down as soon as it is known. A kill loses at most a batch."""
    known = folder.settled(asking.task)
    waiting = [sample for sample in samples if sample.id not in known]
    found = {sample.id: known[sample.id] for sample in samples if sample.id in known}
    broken = 0
    for some in _batches(waiting, batch):
        for answered in asking.ask(some):
            folder.append(asking.task, answered)
            found[answered.id] = answered
            tell(answered)
            broken = broken + 1 if answered.ending is Ending.BROKEN else 0
        if broken >= PATIENCE * batch:
            break
    return Carried(tuple(found.values()), len(samples) - len(found))


def _batches(samples: Sequence[Sample], size: int) -> Iterator[Sequence[Sample]]:
    for start in range(0, len(samples), size):
        yield samples[start : start + size]
