"""The command `python -m operators.harvest`."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

import torch

from operators.catalogue import FOLDER, load_catalogue
from operators.harvest.entries import read_entries
from operators.harvest.fitting import Pool
from operators.harvest.notation import domains_of
from operators.harvest.recording import record
from operators.harvest.report import coverage
from operators.harvest.rows import row
from operators.harvest.writing import write_rows
from operators.operator import Operator


def main(arguments: list[str] | None = None) -> int:
    """Regenerate the harvested files, or report on what there is."""
    parser = argparse.ArgumentParser(prog="python -m operators.harvest", description=__doc__)
    parser.add_argument("--report", action="store_true", help="print what has cases and what has not")
    parser.add_argument("--only", metavar="BASE", action="append", help="print the rows of this packet, write nothing")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write to (default: the catalogue)")
    options = parser.parse_args(arguments)
    if options.report:
        print("\n".join(coverage(load_catalogue(), read_entries())))
        return 0
    torch.set_num_threads(1)  # small tensors: threads only cost time, and the order of sums stays the same
    warnings.simplefilter("ignore")  # torch's samples use much that torch calls deprecated
    rows = harvest(options.only)
    if options.only:
        print(write_rows(rows, torch.__version__))
    else:
        write_files(rows, options.out)
    return 0


def harvest(only: list[str] | None = None) -> list[Operator]:
    """A row for every entry (or for those of some packets) that the own rows do not have."""
    own = load_catalogue(sorted(FOLDER.glob("own-*.toml")))
    entries = [entry for entry in read_entries() if entry.name not in own]
    calls = record()
    pool, domains = Pool(calls), domains_of(calls)
    return [row(entry, pool, domains) for entry in entries if not only or entry.packet in only]


def write_files(rows: list[Operator], folder: Path) -> None:
    """One file per family."""
    for family in sorted({operator.family for operator in rows}):
        text = write_rows([operator for operator in rows if operator.family == family], torch.__version__)
        (folder / f"aten-{family}.toml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
