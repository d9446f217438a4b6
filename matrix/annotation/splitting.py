"""The held-out split: which labelled examples are asked and which a strategy may see, by a seed and by nothing else."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from matrix.usage import UsageError
from workloads.annotation.data_file import Example, Sample, SampleId, TaskFile


@dataclass(frozen=True)
class HeldOut:
    """How many examples of each task are held out, drawn by which seed."""

    number: int
    seed: int = 0


@dataclass(frozen=True)
class Split:
    """What is asked, what a strategy sees, and, where they are known, the labels, which go to neither."""

    samples: tuple[Sample, ...]
    examples: tuple[Example, ...]
    labels: Mapping[SampleId, str]


def split(file: TaskFile, held_out: HeldOut | None) -> Split:
    """The test samples with all examples; or held-out examples as samples, with the others.

    An example whose input is that of a held-out one is left out too: it would give the label away. Raises UsageError where too
    few examples are left.
    """
    if held_out is None:
        return Split(file.samples, file.examples, {})
    if held_out.number >= len(file.examples):
        raise UsageError(
            f"{file.task.id} has {len(file.examples)} examples, so {held_out.number} cannot be held out; hold out fewer"
        )
    chance = random.Random(f"held-out/{file.task.number}/{held_out.seed}")  # noqa: S311 - to be repeated, no secret
    chosen = sorted(chance.sample(range(len(file.examples)), held_out.number))
    held = [file.examples[number] for number in chosen]
    inputs = {example.input for example in held}
    rest = tuple(example for example in file.examples if example.input not in inputs)
    asked = tuple(Sample(example.id, example.input) for example in held)
    return Split(asked, rest, {example.id: example.output for example in held})
