"""The command `throughput`: what it judges, prints and returns, from recorded runs."""

from pathlib import Path

import pytest

from matrix.cli import main
from matrix.inference.integrity import own_digest
from matrix.result import Result
from matrix.run import Header
from matrix.runner.journal import Journal, write_header
from tests.matrix.track.test_standing import FACTS, honest

PROFILE = "cuda"


def recorded(folder: Path, profile: str = PROFILE, gain: float = 0.25) -> Path:
    """A directory with an honest run of the track's rows, as the runner leaves one."""
    folder.mkdir()
    journal = Journal(folder / "journal-001-run.jsonl", "run-1")
    journal.write("run", write_header(Header(plan="0" * 64, cells=5, arguments=("run",))))
    facts = {name: own_digest() if name.startswith("measured by") else text for name, text in FACTS.items()}
    for result in honest(gain, facts=facts).values():
        own = {} if result.cell.startswith("chip:accuracy") else {"facts": facts}
        cell = result.cell.replace("chip:", f"{profile}:")
        journal.result(Result(**{**vars(result), **own, "cell": cell}))
    return folder


def test_a_recorded_run_is_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["throughput", "--profile", PROFILE, "--from", str(recorded(tmp_path / "run"))])
    said = capsys.readouterr().out
    assert code == 0, said
    assert "gain, mean of 3: +25.00 % (+24.50 to +25.50)" in said
    assert said.splitlines()[-1] == "SCORE 0.1750 = 0.7 x 0.2500 gain + 0.3 x 0 further chips"


def test_a_further_chip_is_read_from_its_own_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine, other = recorded(tmp_path / "run"), recorded(tmp_path / "other", "rocm", 0.1)
    assert main(["throughput", "--profile", PROFILE, "--from", str(mine), "--further", str(other)]) == 0
    assert "SCORE 0.4750" in capsys.readouterr().out


def test_a_refusal_is_an_exit_code_and_a_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slower = recorded(tmp_path / "run", gain=-0.2)
    assert main(["throughput", "--profile", PROFILE, "--from", str(slower), "--rules", "season-2"]) == 1
    said = capsys.readouterr().out
    assert "REFUSED: throughput is 0.800 of the baseline's; at least 0.99 is due" in said
    assert "NO SCORE" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rules", "season-9"], "no rules are named"),
        (["--setting", "transformers-qwen3-4b-0"], "no result has the setting 'transformers-qwen3-4b-0'"),
        (["--practice"], "no result of"),
    ],
)
def test_what_cannot_be_followed_is_one_sentence(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = recorded(tmp_path / "run")
    assert main(["throughput", "--profile", PROFILE, "--from", str(run), *arguments]) == 2
    assert said in capsys.readouterr().err
