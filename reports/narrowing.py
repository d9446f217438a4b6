"""A pattern of cells narrowed: it goes on naming the cells that it must, and no longer names those that it must not.

As much as can be stays as it was written: first alternatives are dropped, then an operator gets a pattern of its own,
and only there a wildcard is replaced by what it stood for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from backends.pattern import parse_pattern
from matrix.identity import CellId

ANYTHING = ("*",)
WILD = frozenset("*?")


@dataclass(frozen=True)
class Parts:
    """A pattern as written, part by part; a part that is left out is empty."""

    operators: tuple[str, ...]
    providers: tuple[str, ...] = ()
    parameters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    evidences: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> Parts:
        """The parts of a text that is a pattern."""
        head, _, evidence = text.partition("@")
        head, _, bracketed = head.partition("[")
        operator, _, provider = head.partition("/")
        named = [part.partition("=") for part in bracketed.removesuffix("]").split(",") if "=" in part]
        parameters = tuple((key, tuple(value.split("|"))) for key, _, value in named)
        return cls(_alternatives(operator), _alternatives(provider), parameters, _alternatives(evidence))

    def __str__(self) -> str:
        provider = f"/{'|'.join(self.providers)}" if self.providers else ""
        named = ",".join(f"{key}={'|'.join(values)}" for key, values in self.parameters)
        evidence = f"@{'|'.join(self.evidences)}" if self.evidences else ""
        return f"{'|'.join(self.operators)}{provider}{f'[{named}]' if named else ''}{evidence}"

    def having(self, key: str, values: Iterable[str]) -> Parts:
        """The same with other values of a parameter: where it stands, or where an id has it."""
        changed = dict(self.parameters) | {key: tuple(values)}
        order = [name for name, _ in self.parameters]
        if key not in order:
            order = [key, *order] if key == "dtype" else [*order, key]
        return replace(self, parameters=tuple((name, changed[name]) for name in order))

    def fewer(self) -> Iterator[Parts]:
        """Every pattern that lacks one alternative."""
        for key, values in self.parameters:
            for value in values if len(values) > 1 else ():
                yield self.having(key, (other for other in values if other != value))
        for part in ("operators", "providers", "evidences"):
            values = getattr(self, part)
            for value in values if len(values) > 1 else ():
                yield replace(self, **{part: tuple(other for other in values if other != value)})


def _alternatives(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


def row_of(cell: CellId) -> str:
    """What a pattern is matched with."""
    return f"{cell.row}@{cell.evidence}"


def narrow(pattern: str, keep: Collection[CellId], drop: Collection[CellId]) -> tuple[str, ...]:
    """Patterns that name every cell to keep and none to drop, all of which the pattern names; none where none is kept."""
    if not keep:
        return ()
    parts = _drop_alternatives(Parts.of(pattern), keep, drop)
    still = [cell for cell in drop if _names(parts, cell)]
    texts = [str(parts)] if not still else [*map(str, _split(parts, keep, still))]
    parsed = [parse_pattern(text) for text in texts]
    kept = all(any(item.matches(row_of(cell)) for item in parsed) for cell in keep)
    dropped = not any(item.matches(row_of(cell)) for item in parsed for cell in drop)
    # Whatever else an id may come to hold: cell by cell is always right.
    return tuple(texts) if kept and dropped else tuple(row_of(cell) for cell in keep)


def _names(parts: Parts, cell: CellId) -> bool:
    return parse_pattern(str(parts)).matches(row_of(cell))


def _drop_alternatives(parts: Parts, keep: Collection[CellId], drop: Collection[CellId]) -> Parts:
    """Without the alternatives that name nothing but what is to be dropped."""
    for less in parts.fewer():
        pattern = parse_pattern(str(less))
        left = [cell for cell in drop if pattern.matches(row_of(cell))]
        if len(left) < len(drop) and all(pattern.matches(row_of(cell)) for cell in keep):
            return _drop_alternatives(less, keep, left) if left else less
    return parts


def _split(parts: Parts, keep: Collection[CellId], drop: Collection[CellId]) -> Iterator[Parts]:
    """The operators with nothing to drop in one pattern as written, and the others with patterns of their own."""
    mixed = {cell.operator for cell in drop}
    if any(WILD & set(name) for name in parts.operators):
        clean = tuple(sorted({cell.operator for cell in keep} - mixed))
    else:
        clean = tuple(name for name in parts.operators if name not in mixed)
    if any(cell.operator in clean for cell in keep):
        yield replace(parts, operators=clean)
    alike: dict[Parts, list[str]] = {}
    for operator in sorted(mixed):
        of_it = [cell for cell in keep if cell.operator == operator]
        for own in _apart(parts, of_it, [cell for cell in drop if cell.operator == operator]):
            alike.setdefault(replace(own, operators=ANYTHING), []).append(operator)
    yield from (replace(own, operators=tuple(operators)) for own, operators in alike.items())


def _apart(parts: Parts, keep: Sequence[CellId], drop: Sequence[CellId]) -> Iterator[Parts]:
    """One operator: by dtypes and samples, and by provider or evidence only where these tell what is kept."""
    if not keep or not drop:
        yield from [parts] if keep else []
    elif not _points(keep) & _points(drop):
        yield from _by_points(parts, _points(keep), _points(drop))
    else:
        several = len({cell.provider for cell in [*keep, *drop]}) > 1
        if not several and len({cell.evidence for cell in [*keep, *drop]}) == 1:
            return  # something else tells them apart: `narrow` sees that these are not named
        for value in sorted({_side(cell, provider=several) for cell in keep}):
            own = replace(parts, providers=(value,)) if several else replace(parts, evidences=(value,))
            kept, dropped = (
                [cell for cell in cells if _side(cell, provider=several) == value] for cells in (keep, drop)
            )
            yield from _apart(own, kept, dropped)


def _side(cell: CellId, *, provider: bool) -> str:
    return cell.provider if provider else cell.evidence.value


def _points(cells: Iterable[CellId]) -> set[tuple[str, str]]:
    """Their dtypes and samples."""
    return {(_value(cell, "dtype"), _value(cell, "sample")) for cell in cells}


def _value(cell: CellId, key: str) -> str:
    return dict(cell.parameters).get(key, "")


def _by_points(parts: Parts, keep: set[tuple[str, str]], drop: set[tuple[str, str]]) -> Iterator[Parts]:
    """By dtype alone or by sample alone where one of them tells; else the samples with nothing to drop as written."""
    dtypes, samples = ({point[axis] for point in keep} for axis in (0, 1))
    if not dtypes & {dtype for dtype, _ in drop}:
        yield parts.having("dtype", sorted(dtypes))
        return
    mixed = {sample for _, sample in drop}
    clean = [value for value in dict(parts.parameters).get("sample", ()) if not any(map(_wildcard(value), mixed))]
    as_written = _wildcard(*clean)
    if any(map(as_written, samples)):
        yield parts.having("sample", clean)
    shared: dict[tuple[str, ...] | None, list[str]] = {}
    for name in sorted(name for name in samples if not as_written(name)):
        those = tuple(sorted(dtype for dtype, sample in keep if sample == name)) if name in mixed else None
        shared.setdefault(those, []).append(name)
    for those, names in shared.items():
        restricted = parts.having("sample", names)
        yield restricted if those is None else restricted.having("dtype", those)


def _wildcard(*values: str) -> Callable[[str], bool]:
    """Whether a name is one of those that alternatives stand for."""
    return lambda name: any(fnmatchcase(name, value) for value in values)
