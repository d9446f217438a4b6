"""Hostile entries, each judged by the real arena and caught with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

import matrix
from matrix.outcome import Outcome
from tests.matrix.challenge.arena.conftest import Judged

CAUGHT = {
    "last_result": (Outcome.WRONG, "replay", "memory of an earlier result"),
    "by_shape": (Outcome.WRONG, "replay", "it gave the answer to the first"),
    "by_pointer": (Outcome.WRONG, "replay", "it gave the answer to the first"),
    "late_thread": (Outcome.WRONG, "late", "number of threads"),
    "lazy": (Outcome.ERROR, "late", "a Lazy was returned"),
    "number_of_threads": (Outcome.ERROR, "environment", "get_num_threads() was 1 and became 2"),
    "seeds": (Outcome.ERROR, "environment", "initial_seed() was 0 and became 7"),
    "default_dtype": (Outcome.ERROR, "environment", "get_default_dtype"),
    "deterministic": (Outcome.ERROR, "environment", "are_deterministic_algorithms_enabled() was True and became False"),
    "fills_nothing": (Outcome.ERROR, "environment", "fill_uninitialized_memory"),
    "variable": (Outcome.ERROR, "environment", "TRITON_INTERPRET"),
    "writes_project": (Outcome.ERROR, "files", "wanted to write"),
    "socket": (Outcome.ERROR, "network", "socket."),
    "forks": (Outcome.ERROR, "processes", "os.fork"),
    "fork_bomb": (Outcome.ERROR, "processes", "os.fork"),
    "subprocess": (Outcome.ERROR, "processes", "subprocess.Popen"),
    "kills_parent": (Outcome.ERROR, "processes", "os.kill of another process"),
    "frames": (Outcome.ERROR, "inspection", "sys._getframe"),
    "objects": (Outcome.ERROR, "inspection", "gc.get_objects"),
    "memory": (Outcome.ERROR, "inspection", "ctypes."),
    "own_memory": (Outcome.ERROR, "inspection", "/proc/"),
    "torch_answers": (Outcome.UNDISPATCHED, "fall-back", "launched no kernel of its own"),
    "decoy": (Outcome.UNDISPATCHED, "fall-back", "aten::log10"),
    "patches_launches": (Outcome.UNDISPATCHED, "patched", "JITFunction.run was replaced"),
    "patches_torch": (Outcome.ERROR, "patched", "torch.allclose was replaced"),
    "patches_judge": (Outcome.ERROR, "patched", "matrix.judging.comparison.within was replaced"),
    "patches_code": (Outcome.ERROR, "patched", "__code__ of trespass"),
    "replaces_module": (Outcome.ERROR, "patched", "sys.modules['torch']"),
    "clock": (Outcome.ERROR, "timers", "time.perf_counter was replaced"),
    "event": (Outcome.ERROR, "timers", "torch.cuda.Event was replaced"),
    "says_gap": (Outcome.ERROR, "forged", "the suite speaks of its own faults"),
    "looks_like_a_gap": (Outcome.ERROR, "forged", "the suite speaks of its own faults"),
    "answers_itself": (Outcome.ERROR, "forged", "an answer that the judge's own code did not give"),
    "imports_variable": (Outcome.ERROR, "environment", "MATRIX_CACHE"),
    "imports_thread": (Outcome.ERROR, "late", "number of threads"),
    "imports_clock": (Outcome.ERROR, "timers", "time.monotonic was replaced"),
    "imports_path": (Outcome.ERROR, "environment", "sys.path"),
}


@pytest.mark.parametrize("name", CAUGHT)
def test_a_hostile_entry_is_caught_with_its_reason(judged: Judged, name: str) -> None:
    result = judged(name)
    outcome, kind, word = CAUGHT[name]
    assert (result.outcome, kind in {each.kind for each in result.tampering}) == (outcome, True), result
    assert result.detail.startswith("tampering: ")
    assert word in result.detail


def test_an_honest_entry_passes(judged: Judged) -> None:
    result = judged("honest")
    assert (result.outcome, result.detail, result.tampering) == (Outcome.PASS, "", ()), result
    assert [launch.kernel for launch in result.launches] == ["log10_kernel"]


def test_what_is_registered_for_the_end_says_nothing(judged: Judged) -> None:
    assert judged("imports_atexit").outcome is Outcome.PASS


def test_an_input_that_is_changed_is_wrong(judged: Judged) -> None:
    result = judged("mutates")
    assert result.outcome is Outcome.WRONG
    assert "argument 0 was changed" in result.detail


@pytest.mark.parametrize(
    ("name", "outcome", "word"),
    [
        ("exits", Outcome.CRASH, "exited with status 0 without a result"),
        ("crashes", Outcome.CRASH, "SIGSEGV"),
        ("hangs", Outcome.TIMEOUT, "did not finish within"),
        ("takes_memory", Outcome.OOM, "MemoryError"),
        ("imports_exit", Outcome.ERROR, "SystemExit"),
    ],
)
def test_an_entry_that_ends_its_process_is_charged_as_any_other(
    judged: Judged, name: str, outcome: Outcome, word: str
) -> None:
    result = judged(name, seconds=4.0 if outcome is Outcome.TIMEOUT else 20.0)
    assert result.outcome is outcome, result
    assert word in result.detail
    assert judged("honest").outcome is Outcome.PASS, "the next one has a child of its own"


def test_an_endless_print_does_not_fill_the_disk(judged: Judged) -> None:
    assert judged("floods", seconds=10.0).outcome in (Outcome.ERROR, Outcome.TIMEOUT)


@pytest.mark.parametrize("name", ["writes_elsewhere", "reads_elsewhere", "removes"])
def test_the_journal_and_the_answers_are_out_of_reach(judged: Judged, tmp_path: Path, name: str) -> None:
    kept = tmp_path / "run" / "journal-001-run.jsonl"
    kept.parent.mkdir()
    kept.write_text("{}\n")
    result = judged(name, kept)
    assert [each.kind for each in result.tampering] == ["files"]
    assert str(kept) in result.detail
    assert kept.read_text() == "{}\n"


def test_the_project_is_as_it_was(judged: Judged) -> None:
    judged("writes_project")
    assert not (Path(matrix.__file__).parent / "tampered").exists()


@pytest.mark.parametrize("module", ["torch", "triton", "time"])
def test_a_file_with_the_name_of_a_module_hides_none(judged: Judged, tmp_path: Path, module: str) -> None:
    """The entry's folder is the last on the path, and the file is named all the same."""
    ran = tmp_path / "ran"
    result = judged("honest", **{module: f"open({str(ran)!r}, 'w')\n"})
    assert [each.kind for each in result.tampering] == ["shadow"]
    assert result.outcome is Outcome.ERROR
    assert not ran.exists()
