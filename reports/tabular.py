"""Tables of text. The package that draws them is imported when one is drawn: what needs none works where it is missing."""

from __future__ import annotations

from typing import Any


def tabulate(rows: Any, **options: Any) -> str:
    """`tabulate.tabulate` of plain rows."""
    from tabulate import tabulate as draw

    return str(draw(rows, **options))
