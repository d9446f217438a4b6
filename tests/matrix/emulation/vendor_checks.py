"""Checks of what a profile declares of its vendor's stack: run by test_kernels.py as kernel_checks.py is."""

# ruff: noqa: N803
# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-untyped-call"

from __future__ import annotations

import importlib
import sys
import tempfile
import warnings
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[3]), str(Path(__file__).parent)]
warnings.filterwarnings("ignore")

checking = importlib.import_module("checking")
expect, run_checks = checking.expect, checking.run_checks

from backends.profile import Emulation, Profile, Target  # noqa: E402
from matrix.emulation import EmulationGap, KernelFault, activate  # noqa: E402

PROFILE = Profile(
    name="emulated",
    title="",
    vendor="Tomorrow",
    device="tmr",
    dispatch_key="PrivateUse1",
    evidence=("interpret",),
    emulation=Emulation(
        vendor="tomorrow",
        device="tmr",
        target=Target(capability=(3, 1), arch=80, properties={"vector_cores": 40}),
        stand_ins={
            "torch_chip": {"version": "1"},
            "triton.language.extra.tmr.libdevice": {
                "*": {"widened": "triton.language.extra.cuda.libdevice"},
                "quick_tanh": {"same_as": "triton.language.extra.cuda.libdevice.tanh"},
                "keep": {"argument": 0},
                "shuffle": {"gap": "it moves between cores"},
            },
            "triton.language": {"twice": {"triton": "def twice(value):\n    return value * 2\n"}},
        },
        device_modules=("torch_chip",),
        block_slices=True,
        device_functions={"fast_gelu": "gelu"},
        driver_functions=("fill_descriptor",),
        any_block_size=True,
        language_arguments={"load": ("care_padding",)},
        config_arguments=("num_ldmatrixes",),
        launch_arguments=("is_use_mask_zero",),
        autotune_arguments=("generate_configs",),
        generated_configurations={"square": {"BLOCK": 8}},
        mixed_arguments=True,
        numbers_promote=True,
    ),
)
emulator = activate(PROFILE)

import torch  # noqa: E402
import triton  # noqa: E402
import triton.language as tl  # noqa: E402
from triton.language.extra.cuda import libdevice  # noqa: E402


