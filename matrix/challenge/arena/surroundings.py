"""Settings of a process that an answer, or how it is judged, can depend on: looked at around each call of an entry's code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

MISSING = "nothing"
SHOWN = 60
_SIGNALS = (
    signal.SIGALRM,
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGSEGV,
    signal.SIGABRT,
    signal.SIGXCPU,
    signal.SIGPROF,
)
# What torch itself, or Triton, sets in the environment when a part of it is imported late.
OF_LIBRARIES = ("TORCHINDUCTOR_CACHE_DIR", "KINETO_LOG_LEVEL", "TRITON_CACHE_DIR", "TORCH_NCCL_", "CUDA_MODULE_LOADING")


def look() -> dict[str, object]:
    """By name, every setting as it is now."""
    backends: Any = torch.backends
    return {
        "torch.get_default_dtype()": torch.get_default_dtype(),
        "torch.get_default_device()": str(torch.get_default_device()),
        "torch.initial_seed()": torch.initial_seed(),
        "torch.get_num_threads()": torch.get_num_threads(),
        "torch.are_deterministic_algorithms_enabled()": torch.are_deterministic_algorithms_enabled(),
        "torch.utils.deterministic.fill_uninitialized_memory": _fills_memory(),
        "torch.is_grad_enabled()": torch.is_grad_enabled(),
        "torch.is_inference_mode_enabled()": torch.is_inference_mode_enabled(),
        "torch.get_float32_matmul_precision()": torch.get_float32_matmul_precision(),
        "torch.backends.cuda.matmul.allow_tf32": backends.cuda.matmul.allow_tf32,
        "torch.backends.cudnn.allow_tf32": backends.cudnn.allow_tf32,
        "torch.backends.cudnn.benchmark": backends.cudnn.benchmark,
        "torch.backends.cudnn.enabled": backends.cudnn.enabled,
        "torch.is_autocast_enabled('cpu')": torch.is_autocast_enabled("cpu"),
        "modes of torch's functions": torch._C._len_torch_function_stack(),  # noqa: SLF001 - there is no public name
        "modes of torch's dispatcher": torch._C._len_torch_dispatch_stack(),  # noqa: SLF001
        "the working folder": _here(),
        "sys.path": tuple(sys.path),
        "sys.meta_path": tuple(map(id, sys.meta_path)),
        "sys.gettrace()": sys.gettrace(),
        "sys.getprofile()": sys.getprofile(),
        "sys.getswitchinterval()": sys.getswitchinterval(),
        "sys.getrecursionlimit()": sys.getrecursionlimit(),
        "the number of threads": threading.active_count(),
        **{f"the handler of {number.name}": signal.getsignal(number) for number in _SIGNALS},
        **{f"os.environ[{name!r}]": value for name, value in os.environ.items() if not name.startswith(OF_LIBRARIES)},
    }


def _fills_memory() -> bool:
    deterministic: Any = torch.utils.deterministic
    return bool(deterministic.fill_uninitialized_memory)


def _here() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return "none"


def differences(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """What was changed, in words."""
    names = dict.fromkeys([*before, *after])
    return [
        f"{name} was {_show(before.get(name, MISSING))} and became {_show(after.get(name, MISSING))}"
        for name in names
        if before.get(name, MISSING) != after.get(name, MISSING)
    ]


def _show(value: object) -> str:
    text = str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def around(function: Callable[..., Any], note: Callable[[list[str]], None]) -> Callable[..., Any]:
    """The function, after each call of which `note` is told what it changed."""
    now, differ = look, differences

    def watched(*args: Any, **kwargs: Any) -> Any:
        before = now()
        try:
            return function(*args, **kwargs)
        finally:
            note(differ(before, now()))

    return watched
