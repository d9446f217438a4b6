"""Bundles of several machines joined: who speaks, whose profile it is, what does not fit together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backends.expectation import Expectations
from backends.profiles import load_profiles
from matrix.bundle.limits import BundleError
from matrix.bundle.merging import FOLDER, LIST, Merged, Source, gather, load, merge, save
from matrix.outcome import Evidence, Outcome
from matrix.runner.journal import read_run
from operators.catalogue import load_catalogue
from reports.grid import UNLISTED, Grid, build_grid
from tests.matrix.bundle.forging import EXAMPLE, copied, members, read, rewritten, sealed, with_header

NOW = datetime(2026, 12, 31, tzinfo=UTC)
PROFILE = "profiles/sm_90.toml"


def source(data: bytes, name: str = "lab.zip") -> Source:
    bundle = read(data)
    assert bundle.run.origin is not None
    return Source(data, bundle)


def grid_of(merged: Merged) -> Grid:
    expectations: dict[str, Expectations] = {}
    runs = [item.bundle.run for item in merged.sources]
    return build_grid(runs, merged.cells, merged.profiles, expectations, NOW.date())


def crash(event: dict[str, Any]) -> dict[str, Any]:
    kept = {name: event[name] for name in ("event", "cell", "attempt")}
    return kept | {"outcome": "CRASH", "phase": "run", "detail": "SIGSEGV"}


def crashing(tmp_path: Path, started: str) -> Path:
    """The example run on another day, on which one cell ended otherwise."""
    directory = copied(tmp_path, f"run-{started[:10]}", started=started)
    return rewritten(directory, lambda event: crash(event) if "float32,sample=typical" in event["cell"] else event)


def test_a_run_comes_through_bundle_and_merge_with_the_same_cells_and_facts() -> None:
    merged = merge(gather([EXAMPLE]), NOW)
    grid, there = grid_of(merged), read_run(EXAMPLE)
    assert {finding.text for finding in grid.findings} == set(there.results)
    for finding in grid.findings:
        final = there.final(finding.text)
        assert final is not None
        assert finding.result == final
        assert (finding.result.comparison, finding.result.launches) == (final.comparison, final.launches)
    assert merged.notices == ()
    assert {finding.family for finding in grid.findings} == {"pointwise"}
    assert all(finding.call for finding in grid.findings)


def test_the_order_in_which_they_are_given_does_not_matter(tmp_path: Path) -> None:
    paths = [EXAMPLE, crashing(tmp_path, "2026-11-26T10:00:00+00:00"), crashing(tmp_path, "2026-11-20T10:00:00+00:00")]
    there, here = merge(gather(paths), NOW), merge(gather(reversed(paths)), NOW)
    assert [item.bundle.digest for item in there.sources] == [item.bundle.digest for item in here.sources]
    assert grid_of(there).findings == grid_of(here).findings


@pytest.mark.parametrize(
    ("started", "counts"), [("2026-11-26T10:00:00+00:00", Outcome.CRASH), ("2026-11-20", Outcome.PASS)]
)
def test_the_newest_run_speaks_and_a_disagreement_is_a_conflict(tmp_path: Path, started: str, counts: Outcome) -> None:
    grid = grid_of(merge(gather([EXAMPLE, crashing(tmp_path, started)]), NOW))
    disagreeing = [finding for finding in grid.findings if finding.conflict]
    assert len(disagreeing) == 3
    assert {finding.result.outcome for finding in disagreeing} == {counts}
    for finding in disagreeing:
        assert {voice.outcome for voice in finding.voices} == {Outcome.PASS, Outcome.CRASH}
        assert finding.voices[-1].outcome is counts
        assert grid.runs[finding.voices[-1].run].final(finding.text) == finding.result


def test_a_later_run_that_was_not_carried_says_nothing(tmp_path: Path) -> None:
    def absent(event: dict[str, Any]) -> dict[str, Any]:
        return crash(event) | {"outcome": "NOT_RUN", "phase": "start", "detail": "no device"}

    directory = rewritten(copied(tmp_path, started="2026-12-01"), absent)
    grid = grid_of(merge(gather([EXAMPLE, directory]), NOW))
    assert {finding.result.outcome for finding in grid.findings} == {Outcome.PASS}
    assert [finding for finding in grid.findings if finding.conflict] == []
    assert {len(finding.voices) for finding in grid.findings} == {1}


def test_the_strongest_evidence_comes_first(tmp_path: Path) -> None:
    grid = grid_of(merge(gather([EXAMPLE]), NOW))
    assert [str(column) for column in grid.columns] == ["cpu-interpreter@interpret", "sm_90@interpret", "sm_90@compile"]
    on_chip = rewritten(
        copied(tmp_path),
        lambda event: event | {"cell": event["cell"].replace("cpu-interpreter", "cuda").replace("@interpret", "@run")},
    )
    merged = merge(gather([EXAMPLE, rewritten(on_chip, lambda event: event | {"worker": "gw1"})]), NOW)
    assert [str(column) for column in grid_of(merged).columns][:2] == ["cuda@run", "sm_90@run"]
    assert merged.profiles[0].name == "cuda"


def test_the_same_bundle_counts_once(tmp_path: Path) -> None:
    merged = merge(gather([EXAMPLE, EXAMPLE]), NOW)
    assert len(merged.sources) == 1
    assert merged.notices == ("example is given more than once",)


def test_a_run_from_the_future_is_said_to_be() -> None:
    [notice] = merge([source(with_header(started="2031-05-01T00:00:00+00:00"))], NOW).notices
    assert notice == "lab.zip says that it started on 2031-05-01, which is to come; it counts as newest"


def other_profile(old: str, new: str) -> Source:
    changed = members()
    text = changed[PROFILE].decode()
    assert old in text
    changed[PROFILE] = text.replace(old, new).encode()
    return source(sealed(changed))


def test_a_profile_that_differs_from_the_local_one_is_a_conflict_and_the_local_one_counts() -> None:
    merged = merge([other_profile("seconds = 300", "seconds = 299")], NOW)
    [notice] = merged.notices
    assert notice == (
        "conflict: lab.zip declares the profile sm_90 otherwise than this checkout's (limits differ); "
        "its results are shown with this checkout's"
    )
    [profile] = [profile for profile in merged.profiles if profile.name == "sm_90"]
    assert profile == load_profiles()["sm_90"]
    assert len(grid_of(merged).findings) == 15


def test_a_comment_is_no_difference() -> None:
    assert merge([other_profile("[limits]", "# of our lab\n[limits]")], NOW).notices == ()


def renamed(tmp_path: Path, started: str, title: str) -> Path:
    """The example run with a profile that no checkout has."""
    text = (
        (Path(__file__).parents[3] / "backends" / "sm_90.toml").read_text().replace('name = "sm_90"', 'name = "acme_9"')
    )
    folder = tmp_path / started
    folder.mkdir()
    (folder / "acme_9.toml").write_text(text.replace('title = "', f'title = "{title} '))
    directory = copied(folder, started=started, arguments=["run", "--profile", str(folder / "acme_9.toml")])
    return rewritten(directory, lambda event: event | {"cell": event["cell"].replace("sm_90:", "acme_9:")})


def test_a_profile_that_is_only_in_the_bundle_comes_from_there(tmp_path: Path) -> None:
    merged = merge(gather([renamed(tmp_path, "2026-11-01", "Lab's")]), NOW)
    assert [profile.name for profile in merged.profiles] == ["acme_9", "cpu-interpreter"]
    assert merged.profiles[0].title.startswith("Lab's ")
    assert merged.profiles[0].path is None
    assert merged.notices == ()
    assert {finding.family for finding in grid_of(merged).findings} == {"pointwise"}


def test_of_two_bundles_with_a_profile_of_one_name_the_newer_declares_it(tmp_path: Path) -> None:
    old, new = renamed(tmp_path, "2026-11-01", "Old"), renamed(tmp_path, "2026-11-02", "New")
    merged = merge(gather([new, old]), NOW)
    assert merged.profiles[0].title.startswith("New ")
    [notice] = merged.notices
    assert "declares the profile acme_9 otherwise than run (title differ)" in notice


def test_cells_of_another_catalogue_are_kept_as_unlisted(tmp_path: Path) -> None:
    directory = rewritten(
        copied(tmp_path), lambda event: event | {"cell": event["cell"].replace("add.Tensor", "mine.odd")}
    )
    merged = merge(gather([directory]), NOW)
    grid = grid_of(merged)
    assert merged.cells == ()
    assert len(grid.findings) == 15
    assert {finding.family for finding in grid.findings} == {UNLISTED}


@pytest.mark.parametrize("new", ["typical-77", "typical-0,extra=1"])
def test_an_unknown_sample_or_parameter_is_kept_too(tmp_path: Path, new: str) -> None:
    directory = rewritten(copied(tmp_path), lambda event: event | {"cell": event["cell"].replace("typical-0", new)})
    grid = grid_of(merge(gather([directory]), NOW))
    assert len(grid.findings) == 15
    assert sum(new in finding.text for finding in grid.findings) > 5


def test_a_bundle_of_other_calls_under_the_same_ids_is_said_to_be() -> None:
    changed = sealed(members(), catalogue={"add.Tensor": "0" * 16, "mine.odd": "1" * 16})
    assert merge([source(changed)], NOW).notices == (
        "lab.zip judged other calls than this checkout's catalogue has under the same ids: add.Tensor",
    )


def test_cells_stand_in_the_catalogue_s_order(tmp_path: Path) -> None:
    names = list(load_catalogue())
    swapped = rewritten(copied(tmp_path), lambda event: event | {"cell": event["cell"].replace("add.Tensor", names[0])})
    merged = merge(gather([EXAMPLE, rewritten(swapped, crash)]), NOW)
    found = [cell.case.operator.name for cell in merged.cells]
    assert found == sorted(found, key=names.index)


def test_a_merge_can_be_saved_and_read_back_and_merged_further(tmp_path: Path) -> None:
    sources = gather([EXAMPLE, crashing(tmp_path, "2026-11-26T10:00:00+00:00")])
    save(merge(sources, NOW).sources, tmp_path / "out")
    again = load(tmp_path / "out")
    assert merge(again, NOW) == merge(sources, NOW)
    assert merge(gather([tmp_path / "out"]), NOW) == merge(sources, NOW)


def saved(tmp_path: Path) -> Path:
    save(gather([EXAMPLE]), tmp_path / "out")
    return tmp_path / "out"


LISTS: Sequence[object] = (
    [],
    {"schema": "compatibility-matrix-merge/2", "bundles": []},
    {"schema": "compatibility-matrix-merge/1", "bundles": []},
    {"schema": "compatibility-matrix-merge/1", "bundles": [{"name": "x", "sha256": "../../../../etc/passwd"}]},
    {"schema": "compatibility-matrix-merge/1", "bundles": [{"name": 1, "sha256": "0" * 64}]},
    {"schema": "compatibility-matrix-merge/1", "bundles": [{"name": "x", "sha256": "0" * 64}]},
)


@pytest.mark.parametrize("listed", LISTS)
def test_a_list_that_is_none_is_refused(tmp_path: Path, listed: object) -> None:
    directory = saved(tmp_path)
    (directory / LIST).write_text(json.dumps(listed))
    with pytest.raises(BundleError):
        load(directory)


def test_a_kept_bundle_that_was_exchanged_is_refused(tmp_path: Path) -> None:
    directory = saved(tmp_path)
    [kept] = (directory / FOLDER).iterdir()
    kept.write_bytes(with_header(arguments=["run"]))
    with pytest.raises(BundleError, match="altered or damaged"):
        load(directory)


def test_nothing_is_written_under_a_name_of_the_bundle(tmp_path: Path) -> None:
    directory = saved(tmp_path)
    written = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}
    digest = merge(gather([EXAMPLE]), NOW).sources[0].bundle.digest
    assert written == {LIST, f"{FOLDER}/{digest}.zip"}


def test_a_pipe_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is no file"):
        gather([Path("/dev/zero")])
    with pytest.raises(BundleError, match="cannot be read"):
        gather([tmp_path / "nowhere.zip"])


def test_evidences_never_mix(tmp_path: Path) -> None:
    """A run on the chip and one in the interpreter are two columns, and no conflict."""
    on_chip = rewritten(
        copied(tmp_path), lambda event: crash(event) | {"cell": event["cell"].replace("@interpret", "@run")}
    )
    grid = grid_of(merge(gather([EXAMPLE, on_chip]), NOW))
    assert {finding.id.evidence for finding in grid.findings} == {Evidence.RUN, Evidence.INTERPRET, Evidence.COMPILE}
    assert [
        finding for finding in grid.findings if finding.conflict and finding.id.evidence is not Evidence.COMPILE
    ] == []
