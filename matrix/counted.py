"""Numbers on a command line, that several commands take."""

from __future__ import annotations

import argparse

MOST_WORKERS = 4096


def workers(text: str) -> int:
    """A number of workers. What is too many is decided where they are started: a run of a larger machine is read here too."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of workers; allowed are 1 to {MOST_WORKERS}")
    return int(text)
