"""A submission is checked as a stranger's: every problem at once, with file and line, and nothing makes the checker stumble."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matrix.annotation import archive, checking
from tests.matrix.annotation.submissions import changed, check, good, ids, labels, line, texts, zipped
from workloads.annotation.tasks import TASKS

ONE = "openseek-1.jsonl"


def test_a_right_submission_has_no_problem() -> None:
    checked = check(zipped(good()))
    assert checked.problems == ()
    assert {number: dict(each.found) for number, each in checked.predictions.items()} == labels()


def test_a_name_may_go_on_after_the_number() -> None:
    members = {name.replace(".jsonl", "_closest-v2.jsonl"): data for name, data in good().items()}
    assert texts(zipped(members)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: b"\xef\xbb\xbf" + data, f"{ONE}:1: begins with a byte order mark (BOM)"),
        (lambda data: data.decode().encode("utf-16"), f"{ONE}:1: is UTF-16"),
        (lambda data: data + b'{"test_sample_id": "\xff", "prediction": "1"}\n', f"{ONE}:4: is not UTF-8"),
        (lambda data: b"[" + data.replace(b"\n", b",\n")[:-2] + b"]", f"{ONE}:1: is one JSON value over many lines"),
        (lambda data: json.dumps(json.loads(data.split(b"\n")[0]), indent=1).encode(), f"{ONE}:1: is one JSON value"),
        (lambda data: data.replace(b"\n", b"\n\n", 1), f"{ONE}:2: is an empty line"),
        (lambda data: data + data.split(b"\n")[0] + b"\n", f"{ONE}:4: test_sample_id 'openseek-1-test-0' is that of line 1"),
        (lambda data: data.split(b"\n", 1)[1], f"{ONE}: has no prediction for 'openseek-1-test-0'"),
        (lambda data: data + line("other", "1") + b"\n", f"{ONE}:4: test_sample_id 'other' is unknown"),
        (lambda data: data + line(None, "1"), f"{ONE}:4: test_sample_id is None"),
        (lambda data: data + line("x", None), f"{ONE}:4: prediction is null"),
        (lambda data: data + line("x", 3), f"{ONE}:4: prediction is 3, no text"),
        (lambda data: data + line("x", "3</label>"), f"{ONE}:4: prediction holds a residue of markup, '</label>'"),
        (lambda data: data + line("x", "<think>"), "holds a residue of markup, '<think>'"),
        (lambda data: data + line("x", "```\n3\n```"), "holds a residue of markup"),
        (lambda data: data + line("x", "3" * 41), f"{ONE}:4: prediction has 41 characters"),
        (lambda data: data + line("x", "three"), f"{ONE}:4: prediction is not one integer"),
        (lambda data: data + b'{"test_sample_id": "x"}', f"{ONE}:4: has no prediction"),
        (lambda data: data + b'{"test_sample_id": "x", "prediction": "1", "id": 2}', f"{ONE}:4: has the unknown key 'id'"),
        (lambda data: data + b'{"prediction": "1", "prediction": "2"}', "the key 'prediction' twice"),
        (lambda data: data + b"not json", f"{ONE}:4: is no JSON"),
        (lambda data: data + b"7", f"{ONE}:4: is no JSON object"),
        (lambda data: data + b'{"test_sample_id": NaN, "prediction": "1"}', f"{ONE}:4: holds NaN"),
        (lambda data: b"", f"{ONE}: has no prediction for 'openseek-1-test-0'"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_said_with_its_line(change: Callable[[bytes], bytes], said: str) -> None:
    assert any(said in text for text in texts(changed(ONE, change))), texts(changed(ONE, change))


def test_an_id_of_another_type_is_pointed_out() -> None:
    found = checking.read_predictions(line(1, "3"), "x", TASKS[1], ["1"])
    assert "the data has it as '1'" in str(found.problems[0])


def test_problems_of_all_files_come_at_once() -> None:
    members = good()
    del members["openseek-3.jsonl"]
    members[ONE] = b"\xef\xbb\xbf" + members[ONE].replace(b'"prediction": "', b'"prediction": "</label>', 1)
    members["openseek-5.jsonl"] = members["openseek-5.jsonl"].replace(b"ad", b"AD")
    members["readme.txt"] = b"hello"
    text = "\n".join(texts(zipped(members)))
    for said in (
        "readme.txt",
        "no readable file of task 3",
        "BOM",
        "</label>",
        "openseek-5.jsonl:3: prediction is not one of",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"../openseek-1.jsonl": b"x"}, "leads out of the archive"),
        ({"/openseek-1.jsonl": b"x"}, "leads out of the archive"),
        ({"C:openseek-1.jsonl": b"x"}, "leads out of the archive"),
        ({"out/openseek-1.jsonl": b"x"}, "lies in a folder"),
        ({"out/": b""}, "is a folder"),
        ({"openseek-1.json": b"[]"}, "is named .json"),
        ({"openseek-9.jsonl": b""}, "is no file of a submission"),
        ({"openseek-12.jsonl": b""}, "is no file of a submission"),
        ({"openseek-1.jsonl": b"", "openseek-1b.jsonl": b""}, "is a second file of task 1"),
        ({"openseek-1\u202e.jsonl": b""}, "characters that no file name has"),
    ],
)
def test_members_that_are_no_files_of_a_submission(members: dict[str, bytes], said: str) -> None:
    assert any(said in text for text in texts(zipped(members)))


def test_a_link_is_refused() -> None:
    assert any("is a link" in text for text in texts(zipped(good(), link=ONE)))


def test_a_bomb_is_not_unpacked() -> None:
    data = changed(ONE, lambda _: b"\0" * (64 * 1024 * 1024 + 1))
    assert any("unpacks to 67108865 bytes" in text for text in texts(data))
    ratio = changed(ONE, lambda _: b"\0" * (8 * 1024 * 1024))
    assert any("times its packed size" in text for text in texts(ratio))


def test_too_many_members_and_too_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert any("lists 65 members" in text for text in texts(zipped({f"{i}.txt": b"" for i in range(65)})))
    monkeypatch.setattr(archive, "TOTAL_BYTES", 100)
    assert any("unpacks to more than 100 bytes" in text for text in texts(zipped(good())))
    monkeypatch.setattr(archive, "ZIP_BYTES", 100)
    assert any("at most 100 are allowed" in text for text in texts(zipped(good())))


def test_overlapping_members_are_refused() -> None:
    data = bytearray(zipped(good(), method=zipfile.ZIP_STORED))
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    data[second + 42 : second + 46] = (10).to_bytes(4, "little")
    assert any("lies on top of another member" in text for text in texts(bytes(data)))


def test_an_encrypted_and_a_damaged_member() -> None:
    data = bytearray(zipped(good()))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    assert any("is encrypted" in text for text in texts(bytes(data)))
    data = bytearray(zipped(good()))
    data[60] ^= 0xFF
    assert any("is damaged" in text for text in texts(bytes(data)))


def test_what_is_no_zip() -> None:
    assert any("is no zip archive" in text for text in texts(b"hello"))


def test_a_flood_of_problems_is_counted() -> None:
    flood = b"".join(b"x\n" for _ in range(1500))
    found = texts(changed(ONE, lambda _: flood))
    assert any("has 503 problems more" in text for text in found)
    assert len(found) < 1010


def test_without_data_ids_are_counted_only() -> None:
    checked = check(zipped(good()), compared=False)
    assert not checked.compared
    assert len(checked.problems) == 8
    assert "openseek-1 has 500 test samples; name the data to see which" in str(checked.problems[0])


LINES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.builds(
            line, st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(ids()[1]), st.none() | st.text()
        ),
    ),
    max_size=6,
)


@given(LINES)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_no_file_makes_the_checker_stumble_and_none_is_right_by_chance(lines: list[bytes]) -> None:
    """What is accepted has exactly the ids of the data, each with a text of the task's form."""
    data = b"\n".join(lines)
    found = checking.read_predictions(data, ONE, TASKS[1], ids()[1])
    for problem in found.all_problems:
        assert str(problem).isprintable()
    if not found.problems:
        assert set(found.found) == set(ids()[1])


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_no_damage_makes_the_archive_reader_stumble(data: st.DataObject) -> None:
    whole = bytearray(zipped(good()))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    for archive_ in (bytes(whole), bytes(whole[:cut])):
        for problem in check(archive_).problems:
            assert str(problem)
