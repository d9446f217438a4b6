"""How an entry stands: each way to win without being faster is refused, with its reason."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from matrix.outcome import Evidence, Outcome, Phase
from matrix.result import Comparison, Measure, Result
from matrix.track.recorded import Recorded
from matrix.track.rules import Rules, load_rules
from matrix.track.standing import Standing, stand
from reports.track import track_lines

OWN = "0123456789abcdef"
SETTING = "vllm-qwen3-4b-0"
FACTS = {
    "given: tensor parallel": "1",
    "given: devices used": "1",
    **{
        f"engine {what}, {side}": "as installed: 9"
        for what in ("files", "functions")
        for side in ("reference", "candidate")
    },
    **{f"measuring functions, {side}": "as installed: 9" for side in ("reference", "candidate")},
    **{f"measured by, {side}": OWN for side in ("reference", "candidate")},
}


def speed(name: str, gain: float, *, ttft: float = 1.0, latency: float | None = None, **changes: Any) -> Result:
    ratio = 1 + gain
    took = ratio**-1 if latency is None else latency
    numbers = {
        "throughput, provider": 1000 * ratio,
        "throughput, native": 1000.0,
        "latency mean, provider": 2000 * took,
        "latency mean, native": 2000.0,
        "relative throughput": ratio,
        "relative throughput, 95 % from": ratio - 0.005,
        "relative throughput, 95 % to": ratio + 0.005,
        "TTFT mean, provider": 100 * ttft,
        "TTFT mean, native": 100.0,
    }
    measures = tuple(Measure(what, "", value) for what, value in numbers.items())
    cell = f"chip:{name}/flag_gems[dtype=bfloat16,sample={SETTING}]@time"
    return replace(Result(cell, Outcome.PASS, Phase.COMPARE, measures=measures, facts=FACTS), **changes)


def accuracy(native: int = 800, lost: int = 0, total: int = 1000, worse: float = 1.0) -> Result:
    numbers = {
        "accuracy, provider": 100 * (native - lost) / total,
        "accuracy, native": 100 * native / total,
        "accuracy: questions": total,
        "accuracy: p that it is no worse": worse,
    }
    measures = tuple(Measure(what, "", value) for what, value in numbers.items())
    cell = f"chip:accuracy/flag_gems[dtype=bfloat16,sample={SETTING}]@time"
    return Result(cell, Outcome.PASS, Phase.COMPARE, measures=measures)


def honest(gain: float = 0.25, **changes: Any) -> dict[str, Result]:
    results = {name: speed(name, gain, **changes) for name in load_rules("season-1").scenarios}
    return results | {"latency-batch-8": speed("latency-batch-8", gain), "accuracy": accuracy()}


def standing(
    results: Mapping[str, Result],
    *further: Standing,
    rules: str = "season-1",
    profile: str = "chip",
    setting: str = SETTING,
) -> Standing:
    return stand(load_rules(rules), Recorded(profile, "flag_gems", Evidence.TIME, setting, results), OWN, further)


def only(found: Standing) -> str:
    assert found.score is None
    assert len(found.refusals) == 1, found.refusals
    return found.refusals[0]


def test_an_honest_gain_has_a_score_and_an_interval() -> None:
    found = standing(honest())
    assert found.refusals == ()
    assert found.score == pytest.approx(0.7 * 0.25)
    assert found.gain is not None
    assert found.gain.low == pytest.approx(0.245)
    assert track_lines(found)[-1] == "SCORE 0.1750 = 0.7 x 0.2500 gain + 0.3 x 0 further chips"


def test_a_further_chip_with_a_gain_counts_once() -> None:
    other = standing(honest(0.1), profile="other")
    found = standing(honest(), other, other)
    assert found.chips == ("other",)
    assert found.score == pytest.approx(0.7 * 0.25 + 0.3)
    assert "other counts once" in found.remarks


def test_a_further_chip_counts_neither_without_a_gain_nor_by_another_engine_nor_refused() -> None:
    idle = standing(honest(0.0), profile="idle")
    foreign = standing(honest(), profile="foreign", setting="transformers-qwen3-4b-0")
    cheating = standing({}, profile="cheating")
    found = standing(honest(), idle, foreign, cheating)
    assert found.chips == ()
    assert len(found.remarks) == 3
    assert any("another engine" in remark for remark in found.remarks)


def test_tensor_parallel_two_is_refused() -> None:
    said = only(standing(_given("given: tensor parallel", "2")))
    assert said == "throughput-chat-1k: tensor parallel is '2'; the rules give '1' to both sides"


def _given(name: str, text: str) -> dict[str, Result]:
    return honest() | {"throughput-chat-1k": speed("throughput-chat-1k", 0.25, facts={**FACTS, name: text})}


def test_a_second_device_in_use_is_refused_whatever_the_engine_says() -> None:
    assert "devices used is '2'" in only(standing(_given("given: devices used", "2")))


@pytest.mark.parametrize(
    "what", ["engine files, candidate", "engine functions, reference", "measuring functions, candidate"]
)
def test_what_is_not_as_installed_is_refused(what: str) -> None:
    said = only(standing(_given(what, "1 changed: vllm/benchmarks/throughput.py; ")))
    assert "is not as installed" in said
    assert "vllm/benchmarks/throughput.py" in said


def test_rounds_of_another_benchmark_are_refused() -> None:
    assert "was measured by other code" in only(standing(_given("measured by, candidate", "ffff")))


def test_facts_that_are_missing_do_not_pass() -> None:
    results = honest() | {"throughput-chat-1k": speed("throughput-chat-1k", 0.25, facts={})}
    assert len(standing(results).refusals) == 2 + 2 * 4


def test_a_plug_in_that_answers_nothing_is_refused() -> None:
    cell = speed("throughput-chat-4k", 0.0)
    gone = replace(cell, outcome=Outcome.UNDISPATCHED, detail="torch never came by any of the provider's functions")
    assert "UNDISPATCHED: torch never came by" in only(standing(honest() | {"throughput-chat-4k": gone}))


def test_fewer_tokens_are_refused() -> None:
    cell = replace(
        speed("throughput-chat-6k", 0.5), outcome=Outcome.WRONG, detail="8 of 8 requests came to fewer than 16"
    )
    assert "WRONG: 8 of 8" in only(standing(honest() | {"throughput-chat-6k": cell}))


def test_latency_that_is_paid_for_throughput_is_refused() -> None:
    slow = honest() | {"latency-batch-8": speed("latency-batch-8", 0.0, latency=1.2)}
    assert only(standing(slow)) == "latency-batch-8: latency is 1.200 of the baseline's; at most 1.05 is allowed"


def test_the_first_token_may_not_wait_and_the_second_season_is_stricter() -> None:
    results = honest() | {"throughput-chat-1k": speed("throughput-chat-1k", 0.25, ttft=1.03)}
    assert standing(results).score is not None
    assert "TTFT is 1.030 of the baseline's; at most 1.01 is allowed" in only(standing(results, rules="season-2"))


def test_less_than_the_least_throughput_is_refused() -> None:
    assert "throughput is 0.950 of the baseline's" in standing(honest(-0.05), rules="season-2").refusals[0]


@pytest.mark.parametrize("gain", [0.009, -0.005, 0.0])
def test_less_than_one_per_cent_is_noise(gain: float) -> None:
    found = standing(honest(gain))
    assert (found.refusals, found.counted, found.score) == ((), 0.0, 0.0)
    assert "noise" in found.remarks[0]


def test_a_gain_that_chance_may_have_made_or_without_an_interval_counts_as_none() -> None:
    wide = [replace(m, value=0.9) if m.name.endswith("from") else m for m in speed("throughput-chat-1k", 0.25).measures]
    few = tuple(measure for measure in speed("throughput-chat-1k", 0.25).measures if "95 %" not in measure.name)
    chance = standing(
        {name: replace(one, measures=tuple(wide)) if "chat" in name else one for name, one in honest().items()}
    )
    short = standing(honest() | {"throughput-chat-1k": speed("throughput-chat-1k", 0.25, measures=few)})
    assert (chance.counted, short.counted) == (0.0, 0.0)
    assert "it may be chance" in chance.remarks[0]
    assert "no interval" in short.remarks[0]


def test_accuracy_within_two_per_cent_by_a_paired_test() -> None:
    assert standing(honest() | {"accuracy": accuracy(lost=10, worse=1e-3)}).score is not None  # 1.25 %
    assert "accuracy: 0.9750 of the baseline's on 1000 questions" in only(
        standing(honest() | {"accuracy": accuracy(lost=20, worse=1e-6)})
    )
    few = standing(honest() | {"accuracy": accuracy(native=24, lost=1, total=30, worse=0.5)})
    assert few.score is not None
    assert "chance may have made the difference: ask more" in few.remarks[0]


def test_an_accuracy_that_is_wrong_is_judged_by_its_numbers() -> None:
    lost = replace(
        accuracy(lost=100, worse=1e-9),
        outcome=Outcome.WRONG,
        detail="100 of 1000 questions were lost",
        comparison=Comparison("McNemar", 1000, 100),
    )
    assert "0.8750 of the baseline's" in only(standing(honest() | {"accuracy": lost}))


def test_what_was_not_measured_is_refused() -> None:
    results = honest()
    del results["throughput-chat-6k"]
    found = standing(results)
    assert "throughput-chat-6k: was not measured on chip" in only(found)
    assert found.gain is None
    assert track_lines(found)[-1] == "NO SCORE: 1 reason above"


@pytest.mark.parametrize(
    ("how", "gain"), [("mean", 0.2), ("geometric", 1.6 ** (1 / 3) - 1), ("total", 3 / (2 + 1 / 1.6) - 1)]
)
def test_scenarios_combine_as_the_rules_say(how: str, gain: float) -> None:
    rules: Rules = replace(load_rules("season-1"), aggregation=how)
    results = honest(0.0) | {"throughput-chat-1k": speed("throughput-chat-1k", 0.6)}
    found = stand(rules, Recorded("chip", "flag_gems", Evidence.TIME, SETTING, results), OWN)
    assert found.gain is not None
    assert found.gain.value == pytest.approx(gain)
