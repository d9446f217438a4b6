"""What FlagGems registers with ATen, read from its source: the package itself cannot be imported without a device."""

from __future__ import annotations

import ast
import importlib.util
from dataclasses import dataclass
from pathlib import Path


class EntriesError(RuntimeError):
    """The list of registered entries cannot be found."""


@dataclass(frozen=True)
class Entry:
    """One registered name, such as `add_.Tensor`, and the function of the package that stands behind it."""

    name: str
    function: str

    @property
    def packet(self) -> str:
        return self.name.partition(".")[0]

    @property
    def overload(self) -> str:
        return self.name.partition(".")[2] or "default"

    @property
    def functional(self) -> str:
        """The packet of the entry that changes nothing in place: `add` of `add_`, `or` of `__ior__`."""
        if self.packet.startswith("__"):
            return self.packet.replace("__i", "__")
        return self.packet.removesuffix("_")


def read_entries(source: Path | None = None) -> list[Entry]:
    """The registered entries in the order of their names.

    Raises EntriesError when the source or the list in it is missing.
    """
    path = source or _installed_source()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_FULL_CONFIG":
            assert isinstance(node.value, ast.Tuple | ast.List)
            return sorted((_entry(item) for item in node.value.elts), key=lambda entry: entry.name)
    raise EntriesError(f"{path} assigns no _FULL_CONFIG; this reads flag_gems 5.0.2")


def _installed_source() -> Path:
    found = importlib.util.find_spec("flag_gems")
    if found is None or found.origin is None:
        raise EntriesError("flag_gems is not installed here; install flag_gems==5.0.2 to harvest its entries")
    return Path(found.origin)


def _entry(node: ast.expr) -> Entry:
    """One `("name", function)` of the list; a condition on torch's version may follow."""
    assert isinstance(node, ast.Tuple)
    name, function = node.elts[:2]
    return Entry(ast.literal_eval(name), ast.unparse(function))
