"""Tampering: what judged code did to its judge, or to how it is judged. The kinds are closed, so that they can be counted."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = {
    "replay": "answered with the result of an earlier call",
    "late": "the answer was no plain tensor that was finished when the call returned",
    "patched": "a function or module that the judge relies on was replaced",
    "timers": "what it took by the clock outside contradicts the clock inside, or a clock was replaced",
    "environment": "settings of the process that answers depend on were changed",
    "files": "files outside of its own folder and its scratch were opened",
    "network": "a connection was asked for",
    "processes": "another process was started, or one was sent a signal",
    "inspection": "it looked into the frames, objects or memory of the judge",
    "forged": "what came back is no answer that the judge's own code gives",
    "shadow": "a file has the name of a module that the judge relies on",
    "fall-back": "torch's own operator answered under the cover of a kernel",
}


@dataclass(frozen=True)
class Tampering:
    """One finding: its kind, one of KINDS, and what was seen, in words."""

    kind: str
    what: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of tampering; there are {', '.join(KINDS)}")

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"
