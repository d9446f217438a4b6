"""The child that imports an entry: `python -m matrix.challenge.examination REQUEST` tells its signatures and its tests."""

from __future__ import annotations

import inspect
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch

from backends.profiles import load_profiles
from matrix.addresses import AddressError, resolve
from matrix.challenge.suites import with_tests
from matrix.emulation import activate
from matrix.runner.limits import limit_files, limit_memory
from matrix.runner.processes import die_with_parent


def signature(address: str) -> dict[str, Any]:
    """The parameters of the function at an address, or why there are none."""
    with ThreadPoolExecutor(1) as executor:  # it keeps whatever is raised, SystemExit included
        imported = executor.submit(resolve, address)
    error = imported.exception()
    if isinstance(error, AddressError):
        return {"problem": str(error)}
    if error is not None:
        return {"problem": f"raises while it is imported: {type(error).__name__}: {' '.join(str(error).split())[:300]}"}
    function = imported.result()
    found = inspect.signature(function)
    parameters = [
        {
            "name": parameter.name,
            "default": None if parameter.default is parameter.empty else repr(parameter.default)[:100],
            "keyword": parameter.kind is parameter.KEYWORD_ONLY,
        }
        for parameter in found.parameters.values()
    ]
    return {"parameters": parameters}


def main(path: Path) -> None:
    request = json.loads(path.read_text(encoding="utf-8"))
    die_with_parent(request["parent"])
    torch.set_num_threads(1)
    emulator = activate(load_profiles()[request["profile"]])
    limit_files()
    limit_memory(request["memory_gib"])
    sys.path.append(request["folder"])
    with Path(request["answers"]).open("w", encoding="utf-8", buffering=1) as answers:
        answers.writelines(
            json.dumps({"address": address, **signature(address)}) + "\n" for address in request["addresses"]
        )
        names: list[str] = []
        problem = with_tests(Path(request["folder"]), emulator, lambda tests: names.extend(tests.names))
        answers.write(json.dumps({"tests": len(names), "problem": problem}) + "\n")
    os._exit(0)  # what the entry has left running does not keep us


if __name__ == "__main__":
    main(Path(sys.argv[1]))
