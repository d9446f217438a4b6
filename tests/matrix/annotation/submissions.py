"""Submissions for tests: a right one over made data, and the same with one thing changed."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable, Mapping
from functools import cache

from matrix.annotation.checking import Checked, check_submission
from workloads.annotation.data_file import SampleId
from workloads.annotation.generating.making import make
from workloads.annotation.tasks import TASKS

TEST = 3
PLACE = "team.zip"


@cache
def labels() -> dict[int, dict[SampleId, str]]:
    return {number: dict(make(number, examples=2, test=TEST).labels) for number in TASKS}


def ids() -> dict[int, list[SampleId]]:
    return {number: list(own) for number, own in labels().items()}


def line(id_: object, prediction: object) -> bytes:
    return json.dumps({"test_sample_id": id_, "prediction": prediction}).encode()


def good() -> dict[str, bytes]:
    """The eight files of a submission that is right."""
    return {
        f"openseek-{number}.jsonl": b"".join(line(id_, label) + b"\n" for id_, label in own.items())
        for number, own in labels().items()
    }


def zipped(members: Mapping[str, bytes], *, link: str = "", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip as any program writes one."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = method
            entry.external_attr = ((stat.S_IFLNK if name == link else stat.S_IFREG) | 0o644) << 16
            archive.writestr(entry, data)
    return stream.getvalue()


def changed(name: str, change: Callable[[bytes], bytes]) -> bytes:
    members = good()
    members[name] = change(members[name])
    return zipped(members)


def check(data: bytes, *, compared: bool = True) -> Checked:
    return check_submission(data, PLACE, ids() if compared else None)


def texts(data: bytes) -> list[str]:
    """The problems as sentences, each of which can be printed anywhere."""
    found = [str(problem) for problem in check(data).problems]
    assert all(text.isprintable() and text.startswith(PLACE) for text in found), found
    return found
