"""An operator: one row family as declared. It says what is called, with what, and what the answer is held against."""

from __future__ import annotations

from dataclasses import dataclass

FAMILIES = (
    "pointwise",
    "reduction",
    "scan",
    "sort",
    "matmul",
    "normalization",
    "activation",
    "convolution",
    "pooling",
    "attention",
    "moe",
    "quantised",
    "index",
    "layout",
    "creation",
    "random",
    "loss",
    "upsampling",
    "linear-algebra",
    "cache",
    "check",
)

# What a result is held against:
#   float64       the reference on the CPU with every floating input in float64
#   native        the reference on the CPU at the case's own dtype (the answer depends on the dtype's limits or layout)
#   distribution  a random operator: dtype, shape and the distribution are checked, not the values
#   none          nothing is returned that can be compared (an assertion that must hold)
REFERENCES = ("float64", "native", "distribution", "none")

# What shows that the provider did the work: a Triton kernel of its own ran, or it was called at all.
PROOFS = ("launch", "call")

# The kind of the samples that are timed, and are asked for nothing else.
TIMED = "timed"
# What is counted as the memory traffic of a timed sample:
#   all      each input is read once and each output written once
#   outputs  as many elements are read as are written, and the tensors of indices: a part of an input is looked up
#   inputs   the inputs alone: what is written is next to nothing
#   written  the outputs alone, each written once: values are made, and none is read
MOVES = ("all", "outputs", "inputs", "written")
# How hard a task of the challenge is (docs/challenge.md).
TASK_TIERS = ("easy", "medium", "hard")


@dataclass(frozen=True)
class Sample:
    """One way to call an operator.

    `name` is `<family of the sample>-<number>`, for instance `typical-0`, `empty-0`, `nan-1`, `illegal-0`.
    `dtypes` narrows the operator's own list; None means all of them. `raises` says that the call must raise. `moves`, one
    of MOVES, says what a timed call is held against when its bandwidth is computed.
    """

    name: str
    call: str
    dtypes: tuple[str, ...] | None = None
    raises: bool = False
    moves: str = MOVES[0]

    @property
    def kind(self) -> str:
        """The family of the sample: what it is meant to exercise."""
        return self.name.rpartition("-")[0]


@dataclass(frozen=True)
class Operator:
    """A row family.

    name        identity, such as `add.Tensor` (as registered with ATen) or `fused.silu_and_mul`
    base        the name without overload, such as `add` or `silu_and_mul`: the row of the printed matrix
    family      one of FAMILIES
    providers   provider name -> address: `aten` (registered with ATen and called through it), `module:function`, or
                `path/to/file.py:function` below the catalogue's folder
    reference   address of the reference (`aten` for torch's own operator of that name, or `module:function`)
    against     one of REFERENCES
    dtypes      element types of the case, in order of importance
    samples     in order of importance: the first is the typical one
    needs       features of a profile without which the operator is UNSUPPORTED (besides its dtype): fp64, int64, ...
    outputs     which arguments the call changes, by name or position, and that are compared besides what it returns
    reduces     how many elements go into one output element (an expression over argument shapes is resolved by the
                judge; None: it takes the ratio of the largest input to the output)
    proof       one of PROOFS; `call` is for providers that are no Triton kernels
    no_cases    why the operator has no samples, if it has none
    vacuous     reason why an output of all zeros, or the input itself, is the right answer, if it is
    slow        why no sample of it is timed, if there is a reason
    source      where the samples come from: `OpInfo add`, or `own`
    tier        one of TASK_TIERS, if the operator is a task of the challenge
    schema      ATen's declaration, or the one that stands for it, that an entry's function has to be called by
    """

    name: str
    base: str
    family: str
    providers: dict[str, str]
    reference: str
    against: str
    dtypes: tuple[str, ...]
    samples: tuple[Sample, ...]
    needs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    vacuous: str | None = None
    source: str = "own"
    no_cases: str | None = None
    proof: str = "launch"
    slow: str | None = None
    tier: str | None = None
    schema: str | None = None

    def __hash__(self) -> int:
        return hash(self.name)
