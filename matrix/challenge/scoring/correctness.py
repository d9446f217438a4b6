"""Functional correctness: the share of cases that are right, by family of case, under a tolerance policy that is named.

A case counts by its strongest evidence (`run` before `interpret`), and is right where all its cells of that evidence are. What
could not be judged (the emulation cannot do it, it was not run) is not measured, and loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matrix.challenge.scoring.cases import Case
from matrix.challenge.scoring.score import Exhibit, Loss, Part, Score, covered, divide, unmeasured
from matrix.challenge.scoring.weights import FAMILIES, POLICIES, Correctness
from matrix.outcome import Evidence, Outcome
from matrix.plain_text import one_line

NAME, TITLE = "correctness", "Functional correctness"
MEANING = {
    "typical": "typical calls",
    "edges": "edge cases",
    "forms": "in-place, out and other forms",
    "gradient": "gradients",
    "illegal": "illegal calls, which must raise",
}
MOST_LISTED = 200
Repeat = Callable[[str], str]


def score_correctness(cases: Sequence[Case], weights: Correctness, out_of: float, repeat: Repeat) -> Score:
    """`repeat` gives the command that repeats a cell, by its id."""
    if not any(case.judged for case in cases):
        why = next(
            (case.cells[0].result.detail for case in cases if case.cells), "no column was asked to judge answers"
        )
        return unmeasured(NAME, TITLE, out_of, one_line(why, 300) or "nothing was run")
    by_family = {name: [case for case in cases if case.family == name] for name in FAMILIES}
    present = {name: weights.families[name] for name, found in by_family.items() if found}
    points = divide(out_of, present)
    parts = [part for name in present for part in _parts(name, by_family[name], weights.policy, points[name], repeat)]
    exhibits = [_families(by_family), *_disagreements(cases, repeat), *_wrong(cases, weights.policy, repeat)]
    return Score(NAME, TITLE, out_of, tuple(parts), tuple(exhibits), _remarks(cases, weights))


def _parts(family: str, cases: Sequence[Case], policy: str, out_of: float, repeat: Repeat) -> list[Part]:
    judged = [case for case in cases if case.judged]
    right = sum(case.right(policy) for case in judged)
    note = f"{right} of {len(judged)} cases are right"
    left = [case for case in cases if not case.judged]
    why = f"{len(left)} of {len(cases)} cases were not judged"
    if left:
        why += f": {one_line(left[0].cells[0].result.detail, 200) or left[0].cells[0].result.outcome}"
    losses = _losses(judged, policy, repeat)
    return covered(MEANING[family], out_of, len(judged) / len(cases), losses, note, why)


def _losses(judged: Sequence[Case], policy: str, repeat: Repeat) -> list[Loss]:
    """One for each kind of case of a form and the way in which it failed."""
    groups: dict[tuple[str, str, str], list[Case]] = {}
    for case in judged:
        if not case.right(policy) and case.worst is not None:
            groups.setdefault((case.operator, case.sample.kind, _outcome(case, policy)), []).append(case)
    found = []
    for (operator, kind, outcome), cases in groups.items():
        worst = cases[0].worst
        assert worst is not None
        text = f"{len(cases)} {kind} case{'s' if len(cases) > 1 else ''} of {operator}: {outcome}"
        detail = one_line(worst.result.detail, 240)
        command = repeat(str(worst.id))
        found.append(Loss(f"{text}: {detail}" if detail else text, len(cases) / len(judged), command))
    return found


def _outcome(case: Case, policy: str) -> str:
    """What is wrong with a case that is not right under a policy."""
    if case.hollow:
        return "raises, as every legal call of this form does"
    worst = next((cell for cell in case.deciding if not cell.right), None)
    return str(worst.result.outcome) if worst is not None else f"outside the bound of {policy}"


def _families(by_family: dict[str, list[Case]]) -> Exhibit:
    rows = []
    for family, cases in by_family.items():
        kinds = dict.fromkeys((case.operator, case.sample.kind) for case in cases)
        for operator, kind in kinds:
            own = [case for case in cases if (case.operator, case.sample.kind) == (operator, kind)]
            judged = [case for case in own if case.judged]
            shares = [f"{sum(case.right(policy) for case in judged)}" for policy in POLICIES]
            rows.append((family, operator, kind, str(len(own)), str(len(judged)), *shares))
    head = ("family", "form", "kind", "cases", "judged", *(f"right: {policy}" for policy in POLICIES))
    return Exhibit("Cases by family", head, tuple(rows))


def _disagreements(cases: Sequence[Case], repeat: Repeat) -> list[Exhibit]:
    """Cases on which the three tolerances do not agree."""
    rows = []
    for case in cases:
        verdicts = [case.right(policy) for policy in POLICIES]
        if case.judged and len(set(verdicts)) > 1 and case.worst is not None:
            comparison = case.worst.result.comparison
            error = "-" if comparison is None or comparison.max_abs is None else f"{comparison.max_abs:.3g}"
            said = ["inside" if verdict else "outside" for verdict in verdicts]
            rows.append((case.row, error, *said, repeat(str(case.worst.id))))
    if not rows:
        return []
    note = "native is the judge's own bound, challenge that of the written rules, flaggems that of the published code."
    head = ("case", "largest error", *POLICIES, "command")
    return [Exhibit("Cases on which the tolerances disagree", head, tuple(rows[:MOST_LISTED]), _more(rows, note))]


def _wrong(cases: Sequence[Case], policy: str, repeat: Repeat) -> list[Exhibit]:
    rows = []
    for case in cases:
        if case.judged and not case.right(policy) and case.worst is not None:
            result = case.worst.result
            command = repeat(str(case.worst.id))
            rows.append((str(case.worst.id), _outcome(case, policy), one_line(result.detail, 300), command))
    head = ("case", "outcome", "what was found", "command")
    return [Exhibit("Cases that are not right", head, tuple(rows[:MOST_LISTED]), _more(rows, ""))] if rows else []


def _more(rows: Sequence[object], note: str) -> str:
    return f"{note} {len(rows)} in all, the first {MOST_LISTED} here.".strip() if len(rows) > MOST_LISTED else note


def _remarks(cases: Sequence[Case], weights: Correctness) -> tuple[str, ...]:
    judged = [case for case in cases if case.judged]
    shares = ", ".join(f"{policy} {sum(case.right(policy) for case in judged)}" for policy in POLICIES)
    found = [f"Right of {len(judged)} cases that were judged, by tolerance: {shares}; {weights.policy} decides."]
    seen = {cell.id.evidence for case in judged for cell in case.deciding}
    found.append(f"Judged with evidence {', '.join(each for each in Evidence if each in seen)}.")
    silent = sum(case.worst is not None and case.worst.result.outcome is Outcome.UNDISPATCHED for case in judged)
    if silent:
        found.append(f"{silent} cases were answered by something else than a kernel of the entry.")
    return tuple(found)
