"""Through the real runner: one warm child over the cells, and what ends it is charged to its cell alone."""

from __future__ import annotations

from pathlib import Path

from matrix.challenge.arena.spawning import PREFIX
from matrix.outcome import Outcome
from matrix.runner.controller import carry
from matrix.runner.journal import read_run
from matrix.runner.session import RunSettings
from tests.fakes.hostile import write_hostile
from tests.matrix.challenge.arena.conftest import cells_of

ARENA = "matrix.challenge.arena.entrance"
SETTINGS = RunSettings(judge=f"{ARENA}:judge", warm=f"{ARENA}:warm", probe=f"{ARENA}:probe", workers=1)


def test_a_run_of_an_entry_that_is_hostile_now_and_then(tmp_path: Path) -> None:
    journal = tmp_path / "run" / "journal-001-run.jsonl"
    folder = write_hostile(tmp_path / "entry", "now_and_then", journal)
    cells = [cells_of(folder, "challenge.log10", sample) for sample in ("typical-1", "typical-0", "one-0")]
    carry(cells, tmp_path / "run", SETTINGS, confirm=lambda _: False)
    run = read_run(tmp_path / "run")
    found = [run.results[str(cell.id)][-1] for cell in cells]
    assert [each.outcome for each in found] == [Outcome.PASS, Outcome.CRASH, Outcome.ERROR], found
    assert "exited with status 0 without a result" in found[1].detail
    assert '"outcome": "PASS"' in (found[1].output or "")  # printed, and believed by nobody
    assert [each.kind for each in found[2].tampering] == ["files"]
    assert str(journal) in found[2].detail
    assert {each.worker for each in found} == {found[0].worker}, "the worker lives on: only its child was ended"
    assert all(each.confined for each in (found[0], found[2]))
    assert not list(Path("/tmp").glob(f"{PREFIX}{(found[0].worker or '').rpartition('-')[2]}-*")), "scratch is removed"
