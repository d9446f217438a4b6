"""Do two columns say the same of the same cases? For instance the interpreter on a laptop and a chip in a lab.

    python -m benchmarks.agreement RUN/matrix.json OTHER_RUN/matrix.json [--list]

    python -m benchmarks.agreement COMPILED/matrix.json CHIP/matrix.json --compiled

A case agrees when both passed or both failed for the provider's fault. Cases that either column did not judge, or that
were another call in the other run, are left out.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

JUDGED = ("PASS", "WRONG", "ERROR", "UNCOMPILED", "CRASH", "TIMEOUT", "OOM", "UNDISPATCHED")

Cell = dict[str, Any]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("runs", nargs=2, type=Path)
    options.add_argument(
        "--compiled",
        action="store_true",
        help="the first run only compiled: what ran and gave a wrong value on the other side was compiled there too",
    )
    options.add_argument("--list", action="store_true", help="every case in which they disagree")
    asked = options.parse_args()
    one, other = (_judged(path) for path in asked.runs)
    if asked.compiled:
        other = {row: cell | {"outcome": "PASS"} if cell["outcome"] == "WRONG" else cell for row, cell in other.items()}
    shared = sorted(row for row in set(one) & set(other) if one[row].get("call") == other[row].get("call"))
    apart = [row for row in shared if _passes(one[row]) != _passes(other[row])]
    if asked.list:
        for row in apart:
            print(f"{row}\n  {_told(one[row])}\n  {_told(other[row])}")
    counts = Counter((_passes(one[row]), _passes(other[row])) for row in shared)
    print(
        f"{len(shared)} cases judged by both: {counts[True, True]} pass in both, {counts[False, False]} fail in both,"
    )
    print(f"{counts[True, False]} pass in the first only, {counts[False, True]} pass in the second only")
    print(f"agreement {100 * (len(shared) - len(apart)) / max(1, len(shared)):.1f} %")


def _judged(path: Path) -> dict[str, Cell]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {_row(cell["id"]): cell for cell in cells if cell["outcome"] in JUDGED}


def _row(identity: str) -> str:
    return identity.partition(":")[2].rpartition("@")[0]


def _passes(cell: Cell) -> bool:
    return bool(cell["outcome"] == "PASS")


def _told(cell: Cell) -> str:
    return f"{cell['profile']}@{cell['evidence']}: {cell['outcome']} {cell['detail'][:300]}".rstrip()


if __name__ == "__main__":
    main()
