"""What compiling came to is remembered for as long as everything is the same, and only what would come again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from backends.profile import Emulation, Profile, Target
from matrix.cell import Cell
from matrix.outcome import Evidence, Outcome, Phase
from matrix.remembered import Memory, cell_digest, is_certain
from matrix.result import Compiled, Result
from matrix.run import Header, Run
from operators.case import Case
from operators.operator import Operator, Sample

PROFILE = Profile("chip", "A chip", "nobody", "cpu", "CPU", ("compile",), emulation=Emulation("nobody"))
KERNEL = Compiled("add", "add.py", {"BLOCK": "16"}, 4096, 0, 20, 0, 0.5)


def cell(call: str = "T[5]", profile: Profile = PROFILE, evidence: Evidence = Evidence.COMPILE) -> Cell:
    sample = Sample("typical-0", call)
    operator = Operator("add", "add", "check", {"fake": "json:dumps"}, "aten", "exact", ("float32",), (sample,))
    return Cell(profile, Case(operator, "fake", "float32", sample), evidence)


def run(*results: Result) -> Run:
    return Run(Header(), {results[0].cell: results})


def passed(of: Cell, **facts: object) -> Result:
    made = Result(str(of.id), Outcome.PASS, Phase.COMPILE, seconds=0.5, compiled=(KERNEL,))
    return replace(made, **facts)  # type: ignore[arg-type]


def test_what_was_found_is_recalled_and_says_so(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.keep([cell()], run(passed(cell())))
    (recalled,) = memory.recall([cell()])
    assert recalled.remembered
    assert replace(recalled, remembered=None) == passed(cell())


def test_another_input_is_not_the_same(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.keep([cell()], run(passed(cell())))
    larger = replace(PROFILE, emulation=Emulation("nobody", target=Target(shared_memory=1024)))
    heard = replace(PROFILE, environment={"GEMS_VENDOR": "other"})
    assert memory.recall([cell("T[6]"), cell(profile=larger), cell(profile=heard)]) == []
    assert memory.recall([cell(evidence=Evidence.INTERPRET)]) == []


def test_a_source_file_that_changed_is_another_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matrix import remembered

    before = cell_digest(cell())
    (tmp_path / "matrix").mkdir()
    (tmp_path / "matrix" / "new.py").write_text("pass")
    monkeypatch.setattr(remembered, "ROOT", tmp_path)
    remembered._surroundings.cache_clear()
    try:
        assert cell_digest(cell()) != before
    finally:
        monkeypatch.undo()
        remembered._surroundings.cache_clear()


def test_a_compiler_s_variable_is_another_input(monkeypatch: pytest.MonkeyPatch) -> None:
    from matrix import remembered

    before = cell_digest(cell())
    for name, same in {"TRITON_CACHE_DIR": True, "TRITON_DISABLE_LINE_INFO": False}.items():
        with monkeypatch.context() as patch:
            patch.setenv(name, "1")
            remembered._surroundings.cache_clear()
            assert (cell_digest(cell()) == before) is same, name
    remembered._surroundings.cache_clear()


@pytest.mark.parametrize(
    ("result", "certain"),
    [
        (Result("c", Outcome.UNCOMPILED, Phase.COMPILE, "wants 131072 B"), True),
        (Result("c", Outcome.UNDISPATCHED, Phase.COMPILE, "no kernel"), True),
        (Result("c", Outcome.ERROR, Phase.COMPILE, "ValueError: no such shape"), True),
        (Result("c", Outcome.INFRA, Phase.COMPILE, "emulation gap", gap="needs-result:item"), True),
        (Result("c", Outcome.ERROR, Phase.COMPILE, "OSError: no space left on device"), False),
        (Result("c", Outcome.ERROR, Phase.COMPILE, "FileNotFoundError: kernel.py"), False),
        (Result("c", Outcome.INFRA, Phase.COMPILE, "emulation gap", gap="compiler:OSError"), False),
        (Result("c", Outcome.INFRA, Phase.START, "a worker could not start"), False),
        (Result("c", Outcome.CRASH, Phase.COMPILE, "ended by SIGSEGV"), False),
        (Result("c", Outcome.TIMEOUT, Phase.COMPILE, "took longer than 300 s"), False),
        (Result("c", Outcome.OOM, Phase.COMPILE, "MemoryError"), False),
        (Result("c", Outcome.NOT_RUN, Phase.START, "interrupted"), False),
    ],
)
def test_only_what_would_come_again_is_kept(result: Result, certain: bool) -> None:
    assert is_certain(result) is certain


def test_attempts_that_disagree_are_not_kept(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    bad = Result(str(cell().id), Outcome.UNCOMPILED, Phase.COMPILE, "wants 131072 B")
    memory.keep([cell()], run(bad, passed(cell(), attempt=2)))
    assert memory.recall([cell()]) == []


def test_a_file_that_is_not_what_was_written_is_not_believed(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.keep([cell()], run(passed(cell())))
    (file,) = tmp_path.rglob("*.json")
    fields = json.loads(file.read_text())
    for text in ("", "[]", json.dumps({**fields, "cell": "another"}), json.dumps({**fields, "outcome": "GOOD"})):
        file.write_text(text)
        assert memory.recall([cell()]) == []
