"""Making a card from an assessment: reads what is there, and gives each dimension what it is scored by. Nothing is run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from backends.profiles import load_profiles
from matrix.challenge.assessment import Assessment
from matrix.challenge.given import Given, judged_of, read_given
from matrix.challenge.measuring import checked_of, mutated_of, style_of, traced_of, watched_of
from matrix.challenge.rows import rows_of
from matrix.challenge.scoring.adaptability import score_adaptability
from matrix.challenge.scoring.card import Ground, Scorecard, Subject, hold
from matrix.challenge.scoring.cases import Judged, cases_of, share_right
from matrix.challenge.scoring.completeness import score_completeness
from matrix.challenge.scoring.correctness import score_correctness
from matrix.challenge.scoring.hardware import score_hardware
from matrix.challenge.scoring.performance import score_performance, timed_on
from matrix.challenge.scoring.readability import score_readability
from matrix.challenge.scoring.weights import Weights
from matrix.runner.journal import read_run
from operators.operator import TIMED, Operator

PRIVATE = ("host",)
FALL_BACK = "fall-back"
NOT_HELD = "nothing: it ran in the judge's own process"


def make_card(assessment: Assessment, weights: Weights, evidence: Sequence[Path]) -> Scorecard:
    """The card of an assessment. Raises UsageError for evidence that is of another entry, and for files that cannot be read."""
    entry, rows = assessment.entry, rows_of(assessment.entry, large=True)
    own = Given(assessment.directory.name, read_run(assessment.directory), own=True)
    givens = [own, *(each for path in evidence for each in read_given(path, assessment.digest))]
    cells = judged_of(givens, rows)
    main = entry.task.main.name
    cases = cases_of(rows, main, cells)
    right = share_right(cases, weights.correctness.policy)
    checked, style, watched = checked_of(assessment), style_of(assessment), watched_of(assessment)
    traced, mutated = traced_of(assessment), mutated_of(assessment)
    declared = {profile.name: profile.evidence for profile in load_profiles().values()}
    points, repeat = weights.points, assessment.repeat
    scores = [
        score_correctness(cases, weights.correctness, points["correctness"], repeat),
        score_performance(cells, expected_timings(rows), weights.performance, points["performance"], repeat),
        score_completeness(traced, mutated, right, weights.completeness, points["completeness"]),
        score_adaptability(checked, style, watched, weights.adaptability, points["adaptability"], repeat),
        score_hardware(cells, declared, weights.hardware, points["hardware"]),
        score_readability(style, weights.readability, points["readability"]),
    ]
    tampering = tampering_of(cells)
    return Scorecard(
        subject=_subject(assessment),
        weights=weights.name,
        scores=tuple(hold(scores, cases, weights.correctness.policy, weights.correct, tampering)),
        grounds=tuple(_ground(given, place, cells) for place, given in enumerate(givens)),
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        tampering=tampering,
        problems=checked.problems,
        missing=checked.missing,
        devices=timed_on(cells, weights.performance),
        remarks=tuple(warning for given in givens for warning in given.run.warnings),
    )


def expected_timings(rows: dict[str, Operator]) -> int:
    """How many calls of the task are timed."""
    return sum(
        len(sample.dtypes or row.dtypes) for row in rows.values() for sample in row.samples if sample.kind == TIMED
    )


def tampering_of(cells: Sequence[Judged]) -> tuple[str, ...]:
    """What the entry did to its judge, each kind once; a fall-back to torch is no attack, and is scored where it belongs."""
    found: dict[str, tuple[str, int]] = {}
    for cell in cells:
        for each in cell.result.tampering:
            if each.kind != FALL_BACK:
                first, number = found.get(each.kind, (f"{each} ({cell.id})", 0))
                found[each.kind] = first, number + 1
    return tuple(f"{first}; {number} findings of this kind" for first, number in found.values())


def _subject(assessment: Assessment) -> Subject:
    entry = assessment.entry
    return Subject(
        task=entry.task.name,
        tier=entry.task.tier,
        team=entry.team,
        licence=entry.licence,
        folder=assessment.origin,
        digest=assessment.digest,
        files=tuple(path.name for path in entry.files),
        tests=tuple(path.name for path in entry.tests),
    )


def _ground(given: Given, place: int, cells: Sequence[Judged]) -> Ground:
    header, own = given.run.header, [cell for cell in cells if cell.source == place]
    held = sorted({cell.result.confined or NOT_HELD for cell in own if cell.judged})
    return Ground(
        kind="own" if given.own else "given",
        name=given.name,
        started=header.started,
        columns=header.columns,
        counted=len(own),
        machine={name: text for name, text in header.machine.items() if name not in PRIVATE},
        stack=header.stack,
        held="; ".join(held),
    )
