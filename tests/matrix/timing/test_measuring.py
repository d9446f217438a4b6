"""The procedure, with a clock that the test moves: interleaving, warm-up, when it stops, and what it keeps."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from matrix.timing.measuring import BLOCK, LEAST_BLOCKS, Contender, Procedure, measure, next_size, split
from matrix.timing.stopwatch import Call, HostStopwatch, Lap


class World:
    """A device whose calls take as long as they are told to, with noise, and a clock that they move."""

    def __init__(self, noise: float = 0.0, seed: int = 1) -> None:
        self.now = 0.0
        self.noise = noise
        self.random = random.Random(seed)
        self.order: list[str] = []

    def contender(self, name: str, seconds: float, warming: float = 0.0) -> Contender:
        """A call that takes `seconds`, and at first as much more as `warming` says, less with each call."""
        calls = 0

        def call() -> None:
            nonlocal calls
            calls += 1
            self.order.append(name)
            self.now += seconds * (1 + warming * 0.5**calls) * self.random.gauss(1, self.noise)

        return Contender(call, lambda: self.order.append(f"restore {name}"))

    def laps(self, calls: Sequence[tuple[Call, Call]]) -> list[Lap]:
        found = []
        for prepare, call in calls:
            prepare()
            began = self.now
            call()
            found.append(Lap(self.now - began, 1e-6))
        return found

    def clock(self) -> float:
        return self.now


def test_blocks_are_interleaved_and_arguments_restored_before_each_call() -> None:
    world = World()
    measure(world.contender("a", 1e-4), world.contender("b", 1e-4), world, Procedure(warm_seconds=0), world.clock)
    calls = [name for name in world.order if "restore" not in name]
    assert "".join(calls[-BLOCK * 4 :]) == "abba" * 4
    for place, name in enumerate(world.order):
        assert name.startswith("restore") or world.order[place - 1] == f"restore {name}"


def test_it_stops_when_the_interval_is_narrow_enough_and_says_so() -> None:
    world = World(noise=0.01)
    found = measure(world.contender("a", 3e-4), world.contender("b", 2e-4), world, clock=world.clock)
    assert found.stopped == "interval"
    assert found.stable
    assert found.speedup.half_width <= 0.005
    assert found.speedup.median == pytest.approx(1.5, rel=0.01)
    assert len(found.baseline) == len(found.candidate) == 2 * (len(found.baseline) // 2)


def test_noise_that_does_not_settle_ends_at_the_cap_with_every_sample_kept() -> None:
    world = World(noise=0.4)
    procedure = Procedure(most_blocks=50)
    found = measure(world.contender("a", 1e-4), world.contender("b", 1e-4), world, procedure, world.clock)
    assert found.stopped == "cap"
    assert len(found.baseline) == 2 * 50
    assert not any(lap.seconds == 0 for lap in found.baseline)


def test_slow_calls_are_measured_as_often_as_an_interval_needs_and_no_more() -> None:
    world = World(noise=0.05)
    found = measure(world.contender("a", 0.4), world.contender("b", 0.4), world, clock=world.clock)
    assert len(found.baseline) == 2 * LEAST_BLOCKS
    assert found.stopped == "cap"
    assert found.speedup.low is not None


def test_warm_up_goes_on_until_the_laps_come_to_rest() -> None:
    world = World()
    found = measure(world.contender("a", 1e-3, warming=4.0), world.contender("b", 1e-3), world, clock=world.clock)
    assert found.stable
    assert max(lap.seconds for lap in found.baseline) < 1.02e-3


def test_what_never_comes_to_rest_is_measured_and_said() -> None:
    world = World()
    growing = iter(range(1, 10**9))

    def call() -> None:
        world.now += 1e-4 * 1.2 ** min(next(growing), 60)

    procedure = Procedure(warm_limit=0.05, seconds=0.1)
    assert not measure(Contender(call), world.contender("b", 1e-4), world, procedure, world.clock).stable


def test_a_planted_slowdown_is_found_and_the_same_code_is_not_accused() -> None:
    """With noise of 2 % a call: 3 % are found in each of 40 tries, and identical code is never 1 % slower."""
    found = []
    for seed in range(40):
        world = World(noise=0.02, seed=seed)
        slow = measure(world.contender("a", 1e-4), world.contender("b", 1.03e-4), world, clock=world.clock).speedup
        world = World(noise=0.02, seed=1000 + seed)
        same = measure(world.contender("a", 1e-4), world.contender("b", 1e-4), world, clock=world.clock).speedup
        assert slow.high is not None
        assert same.high is not None
        found.append((slow.high < 0.99, same.high < 0.99))
    assert sum(slow for slow, _ in found) >= 38
    assert sum(same for _, same in found) == 0


@pytest.mark.parametrize(
    ("blocks", "spent", "most"), [(1, 0.001, 9), (10, 0.01, 10), (30, 0.1, 15), (249, 0.1, 1), (6, 3.0, 1)]
)
def test_the_next_batch_is_within_what_is_left(blocks: int, spent: float, most: int) -> None:
    assert 1 <= next_size(blocks, spent, Procedure()) <= most


def test_splitting_undoes_interleaving() -> None:
    laps = [Lap(float(number), 0.0) for number in range(8)]
    first, second = split(laps)
    assert [lap.seconds for lap in first] == [0, 3, 4, 7]
    assert [lap.seconds for lap in second] == [1, 2, 5, 6]


def test_the_host_s_stopwatch_times_calls_and_not_their_preparation(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    monkeypatch.setattr("matrix.timing.stopwatch.time.perf_counter", world.clock)

    def takes(seconds: float) -> Call:
        def call() -> None:
            world.now += seconds

        return call

    laps = HostStopwatch(wait=takes(0.25)).laps([(takes(64.0), takes(2.0))] * 3)
    assert laps == [Lap(2.25, 2.0)] * 3
