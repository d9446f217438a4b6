"""How far the vendor's own kernels were reached: for each column, which of them were judged, and what stopped the others.

What a vendor specialises is read from its folder of the installed provider (`matrix/lint/inventory.py`). A kernel is judged
when a cell with a judged outcome recorded a launch of it. A weaker evidence is not counted as a stronger one: each has its
own line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from matrix.declared import Declared
from matrix.identity import parse_id
from matrix.lint.callers import operators_by_function
from matrix.lint.checks import vendor_of
from matrix.lint.inventory import GENERATED, VendorKernel, vendor_kernels
from matrix.lint.package import Package
from matrix.outcome import Evidence
from matrix.result import Result
from matrix.run import Run
from reports.wording import count, one_line, share

NOT_IMPORTED = "the vendor's package imports it nowhere"
NO_CASE = "no case of the catalogue reaches it"
NOT_SELECTED = "no cell of this run reaches it"
NOT_LAUNCHED = "its operator was judged, by a path that does not launch it"


@dataclass(frozen=True)
class Missed:
    """A kernel that no cell judged, and why as far as the record tells."""

    kernel: VendorKernel
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Column:
    """One profile on one evidence, and the vendor whose folder of the provider it means."""

    profile: str
    evidence: Evidence
    vendor: str


@dataclass(frozen=True)
class Reach:
    """How far a column came with the kernels of one architecture of its vendor (or those of none).

    loaded  False where only another architecture's kernels were launched: this column does not load these
    """

    column: Column
    architecture: str
    kernels: int
    missed: tuple[Missed, ...]
    loaded: bool = True

    @property
    def judged(self) -> int:
        return self.kernels - len(self.missed)

    @property
    def folder(self) -> str:
        return f"{self.column.vendor}/{self.architecture}" if self.architecture else self.column.vendor


def show_provenance(run: Run, declared: Declared, package: Package, profiles: Sequence[str] = ()) -> str:
    """The provenance of a run's columns as text: of those named, or of all."""
    operators = operators_by_function(package, declared.operators)
    results: dict[tuple[str, Evidence], list[Result]] = {}
    for cell in run.results:
        identity, result = parse_id(cell), run.final(cell)
        if result is not None:
            results.setdefault((identity.profile, identity.evidence), []).append(result)
    reaches: list[Reach] = []
    for profile in declared.profiles:
        if profiles and profile.name not in profiles:
            continue
        kernels = vendor_kernels(package, vendor_of(profile))
        for evidence in Evidence:
            column = Column(profile.name, evidence, vendor_of(profile))
            if found := results.get((profile.name, evidence)):
                reaches += reach(column, kernels, operators, found)
    return render_reach(reaches) if reaches else "no cell of these columns was tried\n"


def reach(
    column: Column,
    kernels: Sequence[VendorKernel],
    operators: Mapping[str, frozenset[str]],
    results: Iterable[Result],
) -> tuple[Reach, ...]:
    """One entry for each architecture of the vendor, the kernels of none of them first.

    operators  function that replaces the provider's own -> the operators of the catalogue that come to call it
    results    the column's results
    """
    cells = _Cells(results, kernels)
    architectures = sorted({kernel.architecture for kernel in kernels})
    launched = {kernel.architecture for kernel in kernels if cells.launched(kernel)} - {""}
    found = []
    for architecture in architectures or [""]:
        own = [kernel for kernel in kernels if kernel.architecture == architecture]
        missed = tuple(cells.why(kernel, operators) for kernel in own if not cells.judged(kernel))
        loaded = not architecture or not launched or architecture in launched
        found.append(Reach(column, architecture, len(own), missed, loaded))
    return tuple(found)


class _Cells:
    """The results of a column, by operator and by what they launched."""

    def __init__(self, results: Iterable[Result], kernels: Iterable[VendorKernel]) -> None:
        self.written = {(kernel.file, kernel.name) for kernel in kernels if kernel.kind != GENERATED}
        self.of: dict[str, list[Result]] = {}
        self.any: set[tuple[str, str]] = set()
        self.proved: set[tuple[str, str]] = set()
        for result in results:
            self.of.setdefault(parse_id(result.cell).operator, []).append(result)
            shown = set(_proofs(result))
            self.any |= shown
            if result.outcome.judged:
                self.proved |= shown

    def launched(self, kernel: VendorKernel) -> bool:
        return self._has(self.any, kernel)

    def judged(self, kernel: VendorKernel) -> bool:
        return self._has(self.proved, kernel)

    def _has(self, launches: set[tuple[str, str]], kernel: VendorKernel) -> bool:
        """Generated kernels have names that nobody wrote: any that is launched from the file is meant."""
        if kernel.kind == GENERATED:
            return any(file == kernel.file for file, _ in launches - self.written)
        return (kernel.file, kernel.name) in launches

    def why(self, kernel: VendorKernel, operators: Mapping[str, frozenset[str]]) -> Missed:
        if not kernel.entries:
            return Missed(kernel, NOT_IMPORTED)
        reaching = sorted({operator for entry in kernel.entries for operator in operators.get(entry, ())})
        if not reaching:
            return Missed(kernel, NO_CASE, "by " + ", ".join(sorted(kernel.entries)))
        results = [result for operator in reaching for result in self.of.get(operator, ())]
        if not results:
            return Missed(kernel, NOT_SELECTED, "by " + ", ".join(reaching))
        stopped = [result for result in results if not result.outcome.judged]
        if 2 * len(stopped) <= len(results):
            outcomes = Counter(result.outcome.value for result in results)
            told = ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items()))
            return Missed(kernel, NOT_LAUNCHED, f"{', '.join(reaching)}: {told}")
        reasons = Counter(_stopped_by(result) for result in stopped)
        name, number = reasons.most_common(1)[0]
        example = next(result.cell for result in stopped if _stopped_by(result) == name)
        return Missed(kernel, name, f"{count(number, 'cell')} of {len(results)}, such as {example}")


def _proofs(result: Result) -> Iterator[tuple[str, str]]:
    """File and name of the kernels that a result speaks of."""
    yield from ((launch.file, launch.kernel) for launch in result.launches)


def _stopped_by(result: Result) -> str:
    return f"stopped by {result.gap}" if result.gap else f"{result.outcome}: {one_line(result.detail, 120)}"


def render_reach(reaches: Sequence[Reach]) -> str:
    """The table of all columns, and below it the kernels that were not judged, by reason."""
    rows = [("column", "evidence", "vendor's folder", "kernels", "judged", "share")]
    for item in reaches:
        last = share(item.judged, item.kernels) if item.loaded else "not loaded by this column"
        column = item.column
        rows.append((column.profile, column.evidence, item.folder, str(item.kernels), str(item.judged), last))
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for item in reaches:
        if item.missed and item.loaded:
            lines += ["", *_render_missed(item)]
    return "\n".join(lines) + "\n"


def _render_missed(item: Reach) -> Iterator[str]:
    yield f"{item.column.profile}@{item.column.evidence}: {len(item.missed)} kernels of {item.folder} are not judged"
    reasons: dict[str, list[Missed]] = {}
    for missed in item.missed:
        reasons.setdefault(missed.reason, []).append(missed)
    for reason, members in sorted(reasons.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        yield f"  {reason} ({len(members)})"
        for missed in members:
            kernel = missed.kernel
            name = f"{kernel.file}:{kernel.name}" + (" (generated)" if kernel.kind == GENERATED else "")
            yield f"    {name}" + (f": {missed.detail}" if missed.detail else "")
