"""How an entry of the inference track stands, in lines of text: gates, gains with their intervals, score, refusals."""

from __future__ import annotations

from collections.abc import Iterator

from matrix.track.standing import Ratio, Standing

PRACTICE = "PRACTICE: the rounds were interpreted; nothing here says anything of a chip, and no score counts"


def track_lines(standing: Standing, *, practice: bool = False) -> list[str]:
    """Everything that a reader needs, the verdict last."""
    return [*_lines(standing, practice)]


def _lines(standing: Standing, practice: bool) -> Iterator[str]:  # noqa: FBT001 - named by its only caller
    rules = standing.rules
    yield f"{rules.title} ({rules.name}): {standing.profile}, {standing.setting}"
    if practice:
        yield f"  {PRACTICE}"
    for scenario in standing.scenarios:
        ttft = "" if scenario.ttft is None else f", TTFT {scenario.ttft:.3f} x"
        yield f"  {scenario.name:20}  throughput {_shown(scenario.throughput)}{ttft}"
    if standing.latency is not None:
        yield f"  {rules.latency:20}  latency {standing.latency:.3f} x (at most {rules.latency_at_most:g})"
    for task, value in standing.accuracy.items():
        yield f"  {task:20}  {value:.4f} of the baseline's (at least {1 - rules.accuracy_within:g})"
    if standing.gain is not None:
        yield f"  gain, {rules.aggregation} of {len(standing.scenarios)}: {_percent(standing.gain)}"
    for chip in standing.chips:
        yield f"  further chip: {chip}"
    yield from (f"  note: {remark}" for remark in standing.remarks)
    yield from (f"  REFUSED: {refusal}" for refusal in standing.refusals)
    yield _verdict(standing)


def _verdict(standing: Standing) -> str:
    rules = standing.rules
    if standing.score is None:
        count = len(standing.refusals)
        return f"NO SCORE: {count} reason{'s' if count != 1 else ''} above"
    chips = f" + {rules.weight_chip:g} x {len(standing.chips)} further chips"
    return f"SCORE {standing.score:.4f} = {rules.weight_gain:g} x {standing.counted:.4f} gain{chips}"


def _shown(ratio: Ratio) -> str:
    if ratio.low is None or ratio.high is None:
        return f"{ratio.value:.4f} x (no interval)"
    return f"{ratio.value:.4f} x ({ratio.low:.4f} to {ratio.high:.4f})"


def _percent(ratio: Ratio) -> str:
    value = f"{100 * ratio.value:+.2f} %"
    if ratio.low is None or ratio.high is None:
        return f"{value} (no interval)"
    return f"{value} ({100 * ratio.low:+.2f} to {100 * ratio.high:+.2f})"
