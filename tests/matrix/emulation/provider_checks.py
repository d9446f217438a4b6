"""Checks of FlagGems itself in an activated process: run by test_kernels.py as kernel_checks.py is."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

kernel_checks = importlib.import_module("kernel_checks")  # it activates the emulation
emulator, expect, run_checks = kernel_checks.emulator, kernel_checks.expect, kernel_checks.run_checks

import torch  # noqa: E402

from matrix.emulation import activate  # noqa: E402


def entry(key: str, *arguments: Any, **named: Any) -> tuple[Any, list[Any]]:
    """An operator of FlagGems registered with ATen, and the launches that it made."""
    import flag_gems

    function = {row[0]: row[1] for row in flag_gems._FULL_CONFIG}[key]
    packet, _, overload = key.partition(".")
    library = torch.library.Library("aten", "IMPL")
    try:
        library.impl(key, function, "CPU")
        operator = getattr(getattr(torch.ops.aten, packet), overload or "default")
        with emulator.launches() as launches, emulator.window(), torch.no_grad():
            return operator(*arguments, **named), launches
    finally:
        library._destroy()


def check_flag_gems_knows_its_vendor_and_runs_on_the_cpu() -> None:
    import flag_gems

    assert flag_gems.vendor_name == "nvidia"
    assert flag_gems.device == "cpu"
    assert flag_gems.device == "cuda"
    assert flag_gems.device != "npu"
    assert torch.empty(1, device=flag_gems.device).device.type == "cpu"


def check_generated_kernels_name_the_file_they_come_from() -> None:
    x, y = torch.randn(5, 7), torch.randn(5, 1)
    out, launches = entry("add.Tensor", x, y, alpha=2)
    torch.testing.assert_close(out, x + 2 * y)
    assert [launch.file for launch in launches] == ["flag_gems/ops/add.py"], launches


def check_generated_code_is_kept_for_each_chip_apart() -> None:
    from flag_gems.utils.code_cache import cache_dir_path, code_cache_dir

    assert code_cache_dir().parent == cache_dir_path()
    assert cache_dir_path().name == "nvidia-80"


def check_kernels_from_other_generators_name_the_module_that_launches_them() -> None:
    x = torch.randn(3, 4)
    out, launches = entry("repeat", x, [2, 3])
    assert torch.equal(out, x.repeat(2, 3))
    assert [launch.file for launch in launches] == ["flag_gems/ops/repeat.py"], launches


def check_operators_that_ask_for_a_device_run() -> None:
    x = torch.randn(6)
    out, launches = entry("where.self", x > 0, x, -x)
    assert torch.equal(out, x.abs())
    assert launches
    out, launches = entry("_to_copy", x, dtype=torch.float16)
    assert torch.equal(out, x.half())
    assert launches
    out, launches = entry("zero_", x.clone())
    assert not out.any()
    assert launches


def check_negative_strides() -> None:
    x = torch.arange(6).reshape(2, 3)
    out, launches = entry("flip", x, [0, 1])
    assert torch.equal(out, x.flip(0, 1))
    assert launches


def check_random_numbers_follow_the_seed() -> None:
    draws = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        draws.append(entry("normal_", torch.empty(1000))[0])
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert abs(draws[0].mean()) < 0.15
    emulator.seed(1)
    assert torch.equal(entry("normal_", torch.empty(1000))[0], draws[0])
    mine = torch.Generator().manual_seed(5)
    first = entry("normal_", torch.empty(10), generator=mine)[0]
    assert not torch.equal(entry("normal_", torch.empty(10), generator=mine)[0], first), "the offset moves on"


def check_matrix_products_softmax_and_sorting() -> None:
    x, y = torch.randn(5, 9), torch.randn(9, 4)
    torch.testing.assert_close(entry("mm", x, y)[0], x @ y)
    torch.testing.assert_close(entry("_softmax", x, 1, False)[0], x.softmax(1))
    torch.testing.assert_close(entry("cumsum", x, 1)[0], x.cumsum(1))
    values, indices = entry("topk", x, 3)[0]
    assert torch.equal(values, x.topk(3)[0])
    assert torch.equal(x.gather(1, indices), values)


def check_a_second_profile_is_refused() -> None:
    from dataclasses import replace

    assert activate(kernel_checks.PROFILE) is emulator
    expect(RuntimeError, lambda: activate(replace(kernel_checks.PROFILE, name="another")))
    expect(ValueError, lambda: activate(replace(kernel_checks.PROFILE, emulation=None)))


if __name__ == "__main__":
    run_checks(globals())
