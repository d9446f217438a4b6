"""Candidates that misbehave, each in one way. They are real functions: the real runner calls them in a real worker."""

from __future__ import annotations

import ctypes
import io
import json
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path

from matrix.runner.processes import children

LIBC = ctypes.PyDLL(None)  # calls through it keep the GIL
FREE_LIBC = ctypes.CDLL(None)
STATE = "FAKES_STATE"  # a folder in which a candidate may remember something


def right() -> bool:
    return True


def wrong() -> bool:
    return False


def raises() -> bool:
    raise ValueError("no kernel for this shape")


def nan() -> float:
    return float("nan")


def segfault() -> bool:
    ctypes.string_at(0)
    return True


def abort() -> bool:
    os.abort()


def killed() -> bool:
    os.kill(os.getpid(), signal.SIGKILL)
    return True


def kill_group() -> bool:
    os.killpg(0, signal.SIGKILL)
    return True


def exit_zero() -> bool:
    os._exit(0)


def exit_three() -> bool:
    os._exit(3)


def sys_exit() -> bool:
    sys.exit(0)


def keyboard_interrupt() -> bool:
    raise KeyboardInterrupt


def interrupt_signal() -> bool:
    signal.raise_signal(signal.SIGINT)
    return True


def pytest_exit() -> bool:
    import pytest

    pytest.exit("the candidate wants to end the session")


class Odd(BaseException):
    """An exception that no `except Exception` catches."""


def base_exception() -> bool:
    raise Odd("odd")


def hang_python() -> bool:
    while True:
        time.sleep(1)


def hang_native() -> bool:
    LIBC.sleep(3600)  # keeps the GIL: no Python thread runs meanwhile
    return True


def hang_in_regex() -> bool:
    return re.match(r"(a+)+$", "a" * 64 + "b") is None


def hang_without_watchdog() -> bool:
    signal.setitimer(signal.ITIMER_REAL, 0)
    LIBC.sleep(3600)
    return True


def stop() -> bool:
    os.kill(os.getpid(), signal.SIGSTOP)
    return True


def fork_and_abort() -> bool:
    if (child := os.fork()) == 0:
        os.abort()
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def fork_and_return() -> bool:
    os.fork()
    return True


def fork_and_raise() -> bool:
    if os.fork() == 0:
        raise ValueError("in the child")
    return True


def native_fork_and_return() -> bool:
    FREE_LIBC.fork()  # no hook of Python's runs in this child
    return True


def fork_and_outlive() -> bool:
    if os.fork() == 0:
        time.sleep(3600)
    return True


def fork_and_die() -> bool:
    """The parent dies, and its child goes on with every descriptor it inherited, as a daemon would."""
    if FREE_LIBC.fork() == 0:
        os.setsid()
        LIBC.sleep(3600)
    time.sleep(0.1)
    os.abort()


def daemon() -> bool:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(3600)
        os._exit(0)
    time.sleep(0.1)
    return True


def memory_python() -> bool:
    hoard = []
    while True:
        hoard.append(bytearray(64 * 1024**2))


def memory_numpy() -> bool:
    import numpy as np

    return bool(np.ones(1 << 40, dtype=np.int8).all())


def memory_torch() -> bool:
    import torch

    return bool(torch.ones(1 << 38).all())


def memory_native() -> bool:
    """Takes all there is, then touches the null pointer it gets, as code does that does not check malloc."""
    FREE_LIBC.malloc.restype = ctypes.c_void_p
    while True:
        ctypes.memset(FREE_LIBC.malloc(ctypes.c_size_t(8 * 1024**2)), 1, 8 * 1024**2)
        time.sleep(0.04)  # so slowly that the warden of a busy machine sees it near its limit


def memory_shared() -> bool:
    """Shared memory is not private data: only the warden sees it grow."""
    import mmap

    hoard = []
    while True:
        hoard.append(mmap.mmap(-1, 64 * 1024**2))
        hoard[-1].write(b"x" * 64 * 1024**2)


def bad_alloc() -> bool:
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n")
    os.abort()


