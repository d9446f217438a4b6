"""What runs recorded of the track's workloads: of one profile, evidence and setting, by workload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matrix.identity import CellId, IdentityError, parse_id
from matrix.outcome import Evidence, Outcome
from matrix.result import Result
from matrix.run import Run
from matrix.usage import UsageError


@dataclass(frozen=True)
class Recorded:
    """The newest result of each workload.

    setting  of those that compare speeds;  results: workload -> result
    """

    profile: str
    provider: str
    evidence: Evidence
    setting: str
    results: Mapping[str, Result]

    @property
    def engine(self) -> str:
        return self.setting.partition("-")[0]


@dataclass(frozen=True)
class Wanted:
    """What to look for.

    speeds   workloads whose speed is compared, which must have been carried with one setting;  gating: with any of its engine
    setting  of them; None: the only one that was carried
    """

    speeds: Sequence[str]
    gating: Sequence[str]
    profile: str
    evidence: Evidence
    setting: str | None = None


def recorded(runs: Iterable[Run], wanted: Wanted) -> Recorded:
    """Gather what is there. Raises UsageError where nothing was carried, or where it is not clear which setting is meant."""
    found = _newest(runs, wanted.profile, wanted.evidence)
    speeds = {identity: result for identity, result in found.items() if identity.operator in wanted.speeds}
    chosen = _setting(sorted({identity.parameter("sample") for identity in speeds}), wanted)
    results = {one.operator: result for one, result in speeds.items() if one.parameter("sample") == chosen}
    results |= {
        one.operator: result
        for one, result in found.items()
        if one.operator in wanted.gating and _engine(one.parameter("sample")) == _engine(chosen)
    }
    providers = ", ".join(sorted({identity.provider for identity in speeds}))
    return Recorded(wanted.profile, providers, wanted.evidence, chosen, results)


def _setting(there: Sequence[str], wanted: Wanted) -> str:
    if not there:
        names = ", ".join(wanted.speeds)
        raise UsageError(
            f"no result of {names} on {wanted.profile}@{wanted.evidence}; without --from they are measured"
        )
    if wanted.setting is None and len(there) > 1:
        raise UsageError(f"{', '.join(there)} were all carried on {wanted.profile}; say which is meant: --setting NAME")
    if wanted.setting is not None and wanted.setting not in there:
        raise UsageError(f"no result has the setting {wanted.setting!r}; there are {', '.join(there)}")
    return wanted.setting or there[0]


def _engine(setting: str) -> str:
    """`vllm` of `vllm-qwen3-4b-0`: results of two engines are never held against each other."""
    return setting.partition("-")[0]


def _newest(runs: Iterable[Run], profile: str, evidence: Evidence) -> dict[CellId, Result]:
    found: dict[CellId, Result] = {}
    for run in sorted(runs, key=lambda run: run.header.started):
        for text in run.results:
            identity, final = _identity(text), run.final(text)
            if identity is None or final is None or (identity.profile, identity.evidence) != (profile, evidence):
                continue
            if identity not in found or final.outcome is not Outcome.NOT_RUN:
                found[identity] = final
    return found


def _identity(text: str) -> CellId | None:
    try:
        return parse_id(text)
    except IdentityError:  # a line of another company's bundle: it names no cell
        return None
