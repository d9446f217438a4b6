"""attribute: planted faults are found with real kernels, the journal is gone on with, and doubtful probes are repeated."""

import functools
import json
import random
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from matrix.inference.asking import Answer, Fault
from matrix.inference.attribution import JOURNAL, AttributionError, Search
from matrix.inference.factors import scaled
from matrix.inference.isolation import Names
from matrix.inference.likelihood_sides import native_facts
from matrix.inference.providing import replaced
from matrix.inference.request import REFERENCE
from matrix.outcome import Outcome, Phase
from tests.fakes import model_kernels
from tests.fakes.inference import SETTING, parity
from workloads.engines.transformers_engine import open_engine

Kernels = model_kernels.Kernels


@functools.cache
def engine() -> Any:
    return open_engine("tiny", "float32", "cpu")


@functools.cache
def native(number: int) -> dict[str, Any]:
    return native_facts(engine(), texts_of(number), "float32", "CPU")


def texts_of(number: int) -> list[list[int]]:
    draw = random.Random(number)
    return [[draw.randrange(256) for _ in range(24)] for _ in range(4)]


class Here(Search):
    """A search whose sides answer in this process: real kernels in a real model, without the seconds of a start."""

    kernels: Kernels
    sides: list[tuple[str, int, Names | None]]

    def ask_side(self, side: str, number: int, only: Names | None) -> Answer | Fault:
        self.sides.append((side, number, only))
        if side == REFERENCE:
            return Answer(native(number), {})
        chosen = {name: one for name, one in self.kernels.items() if only is None or name in only}
        with replaced(chosen, "CPU", guarded=True) as there:
            try:
                got = list(chain.from_iterable(engine().log_likelihoods(texts_of(number))))
            except RuntimeError as error:
                return Fault(Outcome.ERROR, Phase.RUN, str(error), operator=there.inside, **facts_of(there))
        return Answer({"likelihoods": got}, {}, **facts_of(there))


def facts_of(there: Any) -> Mapping[str, Any]:
    return {"entered": dict(there.entered), "offered": there.offered}


def search(kernels: Kernels, directory: Path) -> Here:
    found = Here(parity("healthy", setting=SETTING), directory, {})
    found.kernels, found.sides = kernels, []
    return found


def test_nobody_is_guilty_of_what_passes(tmp_path: Path) -> None:
    verdict = search(model_kernels.healthy(), tmp_path).run()
    assert verdict.groups == ()
    assert len(verdict.probes) == 1


@pytest.mark.parametrize("name", ["silu", "mm", "rsqrt", "cat", "neg"])
def test_a_planted_fault_is_found(name: str, tmp_path: Path) -> None:
    verdict = search(model_kernels.planted(name), tmp_path).run()
    assert verdict.groups == ((name,),)
    assert verdict.evidence[name,].outcome is Outcome.WRONG
    assert verdict.rest.outcome is Outcome.PASS
    assert name not in (verdict.rest.only or ())
    assert len(verdict.probes) <= 4


@pytest.mark.parametrize("names", [("silu", "rsqrt"), ("mm", "cos"), ("cat", "add.Tensor")])
def test_two_planted_faults_are_both_found(names: tuple[str, str], tmp_path: Path) -> None:
    verdict = search(model_kernels.planted(*names), tmp_path).run()
    assert {frozenset(group) for group in verdict.groups} == {frozenset({name}) for name in names}


def test_two_that_cancel_out_alone_are_found_alone(tmp_path: Path) -> None:
    """Each is wrong; together they pass, so there is nothing to attribute."""
    kernels = dict(model_kernels.planted("pow.Tensor_Scalar")) | {"mean.dim": scaled("mean.dim", 1 / 1.01)}
    assert search(kernels, tmp_path).run().groups == ()


def test_a_kernel_that_raises_is_found_beside_one_that_is_wrong(tmp_path: Path) -> None:
    kernels = {**model_kernels.planted("rsqrt"), **model_kernels.raises()}
    verdict = search(kernels, tmp_path).run()
    assert {frozenset(group) for group in verdict.groups} == {frozenset({"rsqrt"}), frozenset({"silu"})}
    assert verdict.evidence["silu",].outcome is Outcome.ERROR


def test_a_search_that_was_ended_goes_on_where_it_was(tmp_path: Path) -> None:
    kernels = model_kernels.planted("silu", "rsqrt")
    whole = search(kernels, tmp_path)
    verdict = whole.run()
    lines = (tmp_path / JOURNAL).read_bytes().splitlines(keepends=True)
    (tmp_path / JOURNAL).write_bytes(b"".join(lines[:2]) + lines[2][:30])  # killed while the third was written
    again = search(kernels, tmp_path)
    assert again.run().groups == verdict.groups
    asked = [only for side, _, only in again.sides if side != REFERENCE]
    assert len(asked) == len(lines) - 2
    assert None not in asked
    once_more = search(kernels, tmp_path)
    assert once_more.run().groups == verdict.groups
    assert once_more.sides == []


def test_a_journal_of_another_cell_is_refused(tmp_path: Path) -> None:
    search(model_kernels.healthy(), tmp_path).run()
    other = search(model_kernels.healthy(), tmp_path)
    other.cell = parity("healthy", setting=replace(SETTING, name="transformers-tiny-7"))
    with pytest.raises(AttributionError, match="holds a search for"):
        other.run()


def test_a_probe_that_chance_may_have_decided_is_repeated_with_other_texts(tmp_path: Path) -> None:
    """A fault so small that it lies at the bound: the repeats' tokens are judged together."""
    small = search(model_kernels.planted("silu", factor=1 + 6e-6), tmp_path)
    small.run()
    asked = [(number, only) for side, number, only in small.sides if side != REFERENCE]
    assert [number for number, only in asked if only is None][:2] == [0, 1]
    first = json.loads((tmp_path / JOURNAL).read_bytes().splitlines()[0])
    assert first["repeats"] >= 1


def test_a_side_of_the_suite_that_fails_ends_the_search(tmp_path: Path) -> None:
    class Broken(Here):
        def ask_side(self, side: str, number: int, only: Names | None) -> Answer | Fault:
            return Fault(Outcome.INFRA, Phase.INPUTS, "no model")

    broken = Broken(parity("healthy"), tmp_path, {})
    with pytest.raises(AttributionError, match="no model"):
        broken.run()
