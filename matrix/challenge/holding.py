"""Starts a child that runs an entry's code, held before anything of it is loaded.

    python -m matrix.challenge.holding ENTRY SCRATCH PARENT MODULE REQUEST

From here the process reaches no network, reads the entry, the project's code and what is installed, and writes to its scratch
alone. What the kernel of this machine cannot hold is left out; time and memory are limited all the same. It imports no torch.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from matrix.challenge.arena.confinement import Hold, confine

MEMORY_GIB = 8.0  # set lower by each child itself


def main(entry: str, scratch: str, parent: str, module: str, request: str) -> None:
    confine(Hold(Path(entry), Path(scratch), MEMORY_GIB, processes=True), int(parent))
    sys.argv = [module, request]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
