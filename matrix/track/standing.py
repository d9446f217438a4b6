"""How an entry stands under the rules: gates first, each refusal with its reason, then the gain and the score.

A gain is that of the provider over what the rows measured it against, taken in turn on one device. Nothing that was refused
has a score, and no number is made up for what was not measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from matrix.inference.integrity import TOLD, UNTOUCHED
from matrix.inference.speed_measures import BOUNDS, RELATIVE
from matrix.outcome import Outcome
from matrix.result import Result
from matrix.track.recorded import Recorded
from matrix.track.rules import Rules

SIDES = ("reference", "candidate")


@dataclass(frozen=True)
class Ratio:
    """The provider's over the baseline's, with its 95 % interval where there were enough pairs for one."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Scenario:
    """One throughput workload. native: seconds and tokens a second of the baseline, by which scenarios are weighed."""

    name: str
    throughput: Ratio
    ttft: float | None
    seconds: float
    rate: float


@dataclass(frozen=True)
class Standing:
    """What an entry comes to.

    gain      relative: 0.25 is a quarter more tokens a second;  counted: what is left of it when noise is taken off
    score     None where anything was refused;  refusals: why, each a sentence;  chips: further ones with a gain
    remarks   what a reader has to know besides
    """

    rules: Rules
    profile: str
    setting: str
    scenarios: tuple[Scenario, ...]
    gain: Ratio | None
    counted: float
    latency: float | None
    accuracy: Mapping[str, float]
    chips: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def score(self) -> float | None:
        if self.refusals or self.gain is None:
            return None
        return self.rules.weight_gain * self.counted + self.rules.weight_chip * len(self.chips)


def stand(rules: Rules, found: Recorded, own: str, further: Sequence[Standing] = ()) -> Standing:
    """Judge what was recorded.

    own      digest of this checkout's measuring source;  further: standings on other chips, under the same rules
    """
    refusals: list[str] = []
    names = (*rules.scenarios, rules.latency, rules.accuracy)
    measured = [_measured(found, name, refusals, gate=name == rules.accuracy) for name in names]
    for result in filter(None, measured):
        refusals += _conditions(rules, result, own)
    scenarios = tuple(
        _scenario(name, result) for name, result in zip(rules.scenarios, measured, strict=False) if result is not None
    )
    complete = len(scenarios) == len(rules.scenarios)
    gain = _gain(rules, scenarios) if complete else None
    latency = None if measured[-2] is None else _over(measured[-2], "latency mean")
    accuracy = {} if measured[-1] is None else _accuracies(measured[-1])
    refusals += _gates(rules, scenarios, gain, latency)
    counted, remarks = _counted(rules, gain)
    for sentence, refused in _accuracy_gates(rules, measured[-1], accuracy):
        (refusals if refused else remarks).append(sentence)
    standing = Standing(
        rules,
        found.profile,
        found.setting,
        scenarios,
        gain,
        counted,
        latency,
        accuracy,
        (),
        tuple(refusals),
        tuple(remarks),
    )
    return with_further(standing, further)


def with_further(standing: Standing, further: Sequence[Standing]) -> Standing:
    """Count the further chips: each with a gain that stands, measured by the same engine."""
    chips: list[str] = []
    remarks = list(standing.remarks)
    engine = standing.setting.partition("-")[0]
    for other in further:
        if other.setting.partition("-")[0] != engine:
            remarks.append(f"{other.profile} does not count: {other.setting} is another engine than {standing.setting}")
        elif other.refusals:
            remarks.append(f"{other.profile} does not count: {other.refusals[0]}")
        elif other.counted <= 0:
            remarks.append(f"{other.profile} does not count: no gain was shown on it")
        elif other.profile in (standing.profile, *chips):
            remarks.append(f"{other.profile} counts once")
        else:
            chips.append(other.profile)
    return replace(standing, chips=tuple(chips), remarks=tuple(remarks))


def _measured(found: Recorded, name: str, refusals: list[str], *, gate: bool) -> Result | None:
    """A result that can be judged, or None with the reason noted. Of what gates by its numbers, a WRONG has them too."""
    result = found.results.get(name)
    if result is None:
        refusals.append(f"{name}: was not measured on {found.profile}; every scenario and every gate is needed")
        return None
    if result.outcome is Outcome.PASS or (gate and result.outcome is Outcome.WRONG and result.comparison is not None):
        return result
    refusals.append(f"{name}: {result.outcome}: {result.detail}")
    return None


def _conditions(rules: Rules, result: Result, own: str) -> list[str]:
    """What keeps a result from counting: resources, a patched engine, another measuring code."""
    name = result.cell.partition(":")[2].partition("/")[0]
    if name == rules.accuracy:
        return []
    refusals = [
        f"{name}: {what} is {result.facts.get(f'given: {what}')!r}; the rules give {due!r} to both sides"
        for what, due in rules.resources.items()
        if result.facts.get(f"given: {what}") != due
    ]
    for side in SIDES:
        for what in TOLD:
            told = result.facts.get(f"{what}, {side}", "not told")
            if not told.startswith(UNTOUCHED):
                refusals.append(f"{name}: what was measured is not as installed ({side}, {what}): {told}")
        if (by := result.facts.get(f"measured by, {side}")) != own:
            refusals.append(f"{name}: was measured by other code ({side}, {by}) than that which judges ({own})")
    return refusals


