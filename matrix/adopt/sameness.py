"""The same tests in every worker and on every chip: what a suite draws at random comes from its names, not from the clock.

A suite may seed from the clock when it is imported, and put what it draws into its node ids. Then two workers, or one that
replaces a dead one, would collect different tests. And what a test draws without a seed would depend on which tests ran
before it in the same process: its verdict in parallel would not be the one it has serially.
"""

from __future__ import annotations

import hashlib
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

# What `time.time()` says while tests are collected: any moment will do, as long as it is the same for all.
MOMENT = 1.7e9


@contextmanager
def standing_clock() -> Iterator[None]:
    """Inside of the block the wall clock stands still, and what is drawn without a seed is drawn from a known one."""
    clock = time.time
    time.time = lambda: MOMENT
    try:
        seed("collection")
        yield
    finally:
        time.time = clock


def seed(text: str) -> None:
    """Seed what a suite draws from: Python's, NumPy's and torch's generators, of those that it has imported."""
    number = int.from_bytes(hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:4])
    random.seed(number)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if hasattr(numpy, "random"):
        numpy.random.seed(number)  # type: ignore[union-attr]
    if hasattr(torch, "manual_seed"):
        torch.manual_seed(number)  # type: ignore[union-attr]
