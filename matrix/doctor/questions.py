"""What is asked in a process of its own, step by step: everything here may hang, print or die, and takes nobody along.

    python -P -m matrix.doctor.questions QUESTION PROFILE ANSWERS

ANSWERS is the file that the asking process reads: a JSON line says what is being done before it is done, and another what
was found as soon as it is known. An exception is left to Python: its last line is the answer.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from backends.profile import Profile
from backends.profiles import select_profiles
from matrix.outcome import Evidence

GIB = 1024**3


class Answers:
    """The file of answers."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def doing(self, what: str) -> None:
        self._write({"doing": what})

    def found(self, **facts: object) -> None:
        self._write({"found": facts})

    def _write(self, line: Mapping[str, object]) -> None:
        os.write(self._file, json.dumps(line, default=str).encode() + b"\n")


def ask_torch(profile: Profile, answers: Answers) -> None:
    """Torch, the plug-in before it, and the devices that it shows."""
    torch = _torch(profile, answers)
    answers.found(torch=str(torch.__version__), file=str(torch.__file__))
    if profile.device == "cpu":
        return
    answers.doing(f"ask torch for {profile.device} devices")
    module = getattr(torch, profile.device, None)
    if module is None:
        answers.found(problem=f"this torch has no torch.{profile.device}")
        return
    count = module.device_count() if module.is_available() else 0
    answers.found(devices=[str(module.get_device_name(place)) for place in range(count)])
    if count and hasattr(module, "mem_get_info"):
        answers.doing("ask for the device's free memory")
        free, total = module.mem_get_info()
        answers.found(memory=f"{free / GIB:.1f} of {total / GIB:.1f} GiB free")


def ask_triton(profile: Profile, answers: Answers) -> None:
    """Triton, its back ends, and the target that it compiles for here."""
    _torch(profile, answers)
    answers.doing("import triton")
    triton = importlib.import_module("triton")
    answers.found(triton=str(getattr(triton, "__version__", "of unknown version")))
    answers.doing("list Triton's back ends")
    backends: Any = importlib.import_module("triton.backends")
    answers.found(backends=sorted(backends.backends))
    answers.doing("ask Triton for its active driver")
    runtime: Any = importlib.import_module("triton.runtime")
    target = runtime.driver.active.get_current_target()
    parts = (getattr(target, name, "unknown") for name in ("backend", "arch", "warp_size"))
    answers.found(target="{}, {}, warps of {}".format(*parts))


def ask_provider(profile: Profile, answers: Answers, evidence: str) -> None:
    """FlagGems: the vendor that it chose, and what of the vendor's folder it really took in."""
    _stand_in(profile, answers, evidence)
    answers.doing("import flag_gems")
    provider = importlib.import_module("flag_gems")
    answers.found(provider=str(getattr(provider, "__version__", "of unknown version")), vendor=provider.vendor_name)
    answers.doing("see which of the vendor's files were imported")
    backend: Any = sys.modules["flag_gems.runtime.backend"]
    folder = Path(backend.vendor_module.__file__).parent
    files = {str(path) for path in folder.rglob("*.py")}
    taken = {str(getattr(module, "__file__", None)) for module in list(sys.modules.values())} & files
    answers.found(folder=folder.name, files=len(files), taken=len(taken))
    answers.doing("list the vendors that FlagGems knows")
    known: Any = importlib.import_module("flag_gems.runtime.common")
    answers.found(vendors=sorted(known.vendors.get_all_vendors()))
    answers.doing("see which of the vendor's modules do not import")
    from matrix.judging.fallback import failed_imports

    failed = [[item.module, len(item.names), item.reason] for item in failed_imports("flag_gems")]
    answers.found(failed=failed)


def ask_kernel(profile: Profile, answers: Answers, evidence: str) -> None:
    """A tiny kernel whose answer is known: compiled, launched, and its answer held against what is due."""
    stand_in = _stand_in(profile, answers, evidence)
    answers.doing("import what a worker imports")
    from matrix.judging.readiness import probe, use_device

    use_device(profile.device if stand_in is None else "cpu", stand_in)
    answers.doing("compile and launch a tiny kernel" if evidence != Evidence.COMPILE else "compile a tiny kernel")
    answers.found(unwell=probe())


def _torch(profile: Profile, answers: Answers) -> Any:
    """Torch, after the plug-in that shows it the chip."""
    if profile.probe is not None and profile.probe.module is not None:
        answers.doing(f"import {profile.probe.module}")
        importlib.import_module(profile.probe.module)
    answers.doing("import torch")
    return importlib.import_module("torch")


def _stand_in(profile: Profile, answers: Answers, evidence: str) -> Any:
    """What stands in for the chip with an evidence that takes none; with another, None, and the chip's stack is imported."""
    if not Evidence(evidence).emulated:
        _torch(profile, answers)
        return None
    answers.doing(f"set up what stands in for the chip ({evidence})")
    if evidence == Evidence.COMPILE:
        from matrix.compilation import activate as activate_compiler

        return activate_compiler(profile)
    from matrix.emulation import activate

    return activate(profile)


QUESTIONS: Mapping[str, Callable[..., None]] = {
    "torch": ask_torch,
    "triton": ask_triton,
    "provider": ask_provider,
    "kernel": ask_kernel,
}


def main(question: str, profile: str, path: str, *more: str) -> None:
    faulthandler.enable()
    answers = Answers(Path(path))
    QUESTIONS[question](select_profiles([profile])[0], answers, *more)
    answers.doing("done")


if __name__ == "__main__":
    main(*sys.argv[1:])
