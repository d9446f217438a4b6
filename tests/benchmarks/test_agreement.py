"""What counts as agreement of two columns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import agreement

CALLS = {"a": "T[3]", "b": "T[3]", "c": "T[3]", "d": "T[3]"}


def write(path: Path, column: str, outcomes: dict[str, str], calls: dict[str, str]) -> Path:
    cells = [
        {"id": f"{column}:{row}@run", "profile": column, "evidence": "run", "outcome": outcome, "detail": ""}
        | {"call": calls[row]}
        for row, outcome in outcomes.items()
    ]
    path.write_text(json.dumps({"cells": cells}))
    return path


def test_rows_that_were_not_judged_or_were_another_call_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = write(tmp_path / "one.json", "x", {"a": "PASS", "b": "WRONG", "c": "PASS", "d": "PASS"}, CALLS)
    outcomes = {"a": "PASS", "b": "ERROR", "c": "NOT_RUN", "d": "WRONG"}
    other = write(tmp_path / "other.json", "y", outcomes, CALLS | {"d": "T[4]"})
    monkeypatch.setattr("sys.argv", ["agreement", str(one), str(other)])
    agreement.main()
    told = capsys.readouterr().out
    assert "2 cases judged by both: 1 pass in both, 1 fail in both" in told
    assert "agreement 100.0 %" in told
