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


def recorded(
    runs: Iterable[Run],
    wanted: Sequence[str],
    gating: Sequence[str],
    profile: str,
    evidence: Evidence,
    setting: str | None,
) -> Recorded:
    """Gather what is there.

    wanted  workloads whose speed is compared, which must have been carried with one setting;  gating: others, with any
    setting  of them; None: the only one that was carried

    Raises UsageError where nothing was carried, or where it is not clear which setting is meant.
    """
    found = _newest(runs, profile, evidence)
    speeds = {identity: result for identity, result in found.items() if identity.operator in wanted}
    settings = sorted({identity.parameter("sample") for identity in speeds})
    if not settings:
        raise UsageError(f"no result of {', '.join(wanted)} on {profile}@{evidence} there; `throughput run` makes them")
    if setting is None and len(settings) > 1:
        raise UsageError(f"{', '.join(settings)} were all carried on {profile}; say which is meant: --setting NAME")
    chosen = setting or settings[0]
    if chosen not in settings:
        raise UsageError(f"no result has the setting {chosen!r}; there are {', '.join(settings)}")
    results = {
        identity.operator: result for identity, result in speeds.items() if identity.parameter("sample") == chosen
    }
    results |= {
        identity.operator: result
        for identity, result in found.items()
        if identity.operator in gating and identity.parameter("sample").partition("-")[0] == chosen.partition("-")[0]
    }
    providers = sorted({identity.provider for identity in speeds})
    return Recorded(profile, ", ".join(providers), evidence, chosen, results)


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
