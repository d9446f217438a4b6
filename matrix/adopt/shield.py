"""The controller of pytest-xdist runs no test, but it runs the suite's hooks on every report; some are not made for that.

FlagGems' conftest is one: its `pytest_runtest_logreport` looks the test up in a table that its `pytest_runtest_protocol`
filled, and that hook runs in the worker, which has a table of its own. In the controller the table is empty, the KeyError
is an internal error of pytest's, and with it the session ends at the first report. The hook has done its work in the worker
already, where the test ran; so in the controller a report hook of a conftest that fails so is left out from then on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

HOOKS = ("pytest_runtest_logstart", "pytest_runtest_logreport", "pytest_runtest_logfinish")
# What a look into a table or a state that only the worker has comes to.
ABSENT = (LookupError, AttributeError, TypeError)


class Shield:
    """A plugin of the controller: puts itself around the report hooks of every conftest that is there when it starts."""

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        for name in HOOKS:
            for hook in getattr(session.config.hook, name).get_hookimpls():
                file = getattr(hook.plugin, "__file__", None)
                if file and str(file).endswith("conftest.py") and not (hook.hookwrapper or hook.wrapper):
                    hook.function = self.shielded(hook.function, f"{name} of {file}")

    def shielded(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*arguments: Any) -> Any:
            if name in self.faults:
                return None
            try:
                return function(*arguments)
            except ABSENT as error:
                self.faults[name] = f"{type(error).__name__}: {error}"[:300]
                return None

        return call

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for name, why in self.faults.items():
            terminalreporter.write_line(f"matrix: left out in the controller: {name} ({why}); it ran in the workers")
