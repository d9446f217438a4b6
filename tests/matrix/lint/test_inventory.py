"""What counts as a kernel of a vendor: what host code launches, and nothing that only kernels call."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix.lint.inventory import GENERATED, JIT, POINTWISE, registered_names, vendor_kernels
from matrix.lint.package import Package, PackageError

ROOT = "gems/runtime/backend/_acme"


def test_kernels_are_what_host_code_launches(package: Package) -> None:
    found = {(kernel.file.removeprefix(ROOT), kernel.name): kernel.kind for kernel in vendor_kernels(package, "acme")}
    assert found == {
        ("/ops/add.py", "add_func"): POINTWISE,
        ("/ops/sum.py", "sum_kernel"): JIT,
        ("/ops/sum.py", "small_kernel"): JIT,
        ("/ops/shared.py", "second_kernel"): JIT,
        ("/ops/one.py", "one_kernel"): JIT,
        ("/ops/two.py", "two_kernel"): JIT,
        ("/ops/alone.py", "alone_kernel"): JIT,
        ("/ops/written.py", "written"): GENERATED,
        ("/nine/ops/mm.py", "mm_kernel"): JIT,
    }


def test_a_kernel_knows_the_functions_that_come_to_launch_it(package: Package) -> None:
    entries = {kernel.name: set(kernel.entries) for kernel in vendor_kernels(package, "acme")}
    assert entries["add_func"] == {"add"}
    assert entries["sum_kernel"] == entries["small_kernel"] == entries["second_kernel"] == {"sum"}
    assert entries["one_kernel"] == entries["two_kernel"] == {"pick"}
    assert entries["alone_kernel"] == set()
    assert entries["written"] == {"written"}, "whoever comes to write it, wherever in the file that stands"


def test_an_architectures_kernels_are_told_from_the_vendors(package: Package) -> None:
    assert {k.name for k in vendor_kernels(package, "acme") if k.architecture == "nine"} == {"mm_kernel"}


def test_the_table_of_aten_names_is_read(package: Package) -> None:
    assert registered_names(package) == {"add": {"add.Tensor", "add.Scalar"}, "sum": {"sum"}}


def test_a_vendor_without_a_folder_has_no_kernels(package: Package) -> None:
    assert vendor_kernels(package, "nobody") == ()


def test_a_package_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="no package 'no_such_package' is installed here"):
        Package.installed("no_such_package")
    with pytest.raises(PackageError):
        Package.installed(str(tmp_path))


def test_the_installed_provider_is_read_without_importing_it() -> None:
    """Counted by hand in the file: three kernels are launched; three files write theirs."""
    kernels = vendor_kernels(Package.installed("flag_gems"), "metax")
    assert {k.name for k in kernels if k.file.endswith("_metax/ops/amax.py")} == {
        "amax_kernel",
        "amax_kernel_1",
        "amax_kernel_2",
    }
    assert {k.file.rpartition("/")[2] for k in kernels if k.kind == GENERATED} == {
        "index.py",
        "index_put.py",
        "nonzero.py",
    }
