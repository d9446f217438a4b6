"""Expectations: what an entry means, what a wrong file is told, and that thousands of cells are matched quickly."""

import time
from datetime import date
from pathlib import Path

import pytest

from backends.expectation import FOLDER, OUTCOMES, Expectation, Expectations, load_expectations
from backends.pattern import parse_pattern
from backends.profiles import load_profiles
from backends.reading import ReadingError

ENTRY = """
[[expect]]
pattern = "one_hot/flag_gems"
outcome = "ERROR"
reason = "recurses without end"
owner = "FlagGems"
"""


def load(tmp_path: Path, text: str) -> Expectations:
    (tmp_path / "chip.toml").write_text(text)
    return load_expectations("chip", tmp_path)


def problems_of(tmp_path: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(ReadingError) as error:
        load(tmp_path, text)
    return [(problem.key, problem.found) for problem in error.value.problems]


def expect(*patterns: str, outcome: str = "ERROR", expires: date | None = None) -> Expectation:
    return Expectation("chip", tuple(parse_pattern(text) for text in patterns), outcome, "why", "me", None, expires)


def test_an_entry_is_read_whole(tmp_path: Path) -> None:
    (item,) = load(tmp_path, ENTRY + 'issue = "docs/findings.md"\nexpires = 2027-01-31\n')
    assert item.pattern == "one_hot/flag_gems"
    assert (item.profile, item.outcome, item.reason, item.owner) == (
        "chip",
        "ERROR",
        "recurses without end",
        "FlagGems",
    )
    assert (item.issue, item.expires) == ("docs/findings.md", date(2027, 1, 31))
    assert item.place.endswith("chip.toml: expect[0]")


def test_several_patterns_share_a_reason(tmp_path: Path) -> None:
    (item,) = load(tmp_path, ENTRY.replace('"one_hot/flag_gems"', '["repeat[sample=scalar-*]", "tile"]'))
    assert item.matches("chip:repeat/flag_gems[dtype=float32,sample=scalar-1]@run")
    assert item.matches("chip:tile/flag_gems[dtype=float32,sample=odd-0]@run")
    assert not item.matches("chip:repeat/flag_gems[dtype=float32,sample=odd-0]@run")
    assert item.pattern == "repeat[sample=scalar-*], tile"


def test_a_column_takes_over_what_another_expects(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('like = "third"\n' + ENTRY.replace("one_hot", "sort"))
    (tmp_path / "third.toml").write_text(ENTRY.replace("one_hot", "mm"))
    found = list(load(tmp_path, 'like = "other"\n' + ENTRY))
    assert [(item.pattern, item.profile, item.inherited) for item in found] == [
        ("one_hot/flag_gems", "chip", False),
        ("sort/flag_gems", "chip", True),
        ("mm/flag_gems", "chip", True),
    ]


@pytest.mark.parametrize("name", ["chip", "nobody", "../chip"])
def test_a_column_takes_over_from_another_one_that_is_there(tmp_path: Path, name: str) -> None:
    ((key, found), *_) = problems_of(tmp_path, f'like = "{name}"\n' + ENTRY)
    assert (key, found) == ("like", repr(name))


def test_the_evidences_that_are_named() -> None:
    assert expect("add", "sort[sample=odd-0]").evidences == frozenset()
    assert expect("add@compile", "sort/p[sample=odd-0]@interpret|run").evidences == {"compile", "interpret", "run"}


def test_an_expectation_speaks_for_its_profile_only() -> None:
    assert expect("add").matches("chip:add/p[dtype=float32]@run")
    assert not expect("add").matches("cuda:add/p[dtype=float32]@run")
    assert not expect("add").matches("add/p[dtype=float32]@run")


def test_the_last_day_still_counts() -> None:
    item = expect("add", expires=date(2027, 1, 31))
    assert not item.is_expired(date(2027, 1, 31))
    assert item.is_expired(date(2027, 2, 1))
    assert not expect("add").is_expired(date(9999, 1, 1))


def test_a_day_may_be_written_as_a_text(tmp_path: Path) -> None:
    (item,) = load(tmp_path, ENTRY + 'expires = "2027-01-31"')
    assert item.expires == date(2027, 1, 31)


@pytest.mark.parametrize("day", ['"soon"', "2027", "2027-01-31T10:00:00", '"31.01.2027"'])
def test_what_is_no_day_is_refused(tmp_path: Path, day: str) -> None:
    assert problems_of(tmp_path, ENTRY + f"expires = {day}")[0][0] == "expect[0].expires"


def test_the_suites_own_fault_is_excused_for_a_time_only(tmp_path: Path) -> None:
    text = ENTRY.replace("ERROR", "INFRA")
    assert problems_of(tmp_path, text) == [("expect[0].expires", "nothing")]
    assert len(load(tmp_path, text + "expires = 2027-01-31")) == 1


@pytest.mark.parametrize("outcome", ["PASS", "NOT_RUN", "UNSUPPORTED", "error"])
def test_only_failures_are_expected(tmp_path: Path, outcome: str) -> None:
    assert problems_of(tmp_path, ENTRY.replace("ERROR", outcome)) == [("expect[0].outcome", repr(outcome))]
    assert outcome not in OUTCOMES


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    text = ENTRY.replace('reason = "recurses without end"', 'reasons = "x"') + "[[expect]]\npattern = [3, 'a:b']\n"
    keys = [key for key, _ in problems_of(tmp_path, text + "[other]\n")]
    assert sorted(keys) == [
        *("expect[0].reason", "expect[0].reasons", "expect[1].outcome", "expect[1].owner", "expect[1].pattern"),
        *("expect[1].pattern[0]", "expect[1].reason", "other"),
    ]


def test_an_empty_list_of_patterns_means_nothing_and_is_refused(tmp_path: Path) -> None:
    assert problems_of(tmp_path, ENTRY.replace('"one_hot/flag_gems"', "[]"))[0][0] == "expect[0].pattern"


def test_the_same_cells_are_expected_once_for_each_outcome(tmp_path: Path) -> None:
    ((key, found),) = problems_of(tmp_path, ENTRY + ENTRY)
    assert key == "expect[1].pattern"
    assert "as in expect[0]" in found
    assert len(load(tmp_path, ENTRY + ENTRY.replace("ERROR", "CRASH"))) == 2


def test_a_profile_without_a_file_expects_nothing(tmp_path: Path) -> None:
    assert list(load_expectations("nobody", tmp_path)) == []


def test_every_file_belongs_to_a_profile_and_is_read() -> None:
    names = {path.stem for path in FOLDER.glob("*.toml")}
    assert names <= set(load_profiles())
    for name in names:
        load_expectations(name)


def test_matching_gives_the_order_of_the_file_and_finds_by_any_pattern() -> None:
    items = [expect("a*"), expect("add|sub"), expect("mul", "add[dtype=int64]"), expect("add", "ad*")]
    found = Expectations(items).matching("chip:add/p[dtype=int64,sample=odd-0]@run")
    assert found == tuple(items)
    assert Expectations(items).matching("chip:sub/p[dtype=int64,sample=odd-0]@run") == (items[1],)
    assert Expectations(items).matching("other:add/p[dtype=int64,sample=odd-0]@run") == ()


def test_thirty_thousand_cells_meet_three_hundred_expectations_quickly() -> None:
    items = Expectations(expect(f"op{i}/flag_gems[sample=empty-*]", f"op{i}_[dtype=float16]") for i in range(300))
    cells = [f"chip:op{i % 600}/flag_gems[dtype=float32,sample=empty-{i % 5}]@run" for i in range(30_000)]
    start = time.perf_counter()
    found = sum(len(items.matching(cell)) for cell in cells)
    assert found == 15_000
    assert time.perf_counter() - start < 2
