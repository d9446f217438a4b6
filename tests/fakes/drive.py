"""A whole run of quick fakes as its own process, to be killed: `python -m tests.fakes.drive DIRECTORY COUNT [NAME ...]`."""

from __future__ import annotations

import sys
from pathlib import Path

from matrix.runner.controller import carry
from matrix.runner.session import RunSettings
from tests.fakes.cells import JUDGE, fake


def main(directory: Path, count: int, names: list[str]) -> int:
    cells = [fake("quick", sample=number) for number in range(count)] + [fake(name) for name in names]
    settings = RunSettings(judge=f"{JUDGE}:judge", warm="", probe=f"{JUDGE}:probe", grace=0.5)
    try:
        carry(cells, directory, settings)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