def forge() -> bool:
    cell = "fakes:fake.forge/fake[dtype=float32,sample=typical-0]@interpret"
    line: dict[str, object] = {"event": "result", "cell": cell, "outcome": "PASS", "phase": "compare", "attempt": 1}
    line["comparison"] = {"rule": "equal", "total": 1, "mismatched": 0}
    print(json.dumps(line), flush=True)
    print("tests/test_it.py::test_it PASSED [100%]\n1 passed in 0.01s", flush=True)
    sys.__stdout__.write(json.dumps(line) + "\n")  # type: ignore[union-attr]
    return False


def forge_and_exit() -> bool:
    forge()
    os._exit(0)


def patch_stdout() -> bool:
    sys.stdout = io.StringIO()
    return False


def close_stdout() -> bool:
    print("the last words", flush=True)
    sys.stdout.close()
    os.close(1)
    return False


def close_everything() -> bool:
    os.closerange(0, 256)
    return True


def print_much() -> bool:
    sys.stdout.write("x" * 79 + "\n" * 16384)
    sys.stdout.write("the end of a megabyte\n" * 50000)
    return False


def change_folder() -> bool:
    os.chdir("/")
    return True


def leave_thread() -> bool:
    threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
    return True


def flaky() -> bool:
    """Right every second time."""
    path = Path(os.environ[STATE]) / "flaky"
    count = int(path.read_text()) if path.exists() else 0
    path.write_text(str(count + 1))
    return count % 2 == 1


def flaky_crash() -> bool:
    """Crashes every second time."""
    path = Path(os.environ[STATE]) / "flaky_crash"
    if path.exists():
        return True
    path.touch()
    return segfault()


def lie() -> bool:
    """Right, but the judge is made to answer for another cell (tests/fakes/judge.py)."""
    return True


def poison() -> bool:
    os.environ["FAKES_POISONED"] = "1"
    raise RuntimeError("the device was lost")


def poison_silently() -> bool:
    os.environ["FAKES_POISONED"] = "1"
    return True


def kill_parent() -> bool:
    """Kills the process that controls all workers."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(3600)
    return True


def meet() -> bool:
    """Right when the case of another column is at work at the same time."""
    state = Path(os.environ["FAKES_STATE"])
    (state / os.environ["FAKES_ME"]).touch()
    deadline = time.monotonic() + 20
    while not (state / os.environ["FAKES_OTHER"]).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return (state / os.environ["FAKES_OTHER"]).exists()


def quick() -> bool:
    """Leaves the pid of who ran it, where the run has a place for that."""
    time.sleep(0.02)
    if STATE in os.environ:
        (Path(os.environ[STATE]) / f"ran-in-{os.getpid()}").touch()
    return True


def alone() -> bool:
    """Right when no other case left a process behind."""
    return not children(os.getpid())


def bad_inputs() -> None:
    raise ValueError("no such dtype")


def segfault_inputs() -> None:
    ctypes.string_at(0)


def bad_reference() -> None:
    raise ValueError("the reference is wrong")


def hang_reference() -> None:
    time.sleep(3600)


def hang_baseline() -> None:
    """A native operator that never answers."""
    time.sleep(3600)


def slow_after_baseline() -> None:
    """A native operator that is quick; what its answer is held against takes longer than timing may."""


def crash_baseline() -> None:
    segfault()


def needs_second_chip() -> str | None:
    """A probe: of two chips the first one is not well."""
    return None if os.environ.get("CHIP_VISIBLE") == "1" else "the fan of this chip is off"


def on_which_chip() -> bool:
    Path(os.environ[STATE], f"on-chip-{os.environ.get('CHIP_VISIBLE', 'none')}").touch()
    time.sleep(0.2)
    return True


def unwell() -> str:
    """A probe that is never content."""
    return "the fan is off"


def raises_at_start(_cell: object) -> None:
    raise ImportError("no such library")


def segfault_at_start(_cell: object) -> None:
    ctypes.string_at(0)


def needs_fan() -> str | None:
    """A probe that is content where the environment of the profile says so."""
    return None if os.environ.get("FAN") == "on" else "the fan is off"


def segfault_at_first_start(cell: object) -> None:
    path = Path(os.environ[STATE]) / "started"
    if not path.exists():
        path.touch()
        segfault_at_start(cell)
