"""What a test is called in the matrix: its row, its element type, and a sample name that can be traced to the node id.

    chip:suite.abs/pytest[dtype=float16,sample=test_abs-dtype0-shape1-5f0c9d21]@run

A node id may hold anything, so the name has what can be read of it, and eight digits of its SHA-256; the node id itself
stands beside the cell in the journal (matrix/adopt/cases.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import pytest

from matrix.adopt.adoption import EVIDENCE
from matrix.identity import CellId

PREFIX = "suite."
PROVIDER = "pytest"
NO_DTYPE = "any"
ROWS = ("auto", "mark", "file")
SLUG = 60
_STRANGE = re.compile(r"[^A-Za-z0-9_.+-]+")
# Marks that pytest itself gives a meaning, whether or not an ini file lists them.
_BUILT_IN = frozenset(
    [
        "parametrize",
        "skip",
        "skipif",
        "xfail",
        "usefixtures",
        "filterwarnings",
        "timeout",
        "tryfirst",
        "trylast",
        "flaky",
        "anyio",
        "asyncio",
    ]
)


def cell_of(item: pytest.Item, profile: str, rows: str) -> CellId:
    """The cell of a collected test."""
    parameters = (("dtype", dtype_of(item)), ("sample", sample_name(item.name, item.nodeid)))
    return CellId(profile, PREFIX + row_of(item, rows), PROVIDER, parameters, EVIDENCE)


def collection_cell(node: str, profile: str) -> CellId:
    """The cell that stands for a file which could not be collected."""
    parameters = (("dtype", NO_DTYPE), ("sample", sample_name("collection", node)))
    return CellId(profile, PREFIX + _slug(file_of(node)), PROVIDER, parameters, EVIDENCE)


def sample_name(name: str, node: str) -> str:
    return f"{_slug(name)[:SLUG]}-{digest(node)}"


def digest(node: str) -> str:
    return hashlib.sha256(node.encode(errors="surrogatepass")).hexdigest()[:8]


def is_name_of(cell: CellId, node: str) -> bool:
    """Whether a cell stands for a node id: a record of another machine may claim anything."""
    return is_adopted(cell) and dict(cell.parameters).get("sample", "").rpartition("-")[2] == digest(node)


def is_adopted(cell: CellId) -> bool:
    return cell.operator.startswith(PREFIX) and cell.provider == PROVIDER


def row_of(item: pytest.Item, rows: str) -> str:
    """The mark that names an operator, or the file.

    A suite marks its tests by operator where a mark is one that nobody registers: neither pytest, nor a plugin, nor the
    suite's ini file. Of several the one nearest to the function counts.
    """
    marks = [] if rows == "file" else own_marks(item)
    return _slug(marks[0] if marks else file_of(item.nodeid))


def own_marks(item: pytest.Item) -> list[str]:
    registered = {re.split(r"[:(]", line, maxsplit=1)[0].strip() for line in item.config.getini("markers")}
    return [mark.name for mark in item.iter_markers() if mark.name not in registered | _BUILT_IN]


def file_of(node: str) -> str:
    """`test_abs` of `tests/test_abs.py::test_abs[x]`."""
    return node.partition("::")[0].rpartition("/")[2].removesuffix(".py") or "suite"


def dtype_of(item: pytest.Item) -> str:
    """The torch dtype that a test is parametrised with; torch itself is not asked."""
    parameters: Mapping[str, object] = getattr(getattr(item, "callspec", None), "params", {})
    ordered = sorted(parameters.items(), key=lambda pair: pair[0] != "dtype")
    for _, value in ordered:
        if type(value).__module__ == "torch" and type(value).__name__ == "dtype":
            return str(value).removeprefix("torch.")
    return NO_DTYPE


def _slug(text: str) -> str:
    return _STRANGE.sub("-", text).strip("-.+") or "test"
