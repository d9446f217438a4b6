"""The command that runs an existing pytest suite as rows of the matrix: adopt."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

from matrix.commands.job import new_directory, remembered_job, write_and_show
from matrix.runner.journal import read_run
from matrix.runner.spawn import ROOT


def adopt(options: argparse.Namespace, _: Sequence[str]) -> int:
    """Run pytest with the plugin, then report what it journalled; the suite's own options are handed on as they are."""
    directory = (options.out or new_directory()).absolute()
    command = [sys.executable, "-m", "pytest", "-p", "matrix.adopt", "--profile", options.profile]
    given = [argument for argument in options.pytest if argument != "--"]
    workers = 0 if "--pdb" in given else options.workers or 1  # a debugger needs the test in the process that you see
    command += ["--adopt-out", str(directory), "-n", str(workers)]
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(ROOT))))
    status = subprocess.call([*command, *given], env=os.environ | {"PYTHONPATH": path})
    if not directory.is_dir() or not read_run(directory).header.arguments:
        return status
    job = remembered_job(directory)
    job.options.strict = options.strict
    return write_and_show(job)
