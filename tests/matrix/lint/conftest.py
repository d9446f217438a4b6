"""A provider on disk, small enough to count by hand; it is never imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from matrix.lint.package import Package

FILES = {
    "__init__.py": """
        _FULL_CONFIG = (
            ("add.Tensor", add),
            ("add.Scalar", add),
            ("sum", sum, lambda: True),
        )
    """,
    "ops/__init__.py": "",
    "runtime/backend/__init__.py": "",
    "runtime/backend/_acme/__init__.py": 'ARCH_MAP = {"9": "nine"}\n',
    "runtime/backend/_acme/ops/__init__.py": """
        from .add import add
        from .sum import sum
        if arch == 1:
            from .one import pick
        else:
            from .two import pick
        from .written import written
    """,
    "runtime/backend/_acme/ops/add.py": """
        @pointwise_dynamic(promotion_methods=[(0, 1, "DEFAULT")])
        @triton.jit
        def add_func(x, y):
            return twice(x) + y

        @triton.jit
        def twice(x):
            return x * 2

        def add(a, b):
            return add_func(a, b)
    """,
    "runtime/backend/_acme/ops/sum.py": """
        from .shared import second_kernel

        @libentry()
        @triton.jit(do_not_specialize=["n"])
        def sum_kernel(x, n):
            return device(x)

        @triton.jit
        def small_kernel(x, n): ...

        @triton.jit
        def never_kernel(x, n): ...

        def sum(x):
            kernel = small_kernel if x.numel() < 8 else sum_kernel
            kernel[(1,)](x)
            run = second_kernel[(1,)]
            run(x)
    """,
    "runtime/backend/_acme/ops/shared.py": """
        @triton.jit
        def second_kernel(x): ...
    """,
    "runtime/backend/_acme/ops/one.py": """
        @triton.jit
        def one_kernel(x): ...

        def pick(x):
            one_kernel[(1,)](x)
    """,
    "runtime/backend/_acme/ops/two.py": """
        @triton.jit
        def two_kernel(x): ...

        class Two:
            @staticmethod
            def forward(x):
                two_kernel[(1,)](x)

        def pick(x):
            return Two.forward(x)
    """,
    "runtime/backend/_acme/ops/alone.py": """
        @triton.jit
        def alone_kernel(x): ...

        def alone(x):
            alone_kernel[(1,)](x)
    """,
    "runtime/backend/_acme/ops/written.py": """
        def generate(code):
            code.writeline("@triton.jit")

        def written(x):
            return generate(code)(x)

        def written_backward(x):
            return x
    """,
    "runtime/backend/_acme/nine/ops/__init__.py": "from .mm import mm\n",
    "runtime/backend/_acme/nine/ops/mm.py": """
        @triton.jit
        def mm_kernel(x): ...

        def mm(x):
            mm_kernel[(1,)](x)
    """,
}


def write_package(root: Path, files: Mapping[str, str]) -> Package:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return Package.installed(str(root))


@pytest.fixture
def write() -> Callable[[Path, Mapping[str, str]], Package]:
    return write_package


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return write_package(tmp_path / "gems", FILES)
