"""The child that holds an engine: `python -m matrix.annotation.engine_child REQUEST`. A hang or a death in it ends no run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from matrix.addresses import resolve
from matrix.annotation.serving import Line, begin
from workloads.engine import Engine, Message


def answer(engine: Engine, question: dict[str, Any]) -> Any:
    """What one question is answered with."""
    match question["do"]:
        case "start":
            return {"name": engine.name, "facts": dict(engine.facts)}
        case "count":
            return [len(engine.tokens(text)) for text in question["texts"]]
        case "tokens":
            return engine.tokens(question["text"])
        case "text":
            return engine.text(question["tokens"])
        case "chat":
            return engine.chat([Message(**message) for message in question["messages"]])
        case "generate":
            made = engine.generate(question["prompts"], question["limit"], stop=question["stop"])
            return [[list(each.tokens), each.stopped] for each in made]
    raise ValueError(f"no question is named {question['do']!r}")


def _opened(address: str, arguments: dict[str, Any]) -> Engine:
    if arguments.get("weights"):
        arguments = {**arguments, "weights": Path(arguments["weights"])}
    return resolve(address)(**arguments)  # type: ignore[no-any-return]


def main(path: str) -> None:
    request = begin(path)
    engines: list[Engine] = []

    def serve(question: dict[str, Any]) -> Any:
        if not engines:
            engines.append(_opened(request["engine"], request["arguments"]))
        return answer(engines[0], question)

    Line(request).serve(serve)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
