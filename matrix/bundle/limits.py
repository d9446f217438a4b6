"""What a bundle may hold at most, and the error that says what is wrong with one.

A bundle comes from another company's machine. The full catalogue on sixteen columns takes some megabytes packed and 150
unpacked; the limits leave room for several of that, and none for a bomb.
"""

from __future__ import annotations

from matrix.plain_text import one_line
from matrix.usage import UsageError

MIB = 1024 * 1024
FILE_BYTES = 256 * MIB
MEMBERS = 256
MANIFEST_BYTES = MIB
JOURNAL_BYTES = 512 * MIB
# Reading TOML takes time that grows with the square of the keys that a line has within one another.
PROFILE_BYTES, PROFILE_LINE = 64 * 1024, 2000
TOTAL_BYTES = JOURNAL_BYTES + 64 * MIB
# The full tier on all columns that need no chip has 214,000 cells.
RESULTS = 1_000_000
# What a member may unpack to, for each of its packed bytes, once it is larger than RATIO_FROM. A journal of 214,000 results
# that are much alike reaches 35.
RATIO, RATIO_FROM = 250, MIB
# Lists and objects within one another; a result has five.
DEPTH = 12
FACTS, FACT_LENGTH = 200, 1000
SENTENCE = 400


class BundleError(UsageError):
    """A bundle that is refused: which file, which member of it, and why, on one line."""

    def __init__(self, place: str, member: str, reason: str) -> None:
        where = f"{place}: {member}" if member else place
        super().__init__(one_line(f"{where}: {reason}", SENTENCE))


def shown(text: str, limit: int = 80) -> str:
    """A text of a bundle within a sentence: quoted, in ASCII, with escapes for the rest."""
    quoted = ascii(text[: limit + 1])
    return quoted if len(text) <= limit else f"{quoted[: limit - 2]}...'"
