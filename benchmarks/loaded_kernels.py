"""Is what the `compile` evidence records of a kernel what the driver says of it once it is loaded? On a machine with the chip.

    python -m matrix run --profile sm_90@compile --out RUN
    python -m benchmarks.loaded_kernels RUN/matrix.json --profile cuda

The cells of the run are called on the device, and for every kernel that is launched there the driver is asked for shared
memory, registers and spilled registers. Kernels are matched by cell, name, file and configuration; a tuned kernel for which the
device chose another configuration than the one that was compiled is left out. Both sides must use one stack.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backends.profiles import select_profiles
from matrix.cell import Cell
from matrix.compilation.kernels import configured
from matrix.declared import Declared
from matrix.emulation.source_files import kernel_origin
from matrix.identity import parse_id
from matrix.outcome import Evidence

FACTS = ("shared", "registers", "spilled")

Key = tuple[str, str, str, tuple[tuple[str, str], ...]]
Facts = tuple[int, ...]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("run", type=Path, help="matrix.json of a run with compile evidence")
    options.add_argument("--profile", required=True, help="the profile of the device that is here")
    asked = options.parse_args()
    document = json.loads(asked.run.read_text(encoding="utf-8"))
    cells = [cell for cell in document["cells"] if cell["evidence"] == "compile" and cell.get("compiled")]
    cells = [cell for cell in cells if not any(kernel.get("tried") for kernel in cell["compiled"])]
    compiled = dict(_recorded(cells))
    loaded = _loaded([cell["id"] for cell in cells], asked.profile)
    both = sorted(set(compiled) & set(loaded))
    for place, name in enumerate(FACTS):
        apart = [key for key in both if compiled[key][place] != loaded[key][place]]
        print(f"{name}: {len(both) - len(apart)} of {len(both)} kernels equal")
        for key, number in Counter((key[1], compiled[key][place], loaded[key][place]) for key in apart).most_common(20):
            print(f"  {key[0]}: compiled {key[1]}, loaded {key[2]} ({number} times)")
    print(f"{len(cells)} cells; {len(compiled)} kernels compiled, {len(loaded)} loaded, {len(both)} matched")
    known, launched = ({key[:3] for key in side} for side in (compiled, loaded))
    print(
        f"whatever their configuration: {len(known)} compiled, {len(launched)} launched, {len(known & launched)} both"
    )


def _recorded(cells: list[dict[str, Any]]) -> Iterator[tuple[Key, Facts]]:
    for cell in cells:
        for kernel in cell["compiled"]:
            key = (_row(cell["id"]), kernel["kernel"], kernel["file"], tuple(sorted(kernel["configuration"].items())))
            yield key, tuple(int(kernel[name]) for name in FACTS)


def _row(identity: str) -> str:
    return parse_id(identity).row


def _loaded(identities: list[str], name: str) -> dict[Key, Facts]:
    """What the driver says of the kernels that the cells launch."""
    from matrix.judging.judge import judge
    from matrix.judging.readiness import warm

    (profile,) = select_profiles([name])
    declared = Declared.read_all()
    cells = [Cell(profile, declared.find(parse_id(identity)).case, Evidence.RUN) for identity in identities]
    watch = Watch()
    warm(cells[0])
    watch.install()
    try:
        for cell in cells:
            watch.row = cell.id.row
            judge(cell, lambda _: None)
    except KeyboardInterrupt:
        print(f"interrupted at {watch.row}", file=sys.stderr)
    return watch.found


class Watch:
    """Notes every kernel that is launched, for the row that is being called."""

    def __init__(self) -> None:
        self.row = ""
        self.found: dict[Key, Facts] = {}

    def note(self, function: Any, kernel: Any) -> None:
        kernel._init_handles()  # noqa: SLF001 - it loads the binary, which is when the driver is asked
        configuration = tuple(sorted(configured(kernel.src, kernel.metadata).items()))
        facts = (kernel.metadata.shared, kernel.n_regs, kernel.n_spills)
        self.found[(self.row, *kernel_origin(function), configuration)] = facts

    def install(self) -> None:
        """Watch both ways into a launch, for good."""
        from triton.compiler.compiler import CompiledKernel
        from triton.runtime.jit import JITFunction

        run, by_hand = JITFunction.run, CompiledKernel.__getitem__
        watch = self

        def watched_run(function: Any, *args: Any, **kwargs: Any) -> Any:
            kernel = run(function, *args, **kwargs)
            if kernel is not None and not kwargs.get("warmup"):
                watch.note(function.fn, kernel)
            return kernel

        def watched_by_hand(kernel: Any, grid: Any) -> Any:
            watch.note(kernel.src.fn.fn, kernel)
            return by_hand(kernel, grid)

        JITFunction.run = watched_run
        CompiledKernel.__getitem__ = watched_by_hand


if __name__ == "__main__":
    main()
