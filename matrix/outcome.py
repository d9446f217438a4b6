"""The closed set of outcomes, evidences, phases and verdicts, each with what it says (docs/outcomes.md)."""

from __future__ import annotations

from enum import StrEnum


class Evidence(StrEnum):
    """How strong a finding is, weakest first. A weaker one never counts as a stronger one."""

    COMPILE = "compile"
    INTERPRET = "interpret"
    RUN = "run"
    TIME = "time"

    @property
    def strength(self) -> int:
        return list(Evidence).index(self)

    @property
    def emulated(self) -> bool:
        """Whether it takes no device: host code runs on CPU tensors, with stand-ins for the chip's software."""
        return self in (Evidence.COMPILE, Evidence.INTERPRET)


class Phase(StrEnum):
    """What was being done when the outcome was decided. Blame follows the phase."""

    PLAN = "plan"
    START = "start"
    IMPORT = "import"
    INPUTS = "inputs"
    REFERENCE = "reference"
    COMPILE = "compile"
    RUN = "run"
    COMPARE = "compare"
    TIME = "time"


class Outcome(StrEnum):
    """What was found. Exactly one per planned cell."""

    PASS = "PASS"  # noqa: S105 - an outcome, not a password
    WRONG = "WRONG"
    ERROR = "ERROR"
    UNCOMPILED = "UNCOMPILED"
    CRASH = "CRASH"
    TIMEOUT = "TIMEOUT"
    OOM = "OOM"
    UNDISPATCHED = "UNDISPATCHED"
    UNSUPPORTED = "UNSUPPORTED"
    NOT_RUN = "NOT_RUN"
    INFRA = "INFRA"

    @property
    def blames_provider(self) -> bool:
        return self in PROVIDER_FAULTS

    @property
    def judged(self) -> bool:
        """Whether the provider was put to the test."""
        return self is Outcome.PASS or self in PROVIDER_FAULTS


PROVIDER_FAULTS = frozenset(
    {
        Outcome.WRONG,
        Outcome.ERROR,
        Outcome.UNCOMPILED,
        Outcome.CRASH,
        Outcome.TIMEOUT,
        Outcome.OOM,
        Outcome.UNDISPATCHED,
    }
)

MEANING: dict[Outcome, str] = {
    Outcome.PASS: "ran, and agreed with the reference",
    Outcome.WRONG: "ran, and disagreed with the reference",
    Outcome.ERROR: "raised an exception",
    Outcome.UNCOMPILED: "the compiler refused it, or a limit of the target is exceeded",
    Outcome.CRASH: "ended its process: a signal, or an exit without a result",
    Outcome.TIMEOUT: "did not finish in time and was ended",
    Outcome.OOM: "wanted more memory than a worker is given",
    Outcome.UNDISPATCHED: "the kernel under test never ran: something else answered",
    Outcome.UNSUPPORTED: "the profile declares that it lacks what the case needs; never started",
    Outcome.NOT_RUN: "could not be tried here",
    Outcome.INFRA: "the fault of the suite, the emulation or the machine, not of the provider",
}

# Phases in which a failure is the suite's own. A candidate that is timed has run before: what fails while both are timed is the
# native baseline's, or the measuring's.
SUITE_PHASES = frozenset({Phase.PLAN, Phase.START, Phase.INPUTS, Phase.REFERENCE, Phase.TIME})


class Verdict(StrEnum):
    """A result seen through the expectations of its profile."""

    OK = "ok"
    KNOWN = "known"
    FIXED = "fixed"
    BROKEN = "broken"
    SUITE = "suite"
    NOT_APPLICABLE = "n/a"
    UNKNOWN = "unknown"
