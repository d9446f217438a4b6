"""Cross-hardware compatibility: in how many of the declared profiles the entry compiles, is interpreted, runs and was timed.

Each evidence has its own points, so that a weaker one never counts as a stronger one. A profile counts by the share of its
cases that pass, and a case that gave a wrong answer anywhere counts as compiled nowhere. What was not asked is not measured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from matrix.challenge.scoring.cases import Judged
from matrix.challenge.scoring.performance import devices_of, mean
from matrix.challenge.scoring.score import Exhibit, Loss, Part, Score, covered, divide
from matrix.challenge.scoring.weights import Hardware
from matrix.outcome import Evidence, Outcome
from matrix.plain_text import one_line

NAME, TITLE = "hardware", "Cross-hardware compatibility"
UTILISATION = "bandwidth or arithmetic reached, where it was timed"
DONE = {
    Evidence.COMPILE: "compiles",
    Evidence.INTERPRET: "is right in the interpreter",
    Evidence.RUN: "is right on the device",
    Evidence.TIME: "was timed",
}


def score_hardware(
    cells: Sequence[Judged], declared: Mapping[str, Sequence[str]], weights: Hardware, out_of: float
) -> Score:
    """`declared`: by profile, the evidences that it can give."""
    wrong = {cell.id.row for cell in cells if cell.result.outcome is Outcome.WRONG}
    points = divide(
        out_of, {**{str(name): each for name, each in weights.weights.items()}, "utilisation": weights.utilisation}
    )
    parts: list[Part] = []
    for evidence in Evidence:
        own = [cell for cell in cells if cell.id.evidence is evidence and cell.judged]
        able = sum(evidence in gives for gives in declared.values())
        parts += _parts(evidence, own, wrong, min(weights.enough[evidence], able) or 1, points[evidence])
    parts.append(_utilisation(cells, weights, points["utilisation"]))
    return Score(NAME, TITLE, out_of, tuple(parts), (_profiles(cells, declared),), (_standing(cells, declared),))


def _parts(evidence: Evidence, cells: Sequence[Judged], wrong: set[str], enough: int, out_of: float) -> list[Part]:
    title = f"profiles in which it {DONE[evidence]}"
    by_profile: dict[str, list[Judged]] = {}
    for cell in cells:
        by_profile.setdefault(cell.id.profile, []).append(cell)
    shares = {name: sum(_passes(cell, wrong) for cell in own) / len(own) for name, own in by_profile.items()}
    best = sorted(shares, key=lambda name: -shares[name])[:enough]
    missing = (
        f"{len(best)} of {enough} profiles were asked for `{evidence}`" if best else f"no profile has `{evidence}`"
    )
    losses = [
        Loss(_why(name, evidence, by_profile[name], wrong), (1 - shares[name]) / len(best))
        for name in best
        if shares[name] < 1
    ]
    note = ", ".join(f"{name} {shares[name]:.1%}" for name in best)
    return covered(title, out_of, len(best) / enough, losses, note, missing)


def _passes(cell: Judged, wrong: set[str]) -> bool:
    if cell.result.timing is not None and not cell.result.timing.stable:
        return False
    return cell.right and not (cell.id.evidence is Evidence.COMPILE and cell.id.row in wrong)


def _why(name: str, evidence: Evidence, cells: Sequence[Judged], wrong: set[str]) -> str:
    bad = [cell for cell in cells if not _passes(cell, wrong)]
    outcomes = Counter(str(cell.result.outcome) for cell in bad if not cell.right)
    said = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.most_common())
    compiled = sum(cell.right for cell in bad if evidence is Evidence.COMPILE)
    if compiled:
        said = f"{said}{', ' if said else ''}{compiled} that compile and give a wrong answer elsewhere"
    first = next((one_line(cell.result.detail, 160) for cell in bad if cell.result.detail), "")
    return f"{name}@{evidence}: {len(bad)} of {len(cells)} cases do not count: {said or 'unstable timings'}" + (
        f"; first: {first}" if first else ""
    )


def _utilisation(cells: Sequence[Judged], weights: Hardware, out_of: float) -> Part:
    """The best device's geometric mean of the share of its bandwidth or arithmetic that a call reached."""
    found = [(device, share) for device in devices_of(cells) if (share := device.roofline) is not None]
    if not found:
        return Part(UTILISATION, out_of, unmeasured="nothing was timed on a device whose peak is known")
    device, reached = max(found, key=lambda pair: pair[1])
    listed = ", ".join(f"{each.label} {share:.1%}" for each, share in found)
    full = weights.full_utilisation
    if reached >= full:
        return Part(UTILISATION, out_of, note=listed)
    text = f"{reached:.1%} of what {device.label} can do is reached; all points are for {full:.0%}"
    return Part(UTILISATION, out_of, (Loss(text, 1 - reached / full),), note=listed)


def _profiles(cells: Sequence[Judged], declared: Mapping[str, Sequence[str]]) -> Exhibit:
    rows = []
    seen = {cell.id.profile for cell in cells}
    for name, gives in sorted(declared.items(), key=lambda item: item[0] not in seen):
        said = []
        for evidence in Evidence:
            own = [cell for cell in cells if (cell.id.profile, cell.id.evidence) == (name, evidence)]
            judged = [cell for cell in own if cell.judged]
            if judged:
                said.append(f"{sum(cell.right for cell in judged)} of {len(judged)}")
            elif own:
                said.append("could not be judged here")
            else:
                said.append("not asked" if evidence in gives else "-")
        rows.append((name, *said, _reached(cells, name)))
    head = ("profile", *Evidence, "bandwidth, arithmetic")
    return Exhibit(
        "Declared profiles", head, tuple(rows), "Cases that pass, of those that were judged; - is not given there."
    )


def _reached(cells: Sequence[Judged], profile: str) -> str:
    timings = [cell.result.timing for cell in cells if cell.id.profile == profile and cell.result.timing is not None]
    bandwidth = [share for timing in timings if (share := timing.bandwidth_share)]
    arithmetic = [share for timing in timings if (share := timing.arithmetic_share)]
    if not timings:
        return "-"
    return ", ".join(f"{mean(shares):.1%}" if shares else "unknown" for shares in (bandwidth, arithmetic))


def _standing(cells: Sequence[Judged], declared: Mapping[str, Sequence[str]]) -> str:
    said = []
    for evidence in Evidence:
        able = [name for name, gives in declared.items() if evidence in gives]
        asked = {cell.id.profile for cell in cells if cell.id.evidence is evidence and cell.judged}
        said.append(f"{evidence} {len(asked & set(able))} of {len(able)}")
    return (
        f"Declared profiles that were judged, of those that can give it: {', '.join(said)}; the others were not asked."
    )
