"""The child that watches what an entry calls: `python -m matrix.challenge.dispatching REQUEST`, under the emulation.

Torch's dispatcher tells of every operator of ATen on the way of a call: whatever computes is a fall-back to torch. And the
entry is registered as FlagGems registers its own functions, and called through torch's operator of that name.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from backends.profiles import load_profiles
from matrix.addresses import inner, resolve
from matrix.cell import Cell
from matrix.challenge.attempting import attempt, said
from matrix.challenge.entry import read_entry
from matrix.challenge.rows import rows_of
from matrix.challenge.schema import parse_schema
from matrix.challenge.task import ENTRY, SLOW
from matrix.emulation import Emulator, activate
from matrix.judging.aten import NoSuchOperatorError, find_overload
from matrix.judging.inputs import Arguments, draw
from matrix.judging.judge import SuiteFault, provider_arguments, reference_of
from matrix.outcome import Evidence
from matrix.runner.limits import limit_files, limit_memory
from matrix.runner.processes import die_with_parent
from operators.call import parse_call
from operators.case import Case
from operators.operator import TIMED, Operator

# Operators of ATen that allocate, look at memory otherwise, fill, or copy: host code may use them.
ALLOWED = frozenset(
    {"alias", "as_strided", "can_cast", "clone", "contiguous", "copy", "copy_", "detach", "empty"}
    | {"empty_like", "empty_strided", "expand", "fill_", "flatten", "full", "full_like", "is_nonzero"}
    | {"item", "lift", "lift_fresh", "movedim", "narrow", "new_empty", "new_empty_strided", "new_full"}
    | {"new_ones", "new_zeros", "ones", "ones_like", "permute", "promote_types", "ravel", "reshape"}
    | {"resize_", "result_type", "select", "set_", "slice", "split", "split_with_sizes", "squeeze"}
    | {"squeeze_", "swapaxes", "t", "transpose", "transpose_", "unbind", "unflatten", "unsqueeze"}
    | {"unsqueeze_", "view", "view_as", "view_as_real", "zero_", "zeros", "zeros_like"}
)
INTERNAL = ("_local_scalar_dense", "_reshape_alias", "_to_copy", "_unsafe_view")


class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the operators that compute."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.computed: dict[str, int] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = str(func).removeprefix("aten.").partition(".")[0]
        if name not in ALLOWED and name not in INTERNAL:
            self.computed[name] = self.computed.get(name, 0) + 1
        return func(*args, **(kwargs or {}))


def cells_of(profile: Any, rows: Mapping[str, Operator]) -> Iterator[Cell]:
    """Every legal case of the rows in its first two dtypes, without the slow ones."""
    for operator in rows.values():
        for sample in operator.samples:
            if sample.raises or sample.kind == TIMED or sample.kind in SLOW:
                continue
            for dtype in (sample.dtypes or operator.dtypes)[:2]:
                yield Cell(profile, Case(operator, ENTRY, dtype, sample), Evidence.INTERPRET)


def arguments_of(cell: Cell) -> Arguments | None:
    arguments = draw(parse_call(cell.case.sample.call), cell.case.dtype, cell.id.seed_text)
    if not arguments.like:
        return arguments.copied()
    try:
        return provider_arguments(cell, arguments, reference_of(cell, arguments))
    except SuiteFault:
        return None


def watch(cell: Cell, function: Callable[..., Any], emulator: Emulator) -> dict[str, Any] | None:
    """What one call comes by; None where it has no arguments, or raises, which is the judge's to say."""
    mine = arguments_of(cell)
    if mine is None:
        return None
    seen = Watch()

    def call() -> int:
        with torch.no_grad(), emulator.window(), seen, emulator.launches() as launched:
            function(*mine.args, **mine.kwargs)
        return len(launched)

    called = attempt(call)
    if called.exception() is not None:
        return None
    return {"case": cell.id.row, "id": str(cell.id), "computed": seen.computed, "launches": called.result()}


def register(row: str, operator: Operator, function: Callable[..., Any], emulator: Emulator) -> dict[str, str]:
    """Register a form as FlagGems does and call it through torch: `problem` says what is wrong, `absent` why it cannot be."""
    name = parse_schema(operator.schema or "").name
    try:
        overload = find_overload(name)
    except (NoSuchOperatorError, ValueError):
        return {"row": row, "absent": f"torch has no operator aten::{name}"}
    if operator.samples[0].raises or ("." in name and name.split(".")[0] == "torch"):
        return {"row": row, "absent": "its schema is that of a function of Python"}
    cell = next(cells_of(emulator.profile, {row: operator}), None)
    mine = arguments_of(cell) if cell is not None else None
    again = arguments_of(cell) if cell is not None else None
    if mine is None or again is None:
        return {"row": row, "absent": "it has no legal case"}
    tried = attempt(_through_torch, name, overload, function, (mine, again), emulator)
    return {"row": row, **({"problem": said(tried.exception())} if tried.exception() else tried.result())}


def _through_torch(
    name: str, overload: Any, function: Callable[..., Any], twice: tuple[Arguments, Arguments], emulator: Emulator
) -> dict[str, str]:
    entered: list[bool] = []

    @wraps(function)
    def noted(*args: Any, **kwargs: Any) -> Any:
        entered.append(True)
        return function(*args, **kwargs)

    import flag_gems
    from flag_gems.runtime.register import Register

    library: Any = torch.library.Library("aten", "IMPL")  # type: ignore[no-untyped-call]
    direct, through = twice
    try:
        with torch.no_grad(), emulator.window():
            due = function(*direct.args, **direct.kwargs)
            registered = Register(((name, noted),), user_include_ops=[name], lib=library)
            if name not in registered.all_keys:
                return {"problem": f"flag_gems {flag_gems.__version__} does not register it as aten::{name}"}
            got = overload(*through.args, **through.kwargs)
    finally:
        library._destroy()  # noqa: SLF001 - torch offers no other way to take a registration back
    if not entered:
        return {"problem": f"torch's aten::{name} never comes to the entry's function"}
    return (
        {} if _same(due, got) else {"problem": f"through aten::{name} it gives another answer than when it is called"}
    )


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, tuple | list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(torch.equal(torch.nan_to_num(left), torch.nan_to_num(right)))


def main(path: Path) -> None:
    request = json.loads(path.read_text(encoding="utf-8"))
    die_with_parent(request["parent"])
    torch.set_num_threads(1)
    emulator = activate(load_profiles()[request["profile"]])
    limit_files()
    limit_memory(request["memory_gib"])
    entry = read_entry(Path(request["folder"]))
    sys.path.append(str(entry.folder))
    rows = rows_of(entry)
    with Path(request["answers"]).open("w", encoding="utf-8", buffering=1) as answers:

        def say(**what: Any) -> None:
            answers.write(json.dumps(what) + "\n")

        functions: dict[str, Callable[..., Any]] = {}
        for row, operator in rows.items():
            found = attempt(resolve, inner(operator.providers[ENTRY]))
            if found.exception() is None:
                functions[row] = found.result()
            else:
                say(row=row, unresolved=said(found.exception()))
        for cell in cells_of(emulator.profile, {row: rows[row] for row in functions}):
            watched = watch(cell, functions[cell.case.operator.name], emulator)
            if watched is not None:
                say(watched=watched)
        for row, function in functions.items():
            say(registered=register(row, rows[row], function, emulator))
        say(done=True)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
