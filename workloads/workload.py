"""A workload: one row family of inference as declared. It says which model, by which engine, and what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FAMILY = "inference"
Value = bool | int | float | str | tuple[str, ...] | tuple[int, ...]


@dataclass(frozen=True)
class Setting:
    """One way to carry a workload: the sample of its cells.

    name        `<engine>-<model>-<number>`, for instance `transformers-tiny-0`
    engine      a name of `workloads.kinds.ENGINES`;  model: a name of `workloads.kinds.MODELS`
    evidence    the evidences that it can give: `interpret` with no chip, `run` and `time` on one
    tier        the smallest tier that has it on every column;  smoke: globs of columns on which the smoke tier has it too
    dtypes      of weights and activations, the first of them for the smaller tiers
    seconds     wall-clock of one cell with all its child processes
    parameters  what the kind of workload asks for (`workloads.kinds.PARAMETERS`)
    """

    name: str
    engine: str
    model: str
    evidence: tuple[str, ...]
    tier: str
    dtypes: tuple[str, ...]
    smoke: tuple[str, ...] = ()
    seconds: float = 300.0
    parameters: Mapping[str, Value] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.name)

    def number(self, name: str) -> int:
        """A parameter that is a whole number. Raises KeyError, TypeError: the reader has checked the file's."""
        value = self.parameters[name]
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{self.name}: {name} is {value!r}, no whole number")
        return value

    def text(self, name: str) -> str:
        """A parameter that is a text. Raises KeyError, TypeError."""
        value = self.parameters[name]
        if not isinstance(value, str):
            raise TypeError(f"{self.name}: {name} is {value!r}, no text")
        return value

    @property
    def described(self) -> str:
        """What stands for the call in reports: the engine, the model, and the parameters in their order."""
        told = ", ".join(f"{name}={_shown(value)}" for name, value in self.parameters.items())
        return f"{self.engine}({', '.join(filter(None, (self.model, told)))})"


@dataclass(frozen=True)
class Workload:
    """A row family.

    name       identity, and the row of the printed matrix, such as `model-parity`
    kind       one of `workloads.kinds.KINDS`: what is done with the model, and what is judged
    title      one line for a reader
    providers  provider name -> where its kernels come from: `registry` for a provider that has a table of ATen names, or
               `module:name` / `path/to/file.py:name` of a function that returns a mapping of ATen names to functions
    settings   in order of importance
    needs      features of a profile without which it is UNSUPPORTED
    vacuous    reason why nothing could fail it, if there is one
    """

    name: str
    kind: str
    title: str
    providers: Mapping[str, str]
    settings: tuple[Setting, ...]
    needs: tuple[str, ...] = ()
    vacuous: str | None = None

    def __hash__(self) -> int:
        return hash(self.name)


def _shown(value: Value) -> str:
    return "/".join(map(str, value)) if isinstance(value, tuple) else str(value)
