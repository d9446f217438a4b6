"""Bounds follow dtype and operation."""

from __future__ import annotations

import pytest
import torch

from matrix.judging.tolerance import POLICIES, Situation, bound, reduction_size


def situation(dtype: torch.dtype = torch.float32, reduced: int = 1, error: float | None = None) -> Situation:
    return Situation(dtype, reduced, error, error, 1.0)


@pytest.mark.parametrize("policy", POLICIES)
def test_integers_are_exact_under_every_policy(policy: str) -> None:
    rule = bound(policy, situation(torch.int64))
    assert (rule.atol, rule.rtol) == (0.0, 0.0)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_names_itself(policy: str) -> None:
    assert bound(policy, situation()).rule.startswith(policy)


def test_the_native_bound_grows_with_the_root_of_the_reduction() -> None:
    one, many = bound("native", situation()), bound("native", situation(reduced=10_000))
    assert many.atol == pytest.approx(100 * one.atol, rel=1e-3)


def test_torchs_own_relative_error_widens_the_bound_and_a_hopeless_one_becomes_absolute() -> None:
    assert bound("native", situation(error=1e-4)).rtol == pytest.approx(3e-4)
    hopeless = bound("native", situation(error=0.5))
    assert hopeless.rtol < 1e-5
    assert hopeless.atol > 1


def test_flaggems_bound_grows_with_the_reduction_itself() -> None:
    assert bound("flaggems", situation(reduced=1000)).atol == pytest.approx(0.1)


def test_a_reduction_is_as_long_as_its_longest_dimension_or_the_ratio() -> None:
    assert reduction_size("reduction", [(4, 1000)], 4) == 1000
    assert reduction_size("reduction", [(10, 10)], 1) == 100
    assert reduction_size("matmul", [(2, 64), (64, 3)], 6) == 64
    assert reduction_size("pointwise", [(4, 1000)], 4000) == 1
    assert reduction_size("reduction", [], 1) == 1
