"""Waivers: who may waive what, for how long, and what is refused."""

from datetime import date
from pathlib import Path

import pytest

from backends.reading import ReadingError
from backends.waiver import load_waivers

WAIVER = """
[[waiver]]
pattern = "sort[dtype=int64]"
reason = "ties come in another order"
plan = "a stable sort, in the next release"
owner = "compiler team"
approved_by = "committee"
granted = 2026-11-01
expires = {expires}
"""


def read(folder: Path, text: str) -> str:
    (folder / "chip.toml").write_text(text)
    with pytest.raises(ReadingError) as refused:
        load_waivers("chip", folder)
    return str(refused.value)


def test_a_waiver_is_read_with_everything_that_a_certificate_lists(tmp_path: Path) -> None:
    (tmp_path / "chip.toml").write_text(WAIVER.format(expires="2027-05-04"))
    (waiver,) = load_waivers("chip", tmp_path)
    assert (waiver.reason, waiver.owner) == ("ties come in another order", "compiler team")
    assert (waiver.plan, waiver.approved_by) == ("a stable sort, in the next release", "committee")
    assert (waiver.granted, waiver.expires) == (date(2026, 11, 1), date(2027, 5, 4))
    assert waiver.matches("chip:sort/flag_gems[dtype=int64,sample=typical-0]@run")
    assert not waiver.matches("chip:sort/flag_gems[dtype=int32,sample=typical-0]@run")
    assert not waiver.matches("other:sort/flag_gems[dtype=int64,sample=typical-0]@run")


def test_a_waiver_is_live_from_the_day_it_was_granted_to_the_day_it_expires(tmp_path: Path) -> None:
    (tmp_path / "chip.toml").write_text(WAIVER.format(expires="2027-05-04"))
    (waiver,) = load_waivers("chip", tmp_path)
    days = [date(2026, 10, 31), date(2026, 11, 1), date(2027, 5, 4), date(2027, 5, 5)]
    assert [waiver.standing(day) for day in days] == ["not yet granted", "live", "live", "expired"]


def test_six_months_are_the_longest(tmp_path: Path) -> None:
    assert "expires: found 2027-05-05; allowed is a day up to 2027-05-04" in read(
        tmp_path, WAIVER.format(expires="2027-05-05")
    )


def test_a_waiver_ends_after_it_began(tmp_path: Path) -> None:
    assert "a day from 2026-11-01 on" in read(tmp_path, WAIVER.format(expires="2026-10-31"))


@pytest.mark.parametrize("key", ["reason", "plan", "owner", "approved_by", "granted", "expires", "pattern"])
def test_nothing_may_be_left_out(tmp_path: Path, key: str) -> None:
    lines = WAIVER.format(expires="2027-05-04").splitlines()
    said = read(tmp_path, "\n".join(line for line in lines if not line.startswith(f"{key} ")))
    assert f"waiver[0].{key}: found nothing" in said


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    said = read(tmp_path, WAIVER.format(expires="2028-01-01").replace("sort[", "sort[[").replace("plan", "plans"))
    assert len(said.splitlines()) == 4, said


def test_a_profile_without_a_file_has_no_waivers(tmp_path: Path) -> None:
    assert load_waivers("chip", tmp_path) == ()


def test_the_shipped_waivers_read() -> None:
    from backends.waiver import FOLDER

    for path in FOLDER.glob("*.toml"):
        assert load_waivers(path.stem)
