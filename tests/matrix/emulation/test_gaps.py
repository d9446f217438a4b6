"""Whose fault an exception is."""

from __future__ import annotations

import numpy as np
import pytest

from matrix.emulation.external import call_external
from matrix.emulation.gaps import (
    EmulationGap,
    KernelFault,
    LaunchRefused,
    MissingOnStandIn,
    NotCompilable,
    OutOfBounds,
    StaticAssertion,
    classify,
)


def raised(action: object) -> BaseException:
    try:
        action()  # type: ignore[operator]
    except BaseException as error:  # noqa: BLE001 - a test wants whatever it is
        return error
    raise AssertionError("nothing was raised")


def test_a_gap_is_a_gap_also_below_another_exception() -> None:
    gap = EmulationGap("inline-asm", "mov.u32")
    assert classify(gap) is gap
    wrapper = RuntimeError("wrapped")
    wrapper.__cause__ = gap
    assert classify(wrapper) is gap


@pytest.mark.parametrize("kind", [OutOfBounds, NotCompilable, StaticAssertion, LaunchRefused, KernelFault])
def test_what_a_kernel_must_not_do_is_its_own_fault(kind: type[Exception]) -> None:
    assert classify(kind("it did")) is None


def test_an_error_of_numpy_called_by_the_emulation_is_a_gap() -> None:
    error = raised(lambda: call_external("__nv_fmodf", [np.zeros(3, dtype=np.float32), np.zeros(4, dtype=np.float32)]))
    assert isinstance(error, ValueError)
    error = raised(lambda: call_external("__nv_powif", [np.zeros(3), "not an array"]))  # type: ignore[list-item]
    gap = classify(error)
    assert gap is not None
    assert gap.name.startswith("external.")


def test_an_error_of_host_code_is_the_providers_fault() -> None:
    assert classify(raised(lambda: 1 // 0)) is None
    assert classify(raised(lambda: np.zeros(3) + np.zeros(4))) is None
    assert classify(RecursionError("no end")) is None
    assert classify(MemoryError("too much")) is None


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("\"addmm_impl_cpu_\" not implemented for 'Half'", "torch-cpu:addmm_impl_cpu_-Half"),
        ("Could not run 'aten::foo.out' with arguments from the 'CPU' backend.", "torch-cpu:foo.out"),
        ("Torch not compiled with CUDA enabled", "torch-device"),
    ],
)
def test_torch_missing_the_device_is_a_gap(message: str, name: str) -> None:
    gap = classify(RuntimeError(message))
    assert gap is not None
    assert gap.name == name


def test_a_stand_in_that_lacks_an_attribute_looks_like_any_object_that_does() -> None:
    class StandIn:
        def __getattr__(self, name: str) -> object:
            raise MissingOnStandIn(f"device:{name}", "not there")

    assert not hasattr(StandIn(), "anything")
    gap = classify(raised(lambda: StandIn().anything))
    assert gap is not None
    assert gap.name == "device:anything"


def test_a_gap_that_the_provider_dressed_up_as_its_own_error_stays_a_gap() -> None:
    """FlagGems reports whatever an import of a vendor's module raises as a RuntimeError of its own."""

    gap, dressed, hidden = EmulationGap("driver:fill", "not here"), RuntimeError("failed"), RuntimeError("failed")
    dressed.__context__ = hidden.__context__ = gap
    hidden.__suppress_context__ = True  # as `raise ... from None` does
    assert classify(dressed) is gap
    assert classify(hidden) is None


def test_torch_without_cuda_is_a_gap_only_where_the_chip_is_cudas() -> None:
    error = AssertionError("Torch not compiled with CUDA enabled")
    assert classify(error) is not None
    assert classify(error, "tmr") is None, "beside that chip torch has no CUDA either"
