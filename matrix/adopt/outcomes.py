"""From what pytest says of a test to a result. The suite's own opinion of a failure (xfail) never changes what was found.

| the test | outcome | phase |
|---|---|---|
| passed | PASS; UNDISPATCHED where kernels of a package are due and none was launched | compare; run |
| failed by an assertion, `pytest.fail`, or `pytest.raises` that saw nothing | WRONG | compare |
| raised anything else; a tear-down raised | ERROR, or OOM where memory ran out | run |
| a fixture raised in set-up | INFRA: nothing was put to the test | inputs |
| skipped, or xfail that must not run | NOT_RUN with the suite's reason | run |
| xfail that failed | as it failed, and that the suite expects it | |
| xfail that passed, strict or not | PASS, and that the suite expects otherwise | compare |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from matrix.outcome import Outcome, Phase
from matrix.result import Comparison, Launch, Result
from matrix.runner.limits import is_out_of_memory
from matrix.runner.worker import describe, trace

Facts = dict[str, Any]

RULE = "the suite's own assertion"
ASSERTIONS = (AssertionError, pytest.fail.Exception)
SKIPPED = (pytest.skip.Exception, pytest.xfail.Exception)


@dataclass(frozen=True)
class Step:
    """One of a test's three steps: pytest's report of it, and what it raised."""

    report: pytest.TestReport
    error: BaseException | None = None


def result_of(cell: str, steps: Sequence[Step], launches: Sequence[Launch] = (), kernels: str = "") -> Result:
    """The result of a test whose steps are known."""
    facts: Facts = {"launches": tuple(launches), "seconds": sum(step.report.duration for step in steps)}
    reason = next((step.report.wasxfail for step in steps if hasattr(step.report, "wasxfail")), None)
    bad = next((step for step in steps if step.error is not None and not isinstance(step.error, SKIPPED)), None)
    if bad is not None and bad.error is not None:
        return _failed(cell, bad.report.when or "call", bad.error, reason, facts)
    skipped = next((step for step in steps if isinstance(step.error, SKIPPED) or step.report.skipped), None)
    if skipped is not None:
        why = str(skipped.error or "") or reason or "no reason is given"
        return Result(cell, Outcome.NOT_RUN, Phase.RUN, f"skipped by the suite: {_line(why)}", **facts)
    if not any(step.report.when == "call" for step in steps):
        return Result(cell, Outcome.INFRA, Phase.RUN, "pytest reported no call of this test", **facts)
    return _passed(cell, steps, facts, kernels)


def _passed(cell: str, steps: Sequence[Step], facts: Facts, kernels: str) -> Result:
    if kernels and not any(launch.file.partition("/")[0] == kernels for launch in facts["launches"]):
        silent = f"the test passes, and no kernel of {kernels} was launched in it"
        return Result(cell, Outcome.UNDISPATCHED, Phase.RUN, silent, **facts)
    against = any(step.report.failed or hasattr(step.report, "wasxfail") for step in steps)
    detail = "passes, and the suite expects it to fail (xfail)" if against else ""
    comparison = Comparison(RULE, 1, 0)
    return Result(cell, Outcome.PASS, Phase.COMPARE, detail, comparison=comparison, **facts)


def _failed(cell: str, when: str, error: BaseException, reason: str | None, facts: Facts) -> Result:
    detail = describe(error) if when == "call" else f"{when} of the test: {describe(error)}"
    if reason is not None:
        detail = f"{detail}; the suite expects it (xfail{f': {_line(reason)}' if reason else ''})"
    facts = {**facts, "traceback": trace(error)}
    if when == "setup":
        return Result(cell, Outcome.INFRA, Phase.INPUTS, detail, **facts)
    if isinstance(error, ASSERTIONS):
        wrong = Comparison(RULE, 1, 1)
        return Result(cell, Outcome.WRONG, Phase.COMPARE, detail, comparison=wrong, **facts)
    outcome = Outcome.OOM if is_out_of_memory(error) else Outcome.ERROR
    return Result(cell, outcome, Phase.RUN, detail, **facts)


def _line(text: str) -> str:
    return " ".join(text.split())[:500]
