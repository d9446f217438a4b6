"""Existing suites as rows: a pytest plugin that journals any suite as a run journals its cells (docs/lab-kit.md).

python -m pytest tests -p matrix.adopt --profile chip -n 4
"""

from matrix.adopt.plugin import (
    pytest_addoption,
    pytest_cmdline_main,
    pytest_configure,
    pytest_load_initial_conftests,
)

__all__ = ["pytest_addoption", "pytest_cmdline_main", "pytest_configure", "pytest_load_initial_conftests"]
