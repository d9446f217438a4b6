"""Which arguments a kernel writes through, read from its Triton IR.

Followed backwards from each store and atomic to the arguments that its pointer comes from. Where the text is not understood
(a call that was not inlined, a pointer made of a number) the answer is None: any of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_VALUE = re.compile(r"%[\w$.-]+")
_DEFINITION = re.compile(r"^\s*(%[\w$.-]+)(?::\d+)?(?:, %[\w$.-]+)* = ")
_STORES = (
    "tt.store",
    "tt.atomic_rmw",
    "tt.atomic_cas",
    "tt.descriptor_store",
    "tt.descriptor_reduce",
    "tt.descriptor_scatter",
)
_OPAQUE = ("tt.call", "tt.int_to_ptr", "llvm.")
_LOCATION = re.compile(r" loc\(.*$")


def written_arguments(text: str, names: Sequence[str]) -> frozenset[str] | None:
    """Names of the arguments that may be written through; `names` are those of the entry function, in order."""
    lines = [_LOCATION.sub("", line) for line in text.splitlines() if not line.startswith("#")]
    head = next((line for line in text.splitlines() if "tt.func public" in line), "")
    arguments = re.findall(r"(%[\w$.-]+): ", head)
    if len(arguments) != len(names) or any(mark in line for line in lines for mark in _OPAQUE):
        return None
    flow = _sources(lines)
    found: set[str] = set()
    for line in lines:
        operation = next((name for name in _STORES if f"{name} " in line), None)
        if operation is not None:
            pointer = _VALUE.search(line, line.index(operation))
            found |= _reachable(pointer[0], flow) if pointer else set(arguments)
    return frozenset(name for argument, name in zip(arguments, names, strict=True) if argument in found)


def _sources(lines: Sequence[str]) -> dict[str, set[str]]:
    """For each value those that it may come from. A loop's values come from all that enters it or is handed on in it."""
    flow: dict[str, set[str]] = {}
    regions: list[set[str]] = []
    for line in lines:
        definition = _DEFINITION.match(line)
        used = set(_VALUE.findall(line))
        defined = {definition[1]} if definition else set()
        if "tt.load" in line or "tt.descriptor_load" in line:
            used = set()  # what is loaded is a number
        inner = set(re.findall(r"(%[\w$.-]+) = %", line.partition("iter_args")[2])) if "iter_args" in line else set()
        for name in defined | inner:
            flow.setdefault(name, set()).update(used - {name})
        if "yield" in line and regions:
            for name in regions[-1]:
                flow.setdefault(name, set()).update(used)
        if line.lstrip().startswith("}"):
            closed = regions.pop() if regions else set()
            if line.rstrip().endswith("{"):
                regions.append(closed)
        elif line.rstrip().endswith("{"):
            regions.append(defined | inner)
    return flow


def _reachable(start: str, flow: dict[str, set[str]]) -> set[str]:
    seen = {start}
    pending = [start]
    while pending:
        for name in flow.get(pending.pop(), ()):
            if name not in seen:
                seen.add(name)
                pending.append(name)
    return seen
