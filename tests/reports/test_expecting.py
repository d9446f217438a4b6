"""A draft of expectations names the broken cells, all of them and no other, and can be read back."""

from __future__ import annotations

from pathlib import Path

from backends.expectation import load_expectations
from matrix.outcome import Verdict
from reports.expecting import draft_expectations
from reports.grid import Grid


def test_a_draft_read_back_excuses_just_what_was_broken(grid: Grid, tmp_path: Path) -> None:
    for profile in {finding.id.profile for finding in grid.findings}:
        (tmp_path / f"{profile}.toml").write_text(draft_expectations(grid, profile), encoding="utf-8")
        drafted = load_expectations(profile, tmp_path)
        broken = {f.text for f in grid.findings if f.id.profile == profile and f.verdict is Verdict.BROKEN}
        named = {f.text for f in grid.findings if f.id.profile == profile and drafted.matching(f.text)}
        assert broken <= named
        for finding in grid.findings:
            if finding.text in broken:
                assert any(item.outcome == finding.result.outcome for item in drafted.matching(finding.text))


def test_a_draft_names_no_cell_that_passes(grid: Grid, tmp_path: Path) -> None:
    for profile in {finding.id.profile for finding in grid.findings}:
        (tmp_path / f"{profile}.toml").write_text(draft_expectations(grid, profile), encoding="utf-8")
        drafted = load_expectations(profile, tmp_path)
        passing = [f.text for f in grid.findings if f.id.profile == profile and f.verdict is Verdict.OK]
        assert not [text for text in passing if drafted.matching(text)]


def test_hostile_details_become_plain_text(grid: Grid) -> None:
    text = "".join(draft_expectations(grid, profile.name) for profile in grid.profiles)
    assert text
    assert not [character for character in text if not character.isprintable() and character != "\n"]
