"""The controller's own journal: the header, what could not be collected, and at the end NOT_RUN for what was not carried."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from backends.machine import Machine
from matrix.adopt.adoption import EVIDENCE, Adoption
from matrix.adopt.cases import read_cases
from matrix.adopt.naming import collection_cell
from matrix.columns import Column
from matrix.outcome import Outcome, Phase
from matrix.result import Result
from matrix.run import Header, Run
from matrix.runner.journal import Journal, Tail, read_run, write_header


class Ledger:
    """The plugin that opens and closes the record of a suite."""

    def __init__(self, adoption: Adoption, machine: Machine, arguments: tuple[str, ...]) -> None:
        session = adoption.session
        self.adoption = adoption
        self.directory = session.directory
        self.header = Header(
            columns=(str(Column(adoption.profile, EVIDENCE)),),
            machine=machine.facts(),
            stack=dict(machine.packages),
            arguments=arguments,
        )
        self.journal = Journal(self.directory / f"journal-{session.name}-run.jsonl", f"adopt-{session.parent}")
        self.journal.write("run", write_header(self.header))
        self.journal.write("session", {"name": session.name, "mark": session.mark, "cells": 0})
        self.journal.opened()
        self.reported: set[str] = set()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected is a row too: the suite's fault, or skipped as a whole."""
        if report.passed or report.nodeid in self.reported:
            return
        self.reported.add(report.nodeid)
        cell = str(collection_cell(report.nodeid, self.adoption.profile.name))
        text = str(report.longrepr)
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else text
            self.journal.result(Result(cell, Outcome.NOT_RUN, Phase.PLAN, f"skipped by the suite: {reason}"))
            return
        last = next((line for line in reversed(text.splitlines()) if line.strip()), "it does not say why")
        detail = f"the file cannot be collected: {last.strip()[:500]}"
        self.journal.result(Result(cell, Outcome.INFRA, Phase.PLAN, detail, traceback=text[-6000:]))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """The last act: every collected test has a result."""
        run = read_run(self.directory)
        why = quarantine(self.directory) or str(session.shouldstop or session.shouldfail or "the run was interrupted")
        for cell in read_cases(self.directory):
            if run.final(cell) is None:
                self.journal.result(Result(cell, Outcome.NOT_RUN, Phase.START, why))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.write_line(f"matrix: {count(read_run(self.directory))} -> {self.directory}")
        terminalreporter.write_line(f"matrix: python -m matrix report {self.directory} shows it")


def quarantine(directory: Path) -> str:
    """Why the device was given up, if it was."""
    events = (event for path in directory.glob("journal-*-warden.jsonl") for event in Tail(path).read())
    return next((str(event.get("reason")) for event in events if event["event"] == "quarantine"), "")


def count(run: Run) -> str:
    """`12 PASS, 1 CRASH`"""
    finals = (run.final(cell) for cell in run.results)
    counts = Counter(final.outcome for final in finals if final is not None)
    return (
        ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome]) or "no test was collected"
    )
