"""`bundle`, `merge` and `report` as their user meets them."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from matrix.cli import main
from reports.document import SCHEMA_FILE
from tests.matrix.bundle.forging import EXAMPLE, copied, rewritten

ROOT = Path(__file__).parents[2]


def bundled(run: Path, path: Path, *more: str) -> Path:
    assert main(["bundle", str(run), "--out", str(path), *more]) == 0
    return path


def crashed(tmp_path: Path) -> Path:
    """A later run in which every cell crashed."""

    def crash(event: dict[str, object]) -> dict[str, object]:
        kept = {name: event[name] for name in ("event", "cell", "attempt")}
        return kept | {"outcome": "CRASH", "phase": "run", "detail": "SIGSEGV"}

    machine = {"host": "node-9", "devices of cuda": "ACME 9, ACME 9"}
    return rewritten(copied(tmp_path, "later", started="2026-11-26T08:00:00+00:00", machine=machine), crash)


def test_a_run_is_bundled_merged_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = bundled(EXAMPLE, tmp_path / "one.zip"), bundled(crashed(tmp_path), tmp_path / "two.zip", "--redact")
    said = capsys.readouterr().out
    assert "15 results of cpu-interpreter, sm_90" in said
    assert "not redacted" in said
    assert "redacted: 1 x fact" in said or "redacted: 2 x fact" in said
    out = tmp_path / "out"
    assert main(["merge", str(one), str(two), "--out", str(out)]) == 1
    table = capsys.readouterr().out
    assert "Conflicts: 15 cells  runs disagree, with the same evidence; the newest counts" in table
    assert "one.zip" in table
    assert "2 x ACME 9" in table
    assert "node-9" not in table
    document = json.loads((out / "matrix.json").read_text())
    assert {cell["outcome"] for cell in document["cells"]} == {"CRASH"}
    for name in ("matrix.md", "junit.xml", "matrix.html"):
        (out / name).unlink()
    assert main(["report", str(out)]) == 1
    assert json.loads((out / "matrix.json").read_text()) == document
    assert all((out / name).is_file() for name in ("matrix.md", "junit.xml", "matrix.html"))


def test_each_cell_of_a_merged_document_says_where_it_is_from(tmp_path: Path) -> None:
    one, two = bundled(EXAMPLE, tmp_path / "one.zip"), bundled(crashed(tmp_path), tmp_path / "two.zip")
    main(["merge", str(one), str(two), "--out", str(tmp_path / "out")])
    document = json.loads((tmp_path / "out" / "matrix.json").read_text())
    schema = json.loads(SCHEMA_FILE.read_text())
    assert [error.json_path for error in jsonschema.Draft202012Validator(schema).iter_errors(document)] == []
    assert [source["name"] for source in document["sources"]] == ["one.zip", "two.zip"]
    for cell in document["cells"]:
        assert cell["source"] == {
            "name": "two.zip",
            "digest": document["sources"][1]["sha256"][:12],
            "machine": "node-9, 2 x ACME 9",
            "stack": "default, torch 2.13.0+cpu, triton 3.7.1, flag_gems 5.0.2",
            "started": "2026-11-26T08:00:00.000+00:00",
            "redacted": False,
        }
        assert [(voice["name"], voice["outcome"]) for voice in cell["conflict"]] == [
            ("one.zip", "PASS"),
            ("two.zip", "CRASH"),
        ]
    assert [(item["evidence"], item["cases"]) for item in document["strongest"]] == [("interpret", 10)]


def test_a_run_of_this_machine_alone_has_no_sources(tmp_path: Path) -> None:
    directory = copied(tmp_path)
    assert main(["report", str(directory)]) == 0
    document = json.loads((directory / "matrix.json").read_text())
    assert not {"sources", "strongest"} & set(document)
    assert not any({"source", "conflict"} & set(cell) for cell in document["cells"])


def test_the_page_and_the_summary_say_where_cells_are_from(tmp_path: Path) -> None:
    out = tmp_path / "out"
    main(["merge", str(EXAMPLE), str(crashed(tmp_path)), "--out", str(out)])
    markdown, page = (out / "matrix.md").read_text(), (out / "matrix.html").read_text()
    assert "## Where this comes from" in markdown
    assert "`later`, `" in markdown
    assert "## Conflicts: 15 cells" in markdown
    assert "PASS by example" in markdown
    data = json.loads(page[page.index('type="application/json">') + 24 : page.rindex("</script>\n<script>")])
    assert [source[0] for source in data["sources"]] == ["example", "later"]
    notes = {note[0]: note for note in data["notes"]}
    assert notes["Conflicts"][3] == 15
    assert notes["Where this comes from"][3] == 2
    fact = data["facts"][
        data["layers"][0][2]["all"] if isinstance(data["layers"][0][2], dict) else data["layers"][0][2][0]
    ]
    assert fact[13] == 2
    assert data["strings"][fact[14]].startswith("PASS by example ")


def test_the_default_name_tells_the_day_and_nobody_s_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["bundle", str(EXAMPLE), "--redact"]) == 0
    [path] = tmp_path.iterdir()
    digest = capsys.readouterr().out.split("sha256 ")[1][:8]
    assert path.name == f"matrix-20261125-{digest}.bundle.zip"
    assert zipfile.is_zipfile(path)


def test_merged_matrices_can_be_merged_and_expectations_drafted_from_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["merge", str(EXAMPLE), "--out", str(tmp_path / "one")]) == 0
    assert main(["merge", str(tmp_path / "one"), str(crashed(tmp_path)), "--out", str(tmp_path / "two")]) == 1
    capsys.readouterr()
    assert main(["expect", "draft", str(tmp_path / "two")]) == 0
    assert 'outcome = "CRASH"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bundle", "{tmp}/nowhere"], "holds no run"),
        (["bundle", "{tmp}/merged"], "holds bundles already"),
        (["bundle", "{example}", "--out", "{tmp}/no/such/folder/x.zip"], "cannot be written"),
        (["merge", "{tmp}/text", "--out", "{tmp}/out"], "is no bundle, or its end is missing"),
        (["merge", "{tmp}/nowhere.zip", "--out", "{tmp}/out"], "cannot be read"),
        (["merge", "{example}", "--out", "{tmp}/merged"], "is not empty"),
        (["merge", "{example}", "--out", "{tmp}/text"], "is not empty"),
        (["run", "--resume", "{tmp}/merged"], "holds no run"),
    ],
)
def test_what_cannot_be_followed_is_one_sentence(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("no bundle")
    assert main(["merge", str(EXAMPLE), "--out", str(tmp_path / "merged")]) == 0
    capsys.readouterr()
    assert main([argument.format(tmp=tmp_path, example=EXAMPLE) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    bundled(EXAMPLE, tmp_path / "a.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_nothing_of_it_imports_torch(tmp_path: Path) -> None:
    """Evidence is read on machines that have no stack at all."""
    code = (
        "import sys; from matrix.cli import main; "
        f"main(['bundle', {str(EXAMPLE)!r}, '--out', {str(tmp_path / 'a.zip')!r}]); "
        f"main(['merge', {str(tmp_path / 'a.zip')!r}, '--out', {str(tmp_path / 'out')!r}]); "
        "sys.exit(str({'torch', 'triton', 'numpy'} & set(sys.modules) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (tmp_path / "out" / "matrix.json").is_file(), done.stderr
    assert done.stderr.strip() == ""
