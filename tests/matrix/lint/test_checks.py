"""Each check finds the fault that is planted for it, at its place, and nothing in a package without faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from backends.profile import Probe, Profile
from matrix.lint.checks import lint, render_findings
from matrix.lint.finding import Severity
from matrix.lint.package import Package, PackageError

SOUND = {
    "__init__.py": """
        from gems.ops import *
        _FULL_CONFIG = (
            ("add.Tensor", add),
            ("sum", sum_all),
        )
    """,
    "ops/__init__.py": """
        from .add import add
        from .sum import sum as sum_all
        __all__ = ["add", "sum_all"]
    """,
    "ops/add.py": """
        configs = get_tuned_config("add")
        def add(a, b, *, alpha=1): ...
    """,
    "ops/sum.py": """
        kind = f"sum_{width}"
        def sum(x, dim=None): ...
    """,
    "runtime/__init__.py": "",
    "runtime/common.py": """
        class vendors(Enum):
            ACME = 1
    """,
    "runtime/configloader.py": 'default = get_tune_config("first")\n',
    "runtime/backend/__init__.py": "",
    "runtime/backend/device.py": """
        UNSUPPORT_FP64 = [vendors.ACME]
        UNSUPPORT_BF16 = []
    """,
    "runtime/backend/_acme/__init__.py": """
        vendor_info = VendorInfoBase(vendor_name="acme", device_name="acc", dispatch_key="PrivateUse1")
        CUSTOMIZED_UNUSED_OPS = ("sum",)
    """,
    "runtime/backend/_acme/heuristics_config_utils.py": 'HEURISTICS_CONFIGS = {"sum_wide": {}}\n',
    "runtime/backend/_acme/tune_configs.yaml": "add:\n- META: {}\n",
    "runtime/backend/_acme/ops/__init__.py": """
        from .add import add
    """,
    "runtime/backend/_acme/ops/add.py": """
        from gems.ops import sum_all
        try:
            from gems.ops import faster
        except ImportError:
            pass
        def add(x, y, *, alpha=1): ...
    """,
}
PROFILE = Profile(
    name="acc",
    title="acc",
    vendor="Acme",
    device="acc",
    dispatch_key="PrivateUse1",
    evidence=("run",),
    lacks=("fp64",),
    environment={"GEMS_VENDOR": "acme"},
    probe=Probe("acc"),
)

Make = Callable[[dict[str, str]], Package]


def messages(package: Package, profile: Profile = PROFILE) -> list[str]:
    """Each finding without its consequence and without its folder."""
    found = lint(package, [profile])
    return [str(finding).splitlines()[0].replace("runtime/backend/_acme/", "acme/") for finding in found]


@pytest.fixture
def make(tmp_path: Path, write: Callable[[Path, dict[str, str]], Package]) -> Make:
    return lambda faults: write(tmp_path / "gems", SOUND | faults)


def test_a_sound_package_has_no_findings(make: Make) -> None:
    assert messages(make({})) == []


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            "ops/__init__.py",
            'from .add import add\nfrom .sum import sum as sum_all\n__all__ = ["add", "sum_all",\n "mul"]\n',
            "gems/ops/__init__.py:4: error: __all__ names 'mul', which is not there [exports]",
        ),
        (
            "ops/__init__.py",
            'from .add import add\nfrom .sum import sum as sum_all\n__all__ = ["add", "sum_all", "add"]\n',
            "gems/ops/__init__.py:3: warning: 'add' is in __all__ twice, first in line 3 [exports]",
        ),
        (
            "runtime/__init__.py",
            '__all__ = ["*"]\n',
            "gems/runtime/__init__.py:1: warning: __all__ names '*', which is no name [exports]",
        ),
        (
            "__init__.py",
            'from gems.ops import *\n_FULL_CONFIG = (("add.Tensor", add), ("sum", sum_all), ("abs", gone))\n',
            "gems/__init__.py:2: error: gone is registered, and bound nowhere [registry]",
        ),
        (
            "__init__.py",
            'from gems.ops import *\n_FULL_CONFIG = (("add.Tensor", add),\n ("sum", sum_all), ("add.Tensor", add))\n',
            "gems/__init__.py:3: error: aten::add.Tensor is registered twice, first in line 2 [registry]",
        ),
        (
            "__init__.py",
            'from gems.ops import *\n_FULL_CONFIG = (("add.Tensr", add), ("sum", sum_all))\n',
            (
                "gems/__init__.py:2: warning: aten::add.Tensr is registered, "
                "and the torch installed here has no such operator [registry]"
            ),
        ),
        (
            "ops/sum.py",
            'kind = f"sum_{width}"\nNAMES = [\n    "add"  # the first\n    "sum",\n    "mul",\n]\ndef sum(x, dim=None): ...\n',
            (
                "gems/ops/sum.py:3: error: a comma is missing between 'add' and 'sum': they are one text, 'addsum' "
                "[fused-texts]"
            ),
        ),
        (
            "ops/sum.py",
            'PATH = "configs/wide.yaml"\nkind = f"sum_{width}"\ndef sum(x, dim=None): ...\n',
            (
                "gems/ops/sum.py:1: error: names the file 'configs/wide.yaml', which the package does not hold "
                "[shipped-files]"
            ),
        ),
        (
            "runtime/backend/_acme/ops/add.py",
            "from gems.ops import mul\ndef add(x, y, *, alpha=1): ...\n",
            "gems/acme/ops/add.py:1: error: imports 'mul' from 'gems.ops', which does not have it [imports]",
        ),
        (
            "runtime/backend/_acme/ops/add.py",
            "from gems.nowhere import mul\ndef add(x, y, *, alpha=1): ...\n",
            "gems/acme/ops/add.py:1: error: imports from 'gems.nowhere', which is not in the package [imports]",
        ),
        (
            "runtime/backend/_acme/ops/add.py",
            "from ...backend import mul\ndef add(x, y, *, alpha=1): ...\n",
            (
                "gems/acme/ops/add.py:1: error: imports from '...backend', which leads out of '_acme', "
                "the name that FlagGems imports the file by [imports]"
            ),
        ),
        (
            "runtime/backend/_acme/ops/add.py",
            "def add(x, y, *, alpha=1):\n    from gems.nowhere import mul\n",
            "gems/acme/ops/add.py:2: warning: imports from 'gems.nowhere', which is not in the package [imports]",
        ),
        (
            "runtime/backend/_acme/ops/alone.py",
            "from gems.nowhere import mul\n",
            "gems/acme/ops/alone.py:1: warning: imports from 'gems.nowhere', which is not in the package [imports]",
        ),
        (
            "runtime/backend/_acme/ops/add.py",
            "def add(x, y): ...\n",
            "gems/acme/ops/add.py:1: warning: add() replaces gems/ops/add.py:3 and does not take alpha [signatures]",
        ),
        (
            "runtime/backend/_acme/ops/add.py",
            "def add(x, y, out, *, alpha): ...\n",
            (
                "gems/acme/ops/add.py:1: warning: add() replaces gems/ops/add.py:3 and cannot do without out; "
                "has no default for alpha [signatures]"
            ),
        ),
        (
            "runtime/backend/_acme/ops/add.py",
            "@pointwise_dynamic()\n@triton.jit\ndef add(x, y): ...\n",
            (
                "gems/acme/ops/__init__.py:2: error: 'add' is no function once its decorators are done with it "
                "[signatures]"
            ),
        ),
        (
            "runtime/backend/_acme/tune_configs.yaml",
            "add:\n- META: {}\nmul:\n- META: {}\n",
            "gems/acme/tune_configs.yaml:3: warning: configurations that no kernel asks for: mul (3) [tuning]",
        ),
        (
            "runtime/backend/_acme/heuristics_config_utils.py",
            'HEURISTICS_CONFIGS = {"wide": {}}\n',
            "gems/acme/heuristics_config_utils.py:1: warning: heuristics that no kernel asks for: wide (1) [tuning]",
        ),
        (
            "runtime/backend/_acme/ops/add.py",
            'configs = runtime.get_tuned_config("mul")\ndef add(x, y, *, alpha=1): ...\n',
            (
                "gems/acme/ops/add.py:1: error: asks for 'mul' of tune_configs.yaml, "
                "which neither the vendor nor the default has [tuning]"
            ),
        ),
        (
            "runtime/backend/_acme/op_black_list.yaml",
            "unsupported_operators:\n- name: add\n- name: mul\n",
            (
                "gems/acme/op_black_list.yaml:3: warning: unsupported_operators names 'mul', "
                "and no function of the package is called that [exclusions]"
            ),
        ),
        (
            "runtime/common.py",
            "class vendors(Enum):\n    OTHER = 1\n",
            "gems/acme/__init__.py:2: error: 'acme' is in no list of vendors (gems/runtime/common.py) [vendor-info]",
        ),
        (
            "runtime/backend/device.py",
            "UNSUPPORT_FP64 = [vendors.ACME]\nUNSUPPORT_BF16 = [vendors.ACME]\n",
            (
                "gems/runtime/backend/device.py:2: warning: UNSUPPORT_BF16 lists 'acme'; "
                "the profile 'acc' says that it has bf16 [vendor-info]"
            ),
        ),
    ],
)
def test_each_fault_is_found_at_its_place(make: Make, file: str, text: str, message: str) -> None:
    assert message in messages(make({file: text}))


def test_an_excluded_name_that_is_no_function_is_found_with_the_one_that_was_meant(make: Make) -> None:
    info = 'vendor_info = VendorInfoBase(vendor_name="acme", device_name="acc", dispatch_key="PrivateUse1")\n'
    package = make({"runtime/backend/_acme/__init__.py": info + 'CUSTOMIZED_UNUSED_OPS = ("add.Tensor", "mul")\n'})
    first, second = lint(package, [PROFILE])
    assert (
        first.why
        == "it excludes nothing: aten::add.Tensor is registered by 'add', and it is functions that are excluded"
    )
    assert second.why == "it excludes nothing"
    assert first.severity is second.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"device": "npu"}, "device_name is 'acc'; the profile 'acc' says 'npu'"),
        ({"dispatch_key": "CUDA"}, "the dispatch key is 'PrivateUse1'; the profile 'acc' says 'CUDA'"),
        ({"lacks": ()}, "UNSUPPORT_FP64 lists 'acme'; the profile 'acc' says that it has fp64"),
    ],
)
def test_a_profile_that_says_otherwise_is_found(make: Make, changed: dict[str, str], words: str) -> None:
    (found,) = messages(make({}), replace(PROFILE, **changed))  # type: ignore[arg-type]
    assert words in found


def test_findings_can_be_kept_to_a_vendor(make: Make) -> None:
    package = make({"ops/sum.py": 'PATH = "wide.yaml"\n', "runtime/common.py": "class vendors(Enum):\n    OTHER = 1\n"})
    assert {finding.check for finding in lint(package, [PROFILE], ["acme"])} == {"vendor-info", "exclusions", "tuning"}
    with pytest.raises(PackageError, match="no folder of 'nobody'; it has acme"):
        lint(package, [PROFILE], ["nobody"])


def test_findings_are_counted_by_severity(make: Make) -> None:
    findings = lint(make({"runtime/__init__.py": '__all__ = ["*", "gone"]\n'}), [PROFILE])
    assert render_findings(findings).endswith("1 errors, 1 warnings\n")
