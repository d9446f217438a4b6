"""Expectations after a run: what passes goes, what broke is drafted, and everything else stays to the byte."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.expectation import FOLDER, Expectations, load_expectations
from backends.profile import Profile
from matrix.cell import Cell
from matrix.declared import Declared
from matrix.identity import CellId
from matrix.outcome import SUITE_PHASES, Evidence, Outcome, Phase, Verdict
from matrix.result import Comparison, Result
from matrix.run import Header, Run
from operators.case import Case
from operators.operator import Operator, Sample
from reports.grid import Grid, build_grid
from reports.rewriting import rewrite
from reports.updating import Update, plan_update

pytest.importorskip("tomlkit")

TODAY = date(2026, 11, 25)
CHIP = Profile("chip", "A chip", "nobody", "cpu", "CPU", ("interpret", "run"))
DTYPES = ("float32", "bfloat16")
SAMPLES = ("typical-0", "typical-1", "empty-0", "strided-0")


def operator(name: str) -> Operator:
    samples = tuple(Sample(sample, "T[2]") for sample in SAMPLES)
    return Operator(name, name.partition(".")[0], "pointwise", {"gems": "aten"}, "aten", "float64", DTYPES, samples)


CELLS = [
    Cell(CHIP, Case(row, "gems", dtype, sample), evidence)
    for row in map(operator, ("add.Tensor", "add.out", "mul.Tensor", "sort"))
    for dtype, sample, evidence in product(DTYPES, row.samples, (Evidence.INTERPRET, Evidence.RUN))
]
NAMES = [str(cell.id) for cell in CELLS]
UNIVERSE: list[CellId] = [cell.id for cell in CELLS]


def result(cell: str, outcome: Outcome, detail: str = "RuntimeError: no", phase: Phase = Phase.RUN) -> Result:
    comparison = Comparison("exact", 1, 0) if outcome is Outcome.PASS else None
    return Result(cell, outcome, Phase.COMPARE if outcome is Outcome.WRONG else phase, detail, comparison=comparison)


def grid_of(results: Mapping[str, Result], known: Expectations, planned: Sequence[Cell] = CELLS) -> Grid:
    run = Run(Header(), {cell: (one,) for cell, one in results.items()})
    return build_grid([run], planned, [CHIP], {"chip": known}, TODAY, universe=UNIVERSE)


def updated(text: str, results: Mapping[str, Result], planned: Sequence[Cell] = CELLS) -> tuple[str, Update]:
    known = loaded(text)
    update = plan_update("chip", grid_of(results, known, planned).findings, UNIVERSE, known, TODAY)
    return rewrite(text, update, "chip.toml"), update


def loaded(text: str) -> Expectations:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "chip.toml").write_bytes(text.encode())
        Path(folder, "other.toml").write_text(OTHER)
        return load_expectations("chip", folder)


def ran(**outcomes: Outcome) -> dict[str, Result]:
    """Every cell passed, but those of an operator that end otherwise."""
    return {
        name: result(name, outcomes.get(name[5:].partition("/")[0].partition(".")[0], Outcome.PASS)) for name in NAMES
    }


def entry(pattern: str, outcome: str = "ERROR", reason: str = "why", more: str = "") -> str:
    return f'[[expect]]\npattern = {pattern}\noutcome = "{outcome}"\nreason = "{reason}"\nowner = "me"\n{more}'


OTHER = entry('"mul.Tensor"', "TIMEOUT")
FILE = f"""\
# What is known, and a word on the file.

like = "other"

# About addition:
# it is hard.
{entry('["add.*", "mul.Tensor/gems"] # both')}
# ---- sorting ----

