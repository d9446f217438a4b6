"""The `compile` evidence: every kernel that a call launches, compiled for the profile's target to its final binary, none run.

    compiler = activate(profile)        # in a fresh worker, before the provider is imported
    with compiler.launches() as compiled, compiler.window():
        ...                             # call the provider on CPU tensors

Host code runs as it would; what its launches would have computed is unknown, and code that wants to know is stopped.
Importing this package imports neither torch nor triton.
"""

from matrix.compilation.activation import Compiler, activate

__all__ = ["Compiler", "activate"]
