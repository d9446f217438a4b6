"""The official format: read strictly, all problems at once, with places; written back as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workloads.annotation import data_file
from workloads.annotation.data_file import read_data, read_task_file, write_task_file
from workloads.annotation.problem import AnnotationError

GOOD: dict[str, Any] = {
    "task_id": "openseek-1",
    "task_name": "closest_integers",
    "Definition": ["Find it."],
    "examples": [{"id": "a", "input": "[1, 2]", "output": ["1"]}, {"id": 7, "input": "[3, 5]", "output": ["2"]}],
    "test_samples": [{"id": "b", "input": "[4, 9]"}],
    "License": "unknown",
}


def bytes_of(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def problems(data: bytes) -> list[str]:
    with pytest.raises(AnnotationError) as caught:
        read_task_file(data, "task.json")
    assert all(str(problem).isprintable() for problem in caught.value.problems)
    return [str(problem) for problem in caught.value.problems]


def test_a_file_is_read_and_written_back() -> None:
    file = read_task_file(bytes_of(), "task.json")
    assert (file.task.number, file.definition, file.licence) == (1, "Find it.", "unknown")
    assert [(each.id, each.input, each.output) for each in file.examples] == [("a", "[1, 2]", "1"), (7, "[3, 5]", "2")]
    assert read_task_file(write_task_file(file), "again") == file
    assert write_task_file(file) == write_task_file(read_task_file(write_task_file(file), "again"))


def test_the_other_spelling_of_the_last_task_is_taken() -> None:
    assert read_task_file(bytes_of(task_id="openseek-8", task_name="kernel_genernation"), "x").task.number == 8


def test_all_problems_come_at_once_each_with_its_place() -> None:
    found = problems(
        bytes_of(
            task_id="openseek-9",
            Definition="one",
            examples=[
                {"id": "a", "input": 3, "output": ["1", "2"]},
                {"id": "a", "input": "x", "output": ["y"], "more": 1},
            ],
            test_samples=[{"id": None, "input": ""}, 5],
            extra=1,
        )
    )
    text = "\n".join(found)
    for said in (
        "task.json: task_id: is 'openseek-9'",
        "task.json: Definition: is 'one'",
        "task.json: examples[0].input: is 3",
        "task.json: examples[0].output: is ['1', '2']",
        "task.json: examples[1].'more': is an unknown key",
        "task.json: test_samples[0].id: is None",
        "task.json: test_samples[0].input: is empty",
        "task.json: test_samples[1]: is 5",
        "task.json: 'extra': is an unknown key",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xef\xbb\xbf" + bytes_of(), "byte order mark"),
        (json.dumps(GOOD).encode("utf-16"), "UTF-16"),
        (b'{"task_id": "\xff"}', "is not UTF-8 at byte 13"),
        (b"[1]", "is no JSON object"),
        (b'{"a": 1,\n"a": 2}', "has the key 'a' twice"),
        (b'{"a": NaN}', "holds NaN"),
        (b'{"a": 1e999}', "too large for a float"),
        (b"[" * 100_000, "nests"),
        (b'{"a":\n tru}', "task.json:2: is no JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too many digits"),
    ],
)
def test_what_is_no_json_of_ours_is_refused_in_one_sentence(data: bytes, said: str) -> None:
    [found] = problems(data)
    assert said in found


def test_an_id_that_is_there_twice_names_the_first() -> None:
    [found] = problems(bytes_of(test_samples=[{"id": 1, "input": "x"}, {"id": 1, "input": "y"}]))
    assert found.startswith("task.json: test_samples[1].id: 1 is that of test_samples[0] too")


def test_too_large_a_file_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_file, "FILE_BYTES", 10)
    [found] = problems(bytes_of())
    assert "at most 10 are allowed" in found


def test_a_folder_gives_every_task_and_all_problems_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes(bytes_of())
    (tmp_path / "two.json").write_bytes(bytes_of(task_id="openseek-2", task_name="count_nouns_verbs"))
    (tmp_path / "openseek-8.checks.json").write_text("no task")
    assert list(read_data(tmp_path)) == [1, 2]
    (tmp_path / "three.json").write_bytes(bytes_of())
    (tmp_path / "four.json").write_text("{")
    with pytest.raises(AnnotationError) as caught:
        read_data(tmp_path)
    text = str(caught.value)
    assert "four.json:1" in text
    assert "three.json: holds openseek-1, as one.json does" in text


def test_a_folder_without_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"holds no \*\.json"):
        read_data(tmp_path)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*GOOD, "id", "input", "output"]), inner),
        max_leaves=20,
    )
)
def test_no_json_makes_the_reader_stumble(value: Any) -> None:
    try:
        read_task_file(json.dumps(value).encode(), "x")
    except AnnotationError as error:
        assert str(error)  # noqa: PT017 - it may be taken, too
