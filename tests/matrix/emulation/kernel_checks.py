"""Checks that need an activated process: run by test_kernels.py in one process of their own, never imported by pytest.

Each function named `check_*` is one check. Printed is one JSON object: name -> None, or the traceback.
"""

# Kernels are written as Triton's users write them: constants in capitals, no annotations, untyped decorators.
# ruff: noqa: N803, PLR0133, SIM202
# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-untyped-call"

from __future__ import annotations

import importlib
import sys
import warnings
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[3]), str(Path(__file__).parent)]
warnings.filterwarnings("ignore")

checking = importlib.import_module("checking")
expect, run_checks = checking.expect, checking.run_checks

from backends.profile import Emulation, Profile, Target  # noqa: E402
from matrix.emulation import EmulationGap, OutOfBounds, activate  # noqa: E402

PROFILE = Profile(
    name="emulated",
    title="",
    vendor="nvidia",
    device="cpu",
    dispatch_key="CPU",
    evidence=("interpret",),
    emulation=Emulation(
        vendor="nvidia",
        target=Target(capability=(8, 0), arch=80),
    ),
)
emulator = activate(PROFILE)

import torch  # noqa: E402
import triton  # noqa: E402
import triton.language as tl  # noqa: E402
from triton.language.extra import libdevice  # noqa: E402

from matrix.emulation.gaps import LaunchRefused, NotCompilable, StaticAssertion  # noqa: E402

FACTOR = tl.constexpr(3)


