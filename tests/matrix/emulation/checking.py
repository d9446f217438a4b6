"""What the scripts of checks share. Each runs in a process of its own, which is activated for good."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from typing import Any


def expect(kind: type[BaseException], launch: Callable[[], Any]) -> BaseException:
    """The exception that a call raises; it must be of that kind."""
    try:
        launch()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def run_checks(module: dict[str, Any]) -> None:
    """Run every check of a module and print what each said, as one line of JSON."""
    import torch

    results: dict[str, str | None] = {}
    for name, check in sorted(module.items()):
        if name.startswith("check_"):
            torch.manual_seed(0)
            try:
                check()
                results[name] = None
            except BaseException:  # noqa: BLE001 - reported, one by one
                results[name] = traceback.format_exc()
    print(json.dumps(results))
