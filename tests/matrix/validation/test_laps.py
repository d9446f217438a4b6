"""Laps: every cell is carried as often as every other, in an order that is drawn and can be drawn again."""

from __future__ import annotations

from collections import Counter

import pytest

from matrix.identity import parse_id
from matrix.validation.laps import chosen, course, lapped, without_lap
from tests.fakes.cells import fake

CELLS = [fake("quick", sample=number) for number in range(7)]


def test_a_lapped_cell_has_an_id_that_parses_back_and_its_cell() -> None:
    cell = lapped(CELLS[3], 12)
    assert str(parse_id(str(cell.id))) == str(cell.id)
    assert without_lap(cell) == (CELLS[3], 12)
    with pytest.raises(ValueError, match="no cell of a lap"):
        without_lap(CELLS[3])


def test_a_round_takes_the_cells_that_follow_those_of_the_round_before() -> None:
    rounds = [chosen(CELLS, 3, 5, number) for number in range(1, 8)]
    assert {len(cells) for cells in rounds} == {3}
    assert Counter(str(cell.id) for cells in rounds for cell in cells) == {str(cell.id): 3 for cell in CELLS}
    assert len(chosen(CELLS, 100, 5, 1)) == len(CELLS)


def test_each_lap_visits_every_cell_in_an_order_of_its_own() -> None:
    visits = course(CELLS, 4, 5, 1)
    assert len({str(cell.id) for cell in visits}) == len(visits) == 28
    laps = [[str(without_lap(cell)[0].id) for cell in visits[start : start + 7]] for start in range(0, 28, 7)]
    assert [sorted(lap) for lap in laps] == [sorted(str(cell.id) for cell in CELLS)] * 4
    assert len({tuple(lap) for lap in laps}) > 1
    assert [cell.id for cell in course(CELLS, 4, 5, 1)] == [cell.id for cell in visits]
