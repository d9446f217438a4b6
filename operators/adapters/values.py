"""Whether what a provider returns is put in order.

Where kernels are only compiled it has no values, and where they are timed the order is no part of the work.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Values:
    """`computed` is set by what runs the calls: once where they are compiled, and while they are timed."""

    computed: bool = True


VALUES = Values()
