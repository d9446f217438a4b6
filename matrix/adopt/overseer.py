"""The controller of an adopted suite: charges deaths to the tests that were announced, and ends a run that gets nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from matrix.adopt.adoption import Adoption
from matrix.adopt.cases import read_cases
from matrix.outcome import Phase
from matrix.runner.announcement import Announced
from matrix.runner.ward import Ward
from matrix.runner.warden import Warden


class Overseer(Warden):
    """A warden whose workers run a suite's own tests."""

    def __init__(self, adoption: Adoption, config: pytest.Config) -> None:
        super().__init__(adoption.session)
        self.config = config
        self.nodes: dict[str, str] = {}

    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport, sched: Any) -> None:
        """What pytest-xdist holds for the victim: right when that test has a result, else it never started."""
        if not self.nodes:
            self.nodes = {node: cell for cell, node in read_cases(self.session.directory).items()}
        ward = self.wards[report.node.gateway.id]
        last = self.last(ward, "result")
        if self.nodes.get(crashitem) in (ward.charged, last and last.get("cell")):
            return
        report.outcome = "rerun"  # type: ignore[assignment]
        sched.mark_test_pending(crashitem)

    def patience(self, announced: Announced) -> float:
        """A file may take as long to import as a worker to start; a test has its own limit."""
        return self.session.settings.start_seconds if announced.phase is Phase.PLAN else super().patience(announced)

    def limit(self, announced: Announced) -> float:
        return self.session.settings.start_seconds if announced.phase is Phase.PLAN else super().limit(announced)

    def bad_start(self, ward: Ward, status: int) -> None:
        """After too many bad starts in a row no other worker is started."""
        super().bad_start(ward, status)
        if self.bad_starts[ward.device] >= self.session.settings.bad_starts:
            carrying: Any = self.config.pluginmanager.getplugin("dsession")
            carrying.shouldstop = (
                f"{self.bad_starts[ward.device]} workers in a row failed to start or left the device unwell"
            )
            carrying._max_worker_restart = 0  # noqa: SLF001 - pytest-xdist has no public way to start no other
