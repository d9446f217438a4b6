"""What a user got wrong: one sentence on standard error and exit code 2, never a traceback."""

from __future__ import annotations


class UsageError(ValueError):
    """A command line, or a file that it names, that cannot be followed: where, what was found, what to do instead."""
