"""Whether what a provider returns has values: where kernels are only compiled it has none, and nothing can be put in order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Values:
    """`computed` is set once, before the first call, by what runs the calls."""

    computed: bool = True


VALUES = Values()
