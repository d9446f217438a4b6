"""Checks of a process that compiles for a target: run by test_compiling.py, which reads what they print."""

# mypy: disable-error-code="no-untyped-call, no-untyped-def, misc, untyped-decorator"
# ruff: noqa: N803

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from backends.profile import Emulation, Profile, Target
from matrix.compilation import activate
from matrix.emulation import EmulationGap, KernelFault, Refused

sys.path.insert(0, str(Path(__file__).parents[1] / "emulation"))
checking = importlib.import_module("checking")
expect, run_checks = checking.expect, checking.run_checks

TARGETS = {"cuda": Target("cuda", 90, 32, (9, 0), 2048), "hip": Target("hip", "gfx942", 64, (9, 4), 2048)}
BACKEND = sys.argv[1]
NAMES = {"cuda": "nvidia", "hip": "amd"}
PROFILE = Profile(
    name="small",
    title="a target with little shared memory",
    vendor="nobody",
    device="cuda",
    dispatch_key="CUDA",
    evidence=("compile",),
    emulation=Emulation(NAMES[BACKEND], target=TARGETS[BACKEND]),
)
compiler = activate(PROFILE)

import torch  # noqa: E402
import triton  # noqa: E402
import triton.language as tl  # noqa: E402


@triton.jit
def scaled(source, target, count, factor, BLOCK: tl.constexpr):
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(source + place, mask=place < count)
    tl.store(target + place, value * factor, mask=place < count)


@triton.jit
def ordered(source, target, count, BLOCK: tl.constexpr):
    place = tl.arange(0, BLOCK)
    value = tl.load(source + place, mask=place < count, other=0.0)
    tl.store(target + place, tl.sort(value), mask=place < count)


@triton.jit
def misspelt(source, target, BLOCK: tl.constexpr):
    tl.store(target, tl.lode(source))


def tuned(*blocks: int) -> Any:
    return triton.autotune([triton.Config({"BLOCK": block}) for block in blocks], key=["count"])(ordered)


def launch(kernel: Any, *arguments: Any, **named: Any) -> list[Any]:
    with compiler.launches() as compiled, compiler.window():
        compiler.watched(kernel[(1,)])(*arguments, **named)
    return compiled


def check_a_launch_is_compiled_and_not_run() -> None:
    source, target = torch.ones(64), torch.zeros(64)
    (compiled,) = launch(scaled, source, target, 64, 2.0, BLOCK=64)
    assert not target.any()
    assert (compiled.kernel, compiled.file, compiled.count) == ("scaled", "compile_checks.py", 1)
    assert compiled.size > 1000
    assert 0 < compiled.registers < 256
    assert compiled.configuration["BLOCK"] == "64"
    assert compiled.configuration["num_warps"] == "4"


def check_arguments_are_specialised_as_in_a_launch() -> None:
    source, target = torch.ones(64), torch.zeros(64)
    with compiler.launches() as compiled:
        for count in (32, 48, 33, 34, 1):  # divisible by 16 twice, not divisible twice, the constant one
            scaled[(1,)](source, target, count, 2.0, BLOCK=32)
        scaled[(1,)](source[1:], target, 32, 2.0, BLOCK=32)  # a pointer that is not aligned
    assert [item.count for item in compiled] == [2, 2, 1, 1], compiled


def check_what_exceeds_the_target_is_refused() -> None:
    source = torch.ones(1024)
    refused = expect(Refused, lambda: launch(ordered, source, source, 1024, BLOCK=4096))
    assert re.search(r"ordered wants \d+ B of shared memory, small has 2048 a block", str(refused)), refused
    again = expect(Refused, lambda: launch(ordered, source, source, 1024, BLOCK=4096))
    assert str(again) == str(refused)


def check_what_the_compiler_refuses_says_why() -> None:
    source = torch.ones(16)
    refused = expect(Refused, lambda: launch(misspelt, source, source, BLOCK=16))
    assert "misspelt: " in str(refused)
    assert "lode" in str(refused)


