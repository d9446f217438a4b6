"""Making a worker ready for an entry that runs in it. Its folder is behind everything, so it takes the place of no module."""

from __future__ import annotations

import sys
from pathlib import Path

from matrix.addresses import inner
from matrix.cell import Cell


def warm(cell: Cell) -> None:
    """Make this process ready to judge an entry, which is not held then."""
    from matrix.judging.readiness import warm as make_ready

    _let_import(cell)
    make_ready(cell)


def warm_ahead(cell: Cell) -> None:
    """Make this process ready to compile ahead what will be timed."""
    from matrix.judging.preparing import warm as make_ready

    _let_import(cell)
    make_ready(cell)


def _let_import(cell: Cell) -> None:
    file = inner(cell.case.operator.providers[cell.case.provider]).rpartition(":")[0]
    folder = str(Path(file).parent)
    if folder not in sys.path:
        sys.path.append(folder)
