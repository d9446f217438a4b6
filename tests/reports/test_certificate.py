"""The certificate as it is written: all evidence on it, on about one page, and no harm from what a record says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from backends.gate import load_scheme
from backends.pattern import parse_pattern
from backends.profile import Profile
from backends.waiver import Waiver
from matrix.outcome import Outcome
from matrix.run import Header
from matrix.validation.certificate import Certificate, certify, months_later, remedy
from matrix.validation.evidence import finals, gather, gather_timed
from matrix.validation.measures import Grounds
from matrix.validation.repeated import Repetitions
from matrix.validation.sources import Gathered, Sealed, Source
from matrix.validation.timing import speedup_of
from reports.certificate import (
    SCHEMA_FILE,
    certificate_document,
    headline,
    missing_lines,
    render_certificate,
    write_certificate,
)
from tests.matrix.validation.conftest import CHIP, CORE, OPERATORS, make_run
from tests.matrix.validation.test_levels import ROWS, RUN, TIME
from tests.matrix.validation.test_measures import soak
from tests.reports.conftest import HOSTILE

TODAY = date(2026, 11, 25)
SUM = "0123456789abcdef" * 4
HEADER = Header(
    "feed" * 16, 28, ("chip@run",), {"devices of chip": "A chip", "host": "secret"}, {"torch": "2.11"}, "2026-11-01"
)
SOURCE = Source("run", "lab", HEADER, 28, (Sealed("journal-001-run.jsonl", 9, SUM),))
WAIVERS = (
    Waiver("chip", (parse_pattern("mm"),), HOSTILE, "a plan", "an owner", "a committee", TODAY, date(2027, 5, 1)),
    Waiver("chip", (parse_pattern("wide"),), "old", "p", "o", "a", date(2026, 1, 1), date(2026, 5, 1)),
)
Make = Callable[..., Certificate]


@pytest.fixture
def make() -> Make:
    def certificate(
        outcomes: dict[str, Outcome],
        profile: Profile = CHIP,
        sources: tuple[Source, ...] = (SOURCE,),
        hours: float = 72,
        crashes: int = 0,
    ) -> Certificate:
        found = finals([make_run({**outcomes, **dict.fromkeys(TIME, Outcome.PASS)})], "chip")
        live = [waiver for waiver in WAIVERS if waiver.standing(TODAY) == "live"]
        grounds = Grounds(
            gather(CHIP, OPERATORS, CORE, found, live),
            gather_timed(CHIP, OPERATORS, CORE, found, speedup_of),
            dict.fromkeys(ROWS, Repetitions(1000, 0)),
            soak(hours, crashes),
            {"NVIDIA": dict.fromkeys(ROWS, True)},
        )
        gathered = Gathered(soak=soak(hours, crashes), sources=sources)
        return certify(load_scheme(), profile, grounds, gathered, waivers=WAIVERS, today=TODAY)

    return certificate


def everything(**changes: Outcome) -> dict[str, Outcome]:
    return {name: changes.get(name.partition(":")[2].partition("/")[0], Outcome.PASS) for name in RUN}


def test_the_highest_level_is_said_with_how_long_it_lasts(make: Make) -> None:
    found = make(everything())
    text = render_certificate(found)
    assert "**Platinum** (draft, not signed). 2026-11-25. Valid until 2027-11-25" in text
    assert "Missing for" not in text
    assert headline(found) == "chip: level Platinum, the highest"
    assert certificate_document(found)["missing"] == []


def test_the_evidence_is_listed_with_plan_stack_machine_date_counts_and_sums(make: Make) -> None:
    found = make(everything())
    text = render_certificate(found)
    for fact in ("lab", "feedfeedfeed", "torch 2.11", "A chip", "2026-11-01", SUM[:16], "28"):
        assert fact in text
    (source,) = json.loads(json.dumps(certificate_document(found)))["evidence"]
    assert source["journals"] == [{"file": "journal-001-run.jsonl", "bytes": 9, "sha256": SUM}]
    assert source["plan"] == HEADER.plan
    assert source["stack"] == {"torch": "2.11"}
    assert source["machine"] == {"devices of chip": "A chip"}, "a host's name is nobody's business"


def test_what_is_missing_comes_with_the_command_that_measures_it(make: Make) -> None:
    found = make(everything(), hours=3)
    assert found.level is not None
    assert (found.level.name, found.next.name if found.next else "") == ("Ready", "Verified")
    lines = missing_lines(found)
    assert [line.partition(":")[0] for line in lines] == ["stress", "no-leak"]
    assert "3.00 hours" in lines[0]
    assert lines[0].endswith("-> python -m matrix validate --profile chip --from DIR --hours 72")
    assert "## Missing for Verified" in render_certificate(found)


def test_every_measure_has_a_remedy_that_names_the_profile(make: Make) -> None:
    for standing in make({}, hours=0).standings:
        assert "--profile chip" in remedy(standing, CHIP), standing.gate.name
        assert "{" not in remedy(standing, CHIP)


def test_a_gate_that_failed_names_what_fails(make: Make) -> None:
    found = make(everything(wide=Outcome.WRONG))
    text = render_certificate(found)
    assert "`wide: WRONG in 1 of 1 judged cases`" in text, "of its typical ones"
    gate = next(
        gate for gate in json.loads(json.dumps(certificate_document(found)))["gates"] if gate["name"] == "everything"
    )
    assert (gate["answer"], gate["failing"]) == ("failed", ["wide: WRONG in 3 of 3 judged cases"])


def test_waivers_are_listed_whether_they_live_or_not(make: Make) -> None:
    found = make(everything(mm=Outcome.WRONG, wide=Outcome.WRONG))
    assert [(excuse.standing, excuse.cases) for excuse in found.excuses] == [("live", 5), ("expired", 0)]
    text = render_certificate(found)
    assert "live until 2027-05-01" in text
    assert "expired" in text
    core = next(each for each in found.standings if each.gate.name == "core-operators")
    assert core.answer.value == "passed"


def test_an_emulated_column_gets_no_level_and_is_told_why(make: Make) -> None:
    found = make(everything(), profile=replace(CHIP, evidence=("interpret",)))
    assert found.level is None
    assert "interpret only: that counts for no level" in headline(found)
    assert "**No level**" in render_certificate(found)
    assert certificate_document(found)["valid_until"] is None


def test_evidence_of_two_stacks_gets_no_level(make: Make) -> None:
    other = replace(SOURCE, place="elsewhere", header=replace(HEADER, stack={"torch": "2.12"}))
    assert make(everything(), sources=(SOURCE, replace(SOURCE, place="more"))).level is not None
    assert make(everything(), sources=(SOURCE, replace(other, counted=0))).level is not None
    found = make(everything(), sources=(SOURCE, other))
    assert found.level is None
    assert "2 different stacks" in found.obstacles[0]


def test_nothing_that_a_record_says_does_harm(make: Make) -> None:
    header = replace(
        HEADER, machine={"devices of chip": HOSTILE, HOSTILE: HOSTILE}, stack={HOSTILE: HOSTILE}, plan=HOSTILE
    )
    hostile = replace(SOURCE, place=HOSTILE, header=header, warnings=(HOSTILE,), files=(Sealed(HOSTILE, 1, SUM),))
    found = make(everything(), sources=(hostile, SOURCE), crashes=1)
    for text in (render_certificate(found), json.dumps(certificate_document(found), ensure_ascii=False)):
        assert "\x1b" not in text
        assert "\x07" not in text
    text = render_certificate(found)
    outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert "<img" not in outside
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {8}, "no cell has broken its table"


def test_it_is_about_a_page_however_much_fails(make: Make) -> None:
    many = make(dict.fromkeys(RUN, Outcome.WRONG), sources=(SOURCE,) * 100, hours=1, crashes=500)
    text = render_certificate(many)
    assert len(text.splitlines()) < 110
    assert "and 88 more sources" in text


def test_files_are_written_and_read_back(make: Make, tmp_path: Path) -> None:
    files = write_certificate(make(everything(), hours=1), tmp_path / "new")
    assert [path.name for path in files] == ["certificate.json", "certificate.md"]
    document = json.loads(files[0].read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert document["draft"] is True
    assert (document["level"], document["next"]) == ("Ready", "Verified")


def problems(certificate: Certificate) -> list[str]:
    schema = json.loads(SCHEMA_FILE.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(json.dumps(certificate_document(certificate)))
    return [
        f"{error.json_path}: {error.message}" for error in jsonschema.Draft202012Validator(schema).iter_errors(document)
    ]


def test_the_document_is_what_its_schema_says(make: Make) -> None:
    assert problems(make(everything())) == []
    assert problems(make({}, hours=0)) == []
    assert problems(make(everything(mm=Outcome.WRONG), crashes=2)) == []
    assert problems(make(everything(), profile=replace(CHIP, evidence=("interpret",)), sources=())) == []
    odd = replace(SOURCE, header=replace(HEADER, cells=-3, started=HOSTILE))
    assert problems(make(everything(), sources=(odd,))) == []


def test_a_certificate_lasts_a_year_to_the_day() -> None:
    assert months_later(date(2026, 11, 25), 12) == date(2027, 11, 25)
    assert months_later(date(2027, 8, 31), 6) == date(2028, 2, 29)
    assert months_later(date(2026, 12, 1), 1) == date(2027, 1, 1)
