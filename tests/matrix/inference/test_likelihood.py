"""The bounds of model-parity: a planted fault of 1 % is found and named at either dtype, and healthy kernels never alarm."""

import functools
import math
import random
from itertools import chain
from typing import Any

import numpy as np
import pytest
import torch

from matrix.inference.likelihood import Likelihoods, Parity, weigh
from matrix.inference.likelihood_sides import native_facts
from matrix.inference.providing import replaced
from tests.fakes import model_kernels
from workloads.engines.transformers_engine import open_engine

PROMPTS, LENGTH = 8, 48  # as the setting for bfloat16 in workloads/scenarios/model-parity.toml
DTYPES = ["float32", "bfloat16"]


def texts_of(seed: int) -> list[list[int]]:
    draw = random.Random(seed)
    return [[draw.randrange(256) for _ in range(LENGTH)] for _ in range(PROMPTS)]


@functools.cache
def engine(dtype: str, attention: str = "eager") -> Any:
    return open_engine("tiny", dtype, "cpu", attention=attention)


@functools.cache
def native(dtype: str, seed: int) -> dict[str, Any]:
    return native_facts(open_engine("tiny", dtype, "cpu"), texts_of(seed), dtype, "CPU")


def judged(dtype: str, seed: int, kernels: model_kernels.Kernels, attention: str = "eager") -> Parity:
    facts = native(dtype, seed)
    with replaced(kernels, "CPU", guarded=True) as there:
        got = list(chain.from_iterable(engine(dtype, attention).log_likelihoods(texts_of(seed))))
    assert kernels.keys() <= there.entered.keys(), "a kernel that was planted was never come by"
    return weigh(Likelihoods(facts["truth"], facts["native"], got, facts["scales"]), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["silu", "mm", "bmm", "rsqrt", "_softmax", "neg", "mul.Tensor", "embedding"])
@pytest.mark.parametrize("factor", [1.01, 0.99])
def test_a_fault_of_one_percent_in_one_operator_is_found(dtype: str, name: str, factor: float) -> None:
    parity = judged(dtype, 0, model_kernels.planted(name, factor=factor))
    assert parity.complaints
    assert parity.strain > 1
    if factor > 1:
        assert parity.scales[0].operator == name
        assert parity.scales[0].value == pytest.approx(0.01, abs=0.004)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_healthy_kernels_do_not_alarm(dtype: str, seed: int, attention: str) -> None:
    """Twenty repeats: other texts, other numbers of threads, other ways to compute the same, either dtype."""
    before = torch.get_num_threads()
    torch.set_num_threads(1 + seed % 2)
    try:
        kernels = model_kernels.healthy() if attention == "eager" else model_kernels.exact()
        assert judged(dtype, seed, kernels, attention).complaints == ()
    finally:
        torch.set_num_threads(before)


def made(native_errors: Any, errors: Any, **scales: Any) -> Likelihoods:
    truth = np.linspace(-9, -1, len(errors))
    return Likelihoods(
        truth.tolist(),
        (truth + native_errors).tolist(),
        (truth + errors).tolist(),
        {name: np.asarray(template).tolist() for name, template in scales.items()},
    )


def noise(number: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(0, 0.03, number)


def test_a_bias_that_hides_in_the_noise_is_found() -> None:
    parity = weigh(made(noise(4000), noise(4000, 1) + 0.025), "bfloat16")
    assert parity.ratio < 1.5
    assert [said for said in parity.complaints if "in the mean" in said]


def test_one_token_far_off_is_found() -> None:
    errors = noise(400, 1)
    errors[17] += 0.4
    parity = weigh(made(noise(400), errors), "bfloat16")
    assert parity.ratio < 1.5
    assert (parity.outside, parity.worst) == (1, 17)
    assert [said for said in parity.complaints if "quantile" in said]


def test_a_factor_is_named_and_chance_is_not() -> None:
    template = np.random.default_rng(5).normal(0, 0.03, 400)
    healthy = weigh(made(noise(400), noise(400, 1), silu=template), "bfloat16")
    assert healthy.complaints == ()
    guilty = weigh(made(noise(400), noise(400) + template, silu=template, mm=noise(400, 9)), "bfloat16")
    assert guilty.complaints[-1].startswith("it is as if silu were off by +1.00 %")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_wrong(value: float) -> None:
    errors = noise(50)
    errors[3] = value
    parity = weigh(made(noise(50), errors), "float32")
    assert parity.complaints == ("1 of 50 likelihoods are not finite",)


def test_the_verdict_says_when_chance_may_have_decided() -> None:
    near = weigh(made(noise(400), 1.4 * noise(400)), "bfloat16")
    assert near.near
    assert not weigh(made(noise(400), 5 * noise(400)), "bfloat16").near


def test_sides_that_differ_in_length_are_refused() -> None:
    with pytest.raises(ValueError, match="one for each token"):
        weigh(Likelihoods([0.0], [0.0], [], {}), "float32")
