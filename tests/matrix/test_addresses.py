"""Addresses lead to functions, or say which part of them leads nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matrix.addresses import AddressError, composed, inner, resolve


def test_a_module_and_a_file_are_both_addresses(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def double(x):\n    return 2 * x\n")
    assert resolve("json:dumps") is json.dumps
    assert resolve(f"{file}:double")(4) == 8


@pytest.mark.parametrize(
    "address", ["json", "json:", "json:nope", "json:dumps()", "/no/such/file.py:f", "json:__doc__"]
)
def test_a_wrong_address_says_so(address: str) -> None:
    with pytest.raises(AddressError):
        resolve(address)


def test_an_adapter_of_a_function_is_an_address(tmp_path: Path) -> None:
    file = tmp_path / "own (1).py"
    file.write_text("def double(x):\n    return 2 * x\n")
    address = composed("functools:partial", f"{file}:double")
    assert resolve(address)(4) == 8
    assert inner(address) == inner(f"{file}:double") == f"{file}:double"
    with pytest.raises(AddressError):
        resolve(composed("functools:partial", "json:nope"))
