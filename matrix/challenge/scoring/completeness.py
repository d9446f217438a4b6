"""Completeness of the entrant's own tests: how much of the rule book's grid they come to, and which mutants they notice.

The grid is what the task's own cases come to, axis by axis. A test covers what it calls if it passes, and fails when the
entry's answers are spoilt on their way back. Tests of an entry that is wrong earn nothing: they fit a wrong kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matrix.challenge.mutant import Fate, MutationResult
from matrix.challenge.scoring.score import Exhibit, Loss, Part, Score, divide
from matrix.challenge.scoring.weights import Completeness
from matrix.challenge.traced import Traced

NAME, TITLE = "completeness", "Test-case completeness"
SHOWN = 8
MOST_LISTED = 200


@dataclass(frozen=True)
class Mutated:
    """What mutants came to: a result, or why there is none. `fault`: whether the tests are to blame for that."""

    result: MutationResult | None
    why: str = ""
    fault: bool = False


def score_completeness(
    traced: Traced | None, mutated: Mutated, correct: float | None, weights: Completeness, out_of: float
) -> Score:
    """`correct`: the share of the task's cases that the entry gets right; None where none was judged."""
    points = divide(out_of, {"grid": weights.grid, "mutation": weights.mutation})
    parts = [*_grid(traced, points["grid"]), _mutation(mutated, points["mutation"])]
    exhibits = [*_axes(traced), *_survivors(mutated)]
    found = Score(NAME, TITLE, out_of, tuple(parts), tuple(exhibits), tuple(_remarks(traced, mutated)))
    if correct is not None and correct < weights.correct:
        return found.withheld(
            f"{correct:.1%} of the task's cases are right, and {weights.correct:.0%} are due before tests count: tests that "
            "pass on a wrong kernel say nothing"
        )
    return found


def _grid(traced: Traced | None, out_of: float) -> list[Part]:
    title = "coverage of the rule book's grid"
    if traced is None:
        return [Part(title, out_of, unmeasured="the tests were not run")]
    if not traced.tests:
        return [Part(title, out_of, (Loss(traced.problem or "there are no tests", 1.0),))]
    if all(test.unjudged for test in traced.tests):
        return [Part(title, out_of, unmeasured=f"no test can be run in the interpreter: {traced.tests[0].failed}")]
    covered, called = traced.covered(), traced.only_called()
    each = out_of / max(1, len(traced.wanted))
    return [
        _axis(axis, levels, covered.get(axis, set()), called.get(axis, set()), each)
        for axis, levels in traced.wanted.items()
    ]


def _axis(axis: str, wanted: tuple[str, ...], covered: set[str], called: set[str], out_of: float) -> Part:
    missing = [level for level in wanted if level not in covered]
    note = f"{len(wanted) - len(missing)} of {len(wanted)}"
    if not missing:
        return Part(f"grid: {axis}", out_of, note=note)
    listed = "; ".join(missing[:SHOWN]) + (f"; and {len(missing) - SHOWN} more" if len(missing) > SHOWN else "")
    text = f"no test that passes and looks at the answer comes to: {listed}"
    only = sum(level in called for level in missing)
    text += f" ({only} of these are called by tests that accept any answer)" if only else ""
    return Part(f"grid: {axis}", out_of, (Loss(text, len(missing) / len(wanted)),), note=note)


def _mutation(mutated: Mutated, out_of: float) -> Part:
    title = "mutants of its kernels that its tests notice"
    found = mutated.result
    if found is None:
        if mutated.fault:
            return Part(title, out_of, (Loss(mutated.why, 1.0),))
        return Part(title, out_of, unmeasured=mutated.why or "no mutants were judged")
    counts = found.counts
    decided = counts[Fate.KILLED] + counts[Fate.SURVIVED]
    if not decided:
        return Part(
            title, out_of, unmeasured="no mutant tells anything: none was killed, and none survived for certain"
        )
    note = f"{counts[Fate.KILLED]} of {decided} are noticed"
    losses = []
    for kind, (killed, all_) in found.of_kind().items():
        if killed < all_:
            first = next(each for each in found.survivors if each.mutant.kind is kind)
            why = f" ({first.detail})" if first.detail else ""
            text = f"{all_ - killed} of {all_} mutants of the kind {kind} pass all tests; one: {first.mutant}{why}"
            losses.append(Loss(text, (all_ - killed) / decided))
    return Part(title, out_of, tuple(losses), note=note)


def _axes(traced: Traced | None) -> list[Exhibit]:
    if traced is None or not traced.wanted:
        return []
    covered = traced.covered()
    rows = []
    for axis, levels in traced.wanted.items():
        there = [level for level in levels if level in covered.get(axis, set())]
        missing = [level for level in levels if level not in there]
        rows.append((axis, f"{len(there)} of {len(levels)}", "; ".join(missing) or "-"))
    return [Exhibit("The grid", ("axis", "covered", "missing"), tuple(rows))]


def _survivors(mutated: Mutated) -> list[Exhibit]:
    if mutated.result is None or not mutated.result.survivors:
        return []
    rows = tuple(
        (f"{each.mutant.file}:{each.mutant.line}", each.mutant.kind, each.mutant.before, each.mutant.after, each.detail)
        for each in mutated.result.survivors[:MOST_LISTED]
    )
    return [Exhibit("Mutants that pass all tests", ("where", "kind", "before", "after", "why"), rows)]


def _remarks(traced: Traced | None, mutated: Mutated) -> list[str]:
    found = []
    if traced is not None and traced.tests:
        counting = sum(test.counts for test in traced.tests)
        calls = sum(test.calls for test in traced.tests)
        found.append(f"{len(traced.tests)} tests, {calls} calls of the entry; {counting} of the tests count.")
        found += _named(
            "fail on the entry itself and count for nothing", {t.name: t.failed for t in traced.tests if t.failed}
        )
        blind = {t.name: "" for t in traced.tests if not t.failed and t.calls and not t.notices}
        found += _named("pass whatever the entry answers and count for nothing", blind)
        idle = {t.name: "" for t in traced.tests if not t.failed and not t.calls}
        found += _named("call no function of the entry", idle)
        if traced.problem:
            found.append(f"Not all tests were run: {traced.problem}.")
    if mutated.result is not None:
        said = ", ".join(f"{number} {fate}" for fate, number in mutated.result.counts.items() if number)
        found.append(
            f"{len(mutated.result.judged)} mutants in {mutated.result.seconds:.0f} s: {said}. {mutated.why}".strip()
        )
    return found


def _named(what: str, tests: Mapping[str, str]) -> list[str]:
    if not tests:
        return []
    name, why = next(iter(tests.items()))
    return [f"{len(tests)} tests {what}, such as {name}{': ' + why if why else ''}."]
