"""Turn this process into one that compiles a profile's kernels. Once, before the provider is imported, for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from backends.profile import Emulation, Profile
from matrix.compilation import tuning
from matrix.compilation.kernels import KernelCompiler
from matrix.compilation.launch import Launcher
from matrix.emulation import stand_in_stack
from matrix.emulation.gaps import EmulationGap, classify
from matrix.emulation.stand_in_device import Window
from matrix.result import Compiled
from operators.adapters.values import VALUES

if TYPE_CHECKING:
    from matrix.compilation.unknown_values import UnknownValues


class Compiler:
    """What a worker needs to judge one call: see the methods."""

    def __init__(self, profile: Profile, launcher: Launcher, window: Window) -> None:
        self.profile = profile
        self._launcher = launcher
        self._window = window

    @contextmanager
    def launches(self) -> Iterator[list[Compiled]]:
        """A list that fills with the kernels compiled inside of the block; what they would compute is unknown from then on."""
        from matrix.compilation.unknown_values import UnknownValues

        record: list[Compiled] = []
        self._launcher.begin(record, UnknownValues())
        try:
            yield record
        finally:
            self._launcher.end()

    def watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The provider's function, stopped by EmulationGap where its host code asks for a value that no launch computed."""

        def call(*args: Any, **kwargs: Any) -> Any:
            with self.unknown.watching():
                return function(*args, **kwargs)

        return call

    @property
    def unknown(self) -> UnknownValues:
        """What is not known of the tensors in the current block."""
        unknown: UnknownValues = self._launcher.unknown
        return unknown

    @contextmanager
    def window(self) -> Iterator[None]:
        """Around the provider's call: tensors say that they are on the chip."""
        with self._window.open():
            yield

    def classify(self, exception: BaseException) -> EmulationGap | None:
        """The gap that an exception stands for, or None when the emulation is not to blame.

        Once host code was refused a value, whatever it raises comes of that.
        """
        return self.unknown.stopped or classify(exception)


_ACTIVE: list[Compiler] = []


def activate(profile: Profile) -> Compiler:
    """Patch Triton, torch and the imports to come.

    Raises ValueError for a profile without emulation, RuntimeError when the process serves another profile already or
    has imported the provider.
    """
    if profile.emulation is None:
        raise ValueError(f"profile {profile.name} declares no emulation; it can only run on its chip")
    if _ACTIVE:
        if _ACTIVE[0].profile.name != profile.name:
            raise RuntimeError(f"this process compiles for {_ACTIVE[0].profile.name}; start another for {profile.name}")
        return _ACTIVE[0]
    compiler = _install(profile, profile.emulation)
    _ACTIVE.append(compiler)
    return compiler


def _install(profile: Profile, emulation: Emulation) -> Compiler:
    stack = stand_in_stack.install(emulation)
    kernels = KernelCompiler(profile.name, emulation.target)
    kernels.install()
    VALUES.computed = False
    launcher = Launcher(kernels, emulation.launch_arguments)
    launcher.install()
    tuning.install(launcher)
    return Compiler(profile, launcher, stack.window)