# About sorting.
{entry('"sort"', "WRONG", more='issue = "#7" # see there')}
# The end.
"""


def test_what_still_fails_stays_to_the_byte() -> None:
    text, update = updated(FILE, ran(add=Outcome.ERROR, sort=Outcome.WRONG))
    assert text == FILE.replace('["add.*", "mul.Tensor/gems"]', '["add.*"]')
    assert update.actions == ("dropped   mul.Tensor/gems of ERROR: 16 cells pass",)


def test_nothing_to_do_is_nothing_done() -> None:
    same = ran(add=Outcome.ERROR, sort=Outcome.WRONG)
    text = f"# A\n\n{entry(chr(34) + 'add.*' + chr(34))}\n{entry(chr(34) + 'sort' + chr(34), 'WRONG')}"
    assert updated(text, same) == (text, Update("chip", (), (), ()))


def test_what_passes_is_removed_with_the_comment_above_it_and_no_other() -> None:
    text, update = updated(FILE, ran(sort=Outcome.WRONG))
    assert [edit.removed for edit in update.edits] == [True]
    assert "About addition" not in text
    assert "What is known, and a word on the file.\n\nlike" in text
    assert FILE[FILE.index("# ---- sorting") :] in text
    assert update.actions == ("removed   entry 1 (add.*, mul.Tensor/gems: ERROR): 48 cells pass",)


def test_a_list_keeps_its_layout_when_an_item_goes() -> None:
    listed = '[\n  "add.Tensor",   # hard\n  # next\n  "mul.Tensor|sort",\n]'
    text, update = updated(entry(listed), ran(sort=Outcome.ERROR))
    assert text == entry('[\n  # next\n  "sort",\n]')
    assert update.actions == (
        "dropped   add.Tensor of ERROR: 16 cells pass",
        "narrowed  mul.Tensor|sort of ERROR to sort: 16 cells pass",
    )


def test_one_pattern_may_become_a_list() -> None:
    results = ran() | {name: result(name, Outcome.ERROR) for name in NAMES if "sort" in name and "empty" not in name}
    results |= {
        name: result(name, Outcome.PASS) for name in NAMES if "sort" in name and "float32,sample=typical-0" in name
    }
    text, _ = updated(entry('"sort" # the one'), results)
    (item,) = loaded(text)
    assert len(item.patterns) > 1
    assert "# the one" in text


def test_an_entry_that_names_no_cell_goes() -> None:
    text, update = updated(entry('"nobody"') + "\n" + entry('"sort"'), ran(sort=Outcome.ERROR))
    assert text == entry('"sort"')
    assert update.actions == ("removed   entry 1 (nobody: ERROR): it names no cell that could fail",)


def test_what_is_said_of_a_suite_s_tests_is_not_for_a_plan_to_judge() -> None:
    text = entry('"suite.abs/pytest"') + "\n" + entry('"sort"')
    assert updated(text, ran(sort=Outcome.ERROR)) == (text, Update("chip", (), (), ()))


def test_a_small_run_prunes_nothing_that_it_did_not_run() -> None:
    few = [cell for cell in CELLS if cell.case.sample.name == "typical-0" and cell.case.dtype == "float32"]
    results = {str(cell.id): result(str(cell.id), Outcome.PASS) for cell in few}
    text, update = updated(entry('"add.Tensor"'), results, few)
    (item,) = loaded(text)
    judged = set(results)
    assert {name for name in NAMES if item.matches(name)} == {n for n in NAMES if "add.Tensor" in n} - judged
    assert len(update.edits) == 1


def test_news_is_drafted_at_the_end_and_a_strict_run_refuses_it() -> None:
    text, update = updated(FILE, ran(add=Outcome.ERROR, mul=Outcome.ERROR, sort=Outcome.CRASH))
    drafted = loaded(text)
    draft = next(item for item in drafted if item.is_draft)
    assert (draft.pattern, draft.outcome, draft.owner) == ("sort/gems@interpret, sort/gems@run", "CRASH", "gems")
    assert draft.reason == "TODO: RuntimeError: no"
    again = grid_of(ran(add=Outcome.ERROR, mul=Outcome.ERROR, sort=Outcome.CRASH), drafted)
    assert "draft" in {item.kind for item in again.lapsed}
    assert any(line.startswith("drafted   sort/gems@interpret") for line in update.actions)
    assert update.notes == ("changed   sort: 16 cells are CRASH rather than WRONG; drafted beside it",)


def test_a_file_that_is_not_there_yet_is_begun() -> None:
    text, _ = updated("", ran(sort=Outcome.CRASH))
    assert text.startswith("# What is known to fail on chip, and why.\n\n[[expect]]\n")


def test_what_has_expired_is_left_until_it_passes() -> None:
    old = entry('"sort"', more="expires = 2026-01-01\n")
    text, update = updated(old, ran(sort=Outcome.ERROR))
    assert text.startswith(old)
    assert [item.is_draft for item in loaded(text)] == [False, True]
    assert update.notes == ("expired   sort: on 2026-01-01; renew it or remove it",)
    assert updated(old + "\n" + entry('"mul.*"'), ran(mul=Outcome.ERROR))[0] == entry('"mul.*"')


def test_a_pattern_that_is_taken_is_drafted_in_other_words() -> None:
    old = entry('["sort/gems@run", "sort/gems@interpret"]', more="expires = 2026-01-01\n")
    text, _ = updated(old, ran(sort=Outcome.ERROR))
    assert "sort/gems[*]@run" in text
    assert len(loaded(text)) == 2


def test_ends_of_lines_are_kept() -> None:
    text = (entry('"add.*"') + "\n" + entry('"sort"')).replace("\n", "\r\n")
    assert updated(text, ran(sort=Outcome.ERROR))[0] == entry('"sort"').replace("\n", "\r\n")


faults = st.sampled_from([Outcome.ERROR, Outcome.WRONG, Outcome.CRASH])
outcomes = st.sampled_from(
    [Outcome.PASS] * 6
    + [Outcome.ERROR] * 4
    + [Outcome.WRONG, Outcome.CRASH, Outcome.INFRA, Outcome.UNSUPPORTED, Outcome.NOT_RUN]
)
names = st.lists(
    st.sampled_from(["add.Tensor", "add.out", "mul.Tensor", "sort", "add.*", "*", "nobody"]),
    min_size=1,
    max_size=3,
    unique=True,
).map("|".join)
brackets = st.sampled_from(
    [
        "",
        "",
        "[sample=typical-*|empty-0]",
        "[dtype=float32]",
        "[sample=strided-0,dtype=bfloat16]",
        "[*]",
        "[sample=*-0]",
    ]
)
patterns = st.tuples(names, st.sampled_from(["", "/gems"]), brackets, st.sampled_from(["", "@run", "@interpret"])).map(
    "".join
)
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file as people write them: comments everywhere, lists in several layouts, some entries expired."""
    parts = [draw(st.sampled_from(["", "# The file.\n", "# The file.\n\n", 'like = "other"\n\n']))]
    taken: set[tuple[str, str]] = set()
    for number in range(draw(st.integers(0, 4))):
        outcome = draw(st.sampled_from(["ERROR", "WRONG", "INFRA"]))
        found = [
            text
            for text in draw(st.lists(patterns, min_size=1, max_size=4, unique=True))
            if (text, outcome) not in taken
        ]
        if not found:
            continue
        taken |= {(text, outcome) for text in found}
        layout = draw(st.sampled_from(["one", "line", "lines"] if len(found) == 1 else ["line", "lines"]))
        comment = draw(words)
        quoted = [f'"{text}"' for text in found]
        written = {
            "one": f"{quoted[0]}  # {comment}",
            "line": f"[{', '.join(quoted)}]",
            "lines": "[\n" + "".join(f"    {text}, # {comment}\n" for text in quoted) + "]",
        }[layout]
        expires = draw(
            st.sampled_from(["2026-01-01", "2027-01-01"] if outcome == "INFRA" else [None, None, "2026-01-01"])
        )
        above = draw(
            st.sampled_from(["", f"# {comment}\n", f"# part {number}\n\n", f"# part {number}\n\n# {comment}\n"])
        )
        more = f"expires = {expires}\n" if expires else ""
        parts.append(f"{above}{entry(written, outcome, f'reason {number}', more)}\n")
    return "".join(parts)


