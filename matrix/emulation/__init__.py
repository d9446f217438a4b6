"""The `interpret` evidence: a profile's own kernels, run on CPU tensors in one process, with no accelerator.

    emulator = activate(profile)        # in a fresh worker, before the provider is imported
    with emulator.launches() as launches, emulator.window():
        ...                             # call the provider on CPU tensors

docs/architecture.md says which part does what. Importing this package imports neither torch nor triton.
"""

from matrix.emulation.activation import Emulator, activate
from matrix.emulation.gaps import EmulationGap, KernelFault, OutOfBounds, Refused

__all__ = ["EmulationGap", "Emulator", "KernelFault", "OutOfBounds", "Refused", "activate"]
