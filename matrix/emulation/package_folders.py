"""Where packages are installed. They need not lie side by side: a stack may be laid over another one's environment."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path


def package_folders(*names: str) -> Iterator[Path]:
    """The folders of those of the packages that are installed; nothing is imported."""
    for name in names:
        spec = importlib.util.find_spec(name)
        places = spec.submodule_search_locations if spec is not None else None
        yield from (Path(folder) for folder in places or ())
