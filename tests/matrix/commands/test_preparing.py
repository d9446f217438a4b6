"""What is compiled ahead of timing: all that is still to be timed, also after an interruption."""

from __future__ import annotations

from dataclasses import replace

from matrix.commands.running import calls_to_prepare
from matrix.outcome import Evidence, Outcome, Phase
from matrix.result import Result
from matrix.run import Header, Run
from tests.fakes.cells import fake


def test_what_was_not_reached_is_prepared_again_and_what_was_judged_is_not() -> None:
    judged, left, new = (replace(fake("right", sample=number), evidence=Evidence.TIME) for number in range(3))
    other = fake("right", sample=3)
    found = {
        str(judged.id): (Result(str(judged.id), Outcome.ERROR, Phase.RUN, "no"),),
        str(left.id): (Result(str(left.id), Outcome.NOT_RUN, Phase.START, "interrupted"),),
    }
    ahead = calls_to_prepare([judged, left, new, other], Run(Header(), found))
    assert [cell.case for cell in ahead] == [left.case, new.case]
    assert {cell.evidence for cell in ahead} == {Evidence.RUN}
