"""Tests that misbehave in every way that a chip's do; they are run by the tests of matrix.adopt, never by the project's own."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sys
import time

import pytest

# As suites do that want other shapes each day: the clock decides what is collected.
random.seed(time.time())
DRAWN = [random.randrange(10**9) for _ in range(3)]


@pytest.mark.good
@pytest.mark.parametrize("size", [1, 2, 3])
def test_good(size: int) -> None:
    assert size > 0


@pytest.mark.inplace
@pytest.mark.good_
@pytest.mark.parametrize("drawn", DRAWN)
def test_drawn(drawn: int) -> None:
    assert drawn >= 0


@pytest.mark.parametrize("text", ["a b", "[x]/y", "é::ü", 'q"@\\', "", "x" * 300, "a=1,b=2"])
def test_odd_ids(text: str) -> None:
    assert isinstance(text, str)


@pytest.mark.parametrize("time", range(20))
def test_random_without_a_seed(time: int) -> None:
    """Wrong for half of the seeds, whatever ran before it."""
    assert random.random() < 0.5


def test_wrong() -> None:
    print("what it said before it failed")
    assert sum([1, 1]) == 3


def test_pytest_fail() -> None:
    pytest.fail("said so itself")


def test_error() -> None:
    raise RuntimeError("no such thing")


def test_oom() -> None:
    raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")


def test_segfault() -> None:
    print("about to fall")
    ctypes.string_at(0)


def test_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_exit() -> None:
    os._exit(0)


def test_system_exit() -> None:
    sys.exit(3)


def test_ends_the_session() -> None:
    pytest.exit("enough")


def test_hang() -> None:
    time.sleep(600)


def test_forks() -> None:
    if os.fork() == 0:
        raise RuntimeError("the child comes back")
    os.wait()


@pytest.mark.skip(reason="not on this chip")
def test_skipped() -> None:
    raise AssertionError


def test_skips_itself() -> None:
    pytest.skip("no such shape")


@pytest.mark.xfail(reason="known")
def test_xfail() -> None:
    raise AssertionError("as known")


@pytest.mark.xfail(reason="known")
def test_xpass() -> None:
    pass


@pytest.mark.xfail(reason="known", strict=True)
def test_strict_xpass() -> None:
    pass


@pytest.mark.xfail(reason="never try", run=False)
def test_xfail_not_run() -> None:
    os._exit(9)


@pytest.fixture
def broken() -> None:
    raise OSError("no weights")


@pytest.mark.usefixtures("broken")
def test_broken_fixture() -> None:
    pass


@pytest.fixture
def untidy() -> object:
    yield 1
    raise RuntimeError("device-side assert")


def test_broken_teardown(untidy: object) -> None:
    assert untidy


class TestInClass:
    def test_method(self) -> None:
        assert os.environ["OF_THE_PROFILE"] == "set"


def test_last() -> None:
    assert True