@st.composite
def runs(draw: st.DrawFn) -> tuple[dict[str, Result], list[Cell]]:
    planned = [cell for cell in CELLS if draw(st.integers(0, 9))]
    results = {}
    by_operator = draw(st.fixed_dictionaries(dict.fromkeys(("add", "mul", "sort"), outcomes)))
    for cell in planned:
        name = str(cell.id)
        outcome = draw(outcomes) if draw(st.booleans()) else by_operator[cell.case.operator.base]
        phase = draw(st.sampled_from([Phase.RUN, Phase.RUN, Phase.RUN, Phase.REFERENCE]))
        results[name] = result(name, outcome, draw(st.sampled_from(["ValueError: 3", 'TypeError: "\\ \x1b'])), phase)
    return results, planned


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
@given(files(), runs())
def test_after_an_update_the_same_run_tells_no_news(text: str, ran: tuple[dict[str, Result], list[Cell]]) -> None:
    results, planned = ran
    before = loaded(text)
    new, update = updated(text, results, planned)
    after = loaded(new)
    grid = grid_of(results, after, planned)
    assert not {Verdict.FIXED, Verdict.BROKEN} & set(grid.verdicts)
    assert [item for item in grid.lapsed if item.kind == "stale"] == []
    _assert_unjudged_cells_are_as_they_were(results, before, after)
    _assert_untouched_entries_stand_there(text, new, update)
    assert not updated(new, results, planned)[1].changes


