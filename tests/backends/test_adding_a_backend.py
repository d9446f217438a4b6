"""docs/adding-a-backend.md says what the reader reads, its examples work, and a chip takes no Python."""

import re
from pathlib import Path

import pytest

from backends.availability import can_run
from backends.expectation import load_expectations
from backends.machine import Machine
from backends.profiles import load_profiles, read_profile, select_profiles
from backends.reading import Table
from matrix.columns import Column
from matrix.outcome import Evidence, Outcome
from matrix.plan import Selection, plan
from operators.operator import Operator, Sample

DOCUMENT = (Path(__file__).parents[2] / "docs" / "adding-a-backend.md").read_text(encoding="utf-8")
# Every table that a profile may have.
WHOLE = """
[emulation]
vendor = "newchip"
[emulation.stand_ins.torch_ncu]
device_count = 1
[emulation.device_functions]
fast_tanh = "tanh"
[emulation.generated_configurations.mm]
BLOCK_M = 32
[emulation.language_arguments]
load = ["care_padding"]
[emulation.target]
backend = "cuda"
source = "a guide"
[emulation.target.properties]
cores = 40
[limits]
"""


def example(first_line: str) -> str:
    """The block of the document that begins a line with this."""
    blocks = re.findall(r"^ *```toml\n(.*?)^ *```", DOCUMENT, re.MULTILINE | re.DOTALL)
    (block,) = [re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in blocks if first_line in block]
    return block


def write_chip(tmp_path: Path, more: str = "") -> Path:
    path = tmp_path / "newchip.toml"
    path.write_text(example('name = "newchip"') + more)
    return path


def documented(heading: str) -> set[str]:
    section = DOCUMENT.split(f"## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([\w.*]+)` \|", section, re.MULTILINE))


def keys_read(monkeypatch: pytest.MonkeyPatch, path: Path) -> set[str]:
    """Every key that the reader asks a file for."""
    tables: list[Table] = []
    build = Table.__init__

    def note(table: Table, *arguments: object, **named: object) -> None:
        build(table, *arguments, **named)  # type: ignore[arg-type]
        tables.append(table)

    monkeypatch.setattr(Table, "__init__", note)
    read_profile(path)
    return {f"{table.key}.{key}".lstrip(".") for table in tables for key in table.asked} - {
        table.key for table in tables
    }


def test_every_key_is_documented_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = keys_read(monkeypatch, write_chip(tmp_path, WHOLE))
    below = "stand_ins|device_functions|generated_configurations|language_arguments|target\\.properties"
    chosen = rf"^(environment|emulation\.(?:{below}))\..+"
    read = {re.sub(chosen, r"\1.*", key) for key in read}
    assert documented("Every key") == read


def test_every_key_of_an_expectation_is_documented() -> None:
    keys = re.findall(r"^(\w+) = ", example("[[expect]]"), re.MULTILINE)
    assert documented("Say what is known to fail") == set(keys)


def test_the_expectation_of_the_document_is_read(tmp_path: Path) -> None:
    (tmp_path / "newchip.toml").write_text(example("[[expect]]"))
    (item,) = load_expectations("newchip", tmp_path)
    assert item.matches("newchip:one_hot/flag_gems[dtype=int64,sample=empty-0]@interpret")


def test_a_chip_takes_one_file_and_no_python(tmp_path: Path) -> None:
    """Read, selected, probed, planned: and its cells say why they are not run."""
    path = write_chip(tmp_path)
    assert "newchip" in load_profiles([path])
    (profile,) = select_profiles([str(path)])
    able, why = can_run(profile, Machine("here", "Linux", "x86_64", "cpu", 2, 8.0, "CPython 3.11.7"))
    assert not able
    assert why.startswith("no device: `nc-smi` is not on the PATH and module torch_ncu is not installed; run on")
    samples = (Sample("typical-0", "T[2]"),)
    operator = Operator(
        *("neg", "neg", "pointwise", {"flag_gems": "aten"}, "aten", "float64", ("float32", "float64"), samples)
    )
    column = Column(profile, Evidence.RUN)
    planned = plan(Selection("full"), [column], {"neg": operator}, [], {column: why})
    assert [cell.evidence for cell in planned.cells] == [Evidence.RUN, Evidence.RUN]
    presets = [planned.presets[identity] for identity in planned.ids]
    assert [preset.outcome for preset in presets] == [Outcome.NOT_RUN, Outcome.UNSUPPORTED]
    assert presets[0].reason == why
