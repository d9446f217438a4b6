"""Modules and arguments of a chip's own stack, declared by its profile."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator

import pytest

from matrix.emulation.gaps import classify
from matrix.emulation.vendor_stack import stand_in


@pytest.fixture
def clean() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.usefixtures("clean")
def test_a_declared_module_is_importable_with_its_attributes() -> None:
    stand_in("torch_chip.runtime.device", {"count": 1})
    assert importlib.import_module("torch_chip.runtime.device").count == 1
    package = importlib.import_module("torch_chip")
    assert package.runtime.device.count == 1


@pytest.mark.usefixtures("clean")
def test_what_is_not_declared_is_a_gap_with_its_name() -> None:
    stand_in("torch_chip", {})
    module = importlib.import_module("torch_chip")
    assert not hasattr(module, "absent")
    with pytest.raises(AttributeError) as caught:
        _ = module.absent
    gap = classify(caught.value)
    assert gap is not None
    assert gap.name == "stand-in:torch_chip.absent"


@pytest.mark.usefixtures("clean")
def test_a_module_that_exists_is_extended_and_not_replaced() -> None:
    import json

    dumps = json.dumps
    stand_in("json.chip", {"answer": 42})
    assert json.dumps is dumps
    assert importlib.import_module("json.chip").answer == 42
    del json.chip  # type: ignore[attr-defined]
