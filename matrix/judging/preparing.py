"""Preparing what will be timed: every kernel of a timed call is compiled, by as many processes as there are.

A judge for the runner, as `matrix.judging.judge` is, so that a compiler that crashes or hangs costs its cell and no more.
What it finds is noted nowhere in the run: the cell is judged when it is timed.
"""

from __future__ import annotations

from matrix.cell import Cell
from matrix.judging.attempt import Announce, Attempt
from matrix.judging.judge import begin, call_provider, guarded, provider_arguments
from matrix.judging.readiness import make_ready
from matrix.judging.timed import form_of_out
from matrix.judging.tuning import compile_all
from matrix.outcome import Outcome, Phase
from matrix.result import Comparison, Result


def warm(cell: Cell) -> None:
    """As for judging, but tuners compile all and choose nothing."""
    compile_all()
    make_ready(cell)


def prepare(cell: Cell, announce: Announce) -> Result:
    """Call the provider once. The result says how that ended, and is compared with nothing."""
    return guarded(Attempt(cell, announce), _prepare)


def _prepare(attempt: Attempt) -> Result:
    cell, begun = attempt.cell, begin(attempt)
    if isinstance(begun, Result):
        return begun
    function, arguments = begun
    mine = provider_arguments(cell, arguments, form_of_out(cell, arguments))
    attempt.enter(Phase.RUN)
    call_provider(attempt, function, mine)
    return attempt.result(
        Outcome.PASS, phase=Phase.COMPARE, comparison=Comparison("compiled ahead, not compared", 0, 0)
    )
