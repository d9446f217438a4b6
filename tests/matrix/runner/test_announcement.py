"""What a worker announces can be read by others, outlives it, and cannot be spoiled by its children."""

from __future__ import annotations

import os
import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matrix.outcome import Phase
from matrix.runner.announcement import CARRYING, IDLE, STARTING, Announcement, read_announcement


def test_what_is_announced_is_read(tmp_path: Path) -> None:
    announcement = Announcement(tmp_path / "now")
    announcement.memory(1000, 2000)
    announcement.begin("profile:operator/é[dtype=float32]@run", 3)
    announcement.phase(Phase.REFERENCE)
    found = read_announcement(tmp_path / "now")
    assert found is not None
    assert (found.doing, found.cell, found.attempt) == (CARRYING, "profile:operator/é[dtype=float32]@run", 3)
    assert (found.phase, found.resident, found.data) == (Phase.REFERENCE, 1000, 2000)
    assert 0 <= found.seconds < 5
    assert announcement.current() is Phase.REFERENCE


def test_each_announcement_has_its_own_serial_and_time(tmp_path: Path) -> None:
    announcement = Announcement(tmp_path / "now")
    seen = []
    for act in (announcement.starting, lambda: announcement.begin("c", 1), announcement.end):
        act()
        time.sleep(0.001)
        seen.append(read_announcement(tmp_path / "now"))
    assert [each.doing for each in seen if each] == [STARTING, CARRYING, IDLE]
    assert [each.serial for each in seen if each] == [1, 2, 3]
    assert len({each.since for each in seen if each}) == 3


def test_a_short_id_leaves_nothing_of_a_longer_one(tmp_path: Path) -> None:
    announcement = Announcement(tmp_path / "now")
    announcement.begin("a long name", 1)
    announcement.begin("short", 1)
    found = read_announcement(tmp_path / "now")
    assert found is not None
    assert found.cell == "short"


def test_a_forked_child_names_no_phase(tmp_path: Path) -> None:
    announcement = Announcement(tmp_path / "now")
    announcement.begin("c", 1)
    announcement.phase(Phase.RUN)
    child = os.fork()
    if child == 0:
        announcement.phase(Phase.COMPARE)
        os._exit(0)
    os.waitpid(child, 0)
    assert announcement.current() is Phase.RUN


def test_nothing_announced_is_none(tmp_path: Path) -> None:
    assert read_announcement(tmp_path / "missing") is None
    Announcement(tmp_path / "now")
    assert read_announcement(tmp_path / "now") is None


@given(st.binary(max_size=80))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_breaks_the_reader(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "now"
    path.write_bytes(content)
    read_announcement(path)