def _expected(known: Expectations, cell: str) -> list[tuple[str, str]]:
    return [(item.reason, item.outcome) for item in known.matching(cell) if not item.is_draft]


def _assert_unjudged_cells_are_as_they_were(
    results: Mapping[str, Result], before: Expectations, after: Expectations
) -> None:
    for name in NAMES:
        found = results.get(name)
        unjudged = found is None or found.outcome in (Outcome.NOT_RUN, Outcome.INFRA)
        suite = found is not None and found.phase in SUITE_PHASES and found.outcome is not Outcome.PASS
        if unjudged or (suite and found is not None and found.outcome is not Outcome.UNSUPPORTED):
            assert _expected(after, name) == _expected(before, name)


def _assert_untouched_entries_stand_there(text: str, new: str, update: Update) -> None:
    """In their order and to the byte, with what is written above each."""
    touched = {edit.entry for edit in update.edits}
    place = 0
    for number, part in enumerate(text.split("[[expect]]")[1:]):
        if number not in touched:
            owner = part.index('owner = "me"\n') + len('owner = "me"\n')
            body = f"[[expect]]{part[:owner]}"
            assert body in new[place:]
            place = new.index(body, place) + len(body)


LARGEST = sorted(FOLDER.glob("*.toml"), key=lambda path: -path.stat().st_size)[:2]


@pytest.mark.parametrize("path", LARGEST, ids=lambda path: path.stem)
def test_the_project_s_own_files_survive(path: Path) -> None:
    """Everything fails as it is said, but one cell in ten passes and a few crash."""
    known = load_expectations(path.stem)
    named = {path.stem: {evidence for item in known if not item.inherited for evidence in item.evidences}}
    declared = Declared.read([path.stem])
    everything = enumerate(declared.full_ids(named))
    universe = [cell for place, cell in everything if place % 20 == 0 or known.matching(str(cell))]
    draw = random.Random(5)
    results = {str(cell): _as_said(known, str(cell), draw) for cell in universe}
    run = Run(Header(), {cell: (one,) for cell, one in results.items()})
    grid = build_grid([run], [], declared.profiles, {path.stem: known}, TODAY, universe=universe)
    text = path.read_text(encoding="utf-8")
    new = rewrite(text, plan_update(path.stem, grid.findings, universe, known, TODAY), path.name)
    with tempfile.TemporaryDirectory() as folder:
        for other in FOLDER.glob("*.toml"):
            Path(folder, other.name).write_text(new if other == path else other.read_text(encoding="utf-8"))
        after = load_expectations(path.stem, folder)
    again = build_grid([run], [], declared.profiles, {path.stem: after}, TODAY, universe=universe)
    assert not {Verdict.FIXED, Verdict.BROKEN} & set(again.verdicts)
    assert [item for item in again.lapsed if item.kind == "stale"] == []
    assert new != text
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        line for line in new.splitlines() if line.startswith("#")
    ]


def _as_said(known: Expectations, cell: str, draw: random.Random) -> Result:
    said = [item.outcome for item in known.matching(cell)]
    if said and draw.random() > 0.1:
        return result(cell, Outcome(said[0]))
    return result(cell, Outcome.CRASH if draw.random() < 0.005 else Outcome.PASS)
