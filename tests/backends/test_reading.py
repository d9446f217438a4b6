"""The strict reader: every problem at once, each with place, finding, what is allowed and what to do."""

import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.reading import Problem, ReadingError, Table, describe, nearest, read_table, refuse


def table_of(**data: object) -> Table:
    return Table("file.toml", "", data, [])


def only(table: Table) -> Problem:
    assert len(table.problems) == 1, table.problems
    return table.problems[0]


def test_a_problem_says_where_what_was_found_what_is_allowed_and_what_to_do() -> None:
    problem = Problem(
        "backends/x.toml", "probe.commands", "3 (a whole number)", "a list of texts", "put it in brackets"
    )
    assert str(problem) == (
        "backends/x.toml: probe.commands: found 3 (a whole number); allowed is a list of texts; put it in brackets"
    )


def test_all_problems_are_told_at_once_and_none_means_no_error() -> None:
    problems = [Problem("f", str(i), "a", "b", "c") for i in range(3)]
    with pytest.raises(ReadingError) as error:
        refuse(problems)
    assert error.value.problems == tuple(problems)
    assert len(str(error.value).splitlines()) == 3
    refuse([])


def test_a_missing_text_is_one_problem() -> None:
    table = table_of()
    assert table.text("name") == ""
    assert only(table) == Problem("file.toml", "name", "nothing", "a text that is not empty", "add name = ...")


def test_an_optional_text_may_be_missing_but_not_of_another_type() -> None:
    assert table_of().optional_text("name") is None
    table = table_of(name=3)
    table.optional_text("name")
    assert only(table).found == "3 (a whole number)"


def test_a_text_outside_its_choices_gets_a_suggestion() -> None:
    table = table_of(evidence="intrepret")
    table.text("evidence", choices=("compile", "interpret"))
    problem = only(table)
    assert problem.allowed == "one of compile, interpret"
    assert problem.remedy == "did you mean 'interpret'?"


@pytest.mark.parametrize("value", ["", "  ", "a b"])
def test_a_text_that_does_not_match_is_refused(value: object) -> None:
    table = table_of(name=value)
    table.text("name", pattern=r"\w+")
    assert only(table).found == repr(value)


def test_texts_name_the_wrong_entry_and_the_repeated_one() -> None:
    table = table_of(commands=["a", 2, "b", "a"])
    table.texts("commands")
    assert [problem.key for problem in table.problems] == ["commands[1]", "commands"]
    assert table.problems[1].found == "'a' more than once"


def test_a_lone_text_is_not_a_list() -> None:
    table = table_of(commands="nvidia-smi")
    assert table.texts("commands") == ()
    assert only(table).remedy == "put it in brackets"


@pytest.mark.parametrize("value", [0, 11, True, "5", float("nan"), float("inf")])
def test_numbers_keep_to_their_range_and_type(value: object) -> None:
    table = table_of(seconds=value)
    assert table.number("seconds", default=2, low=1, high=10) == 2
    assert only(table).allowed == "a number from 1 to 10"


@pytest.mark.parametrize("value", [0, 11, 2.5, True])
def test_whole_numbers_keep_to_their_range_and_type(value: object) -> None:
    table = table_of(count=value)
    assert table.integer("count", default=2, low=1, high=10) == 2
    assert only(table).allowed == "a whole number from 1 to 10"


@pytest.mark.parametrize("value", [1, 10])
def test_both_bounds_are_allowed(value: int) -> None:
    assert table_of(x=value).integer("x", default=2, low=1, high=10) == value
    assert table_of(x=value).number("x", default=2, low=1, high=10) == value
    assert table_of().optional_integer("x", low=1, high=10) is None


@pytest.mark.parametrize("value", [[8], [8, 0, 0], ["8", 0], [True, 0], 80])
def test_a_pair_is_two_whole_numbers(value: object) -> None:
    table = table_of(capability=value)
    assert table.integers("capability", default=(8, 0)) == (8, 0)
    assert only(table).allowed == "a list of 2 whole numbers"


