"""All checks of an installed provider, in one list. Reading it needs no chip, no torch and no import of the provider."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from backends.profile import ON_DEVICE, Profile
from matrix.lint.exclusions import check_exclusions
from matrix.lint.exports import check_exports, check_fused_texts, check_registry
from matrix.lint.finding import Finding, Severity
from matrix.lint.imports import check_imports
from matrix.lint.package import Package, PackageError
from matrix.lint.signatures import check_signatures
from matrix.lint.tuning import check_shipped_files, check_tuning
from matrix.lint.vendor_info import check_vendor_info

OF_THE_PACKAGE = (check_exports, check_registry, check_fused_texts, check_shipped_files)
OF_A_VENDOR = (check_exclusions, check_imports, check_signatures, check_tuning)
VENDOR_VARIABLE = "GEMS_VENDOR"


def lint(package: Package, profiles: Iterable[Profile], vendors: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Every finding, by file and line; with `vendors` only what concerns them.

    Raises PackageError for a vendor that the package has no folder of.
    """
    unknown = [vendor for vendor in vendors if vendor not in package.vendors]
    if unknown:
        raise PackageError(f"{package.name} has no folder of {unknown[0]!r}; it has {', '.join(package.vendors)}")
    columns = [profile for profile in profiles if ON_DEVICE & set(profile.evidence)]
    found = set(_of_vendors(package, columns, vendors or list(package.vendors)))
    if not vendors:
        found |= {finding for check in OF_THE_PACKAGE for finding in check(package)}
    return tuple(sorted(found))


def _of_vendors(package: Package, columns: Sequence[Profile], vendors: Iterable[str]) -> Iterator[Finding]:
    for vendor in vendors:
        for check in OF_A_VENDOR:
            yield from check(package, vendor)
        own = [profile for profile in columns if vendor_of(profile) == vendor]
        yield from check_vendor_info(package, vendor, own)


def vendor_of(profile: Profile) -> str:
    """The vendor whose folder of the provider a column means."""
    return profile.emulation.vendor if profile.emulation else profile.environment.get(VENDOR_VARIABLE, profile.name)


def render_findings(findings: Sequence[Finding]) -> str:
    """One line for each finding and one for what follows from it; last their numbers."""
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    lines = [str(finding) for finding in findings]
    return "\n".join([*lines, f"{errors} errors, {len(findings) - errors} warnings"]) + "\n"
