"""A profile: one column of the matrix as *declared* in a TOML file. Nothing here touches a device or imports torch.

`backends/profiles.py` reads the files; docs/adding-a-backend.md explains every key.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# What a cell can know, weakest first; what each says is in docs/terms.md.
EVIDENCES = ("compile", "interpret", "run", "time")
ON_DEVICE = frozenset({"run", "time"})

# What a chip may declare that it lacks; an operator names the same words in its `needs`, or by its dtype.
FEATURES = ("fp64", "bf16", "int64", "fp8")


@dataclass(frozen=True)
class Limits:
    """What a cell may use on this profile before it is ended.

    seconds  wall-clock of one case;  memory_gib  address space of one worker process above what imports take
    timing_seconds  wall-clock of timing one case, from the native operator's first call
    """

    seconds: float = 60.0
    memory_gib: float = 6.0
    timing_seconds: float = 60.0


@dataclass(frozen=True)
class Target:
    """What code is compiled for and what the emulated device answers when asked about itself.

    backend, arch, warp_size   Triton's GPUTarget: `cuda`/90/32, `hip`/`gfx942`/64
    capability                 (major, minor) that the device reports
    shared_memory              bytes of shared memory per block;  registers: 32-bit registers per thread
    multiprocessors            number of multiprocessors the device reports
    source                     where the limits are from
    properties                 what else the device says of itself, under the names of the vendor's own driver
    """

    backend: str = "cuda"
    arch: int | str = 80
    warp_size: int = 32
    capability: tuple[int, int] = (8, 0)
    shared_memory: int = 101376
    registers: int | None = None
    multiprocessors: int = 16
    source: str = ""
    properties: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Emulation:
    """How the profile's own kernels run with no device.

    vendor           the name FlagGems knows the vendor by (its folder is `_<vendor>`)
    device           torch's name of the chip: the profile's device, or what generic kernels are for where that is the host
    enter_vendor     whether the emulation enters the vendor into FlagGems' list: it ships the folder and cannot select it
    stand_ins        modules that exist only beside the chip and are stood in for: name -> attributes (`backends.stand_in`)
    device_modules   which of the stand-ins answer for the device too, as `torch.<device>` does
    device_functions functions that only the vendor's device library has: name -> the known function that it is
    driver_functions functions that only the vendor's Triton driver has; a call of one is a gap with its name
    config_arguments extra arguments that `triton.Config` accepts there (and that have no meaning on a CPU)
    launch_arguments extra keyword arguments that a launch accepts there
    autotune_arguments extra arguments of `triton.autotune`
    generated_configurations  configurations for tuners that name none and have the vendor's compiler make them: what such
                     an argument of `triton.autotune` says -> the configuration
    language_arguments extra arguments of functions of `triton.language`: function -> names
    any_block_size   whether the vendor's Triton takes blocks whose extents are no powers of two
    tensor_returns   whether numbers that device functions return become tensors there, as they did up to Triton 3.4
    block_slices     whether it takes parts of blocks, `x[:, 3]`, and assigns to them
    mixed_arguments  whether library functions make one type of several argument types, as they did up to Triton 3.4
    numbers_promote  whether a number beside a block counts with its own type, as it did up to Triton 3.1
    """

    vendor: str
    device: str = "cuda"
    enter_vendor: bool = False
    target: Target = Target()
    stand_ins: dict[str, dict[str, object]] = field(default_factory=dict)
    device_modules: tuple[str, ...] = ()
    device_functions: dict[str, str] = field(default_factory=dict)
    driver_functions: tuple[str, ...] = ()
    config_arguments: tuple[str, ...] = ()
    launch_arguments: tuple[str, ...] = ()
    autotune_arguments: tuple[str, ...] = ()
    generated_configurations: dict[str, dict[str, object]] = field(default_factory=dict)
    language_arguments: dict[str, tuple[str, ...]] = field(default_factory=dict)
    any_block_size: bool = False
    tensor_returns: bool = False
    block_slices: bool = False
    mixed_arguments: bool = False
    numbers_promote: bool = False


@dataclass(frozen=True)
class Probe:
    """How to see whether the profile can run here.

    module    plug-in that must be importable before the device shows (`torch_npu`);  device: torch device type
    commands  any of these on the PATH tells that the chip's driver is here
    machines  the host must be one of these, as `platform.machine()` names it; empty: any
    """

    device: str
    module: str | None = None
    commands: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Profile:
    """A column: what it is, what it lacks, how it is reached, what evidence it can give.

    lacks      features the chip declares it has not: fp64, bf16, int64, fp8
    evidence   the evidences that this column may ever give, weakest first
    default    those of them that a run asks of it when no profile is named
    environment  variables set in the worker before it starts
    one_device environment variable that shows one device to a worker
    software   driver, torch and Triton it is known with, in words: what a lab needs
    unknown_up_to  the newest FlagGems that does not know this vendor; with it nothing can be run, and what is emulated only if
               the emulation enters the vendor
    emulation  None where the column needs the chip
    path       the file it was read from (None for one made in a test)
    """

    name: str
    title: str
    vendor: str
    device: str
    dispatch_key: str
    evidence: tuple[str, ...]
    default: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    one_device: str | None = None
    software: str = ""
    unknown_up_to: str | None = None
    probe: Probe | None = None
    emulation: Emulation | None = None
    limits: Limits = Limits()
    path: str | None = None

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def needs_device(self) -> bool:
        """Whether everything this column can know takes the chip."""
        return set(self.evidence) <= ON_DEVICE
