"""Checks of a chip that is the host, of a vendor that FlagGems' list lacks: run by test_kernels.py as kernel_checks.py is."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import importlib
import sys
import warnings
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[3]), str(Path(__file__).parent)]
warnings.filterwarnings("ignore")

run_checks = importlib.import_module("checking").run_checks

from backends.profiles import load_profiles  # noqa: E402
from matrix.emulation import activate  # noqa: E402

emulator = activate(load_profiles()["arm"])

import torch  # noqa: E402


def check_a_vendor_that_the_list_lacks_is_entered_and_the_others_stay() -> None:
    import flag_gems
    from flag_gems.runtime.common import vendors

    assert flag_gems.vendor_name == "arm"
    known = vendors.get_all_vendors()
    assert known["arm"] is vendors["ARM"]
    assert (vendors.NVIDIA.value, vendors.ENFLAME.value, vendors["ARM"].value) == (0, 12, 13)


def check_the_entered_vendors_own_kernels_run() -> None:
    import flag_gems

    x = torch.randn(40)
    with emulator.launches() as launches, emulator.window():
        out = flag_gems.gelu(x)
    torch.testing.assert_close(out, torch.nn.functional.gelu(x))
    assert [launch.file for launch in launches] == ["flag_gems/runtime/backend/_arm/ops/gelu.py"]


def check_a_tensor_of_the_host_says_so() -> None:
    import flag_gems

    x = torch.zeros(2)
    with emulator.window():
        assert x.is_cpu
        assert not x.is_cuda
        assert not torch.cuda.is_available()
    assert flag_gems.device == "cpu"
    assert flag_gems.device != "cuda"


def check_host_code_meets_the_host_by_its_name() -> None:
    """`to_copy` leaves a tensor that is on the host to torch; on a stand-in for another chip it would launch a kernel."""
    from flag_gems.ops.to import to_copy

    with emulator.launches() as launches, emulator.window():
        to_copy(torch.zeros(2), dtype=torch.float16)
    assert launches == []


if __name__ == "__main__":
    run_checks(globals())