def check_a_tuned_kernel_counts_what_fits() -> None:
    source = torch.ones(1024)
    (compiled,) = launch(tuned(4096, 128, 256), source, source, 128)
    assert (compiled.tried, compiled.fitting) == (3, 2)
    assert compiled.configuration["BLOCK"] == "128"


def check_a_tuned_kernel_that_fits_nowhere_is_refused() -> None:
    source = torch.ones(1024)
    refused = expect(Refused, lambda: launch(tuned(4096, 8192), source, source, 128))
    assert "none of 2 configurations fits; at the least, " in str(refused)


def check_what_a_kernel_would_have_written_cannot_be_asked_for() -> None:
    questions = {
        "item": (lambda t: t[0].item(), lambda t: bool(t[0] > 0), lambda t: int((t * 2).sum())),
        "tolist": (lambda t: t.tolist(), lambda t: (t + 1).tolist()),
        "nonzero": (torch.nonzero,),
        "masked_select": (lambda t: torch.masked_select(torch.ones(64), t > 0),),
        "index": (lambda t: torch.ones(64)[t > 0], lambda t: torch.ones(64)[t.long() + 10**6]),
        "numpy": (lambda t: t.numpy(),),
    }

    def asked(question: Any) -> EmulationGap:
        target = torch.zeros(64)

        def host() -> None:
            scaled[(1,)](torch.ones(64), target, 64, 2.0, BLOCK=64)
            question(target)

        with compiler.launches() as compiled:
            gap = expect(EmulationGap, compiler.watched(host))
        assert len(compiled) == 1
        assert compiler.unknown.stopped is not None
        return gap  # type: ignore[no-any-return]

    found = {name: {asked(question).name for question in each} for name, each in questions.items()}
    assert found == {name: {f"needs-result:{name}"} for name in questions}, found


def check_what_is_known_can_be_asked_for() -> None:
    source, target = torch.arange(64.0), torch.zeros(64)

    def host() -> None:
        scaled[(1,)](source, target, 64, 2.0, BLOCK=64)
        assert source.max().item() == 63  # a kernel's input stays what it is
        assert torch.zeros_like(target).sum().item() == 0
        assert target.reshape(8, 8).shape == (8, 8)
        assert source[source > 60].tolist() == [61, 62, 63]

    with compiler.launches():
        compiler.watched(host)()
    assert compiler.unknown.stopped is None


def check_the_host_s_own_mistakes_are_the_host_s() -> None:
    source = torch.ones(64)
    with compiler.launches():
        error = expect(TypeError, compiler.watched(lambda: scaled[(1,)](source)))
        assert compiler.classify(error) is None
        error = expect(RuntimeError, compiler.watched(lambda: source.reshape(7, 7)))
        assert compiler.classify(error) is None
        expect(KernelFault, compiler.watched(lambda: scaled[()](source, source, 64, 2.0, BLOCK=64)))


def check_resources_are_those_that_the_vendor_s_tool_reads() -> None:
    if BACKEND != "cuda":
        return
    from matrix.compilation.binary import read_resources

    launch(ordered, torch.ones(256), torch.ones(256), 256, BLOCK=256)
    kernel = list(ordered.device_caches[0][0].values())[-1]
    tool = Path(triton.__file__).parent / "backends" / NAMES[BACKEND] / "bin" / "cuobjdump"
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(kernel.kernel)
        file.flush()
        said = subprocess.run([tool, "--dump-resource-usage", file.name], capture_output=True, text=True, check=True)
    registers, stack = re.search(r"REG:(\d+) STACK:(\d+)", said.stdout).groups()  # type: ignore[union-attr]
    resources = read_resources(kernel.kernel)
    assert (resources.registers, resources.local) == (int(registers), int(stack))


if __name__ == "__main__":
    run_checks(dict(globals()))