def test_a_pair_that_is_right_is_read() -> None:
    assert table_of(capability=[9, 1]).integers("capability", default=(8, 0)) == (9, 1)


def test_a_text_or_a_whole_number_is_read_as_it_is() -> None:
    assert table_of(arch=90).text_or_integer("arch", default=80) == 90
    assert table_of(arch="gfx942").text_or_integer("arch", default=80) == "gfx942"
    table = table_of(arch=True)
    assert table.text_or_integer("arch", default=80) == 80
    assert only(table).found == "True (a truth value)"


def test_tables_within_tables_say_their_whole_path() -> None:
    table = table_of(emulation={"target": {"backend": 1}})
    inner = table.table("emulation")
    assert inner is not None
    innermost = inner.table("target")
    assert innermost is not None
    innermost.text("backend")
    assert only(table).key == "emulation.target.backend"


def test_what_should_be_a_table_and_is_not() -> None:
    table = table_of(probe="nvidia-smi")
    assert table.table("probe") is None
    assert only(table).remedy == "write [probe] on a line and its keys below"


def test_arrays_of_tables_are_numbered() -> None:
    table = table_of(expect=[{}, {"reason": 3}])
    for item in table.tables("expect"):
        item.optional_text("reason")
    assert only(table).key == "expect[1].reason"


def test_what_should_be_an_array_of_tables_and_is_not() -> None:
    table = table_of(expect={"reason": "x"})
    assert table.tables("expect") == []
    assert only(table).allowed == "an array of tables"


def test_a_mapping_holds_texts_under_legal_names() -> None:
    table = table_of(environment={"GOOD": "1", "BAD-NAME": "2", "NUMBER": 3})
    table.mapping("environment", pattern=r"\w+")
    assert [problem.key for problem in table.problems] == ["environment.BAD-NAME", "environment.NUMBER"]
    assert table_of().mapping("environment", pattern=r"\w+") == {}


def test_an_unknown_key_is_refused_with_the_nearest_known_one() -> None:
    table = table_of(titel="x", title="y", zzz=1)
    table.text("title")
    table.finish()
    assert [(problem.key, problem.remedy) for problem in table.problems] == [
        ("titel", "did you mean 'title'?"),
        ("zzz", "remove it"),
    ]


def test_a_file_that_is_no_toml_is_one_problem_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("name = \nother = 1\n")
    problems: list[Problem] = []
    assert read_table(path, problems).data == {}
    assert "line 1" in problems[0].found
    assert problems[0].path == str(path)


def test_a_file_that_is_not_there_or_not_utf8_is_one_problem(tmp_path: Path) -> None:
    problems: list[Problem] = []
    read_table(tmp_path / "none.toml", problems)
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    read_table(tmp_path / "latin.toml", problems)
    assert len(problems) == 2


def test_what_was_found_is_told_briefly() -> None:
    assert describe("x" * 1000).endswith("... (a text)")
    assert len(describe("x" * 1000)) < 80
    assert describe(1.5) == "1.5 (a number)"


def test_no_suggestion_is_made_up() -> None:
    assert nearest("qqqq", ["cuda", "rocm"]) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(string.printable, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is not a finding
@given(st.dictionaries(st.sampled_from(["t", "o", "l", "n", "i", "p", "x", "m", "b", "a"]), JSON))
def test_no_value_makes_the_reader_itself_fail(data: dict[str, object]) -> None:
    table = Table("f", "", data, [])
    table.text("t")
    table.optional_text("o", pattern="a+")
    table.texts("l", choices=("a", "b"))
    table.number("n", default=1, low=0, high=9)
    table.integer("i", default=1, low=0, high=9)
    table.integers("p", default=(1, 2))
    table.text_or_integer("x", default=1)
    table.mapping("m", pattern="a")
    table.table("b")
    table.tables("a")
    table.finish()
    assert all(str(problem).startswith("f: ") for problem in table.problems)
