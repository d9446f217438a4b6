"""The delta rule: its own fixed points, and its two forms against each other."""

from __future__ import annotations

from typing import Any

import torch

from operators.references.delta_rule import chunk_gated_delta_rule_fwd, fused_recurrent_gated_delta_rule_fwd

torch.manual_seed(0)


def drawn(tokens: int, heads: int, values: int) -> dict[str, Any]:
    q, k = torch.randn(1, tokens, heads, 8).double() / 3, torch.randn(1, tokens, heads, 8).double() / 3
    v = torch.randn(1, tokens, values, 6).double()
    g, beta = -torch.rand(1, tokens, values).double(), torch.rand(1, tokens, values).double()
    return {"q": q, "k": k, "v": v, "g": g, "beta": beta, "scale": 0.5}


def part(call: dict[str, Any], first: int, last: int) -> dict[str, Any]:
    return {name: value[:, first:last] if isinstance(value, torch.Tensor) else value for name, value in call.items()}


def test_a_rate_of_one_stores_the_value_under_a_unit_key() -> None:
    call = drawn(1, 1, 1)
    key = call["k"] / call["k"].norm(dim=-1, keepdim=True)
    call |= {"q": key, "k": key, "beta": torch.ones_like(call["beta"]), "scale": 1.0}
    state = torch.randn(1, 1, 8, 6).double()
    found, _ = fused_recurrent_gated_delta_rule_fwd(**call, initial_state=state, inplace_final_state=False)
    torch.testing.assert_close(found, call["v"])


def test_without_a_rate_the_state_only_decays() -> None:
    call = drawn(3, 1, 2)
    call["beta"] = torch.zeros_like(call["beta"])
    state = torch.randn(1, 2, 8, 6).double()
    _, states = fused_recurrent_gated_delta_rule_fwd(**call, initial_state=state, inplace_final_state=False)
    torch.testing.assert_close(states[2], state[0] * call["g"].sum(1)[0].exp().view(2, 1, 1))


def test_both_forms_agree_and_sequences_do_not_mix() -> None:
    call = drawn(20, 1, 2)
    starts, state = torch.tensor([0, 7, 20]), torch.randn(2, 2, 8, 6).double()
    _, found, _, final, *_ = chunk_gated_delta_rule_fwd(
        **call, initial_state=state, output_final_state=True, cu_seqlens=starts
    )
    assert final is not None
    for n, (first, last) in enumerate(((0, 7), (7, 20))):
        due, states = fused_recurrent_gated_delta_rule_fwd(
            **part(call, first, last), initial_state=state[n : n + 1], inplace_final_state=False
        )
        torch.testing.assert_close(found[:, first:last], due)
        torch.testing.assert_close(final[n], states[-1])


def test_the_inverse_solves_for_the_updates() -> None:
    """With no state to begin with, inverse @ (beta v) are the updates: the state is the sum of key times update."""
    call = drawn(10, 1, 1)
    call["g"] = torch.zeros_like(call["g"])
    sums, _, inverse, final, *_ = chunk_gated_delta_rule_fwd(**call, initial_state=None, output_final_state=True)
    assert final is not None
    assert bool((sums == 0).all())
    updates = inverse[0, :, 0, :10] @ (call["beta"][0] * call["v"][0, :, 0])
    torch.testing.assert_close(call["k"][0, :, 0].t() @ updates, final[0, 0])


def test_states_are_read_and_written_where_they_are_named() -> None:
    call = drawn(2, 1, 1)
    states = torch.randn(3, 1, 8, 6).double()
    before = states.clone()
    starts, names = torch.tensor([0, 1, 2]), torch.tensor([2, 0])
    fused_recurrent_gated_delta_rule_fwd(
        **call, initial_state=states, inplace_final_state=True, cu_seqlens=starts, ssm_state_indices=names
    )
    assert torch.equal(states[1], before[1])
    _, due = fused_recurrent_gated_delta_rule_fwd(
        **part(call, 0, 1), initial_state=before[2:], inplace_final_state=False
    )
    torch.testing.assert_close(states[2], due[0])
