"""A provider's kernels in the dispatcher: entered once, torch's own inside, nothing left behind, and torch's promotion kept."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch

from matrix.addresses import AddressError
from matrix.inference.asking import missing
from matrix.inference.factors import operators_of, scaled
from matrix.inference.providing import functions_of, replaced
from tests.fakes.inference import KERNELS
from workloads import kinds
from workloads.kinds import REGISTRY

DTYPES = [torch.bool, torch.int32, torch.int64, torch.bfloat16, torch.float32, torch.float64]
NUMBERS = [True, 2, -3, 1.5]


def handed_on(name: str) -> dict[str, Callable[..., Any]]:
    """An operator whose function calls the same operator: torch's own, or recursion without end."""
    return {name: scaled(name, 1)}


def test_a_function_is_entered_once_and_torch_answers_inside() -> None:
    values = torch.linspace(-2, 2, 7)
    due = torch.nn.functional.silu(values)
    with replaced(handed_on("silu"), "CPU", guarded=True) as there:
        got = torch.nn.functional.silu(values)
    assert torch.equal(got, due)
    assert there.entered == {"silu": 1}
    assert there.inside == ""


def test_nothing_is_left_behind() -> None:
    with replaced({"silu": scaled("silu", 3.0)}, "CPU", guarded=True) as there:
        assert torch.nn.functional.silu(torch.ones(1)).item() > 2
    assert torch.nn.functional.silu(torch.ones(1)).item() < 1
    assert there.entered["silu"] == 1


def test_what_raises_is_named() -> None:
    def refuse(*_given: Any) -> Any:
        raise RuntimeError("no")

    with replaced({"silu": refuse}, "CPU", guarded=True) as there, pytest.raises(RuntimeError, match="no"):
        torch.nn.functional.silu(torch.ones(1))
    assert there.inside == "silu"


def test_names_that_torch_lacks_are_left_out_and_told() -> None:
    with replaced(handed_on("silu") | {"nonsense.Tensor": lambda: None}, "CPU", guarded=True) as there:
        pass
    assert (there.offered, there.unknown) == (("silu",), ("nonsense.Tensor",))


@pytest.mark.parametrize(("dtype", "rank"), list(itertools.product(DTYPES, [0, 1])))
@pytest.mark.parametrize("name", ["mul", "add", "div", "eq"])
def test_numbers_promote_as_they_do_in_torch(name: str, dtype: torch.dtype, rank: int) -> None:
    operation = getattr(torch, name)
    values = torch.ones([3] * rank, dtype=dtype)
    offered = {f"{name}.Tensor": scaled(f"{name}.Tensor", 1), f"{name}.Scalar": scaled(f"{name}.Scalar", 1)}
    for number in NUMBERS:
        due = operation(values, number)
        with replaced(offered, "CPU", guarded=True):
            got = operation(values, number)
        assert got.dtype is due.dtype, (name, dtype, rank, number)
        assert torch.equal(got, due)


def test_a_number_that_became_a_tensor_is_the_hosts() -> None:
    """No chip would see it, and the function would be handed a float."""

    def refuse(*given: Any, **_named: Any) -> Any:
        raise AssertionError(f"was handed {given}")

    with replaced({"_to_copy": refuse}, "CPU", guarded=True) as there:
        assert (torch.zeros(2) + 1.5).tolist() == [1.5, 1.5]
    assert there.entered["_to_copy"] == 0


def test_where_calls_are_not_guarded_they_enter_again() -> None:
    """As on a chip, where a kernel's host code may come by another of the provider's operators."""
    offered = {"silu": lambda values: values * torch.sigmoid(values), "sigmoid": scaled_natively("sigmoid")}
    with replaced(offered, "CPU", guarded=False) as there:
        torch.nn.functional.silu(torch.ones(1))
    assert there.entered == {"silu": 1, "sigmoid": 1}


def scaled_natively(name: str) -> Callable[..., Any]:
    kernel = torch.library.get_kernel(f"aten::{name}", "CPU")
    keys = torch._C.DispatchKeySet(torch._C.DispatchKey.CPU)
    return lambda *given: kernel.call_boxed(keys, *given)


def test_a_provider_without_a_table_says_which_have_one() -> None:
    with pytest.raises(AddressError, match="known are flag_gems"):
        functions_of("nobody", REGISTRY)


def test_a_table_of_ones_own_is_a_function_that_returns_it() -> None:
    assert "silu" in functions_of("own", f"{KERNELS}:healthy")
    with pytest.raises(AddressError, match="not ATen names with functions"):
        functions_of("own", f"{KERNELS}:no_table")


def test_the_operators_of_a_call_are_those_that_compute() -> None:
    values = torch.ones(2, 3)
    found = operators_of(lambda: torch.nn.functional.silu(values.t()).contiguous().view(6) + 1)
    assert found == ["silu", "add.Tensor"]


def test_an_engine_that_is_missing_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = {"steam": {"steam_engine": "`pip install steam`"}}
    monkeypatch.setattr("matrix.inference.asking.NEEDED", {**kinds.NEEDED, **needed})
    assert missing("steam") == "steam_engine is not installed: `pip install steam`"
    assert missing("transformers") == ""
