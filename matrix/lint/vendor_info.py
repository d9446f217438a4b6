"""What the provider says of a vendor against what the vendor's profile says."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from backends.profile import Profile
from matrix.lint.finding import Finding, Severity
from matrix.lint.package import BACKEND, Module, Package

INFO = "vendor_info"
# Lists in runtime/backend/device.py, and the feature that a vendor in one of them lacks.
UNSUPPORTED = {"UNSUPPORT_FP64": "fp64", "UNSUPPORT_BF16": "bf16", "UNSUPPORT_INT64": "int64"}
# The dispatch keys that torch knows devices by; what is not among them cannot be registered for.
DISPATCH_KEYS = {
    "CPU",
    "CUDA",
    "HIP",
    "XPU",
    "MPS",
    "HPU",
    "IPU",
    "VE",
    "MTIA",
    "PrivateUse1",
    "PrivateUse2",
    "PrivateUse3",
}


def check_vendor_info(package: Package, vendor: str, profiles: Iterable[Profile]) -> Iterator[Finding]:
    """The vendor's `vendor_info`, and its place in the provider's lists, against its profiles for the chip itself."""
    module = package.module(package.vendors[vendor] / "__init__.py")
    statement = module.definitions.get(INFO)
    said = _said(statement)
    line = statement.lineno if statement else 1

    def found(severity: Severity, what: str, why: str, at: tuple[Module, int] = (module, line)) -> Finding:
        return Finding(at[0].path, at[1], severity, "vendor-info", what, why)

    if "vendor_name" in said and said["vendor_name"] != vendor:
        what = f"vendor_name is {said['vendor_name']!r} in the folder of {vendor!r}"
        yield found(Severity.ERROR, what, "FlagGems looks for another folder than this one")
    known, table = _known_vendors(package)
    if known and vendor not in known and table is not None:
        what = f"{vendor!r} is in no list of vendors ({table.path})"
        yield found(Severity.ERROR, what, "the folder ships, and the vendor cannot be selected: its kernels never run")
    device = said.get("device_name", "")
    key = said.get("dispatch_key") or device.upper()
    if "dispatch_key" not in said and key not in DISPATCH_KEYS:
        what = f"no dispatch_key is given, and FlagGems makes {key!r} of the device's name"
        why = "torch has no such key and refuses every registration, unless the vendor's own torch adds it"
        yield found(Severity.WARNING, what, why)
    for profile in profiles:
        name = f"the profile {profile.name!r}"
        if device and profile.device != device:
            yield found(
                Severity.WARNING, f"device_name is {device!r}; {name} says {profile.device!r}", "one of them is wrong"
            )
        if key in DISPATCH_KEYS and profile.dispatch_key != key:
            what = f"the dispatch key is {key!r}; {name} says {profile.dispatch_key!r}"
            yield found(Severity.WARNING, what, "one of them is wrong")
        yield from _compare_features(package, vendor, profile)


def _compare_features(package: Package, vendor: str, profile: Profile) -> Iterator[Finding]:
    file = package.root / BACKEND / "device.py"
    if not file.is_file():
        return
    module = package.module(file)
    for table, feature in UNSUPPORTED.items():
        statement = module.definitions.get(table)
        names = (
            {node.attr.lower() for node in ast.walk(statement) if isinstance(node, ast.Attribute)}
            if statement
            else set()
        )
        if statement is not None and (vendor in names) != (feature in profile.lacks):
            says = "lists" if vendor in names else "does not list"
            lacks = "lacks" if feature in profile.lacks else "has"
            what = f"{table} {says} {vendor!r}; the profile {profile.name!r} says that it {lacks} {feature}"
            yield Finding(module.path, statement.lineno, Severity.WARNING, "vendor-info", what, "one of them is wrong")


def _said(statement: ast.stmt | None) -> dict[str, str]:
    """The texts that `vendor_info` is made with; a dispatch key that is worked out counts as given."""
    call = getattr(statement, "value", None)
    if not isinstance(call, ast.Call):
        return {}
    return {
        item.arg: str(item.value.value) if isinstance(item.value, ast.Constant) else ""
        for item in call.keywords
        if item.arg is not None
    }


def _known_vendors(package: Package) -> tuple[set[str], Module | None]:
    """The members of the enumeration `vendors`, in lower case as FlagGems compares them."""
    file = package.root / "runtime" / "common.py"
    module = package.module(file) if file.is_file() else None
    node = module.definitions.get("vendors") if module else None
    if not isinstance(node, ast.ClassDef):
        return set(), None
    names = (target for item in node.body if isinstance(item, ast.Assign) for target in item.targets)
    return {target.id.lower() for target in names if isinstance(target, ast.Name)}, module
