"""The child process of one side of a workload: opens the engine, lets the provider in, does the step, and answers by file.

python -m matrix.inference.child REQUEST      is started by matrix/inference/asking.py only
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from pathlib import Path

from matrix.addresses import resolve
from matrix.emulation import EmulationGap
from matrix.inference.bench import Bench
from matrix.inference.request import load_request
from matrix.outcome import Phase
from matrix.record import Json
from matrix.runner.limits import is_out_of_memory
from matrix.runner.processes import die_with_parent

TRACEBACK_LIMIT = 6000


def main(path: Path) -> None:
    """Be the child."""
    request = load_request(path)
    die_with_parent(request.parent)
    request.enter(Phase.START)
    warnings.simplefilter("ignore")  # what providers, torch and engines warn of is theirs
    bench = Bench(request)
    try:
        found: dict[str, Json] = dict(resolve(request.step)(bench))
        found |= {"facts": {**bench.facts(), **found.get("facts", {})}, "proof": bench.proof()}  # type: ignore[dict-item]
    except BaseException as error:  # noqa: BLE001 - the boundary: a provider's kernels raise anything, SystemExit included
        found = {"raised": raised(error, bench), "proof": bench.proof()}
    request.answer(found)
    sys.stdout.flush()
    os._exit(0)  # what a provider hangs on to at exit is no part of the answer


def raised(error: BaseException, bench: Bench) -> dict[str, Json]:
    """An exception as the parent has to know it."""
    gap = error if isinstance(error, EmulationGap) else bench.gap_of(error)
    text = " ".join(str(error).split())[:500]
    return {
        "detail": f"{type(error).__name__}: {text}",
        "traceback": "".join(traceback.format_exception(error))[-TRACEBACK_LIMIT:],
        "gap": None if gap is None else gap.name,
        "gap_detail": None if gap is None else gap.detail,
        "memory": is_out_of_memory(error),
        "operator": bench.inside,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
