"""What an entry's tests call is seen in a child, and whether they look at the answer."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import torch

from matrix.challenge.call_facts import add, levels_of
from matrix.challenge.child import ask
from matrix.challenge.entry import read_entry
from matrix.challenge.task import interpreter
from matrix.challenge.traced import Traced
from matrix.challenge.tracing import Recorder, spoilt
from tests.fakes.entries import HEAD, STRONG, WEAK, write_entry


def trace(folder: Path) -> Traced:
    entry, profile = read_entry(folder), interpreter()
    request = {"profile": profile.name, "folder": str(folder), "memory_gib": 2.0}
    request |= {"task": entry.task.name, "addresses": entry.functions}
    told = ask("matrix.challenge.tracing", request, profile, 120.0, folder)
    return Traced.of(told.lines, told.ending)


def operator(x: torch.Tensor, slope: float = 0.5, *, out: torch.Tensor | None = None) -> torch.Tensor:
    return x * slope


SIGNATURE = inspect.signature(operator)


def levels(*args: Any, raised: bool = False, **kwargs: Any) -> dict[str, list[str]]:
    return levels_of("f", SIGNATURE, args, kwargs, raised=raised)


def test_a_call_has_levels_on_each_axis() -> None:
    found = levels(torch.zeros(8, 8), -2.0)
    assert found == {
        "form": ["f"],
        "dtype": ["float32"],
        "rank": ["rank 2"],
        "size": ["small"],
        "layout": ["contiguous"],
        "values": ["zero"],
        "parameter": ["f, slope: negative"],
        "dtype and size": ["float32, small"],
        "dtype and rank": ["float32, rank 2"],
    }


@pytest.mark.parametrize(
    ("shape", "size"),
    [((0, 3), "empty"), ((1, 1), "one element"), ((8, 8), "small"), ((256, 256), "normal"), ((1024, 1024), "large")],
)
def test_sizes_are_those_of_the_rules(shape: tuple[int, ...], size: str) -> None:
    assert levels(torch.ones(1).expand(shape))["size"] == [size]


@pytest.mark.parametrize(
    ("tensor", "layout"),
    [
        (torch.ones(4, 6), "contiguous"),
        (torch.ones(4, 6).t(), "transposed"),
        (torch.ones(4, 6)[:, ::2], "with gaps"),
        (torch.ones(4, 6)[1:], "starts inside of its memory"),
        (torch.ones(1, 6).expand(4, 6), "expanded"),
    ],
)
def test_layouts_are_told_apart(tensor: torch.Tensor, layout: str) -> None:
    assert levels(tensor)["layout"] == [layout]


def test_values_and_parameters_that_are_special() -> None:
    special = torch.tensor([float("nan"), float("inf"), 0.0, -1.0, 3e38])
    assert levels(special)["values"] == ["NaN", "at the end of its type", "infinity", "negative", "zero"]
    assert levels(torch.ones(2), out=torch.ones(2))["form"] == ["f, out given"]
    assert levels(torch.ones(2))["parameter"] == ["f, slope: left out"]


def test_a_call_that_is_refused_is_an_illegal_one_and_nothing_else() -> None:
    assert levels(torch.ones(2), raised=True) == {"illegal": ["f"]}
    assert levels(1, 2, 3, 4) == {}
    both = levels(torch.ones(2))
    add(both, levels(torch.ones(2, 2)))
    assert both["rank"] == ["rank 1", "rank 2"]


@pytest.mark.parametrize(
    "answer",
    [
        torch.tensor([0.0, 1.0, -0.5, float("inf"), float("nan"), 3e38]),
        torch.tensor([0, -1, 127], dtype=torch.int8),
        torch.tensor([True, False]),
        torch.ones(1, 3).expand(2, 3),
    ],
)
def test_a_spoilt_answer_is_wrong_in_every_element(answer: torch.Tensor) -> None:
    before = answer.clone()
    assert not bool((spoilt(answer) == before).any())


def test_an_empty_answer_is_spoilt_by_its_shape_and_several_one_by_one() -> None:
    assert spoilt(torch.ones(0, 3)).shape == (1, 0, 3)
    left, right = spoilt((torch.zeros(2), 5))
    assert (left.tolist(), right) == ([1.0, 1.0], 5)


def test_a_recorder_notes_the_outermost_call_and_spoils_in_place() -> None:
    recorder = Recorder()
    inner = recorder.wrapped("inner", lambda x: x.add_(1))
    outer = recorder.wrapped("outer", lambda x: inner(x) + 0)
    outer(torch.zeros(3))
    assert (recorder.calls, recorder.seen["form"]) == (1, ["outer"])
    recorder.spoiling = True
    argument = torch.zeros(3)
    inner(argument)
    assert argument.tolist() == [3.0] * 3, "what is written to an argument is spoilt too"


def test_an_illegal_call_is_noted_and_spoilt_it_raises_nothing() -> None:
    def refuses(x: torch.Tensor) -> torch.Tensor:
        raise TypeError("integers are refused")

    recorder = Recorder()
    wrapped = recorder.wrapped("f", refuses)
    with pytest.raises(TypeError):
        wrapped(torch.ones(2))
    assert recorder.seen == {"illegal": ["f"]}
    recorder.spoiling = True
    assert wrapped(torch.ones(2)) is None


def test_strong_tests_count_and_those_that_look_at_shapes_alone_do_not(tmp_path: Path) -> None:
    strong, weak = trace(write_entry(tmp_path / "strong", STRONG)), trace(write_entry(tmp_path / "weak", WEAK))
    assert [test.counts for test in strong.tests] == [True] * 3
    assert strong.covered()["rank"] == {"rank 3", "rank 4"}
    assert {"rank 3", "rank 4", "rank 5"} <= set(strong.wanted["rank"])
    assert [(test.failed, test.notices) for test in weak.tests] == [("", False)]
    assert weak.covered() == {}
    assert weak.only_called()["rank"] == {"rank 3"}


def test_a_test_that_fails_and_a_file_that_cannot_be_imported_say_why(tmp_path: Path) -> None:
    failing = f'{HEAD}"""A test that fails."""\n\ndef test_it():\n    assert 1 == 2\n'
    found = trace(write_entry(tmp_path / "failing", failing))
    assert "assert 1 == 2" in found.tests[0].failed
    assert "RuntimeError: no" in trace(write_entry(tmp_path / "broken", shuffle='raise RuntimeError("no")\n')).problem
    assert "finds another module" in trace(named_as_another(tmp_path / "named")).problem


def named_as_another(folder: Path) -> Path:
    """An entry whose file has the name of a module that is there already."""
    write_entry(folder)
    (folder / "shuffle.py").rename(folder / "typing.py")
    toml = folder / "entry.toml"
    toml.write_text(toml.read_text().replace("shuffle.py", "typing.py"))
    return folder
