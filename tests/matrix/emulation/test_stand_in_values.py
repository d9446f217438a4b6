"""What the attributes of stand-in modules become. Device functions are tested in vendor_checks.py."""

from __future__ import annotations

import json

import pytest

from matrix.emulation.gaps import EmulationGap
from matrix.emulation.stand_in_values import find, make_value


def test_literals_stand_for_themselves() -> None:
    assert make_value("chip.count", 4) == 4
    assert make_value("chip.sizes", {"warp": 32, "lanes": [1, 2]}) == {"warp": 32, "lanes": [1, 2]}


def test_a_callable_takes_anything_and_gives_what_is_declared() -> None:
    tools = make_value("chip.Tools", {"returns": {"attributes": {"sizes": {"returns": {"warp": 32}}}}})
    assert tools("anything", at=1).sizes(0) == {"warp": 32}


def test_a_hint_gives_back_its_argument() -> None:
    assert make_value("chip.hint", {"argument": 1})("a", "b", strength=3) == "b"


def test_an_alias_is_what_lies_at_the_address() -> None:
    assert make_value("chip.dumps", {"same_as": "json.dumps"}) is json.dumps
    assert find("json.decoder") is json.decoder
    with pytest.raises(AttributeError):
        find("json.nothing")
    with pytest.raises(ModuleNotFoundError):
        find("no_such_module_here")


def test_a_symbol_without_meaning_is_a_gap_when_it_is_called() -> None:
    shuffle = make_value("chip.shuffle", {"gap": "it moves between cores"})
    with pytest.raises(EmulationGap) as caught:
        shuffle(1, 2)
    assert caught.value.name == "symbol:chip.shuffle"
