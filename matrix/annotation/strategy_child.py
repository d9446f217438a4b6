"""The child in which a strategy of a user's runs: `python -m matrix.annotation.strategy_child REQUEST`.

It is told the task, the examples and one sample after the other. Labels that are held out are never sent, and from before
the strategy is imported an audit hook refuses what could fetch them: files other than Python's own, ours, the strategy's
folder and the scratch folder, other processes, and the network. That holds back what is written in Python; it is no prison
for machine code.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from matrix.addresses import resolve
from matrix.annotation.guarding import forbid
from matrix.annotation.serving import Line, begin
from matrix.runner.spawn import ROOT
from workloads.annotation.data_file import Example, Sample
from workloads.annotation.strategy import Assignment, Budget, Strategy
from workloads.annotation.tasks import TASKS


class Served:
    """A strategy, asked by lines."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy

    def answer(self, question: dict[str, Any]) -> Any:
        sample = Sample(question["id"], question["input"])
        match question["do"]:
            case "open":
                messages = self._strategy.build(sample, self._strategy.select(sample))
                return [{"role": message.role, "content": message.content} for message in messages]
            case "parse":
                return self._strategy.parse(sample, question["reply"])
            case "follow_up":
                return self._strategy.follow_up(sample, question["reply"], question["turn"])
        raise ValueError(f"no question is named {question['do']!r}")


def main(path: str) -> None:
    request = begin(path)
    line = Line(request)
    assignment = Assignment(
        TASKS[request["task"]],
        request["definition"],
        tuple(Example(*each) for each in request["examples"]),
        Budget(**request["budget"]),
        lambda texts: list(line.ask(list(texts))),
    )
    file = request["strategy"].rpartition(":")[0]
    folder = os.path.dirname(os.path.realpath(file)) if file.endswith(".py") else str(ROOT / "workloads")  # noqa: PTH120 - as the hook
    sys.path.append(folder)
    forbid("a strategy", [folder, request["scratch"]])
    served: list[Served] = []

    def answer(question: dict[str, Any]) -> Any:
        if question["do"] == "start":
            served.append(Served(_made(request["strategy"], assignment)))
            return type(served[0]._strategy).__name__  # noqa: SLF001 - its own module
        return served[0].answer(question)

    line.serve(answer)
    os._exit(0)


def _made(address: str, assignment: Assignment) -> Strategy:
    made = resolve(address)(assignment)
    for name in ("select", "build", "parse", "follow_up"):
        if not callable(getattr(made, name, None)):
            raise TypeError(f"{address} has no method {name}; derive it from workloads.annotation.strategy.Strategy")
    return made  # type: ignore[no-any-return]


if __name__ == "__main__":
    main(sys.argv[1])
