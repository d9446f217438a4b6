"""Calling what may raise anything, SystemExit included: for the children that run an entry's code."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


def attempt(function: Callable[..., Any], *args: Any) -> Future[Any]:
    """The call, ended: `exception()` is what it raised, or None. It is made in a thread, which keeps whatever is raised."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(function, *args)


def said(error: BaseException | None) -> str:
    """An exception, in a line."""
    return "" if error is None else f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
