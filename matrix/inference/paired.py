"""A paired test for two sides that answered the same questions: McNemar's, exact.

Only the questions on which the sides differ say anything. If neither is better, each of those is as likely the one's as the
other's (Q. McNemar, Psychometrika 12, 1947; exact by the binomial distribution): 2 % of 30 questions is less than one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Paired:
    """Two sides' answers to the same questions.

    total         questions;  native, provider: how many each had right
    lost, gained  those that only the native side had right, and only the provider's
    """

    total: int
    native: int
    provider: int
    lost: int
    gained: int

    @property
    def worse(self) -> float:
        """How likely so many losses among the differences are by chance alone, if the provider's side is no worse."""
        differing = self.lost + self.gained
        return math.fsum(math.comb(differing, number) for number in range(self.lost, differing + 1)) / 2.0**differing

    @property
    def different(self) -> float:
        """The two-sided p-value."""
        differing, most = self.lost + self.gained, max(self.lost, self.gained)
        tail = math.fsum(math.comb(differing, number) for number in range(most, differing + 1)) / 2.0**differing
        return min(1.0, 2 * tail)


def pair(native: Sequence[bool], provider: Sequence[bool]) -> Paired:
    """Hold the one's answers against the other's. Raises ValueError where they are not the answers to the same questions."""
    if len(native) != len(provider) or not native:
        raise ValueError(f"{len(native)} answers and {len(provider)}; both sides answer each question, of at least one")
    both = list(zip(native, provider, strict=True))
    return Paired(
        total=len(both),
        native=sum(native),
        provider=sum(provider),
        lost=sum(one and not other for one, other in both),
        gained=sum(other and not one for one, other in both),
    )
