"""How the attributes of stand-in modules are written."""

from pathlib import Path

import pytest

from backends.reading import Problem, Table
from backends.stand_in import form_of, read_attributes


def read(data: dict[str, object]) -> tuple[dict[str, object], dict[str, Problem]]:
    problems: list[Problem] = []
    attributes = read_attributes(Table(str(Path("chip.toml")), "module", data, problems))
    return attributes, {problem.key: problem for problem in problems}


def test_a_table_with_one_known_key_is_a_form_and_any_other_is_a_literal() -> None:
    assert form_of({"returns": 4}) == "returns"
    assert form_of({"count": 4}) is None
    assert form_of({"returns": 4, "same_as": "json"}) is None
    assert form_of(4) is None


def test_what_is_written_is_kept() -> None:
    data: dict[str, object] = {
        "count": 4,
        "sizes": {"warp": 32},
        "Tools": {"returns": {"attributes": {"ask": {"returns": 1}}}},
        "*": {"same_as": "json"},
    }
    assert read(data) == (data, {})


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"tanh": {"same_as": 1}}, "module.tanh.same_as"),
        ({"hint": {"argument": "first"}}, "module.hint.argument"),
        ({"Tools": {"returns": {"attributes": 3}}}, "module.Tools.returns.attributes"),
        ({"Tools": {"attributes": {"ask": {"triton": 3}}}}, "module.Tools.ask.triton"),
        ({"*": 4}, "module.*"),
        ({"a-b": 4}, "module.a-b"),
    ],
)
def test_a_form_of_another_kind_is_named(data: dict[str, object], key: str) -> None:
    _, problems = read(data)
    assert list(problems) == [key]