def _scenario(name: str, result: Result) -> Scenario:
    numbers = _numbers(result)
    ratio = Ratio(numbers[RELATIVE], numbers.get(BOUNDS[0]), numbers.get(BOUNDS[1]))
    seconds = numbers["latency mean, native"] / 1000
    return Scenario(name, ratio, _over(result, "TTFT mean"), seconds, numbers["throughput, native"])


def _numbers(result: Result) -> dict[str, float]:
    return {measure.name: measure.value for measure in result.measures}


def _over(result: Result, what: str) -> float | None:
    """The provider's over the baseline's."""
    numbers = _numbers(result)
    mine, other = numbers.get(f"{what}, provider"), numbers.get(f"{what}, native")
    return mine / other if mine is not None and other else None


def _accuracies(result: Result) -> dict[str, float]:
    """Task -> the provider's accuracy over the baseline's."""
    tasks = [
        measure.name.removesuffix(", provider") for measure in result.measures if measure.name.endswith(", provider")
    ]
    found = {task: _over(result, task) for task in tasks if task.startswith("accuracy")}
    return {task: value for task, value in found.items() if value is not None}


def combine(rules: Rules, scenarios: Sequence[Scenario], of: Callable[[Scenario], float]) -> float:
    """One ratio of throughputs from those of the scenarios."""
    ratios = [of(scenario) for scenario in scenarios]
    if rules.aggregation == "mean":
        return math.fsum(ratios) / len(ratios)
    if rules.aggregation == "geometric":
        return math.exp(math.fsum(map(math.log, ratios)) / len(ratios))
    tokens = [scenario.seconds * scenario.rate for scenario in scenarios]
    taken = [scenario.seconds / ratio for scenario, ratio in zip(scenarios, ratios, strict=True)]
    return (math.fsum(tokens) / math.fsum(taken)) / (math.fsum(tokens) / math.fsum(s.seconds for s in scenarios))


def _gain(rules: Rules, scenarios: Sequence[Scenario]) -> Ratio:
    """The combined gain. Its interval is that of all lows and all highs together: wider than need be, never narrower."""
    value = combine(rules, scenarios, lambda scenario: scenario.throughput.value) - 1
    if any(scenario.throughput.low is None for scenario in scenarios):
        return Ratio(value)
    low = combine(rules, scenarios, lambda scenario: scenario.throughput.low or 0.0)
    high = combine(rules, scenarios, lambda scenario: scenario.throughput.high or 0.0)
    return Ratio(value, low - 1, high - 1)


def _gates(rules: Rules, scenarios: Sequence[Scenario], gain: Ratio | None, latency: float | None) -> list[str]:
    refusals = []
    if gain is not None and 1 + gain.value < rules.throughput_at_least:
        refusals.append(
            f"throughput is {1 + gain.value:.3f} of the baseline's; at least {rules.throughput_at_least:g} is due"
        )
    refusals += [
        f"{scenario.name}: TTFT is {scenario.ttft:.3f} of the baseline's; at most {rules.ttft_at_most:g} is allowed"
        for scenario in scenarios
        if scenario.ttft is not None and scenario.ttft > rules.ttft_at_most
    ]
    if latency is not None and latency > rules.latency_at_most:
        refusals.append(
            f"{rules.latency}: latency is {latency:.3f} of the baseline's; at most {rules.latency_at_most:g} is allowed"
        )
    return refusals


def _accuracy_gates(rules: Rules, result: Result | None, accuracy: Mapping[str, float]) -> Iterator[tuple[str, bool]]:
    """Each loss beyond what is allowed, and whether it is refused: not where chance may have made it."""
    numbers = {} if result is None else _numbers(result)
    for task, value in accuracy.items():
        if value < 1 - rules.accuracy_within:
            worse = numbers.get(f"{task}: p that it is no worse", 0.0)
            count = f"{numbers.get(f'{task}: questions', 0):.0f} questions"
            due = f"at least {1 - rules.accuracy_within:g} is due"
            said = f"{task}: {value:.4f} of the baseline's on {count}, p = {worse:.2g}; {due}"
            certain = worse < rules.accuracy_significance
            yield (said if certain else f"{said}, but chance may have made the difference: ask more"), certain


def _counted(rules: Rules, gain: Ratio | None) -> tuple[float, list[str]]:
    """What of a gain counts: nothing of what is noise by the rules, and nothing that chance may have made."""
    if gain is None:
        return 0.0, []
    if gain.value < rules.noise:
        return 0.0, [f"the gain of {100 * gain.value:+.2f} % is under {100 * rules.noise:g} %: noise, counted as none"]
    if gain.low is None:
        return 0.0, ["the gain has no interval: six pairs of rounds are needed; it is counted as none"]
    if gain.low <= 0:
        return 0.0, [
            f"the gain's interval reaches from {100 * gain.low:+.2f} %: it may be chance, and is counted as none"
        ]
    return gain.value, []
