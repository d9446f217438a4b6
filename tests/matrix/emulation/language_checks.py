"""Checks of the language as kernels are written in it: run by test_kernels.py as kernel_checks.py is."""

# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-untyped-call"

from __future__ import annotations

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

kernel_checks = importlib.import_module("kernel_checks")  # it activates the emulation
expect, run_checks = kernel_checks.expect, kernel_checks.run_checks

import torch  # noqa: E402
import triton  # noqa: E402
import triton.language as tl  # noqa: E402
from triton.tools.tensor_descriptor import TensorDescriptor  # noqa: E402

from matrix.emulation.gaps import KernelFault, NotCompilable  # noqa: E402


@triton.jit
def annotated_kernel(out, seed: tl.uint32, scale: tl.float32):
    tl.store(out, seed * scale)


def check_an_argument_that_is_annotated_as_a_number_may_be_a_tensor_of_one() -> None:
    out = torch.zeros(1)
    annotated_kernel[(1,)](out, torch.tensor(7), torch.tensor(0.5))
    assert out.item() == 3.5


@triton.jit
def unpacking_kernel(x, out):
    (largest,) = tl.max(tl.load(x + tl.arange(0, 4)), 0, return_indices=True)
    tl.store(out, largest)


def check_values_left_over_by_a_tuple_of_variables_are_dropped() -> None:
    out = torch.zeros(1)
    unpacking_kernel[(1,)](torch.tensor([1.0, 3.0, 2.0, 0.0]), out)
    assert out.item() == 3.0


@triton.jit
def slice_kernel(out):
    block = tl.arange(0, 4)
    block[0] = 7
    tl.store(out + tl.arange(0, 4), block)


@triton.jit
def element_kernel(out):
    tl.store(out, tl.arange(0, 4)[0])


@triton.jit
def odd_kernel(out):
    tl.store(out + tl.arange(0, 3), 1)


def check_what_only_some_vendors_triton_has_is_refused() -> None:
    out = torch.zeros(4, dtype=torch.int32)
    expect(NotCompilable, lambda: slice_kernel[(1,)](out))
    expect(TypeError, lambda: element_kernel[(1,)](out))
    expect(ValueError, lambda: odd_kernel[(1,)](out))
    assert not out.any()


@triton.jit
def endless_kernel(out, n, step: tl.constexpr):
    for _ in range(0, n, step):
        tl.store(out, 1)


def check_a_step_of_zero_does_nothing_without_elements_and_is_a_fault_with_some() -> None:
    out = torch.zeros(1)
    endless_kernel[(1,)](out, 0, step=0)
    assert not out.any()
    expect(KernelFault, lambda: endless_kernel[(1,)](out, 3, step=0))


@triton.jit
def described_kernel(given, out):
    at = tl.arange(0, 8)
    block = given.load([0, 0])
    for i in range(1, 3):
        block += given.load([i, 4])
    tl.store(out + at[:, None] * 8 + at[None, :], block)


def check_a_descriptor_made_by_the_host_loads_its_block() -> None:
    x, out = torch.randn(16, 16), torch.empty(8, 8)
    described_kernel[(1,)](TensorDescriptor(x, [16, 16], [16, 1], [8, 8]), out)
    torch.testing.assert_close(out, x[:8, :8] + x[1:9, 4:12] + x[2:10, 4:12])


if __name__ == "__main__":
    run_checks(globals())
