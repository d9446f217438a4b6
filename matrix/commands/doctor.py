"""The command that says what a profile finds on this machine and what stops it: doctor."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from matrix.columns import choose
from matrix.doctor.examination import examine
from matrix.usage import UsageError


def doctor(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Print one page for each profile; 1 when one of them is not ready."""
    if not options.profile:
        raise UsageError("doctor needs --profile NAME; `python -m matrix profiles` lists them")
    pages = [examine(choice, options.seconds) for choice in choose(options.profile)]
    if options.json:
        print(json.dumps([page.as_json() for page in pages], indent=2))
    else:
        print("\n\n".join(page.render() for page in pages))
    return 0 if all(page.ready for page in pages) else 1
