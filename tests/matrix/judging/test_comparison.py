"""An output holds when it is what the reference says, within the bound, and not otherwise."""

from __future__ import annotations

import math

import pytest
import torch

from matrix.judging.comparison import Due, compare, impostors

EXACT = torch.tensor([1.0, -2.0, 3.0, 0.5], dtype=torch.float64)


def due(exact: torch.Tensor = EXACT, dtype: torch.dtype = torch.float32, reduced: int = 1) -> Due:
    return Due(exact, exact.to(dtype), dtype, reduced)


def test_the_rounded_answer_passes_and_says_by_which_rule() -> None:
    finding = compare("output", EXACT.to(torch.float32), due())
    assert not finding.complaint
    assert "eps(float32)" in finding.comparison.rule
    assert finding.comparison.policies == {"native": True, "flaggems": True, "challenge": True, "torch": True}


def test_one_element_off_is_found_with_its_place_and_numbers() -> None:
    got = EXACT.to(torch.float32).clone()
    got[2] += 1e-3
    finding = compare("output", got, due())
    assert finding.comparison.mismatched == 1
    assert finding.comparison.first_bad == (2,)
    assert finding.comparison.max_abs == pytest.approx(1e-3, rel=1e-3)
    assert "at [2] got 3.0009" in finding.complaint


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_wrong_unless_it_is_due(value: float) -> None:
    got = EXACT.to(torch.float32).clone()
    got[0] = value
    assert compare("output", got, due()).complaint
    exact = EXACT.clone()
    exact[0] = value
    assert not compare("output", got, due(exact)).complaint


def test_overflow_of_the_dtype_is_not_the_providers_fault() -> None:
    exact = torch.tensor([1e5], dtype=torch.float64)
    assert not compare("output", torch.tensor([math.inf], dtype=torch.float16), due(exact, torch.float16)).complaint


def test_shape_and_dtype_are_due_too() -> None:
    assert "shape [2, 2]" in compare("output", EXACT.to(torch.float32).reshape(2, 2), due()).complaint
    assert "is float16, due is float32" in compare("output", EXACT.to(torch.float16), due()).complaint


def test_integers_are_exact() -> None:
    exact = torch.tensor([1, 2, 3])
    assert not compare("output", torch.tensor([1, 2, 3]), due(exact, torch.int64)).complaint
    assert compare("output", torch.tensor([1, 2, 4]), due(exact, torch.int64)).complaint
    quantised = Due(exact.to(torch.int8), None, torch.int8, slack=1)
    assert not compare("output", torch.tensor([1, 2, 4], dtype=torch.int8), quantised).complaint


def test_the_error_torch_itself_makes_widens_the_bound() -> None:
    exact = torch.full((64,), 1.0, dtype=torch.float64)
    native = (exact + 1e-4).to(torch.float32)
    got = (exact - 2e-4).to(torch.float32)
    assert compare("output", got, Due(exact, exact.to(torch.float32), torch.float32)).complaint
    assert not compare("output", got, Due(exact, native, torch.float32)).complaint


def test_a_reduction_may_round_more_than_one_step() -> None:
    exact = torch.full((4,), 100.0, dtype=torch.float64)
    got = (exact + 3e-3).to(torch.float32)
    assert compare("output", got, due(exact, reduced=1)).complaint
    assert not compare("output", got, due(exact, reduced=16384)).complaint


def test_one_huge_element_does_not_loosen_the_bound_of_the_others() -> None:
    exact = torch.cat([EXACT, torch.tensor([1e30], dtype=torch.float64)])
    got = exact.to(torch.float32)
    got[0] = 1.1
    assert compare("output", got, due(exact)).comparison.first_bad == (0,)


def test_an_answer_of_zeros_may_be_off_by_a_rounding_of_one() -> None:
    exact = torch.zeros(3, dtype=torch.float64)
    assert not compare("output", torch.tensor([0.0, 6e-8, 0.0]), due(exact)).complaint
    assert compare("output", torch.tensor([0.0, 6e-6, 0.0]), due(exact)).complaint


def test_impostors_are_named() -> None:
    assert impostors(due(), [EXACT.to(torch.float32)]) == ("identity",)
    assert impostors(due(torch.zeros(3, dtype=torch.float64)), []) == ("zeros",)
    assert impostors(due(), [torch.ones(9)]) == ()


def test_complex_numbers_are_compared_by_both_parts() -> None:
    exact = torch.tensor([1 + 2j], dtype=torch.complex128)
    wanted = Due(exact, exact.to(torch.complex64), torch.complex64)
    assert not compare("output", exact.to(torch.complex64), wanted).complaint
    assert compare("output", torch.tensor([1 - 2j], dtype=torch.complex64), wanted).complaint


def test_overflow_of_torchs_own_operator_excuses_the_same_overflow_only() -> None:
    exact = torch.tensor([1.0], dtype=torch.float64)
    overflown = Due(exact, torch.tensor([math.inf]), torch.float32)
    assert not compare("output", torch.tensor([math.inf]), overflown).complaint
    assert compare("output", torch.tensor([5.0]), overflown).complaint
    assert compare("output", torch.tensor([-math.inf]), overflown).complaint