@triton.jit
def add_kernel(x, y, out, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    tl.store(out + at, tl.load(x + at, mask=inside) + tl.load(y + at, mask=inside), mask=inside)


def check_a_launch_computes_and_is_recorded() -> None:
    x, y, out = torch.randn(100), torch.randn(100), torch.empty(100)
    with emulator.launches() as launches:
        add_kernel[(4,)](x, y, out, 100, BLOCK=32)
        add_kernel[lambda meta: (triton.cdiv(100, meta["BLOCK"]),)](x, y, out, 100, BLOCK=64)
    torch.testing.assert_close(out, x + y)
    assert [(launch.kernel, launch.file, launch.count) for launch in launches] == [
        ("add_kernel", "kernel_checks.py", 2)
    ], launches


def check_bfloat16_rounds_once_per_operation() -> None:
    x, y = torch.randn(64).bfloat16(), torch.randn(64).bfloat16()
    out = torch.empty(64, dtype=torch.bfloat16)
    add_kernel[(1,)](x, y, out, 64, BLOCK=64)
    assert torch.equal(out, x + y)


def check_an_access_out_of_bounds_names_the_argument() -> None:
    x, y, out = torch.randn(100), torch.randn(7), torch.empty(100)
    error = expect(OutOfBounds, lambda: add_kernel[(4,)](x, y, out, 100, BLOCK=32))
    assert "argument y" in str(error), error
    assert "add_kernel" in str(error), error
    assert emulator.classify(error) is None


def check_bounds_may_be_left_unchecked() -> None:
    x, held = torch.randn(64), torch.zeros(64)
    emulator.check_bounds = False
    add_kernel[(1,)](x, held[:32], held, 64, BLOCK=64)
    emulator.check_bounds = True
    assert torch.equal(held, x)


@triton.jit
def logic_kernel(x, out, n, BLOCK: tl.constexpr, FLAG: tl.constexpr):
    at = tl.arange(0, BLOCK)
    value = tl.load(x + at, mask=at < n and at >= 0, other=0)
    answer = (value > 0 and value < 5) or not (value != 7)
    if FLAG and n is not None:
        answer = answer or value == 9
    tl.store(out + at, answer, mask=at < n)


def check_python_logic_works_element_by_element() -> None:
    x = torch.arange(-4, 12)
    out = torch.empty(16, dtype=torch.bool)
    logic_kernel[(1,)](x, out, 16, BLOCK=16, FLAG=True)
    assert torch.equal(out, ((x > 0) & (x < 5)) | (x == 7) | (x == 9))


@triton.jit
def invert_kernel(x, out, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    tl.store(out + at, tl.load(x + at) == 0)


def check_booleans_are_one_byte_in_memory() -> None:
    x = torch.tensor([True, False, False, True])
    out = torch.empty(4, dtype=torch.bool)
    invert_kernel[(1,)](x, out, BLOCK=4)
    assert torch.equal(out, ~x)


@triton.jit
def compose(a1, b1, a2, b2):
    """x -> a2 * (a1 * x + b1) + b2: associative, does not commute."""
    return a1 * a2, a2 * b1 + b2


@triton.jit
def compose_kernel(a, b, scanned, total, reverse_out, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    first, second = tl.load(a + at), tl.load(b + at)
    _, offsets = tl.associative_scan((first, second), 0, compose)
    tl.store(scanned + at, offsets)
    _, offset = tl.reduce((first, second), 0, compose)
    tl.store(total, offset)
    _, backward = tl.associative_scan((first, second), 0, compose, reverse=True)
    tl.store(reverse_out + at, backward)


def affine(pairs: list[tuple[float, float]]) -> list[float]:
    value, values = 0.0, []
    for a, b in pairs:
        value = a * value + b
        values.append(value)
    return values


def check_reductions_and_scans_keep_left_from_right() -> None:
    a, b = torch.rand(16, dtype=torch.float64) + 0.5, torch.randn(16, dtype=torch.float64)
    scanned, backward, total = torch.empty_like(a), torch.empty_like(a), torch.empty(1, dtype=torch.float64)
    compose_kernel[(1,)](a, b, scanned, total, backward, BLOCK=16)
    pairs = list(zip(a.tolist(), b.tolist(), strict=True))
    expected = torch.tensor(affine(pairs), dtype=torch.float64)
    torch.testing.assert_close(scanned, expected)
    torch.testing.assert_close(total[0], expected[-1])
    torch.testing.assert_close(backward, torch.tensor(affine(pairs[::-1]), dtype=torch.float64).flip(0))


@triton.jit
def branching_max(a, b):
    if a > b:
        return a
    else:  # noqa: RET505 - Triton's compiler wants it
        return b


@triton.jit
def reduce_kernel(x, branched, plain, where_max, BLOCK: tl.constexpr, WIDTH: tl.constexpr):
    row, column = tl.arange(0, BLOCK)[:, None], tl.arange(0, WIDTH)[None, :]
    value = tl.load(x + row * WIDTH + column)
    at = tl.arange(0, BLOCK)
    tl.store(branched + at, tl.reduce(value, 1, branching_max))
    tl.store(plain + at, tl.max(value, axis=1))
    tl.store(where_max + at, tl.argmax(value, axis=1))


def check_a_combine_function_may_branch_and_max_ignores_nan() -> None:
    x = torch.randint(0, 5, (4, 8)).float()
    branched, plain, place = torch.empty(4), torch.empty(4), torch.empty(4, dtype=torch.int64)
    reduce_kernel[(1,)](x, branched, plain, place, BLOCK=4, WIDTH=8)
    assert torch.equal(branched, x.amax(1))
    assert torch.equal(place, x.argmax(1)), "ties go to the left"
    x[1, 3] = float("nan")
    reduce_kernel[(1,)](x, branched, plain, place, BLOCK=4, WIDTH=8)
    assert torch.equal(plain, x.nan_to_num(-1).amax(1))


@triton.jit
def count_kernel(x, counts, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + at, mask=at < n, other=0)
    tl.atomic_add(counts + value, 1.0, mask=at < n)


def check_atomics_that_meet_add_up_in_every_type() -> None:
    x = torch.randint(0, 4, (50,))
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        counts = torch.zeros(4, dtype=dtype)
        count_kernel[(4,)](x, counts, 50, BLOCK=16)
        assert torch.equal(counts.long(), torch.bincount(x, minlength=4)), dtype


@triton.jit
def loop_kernel(out, n, BLOCK: tl.constexpr):
    total = 0
    for i in range(0, n, 2):
        total += i.to(tl.int64)  # type: ignore[attr-defined]  # a tensor, not Python's int
    for j in tl.static_range(3):
        total += j.value
    count: tl.constexpr = 2 * FACTOR
    tl.store(out, total + max(count, 1) + min(n, 100) + len(out.shape))


def check_loops_constants_and_builtins() -> None:
    out = torch.zeros(1, dtype=torch.int64)
    loop_kernel[(1,)](out, 7, BLOCK=4)
    assert out.item() == (0 + 2 + 4 + 6) + (0 + 1 + 2) + 6 + 7, out


@triton.jit
def stepping_kernel(out, n, STEP: tl.constexpr):
    total = 0
    for i in tl.range(0, n, step=STEP, num_stages=2):
        total = total * 10 + i
    for j in tl.static_range(1, 6, step=STEP):
        total = total * 10 + j
    for k in range(n, 0, -3):
        total = total * 10 + k
    tl.store(out, total)


def check_loops_step_also_by_keyword_and_backwards() -> None:
    out = torch.zeros(1, dtype=torch.int64)
    stepping_kernel[(1,)](out, 7, STEP=4)
    assert out.item() == 415741, out


@triton.jit
def specialised_kernel(out, stride, maybe):
    if maybe is None:
        tl.store(out, stride * 2)
    else:
        tl.store(out, stride * 3)


def check_none_and_one_are_compile_time_constants() -> None:
    out = torch.zeros(1, dtype=torch.int64)
    specialised_kernel[(1,)](out, 1, None)
    assert out.item() == 2
    specialised_kernel[(1,)](out, 5, 7)
    assert out.item() == 15


@triton.jit
def block_condition_kernel(out, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    if at > 2:
        tl.store(out + at, at)


def check_a_branch_on_a_block_does_not_compile() -> None:
    out = torch.zeros(4, dtype=torch.int32)
    error = expect(NotCompilable, lambda: block_condition_kernel[(1,)](out, BLOCK=4))
    assert emulator.classify(error) is None


@triton.jit
def library_kernel(x, y, out, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    tl.store(out + at, libdevice.div_rz(tl.load(x + at), tl.load(y + at)))


def check_the_device_library_and_its_type_rules() -> None:
    x, y = torch.tensor([1.0, -1.0]), torch.tensor([3.0, 3.0])
    out = torch.empty(2)
    library_kernel[(1,)](x, y, out, BLOCK=2)
    assert out[0].double() * 3 <= 1
    assert out[1].double() * 3 >= -1
    error = expect(KeyError, lambda: library_kernel[(1,)](x.half(), y.half(), out, BLOCK=2))
    assert emulator.classify(error) is None, "libdevice has no float16 division: Triton refuses it"


@triton.jit
def assembly_kernel(x, out):
    value = tl.inline_asm_elementwise("mov.u32 $0, $1;", "=r,r", [tl.load(x)], tl.int32, is_pure=True, pack=1)
    tl.store(out, value)


def check_inline_assembly_is_a_gap() -> None:
    x = torch.zeros(1, dtype=torch.int32)
    error = expect(EmulationGap, lambda: assembly_kernel[(1,)](x, x))
    gap = emulator.classify(error)
    assert gap is not None
    assert gap.name == "inline-asm"


@triton.autotune([triton.Config({"BLOCK": 8}), triton.Config({"BLOCK": 64}), triton.Config({"BLOCK": 32})], key=["n"])
@triton.jit
def tuned_kernel(x, n, BLOCK: tl.constexpr):
    tl.static_assert(BLOCK >= 16, "too small")
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(x + at, BLOCK, mask=at < n)


@triton.jit
def asserting_kernel(x):
    tl.static_assert(1 > 2, "never")


def check_tuning_takes_the_smallest_that_compiles() -> None:
    x = torch.zeros(100, dtype=torch.int32)
    tuned_kernel[lambda meta: (triton.cdiv(100, meta["BLOCK"]),)](x, 100)
    assert x.unique().tolist() == [32]
    expect(StaticAssertion, lambda: asserting_kernel[(1,)](x))


def check_launches_that_the_driver_refuses() -> None:
    x = torch.zeros(4)
    expect(LaunchRefused, lambda: add_kernel[(1, 70000)](x, x, x, 4, BLOCK=4))
    expect(LaunchRefused, lambda: add_kernel[(1.0,)](x, x, x, 4, BLOCK=4))
    expect(LaunchRefused, lambda: add_kernel[(1,)](x, x, x, BLOCK=4))
    expect(LaunchRefused, lambda: add_kernel[(1,)](x, x, x, 4, BLOCK=4, bogus=1))
    add_kernel[(0,)](x, x, x, 4, BLOCK=4)


@triton.jit
def window_kernel(x, out, rows, columns, BLOCK: tl.constexpr):
    source = tl.make_block_ptr(x, (rows, columns), (columns, 1), (0, 2), (BLOCK, BLOCK), (1, 0))
    value = tl.load(source, boundary_check=(0, 1), padding_option="zero")
    source = tl.advance(source, (0, 1))
    value += tl.load(source, boundary_check=(0, 1))
    target = tl.make_block_ptr(out, (BLOCK, BLOCK), (BLOCK, 1), (0, 0), (BLOCK, BLOCK), (1, 0))
    tl.store(target, tl.dot(value, value.T) * 0 + value)


def check_block_pointers() -> None:
    x = torch.arange(12.0).reshape(3, 4)
    out = torch.empty(4, 4)
    window_kernel[(1,)](x, out, 3, 4, BLOCK=4)
    padded = torch.zeros(4, 8)
    padded[:3, :4] = x
    assert torch.equal(out, padded[:, 2:6] + padded[:, 3:7])


def check_tensors_say_that_they_are_on_the_device_inside_the_window_only() -> None:
    x = torch.zeros(1)
    assert not x.is_cuda
    with emulator.window():
        assert x.is_cuda
        assert torch.cuda.is_available()
        assert torch.cuda.get_device_capability() == (8, 0)
    assert not x.is_cuda
    assert not torch.cuda.is_available()


if __name__ == "__main__":
    run_checks(globals())
