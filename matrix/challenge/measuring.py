"""What is measured of an entry besides its cells: each in a child process, kept in the assessment as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from backends.profile import Profile
from matrix.challenge.assessment import Assessment
from matrix.challenge.checking import Checked, Complaint, Concern, check
from matrix.challenge.child import ask
from matrix.challenge.mutant import Fate, How, Judged, Kind, Mutant, MutationResult
from matrix.challenge.mutation import Budget, MutationError, Subject, judge_mutants
from matrix.challenge.schema import parse_schema
from matrix.challenge.scoring.completeness import Mutated
from matrix.challenge.style import Style, read_style
from matrix.challenge.traced import Traced
from matrix.challenge.watched import Watched
from matrix.usage import UsageError

CHECKED, TRACED, WATCHED, MUTATED = "checked", "traced", "watched", "mutated"
SECONDS, MEMORY_GIB = 600.0, 2.0
OUT_OF_TIME = "took more than its time"
Tell = Callable[[str], None]


def measure_check(assessment: Assessment, profile: Profile, tell: Tell) -> Checked:
    """What `challenge check` finds."""
    if assessment.measured(CHECKED) is None:
        tell("checking the entry")
        found = check(assessment.entry.folder, profile)
        told = [[complaint.concern, complaint.place, complaint.text] for complaint in found.complaints]
        assessment.keep(CHECKED, {"complaints": told, "missing": list(found.missing), "tests": found.tests})
    return checked_of(assessment)


def measure_rest(assessment: Assessment, profile: Profile, workers: int, tell: Tell) -> None:
    """Call the entry under watch, run its tests, and judge mutants by them; what is there already is not measured again."""
    entry = assessment.entry
    request = {"profile": profile.name, "folder": str(entry.folder), "memory_gib": MEMORY_GIB}
    if assessment.measured(WATCHED) is None:
        tell("watching what it calls")
        _ask(assessment, WATCHED, "matrix.challenge.dispatching", request, profile)
    if assessment.measured(TRACED) is None:
        tell("looking at its tests")
        request |= {"task": entry.task.name, "addresses": entry.functions}
        _ask(assessment, TRACED, "matrix.challenge.tracing", request, profile)
    if assessment.measured(MUTATED) is None:
        assessment.keep(MUTATED, _mutants(assessment, profile, workers, tell))


def _ask(assessment: Assessment, name: str, worker: str, request: Mapping[str, Any], profile: Profile) -> None:
    told = ask(worker, request, profile, SECONDS, assessment.entry.folder)
    assessment.keep(name, {"lines": list(told.lines), "ending": told.ending})


def _mutants(assessment: Assessment, profile: Profile, workers: int, tell: Tell) -> dict[str, Any]:
    if not assessment.mutants:
        return {"why": "mutants were not asked for", "fault": False}
    tell(f"judging its tests by up to {assessment.mutants} mutants")
    entry = assessment.entry
    subject = Subject(
        name=assessment.origin,
        task=entry.task,
        files=entry.files,
        root=entry.folder,
        own=len(entry.files),
        functions=entry.functions,
        tests=entry.folder,
    )
    budget = Budget(workers=workers, in_all=SECONDS, most=assessment.mutants)
    try:
        found = judge_mutants(subject, profile, budget)
    except MutationError as error:
        return {"why": str(error), "fault": OUT_OF_TIME not in str(error)}
    return {"result": asdict(found)}


def checked_of(assessment: Assessment) -> Checked:
    """What the check found, as it was kept."""
    told = _kept(assessment, CHECKED)
    try:
        complaints = tuple(Complaint(Concern(concern), place, text) for concern, place, text in told["complaints"])
        missing = tuple(map(str, told["missing"]))
        return Checked(assessment.entry.folder, assessment.entry, complaints, missing, int(told["tests"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(assessment, CHECKED, error) from None


def traced_of(assessment: Assessment) -> Traced | None:
    told = assessment.measured(TRACED)
    try:
        return None if told is None else Traced.of(told["lines"], str(told["ending"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _broken(assessment, TRACED, error) from None


def watched_of(assessment: Assessment) -> Watched | None:
    told = assessment.measured(WATCHED)
    try:
        return None if told is None else Watched.of(told["lines"], str(told["ending"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _broken(assessment, WATCHED, error) from None


def mutated_of(assessment: Assessment) -> Mutated:
    told = assessment.measured(MUTATED)
    if told is None:
        return Mutated(None, "mutants were not judged")
    try:
        if "result" in told:
            return Mutated(_result(told["result"]))
        return Mutated(None, str(told["why"]), told["fault"] is True)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _broken(assessment, MUTATED, error) from None


def style_of(assessment: Assessment) -> Style:
    """How its files read: by their text alone, so nothing is kept."""
    entry = assessment.entry
    texts = [row.schema or "" for row in entry.task.rows.values()]
    given = {parameter.name for text in texts for parameter in parse_schema(text).parameters}
    return read_style([path for path in entry.files if path.is_file()], entry.tests, given)


def _result(told: Mapping[str, Any]) -> MutationResult:
    judged = tuple(
        Judged(
            Mutant(**{**each["mutant"], "kind": Kind(each["mutant"]["kind"])}),
            Fate(each["fate"]),
            each["by"],
            How(each["how"]) if each["how"] else None,
            each["detail"],
        )
        for each in told["judged"]
    )
    return MutationResult(**{**told, "judged": judged, "left_out": tuple(told["left_out"]), "wrongly_read": ()})


def _kept(assessment: Assessment, name: str) -> Mapping[str, Any]:
    told = assessment.measured(name)
    if told is None:
        raise UsageError(f"{assessment.directory}: {name} was not measured; go on by challenge judge, with --out")
    return told


def _broken(assessment: Assessment, name: str, error: Exception) -> UsageError:
    return UsageError(
        f"{assessment.directory}: what {name} holds was not measured so ({error!r}); judge the entry again"
    )
