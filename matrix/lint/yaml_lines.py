"""YAML with the lines that its top entries, and the items of their lists, stand in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

Place = tuple[str, int | None]


def load_with_lines(file: Path) -> tuple[Any, dict[Place, int]]:
    """The data of a file, and for each top key and each item of a list below one its line."""
    import yaml

    text = file.read_text(encoding="utf-8")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    lines: dict[Place, int] = {}
    if isinstance(root, yaml.MappingNode):
        for key, value in root.value:
            lines[key.value, None] = key.start_mark.line + 1
            if isinstance(value, yaml.SequenceNode):
                lines.update({(key.value, place): item.start_mark.line + 1 for place, item in enumerate(value.value)})
    return yaml.safe_load(text), lines
