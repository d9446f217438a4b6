"""Harvesting the rows of the ATen entries from torch's own samples (OpInfo); it writes `catalogue/aten-*.toml`.

    python -m operators.harvest             regenerate the files: the same torch gives the same bytes
    python -m operators.harvest --report    what has cases and what has not

This is the only part of `operators/` that needs torch (and expecttest, which torch's OpInfo imports); a run of the
matrix never imports it.
"""
