"""What is a leak and what is not."""

from __future__ import annotations

import random

import pytest

from matrix.validation.growth import FLOOR, MIB, drift, grown


def life(per_lap: float = 0.0, laps: int = 24, noise: float = 0.0, seed: int = 1, first: float = 0.0) -> list[float]:
    """Bytes lap by lap: a base, what the first lap lacks, growth and noise (in MiB)."""
    draw = random.Random(seed)
    return [
        (400 + per_lap * lap + draw.uniform(-noise, noise) - (first if lap == 0 else 0)) * MIB for lap in range(laps)
    ]


def test_steady_growth_is_a_leak_and_is_told_with_its_size() -> None:
    found = grown("host memory", [life(0.5)])
    assert found.leaks
    assert found.per_lap == pytest.approx(0.5 * MIB)
    assert "+0.500 MiB a lap, +10.5 MiB over a life" in str(found)


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_leak(seed: int) -> None:
    assert not grown("host memory", [life(noise=20, seed=seed)]).leaks


@pytest.mark.parametrize("seed", range(20))
def test_growth_is_seen_through_noise(seed: int) -> None:
    assert grown("host memory", [life(1.0, noise=4, seed=seed)]).leaks


def test_growth_below_the_floor_is_none() -> None:
    per_lap = FLOOR / MIB / 30
    assert not grown("host memory", [life(per_lap)]).leaks
    assert grown("host memory", [life(per_lap, laps=60)]).leaks


def test_what_the_first_laps_take_is_warm_up() -> None:
    assert not grown("host memory", [life(first=300)]).leaks


def test_one_lap_that_stands_out_proves_nothing() -> None:
    odd = life()
    odd[-1] += 500 * MIB
    assert not grown("host memory", [odd]).leaks


def test_most_lives_must_have_grown() -> None:
    assert not grown("host memory", [life(1.0), life(), life()]).leaks
    assert grown("host memory", [life(1.0), life(1.0), life()]).leaks


def test_a_short_life_says_nothing() -> None:
    found = grown("host memory", [life(50.0, laps=6)])
    assert (found.series, found.leaks) == (0, False)
    assert "no worker lived for 7 laps" in str(found)


def test_drift_holds_the_last_quarter_against_the_first() -> None:
    rounds = [{"slow": 1.0 + number / 4, "even": 2.0} for number in range(8)]
    assert dict(drift(rounds)) == pytest.approx({"slow": 2.625 / 1.125, "even": 1.0})
    assert next(iter(drift(rounds)))[0] == "slow"
    assert drift(rounds[:3]) == ()
    assert drift([{"a": 1.0}, {}, {}, {"b": 1.0}]) == ()