@triton.autotune([triton.Config({"BLOCK": 16}, num_ldmatrixes=8)], key=["n"], generate_configs="chip")
@triton.jit
def vendor_kernel(x, n, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    tl.store(x + at, at, mask=at < n)


def check_arguments_and_modules_of_the_vendors_stack_are_taken() -> None:
    assert importlib.import_module("torch_chip").version == "1"  # declared above
    x = torch.zeros(8, dtype=torch.int32)
    vendor_kernel[(1,)](x, 8, is_use_mask_zero=True)
    assert torch.equal(x, torch.arange(8, dtype=torch.int32))
    assert vendor_kernel.configs[0].num_ldmatrixes == 8


@triton.autotune([], key=["n"], generate_configs="square")
@triton.jit
def tuned_kernel(x, n, BLOCK: tl.constexpr):
    tl.store(x + tl.arange(0, BLOCK), BLOCK, mask=tl.arange(0, BLOCK) < n)


def check_a_configuration_that_the_vendors_compiler_makes_is_the_declared_one() -> None:
    x = torch.zeros(8, dtype=torch.int32)
    tuned_kernel[(1,)](x, 7)
    assert x.tolist() == [8] * 7 + [0]
    assert vendor_kernel.configs[0].kwargs == {"BLOCK": 16}, "declared ones come first"


@triton.jit
def mixed_kernel(x, out):
    at = tl.arange(0, 8)
    value = tl.load(x + at)
    tl.store(out + at, libdevice.pow(value.to(tl.float64), value) + libdevice.fmod(2, value))


@triton.jit
def number_kernel(x, out):
    at = tl.arange(0, 8)
    value = tl.load(x + at) * 0.1
    tl.static_assert(value.dtype == tl.float32)
    tl.store(out + at, libdevice.erf(value))


def check_arguments_and_numbers_promote_as_in_the_vendors_older_triton() -> None:
    x, out = torch.rand(8) + 0.5, torch.empty(8)
    mixed_kernel[(1,)](x, out)
    torch.testing.assert_close(out, x.pow(x) + torch.fmod(torch.full_like(x, 2), x))
    number_kernel[(1,)](x.half(), out)
    torch.testing.assert_close(out, torch.erf(x.half().float() * 0.1))


@triton.jit
def gelu_kernel(x, out):
    at = tl.arange(0, 8)
    tl.store(out + at, libdevice.fast_gelu(tl.load(x + at)))


def check_the_vendors_device_and_driver_answer_as_declared() -> None:
    x, out = torch.randn(8), torch.empty(8)
    gelu_kernel[(1,)](x, out)
    torch.testing.assert_close(out, torch.nn.functional.gelu(x))
    narrow, narrow_out = x.bfloat16(), torch.empty(8, dtype=torch.bfloat16)
    gelu_kernel[(1,)](narrow, narrow_out)
    torch.testing.assert_close(narrow_out, torch.nn.functional.gelu(narrow.float()).bfloat16())
    assert importlib.import_module("torch_chip").get_device_capability() == (3, 1)
    driver = triton.runtime.driver.active.utils
    assert driver.get_device_properties(0)["vector_cores"] == 40
    device = torch.tmr  # type: ignore[attr-defined]
    assert device.get_device_properties().vector_cores == 40
    gap = emulator.classify(expect(EmulationGap, lambda: driver.fill_descriptor(1, 2)))
    assert gap is not None
    assert gap.name == "driver:fill_descriptor"


@triton.jit
def odd_kernel(x, out, n: tl.constexpr):
    values = tl.load(x + tl.arange(0, n), care_padding=False)
    tl.store(out, tl.sum(values + tl.zeros([n], tl.float32)))


def check_a_block_of_any_size_is_taken_where_that_is_declared() -> None:
    x, out = torch.randn(11), torch.empty(1)
    odd_kernel[(1,)](x, out, 11)
    torch.testing.assert_close(out[0], x.sum())
    expect(ValueError, lambda: odd_kernel[(1,)](x, out, -1))
    expect(ValueError, lambda: odd_kernel[(1,)](x, out, (1 << 20) + 1))


tmr = importlib.import_module("triton.language.extra.tmr.libdevice")


@triton.jit
def declared_kernel(x, out):
    at = tl.arange(0, 8)
    value = tmr.keep(tl.load(x + at))
    tl.store(out + at, tmr.quick_tanh(value) + tl.twice(tmr.sqrt(value)))


@triton.jit
def widening_kernel(x, out):
    at = tl.arange(0, 8)
    value = tl.load(x + at)
    tl.store(out + at, tmr.div_rn(value, 3) + tmr.fmod(value, value))


def check_a_widened_library_takes_types_that_it_has_no_overload_for() -> None:
    x, out = torch.rand(8).bfloat16() + 1, torch.empty(8, dtype=torch.bfloat16)
    widening_kernel[(1,)](x, out)
    torch.testing.assert_close(out, (x.float() / 3).bfloat16(), rtol=0, atol=0)


@triton.jit
def shuffling_kernel(x):
    tmr.shuffle(x)


def check_declared_functions_of_the_vendors_language_compute() -> None:
    x, out = torch.rand(8), torch.empty(8)
    declared_kernel[(1,)](x, out)
    torch.testing.assert_close(out, x.tanh() + 2 * x.sqrt())
    gap = emulator.classify(expect(EmulationGap, lambda: shuffling_kernel[(1,)](x)))
    assert gap is not None
    assert gap.name == "symbol:triton.language.extra.tmr.libdevice.shuffle"


@triton.jit
def slices_kernel(out, part, n):
    block = tl.zeros([3, 4], dtype=tl.int32)
    before = block
    block[:, 1] = tl.arange(0, 3) + 5
    block[n, 2:4], block[0, 0] = tl.full([2], 7, tl.int32), n
    block[2, 3] += 1
    tl.store(out + tl.arange(0, 12), tl.reshape(block, [12]))
    tl.store(part + tl.arange(0, 4), block[n, :] + before[n, :])
    tl.store(part + 4, block[0, 1])


def check_parts_of_blocks_of_any_extent_are_read_and_replaced() -> None:
    out, part = torch.empty(12, dtype=torch.int32), torch.empty(5, dtype=torch.int32)
    slices_kernel[(1,)](out, part, 2)
    assert out.reshape(3, 4).tolist() == [[2, 5, 0, 0], [0, 6, 0, 0], [0, 7, 7, 8]]
    assert part.tolist() == [0, 7, 7, 8, 5]


@triton.jit
def outside_kernel(out, n):
    tl.store(out, tl.arange(0, 3)[n])


def check_an_index_outside_of_a_block_is_the_kernels_fault() -> None:
    out = torch.empty(1, dtype=torch.int32)
    expect(KernelFault, lambda: outside_kernel[(1,)](out, 3))


def check_tensors_are_on_the_vendors_device_inside_the_window_only() -> None:
    x = torch.zeros(1)
    with emulator.window():
        assert x.is_tmr  # type: ignore[attr-defined]
        assert not x.is_cuda, "it is no chip of another maker"
        assert not torch.cuda.is_available()
    assert not x.is_tmr  # type: ignore[attr-defined]


def check_the_vendors_modules_understand_the_name_of_their_device() -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "_tomorrow").mkdir()
        source = "def here(tensor): return tensor.device.type == 'tmr'\ndef other(): return 'xpu'\n"
        source += (
            "def on_host(tensor): return tensor.device.type == 'cpu'\ndef to_host(tensor): return tensor.to('cpu')\n"
        )
        (Path(folder) / "_tomorrow" / "asking.py").write_text(source)
        sys.path.insert(0, folder)
        asking = importlib.import_module("_tomorrow.asking")
        sys.path.remove(folder)
    x = torch.empty(1)
    assert asking.here(x)
    assert not asking.on_host(x)
    assert asking.to_host(x) is x
    assert x.tmr() is x
    assert type(asking.other()) is str


if __name__ == "__main__":
    run_checks(globals())
