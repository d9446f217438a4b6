"""Turn this process into one that interprets a profile's kernels. Once, before the provider is imported, for good."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from backends.profile import Emulation, Profile
from matrix.emulation import language, relaxations, stand_in_stack, tuning, vendor_stack
from matrix.emulation.block_slices import BlockSlices
from matrix.emulation.gaps import EmulationGap, classify
from matrix.emulation.launch import Launcher
from matrix.emulation.stand_in_stack import StandInStack
from matrix.result import Launch

# Options of a launch that are no argument of the kernel: fields of Triton's CUDA and HIP options, and its own.
LAUNCH_OPTIONS = [
    "num_warps",
    "num_ctas",
    "num_stages",
    "maxnreg",
    "warp_size",
    "ptx_version",
    "ptx_options",
    "ir_override",
    "enable_fp_fusion",
    "enable_reflect_ftz",
    "launch_cooperative_grid",
    "launch_cluster",
    "launch_pdl",
    "debug",
    "sanitize_overflow",
    "arch",
    "instrumentation_mode",
    "allow_fp8e4nv",
    "waves_per_eu",
    "kpack",
    "matrix_instr_nonkdim",
    "schedule_hint",
    "supported_fp8_dtypes",
    "deprecated_fp8_dot_operand_dtypes",
    "default_dot_input_precision",
    "allowed_dot_input_precisions",
    "max_num_imprecise_acc_default",
    "extern_libs",
    "backend_name",
    "num_buffers_warp_spec",
    "num_consumer_groups",
    "reg_dec_producer",
    "reg_inc_consumer",
]


class Emulator:
    """What a worker needs to judge one call: see the methods."""

    def __init__(self, profile: Profile, launcher: Launcher, stack: StandInStack) -> None:
        self.profile = profile
        self._launcher = launcher
        self._stack = stack

    @property
    def check_bounds(self) -> bool:
        """Whether each memory access is held against the tensors of its launch. On by default."""
        return self._launcher.builder.guard.checking

    @check_bounds.setter
    def check_bounds(self, value: bool) -> None:
        self._launcher.builder.guard.checking = value

    @contextmanager
    def launches(self) -> Iterator[list[Launch]]:
        """A list that fills with the kernels launched inside of the block."""
        record: list[Launch] = []
        self._launcher.records.append(record)
        try:
            yield record
        finally:
            self._launcher.records.pop()

    @contextmanager
    def window(self) -> Iterator[None]:
        """Around the provider's call: tensors say that they are on the chip."""
        with self._stack.window.open():
            yield

    def substitute(self, file: str, line: int, source: str) -> None:
        """From now on interpret `source` in place of the kernel that begins (with its decorators) at a line of a file."""
        self._launcher.substitute(file, line, source)

    def seed(self, seed: int) -> None:
        """Start the kernels' random numbers anew. `torch.manual_seed` does it as well."""
        self._stack.generators.default.manual_seed(seed)

    def classify(self, exception: BaseException) -> EmulationGap | None:
        """The gap that an exception stands for, or None when the emulation is not to blame."""
        emulation = self.profile.emulation
        return classify(exception) if emulation is None else classify(exception, emulation.device)


_ACTIVE: list[Emulator] = []


def activate(profile: Profile) -> Emulator:
    """Patch Triton, torch and the imports to come.

    Raises ValueError for a profile without emulation, RuntimeError when the process serves another profile already or
    has imported the provider.
    """
    if profile.emulation is None:
        raise ValueError(f"profile {profile.name} declares no emulation; it can only run on its chip")
    if _ACTIVE:
        if _ACTIVE[0].profile.name != profile.name:
            raise RuntimeError(f"this process emulates {_ACTIVE[0].profile.name}; start another for {profile.name}")
        return _ACTIVE[0]
    emulator = _install(profile, profile.emulation)
    _ACTIVE.append(emulator)
    return emulator


def _install(profile: Profile, emulation: Emulation) -> Emulator:
    stack = stand_in_stack.install(emulation)
    library = emulation.target.backend
    rewritten, semantic, builder = language.install(library)
    vendor_stack.add_device_functions(library, emulation.device_functions, language.as_method, semantic)
    relaxations.take_arguments(emulation.language_arguments)
    if emulation.any_block_size:
        relaxations.take_any_block_size(semantic)
    if emulation.mixed_arguments:
        relaxations.take_mixed_arguments()
    if emulation.numbers_promote:
        relaxations.let_numbers_promote(semantic)
    if emulation.block_slices:
        BlockSlices(semantic).install(rewritten)
    launcher = Launcher(rewritten, semantic, builder, [*LAUNCH_OPTIONS, *emulation.launch_arguments])
    launcher.tensor_returns = emulation.tensor_returns
    launcher.install()
    tuning.install()
    return Emulator(profile, launcher, stack)
