"""The conftest of a suite made for one process: its table is filled where tests run, and read where they are reported."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

RESULTS: dict[str, dict[str, object]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="fewer shapes")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    RESULTS[item.nodeid] = {"result": None}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        RESULTS[report.nodeid]["result"] = report.outcome


def pytest_sessionfinish() -> None:
    folder = os.environ.get("SUITE_RESULTS")
    if folder:
        (Path(folder) / f"{os.getpid()}.json").write_text(json.dumps(RESULTS))
