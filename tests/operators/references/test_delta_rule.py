"""The delta rule: its own fixed points, and its two forms against each other."""

from __future__ import annotations

from typing import Any

import torch

from operators.references import delta_rule

torch.manual_seed(0)


def drawn(tokens: int, heads: int, values: int) -> Any:
    q, k = torch.randn(1, tokens, heads, 8).double() / 3, torch.randn(1, tokens, heads, 8).double() / 3
    v = torch.randn(1, tokens, values, 6).double()
    return [q, k, v, -torch.rand(1, tokens, values).double(), torch.rand(1, tokens, values).double()]


def test_a_rate_of_one_stores_the_value_under_a_unit_key() -> None:
    _, k, v, g, _ = drawn(1, 1, 1)
    k = k / k.norm(dim=-1, keepdim=True)
    state = torch.randn(1, 1, 8, 6).double()
    found, _ = delta_rule.fused_recurrent_gated_delta_rule_fwd(k, k, v, g, torch.ones_like(g), 1.0, state, False)
    torch.testing.assert_close(found, v)


def test_without_a_rate_the_state_only_decays() -> None:
    q, k, v, g, beta = drawn(3, 1, 2)
    state = torch.randn(1, 2, 8, 6).double()
    _, states = delta_rule.fused_recurrent_gated_delta_rule_fwd(q, k, v, g, 0 * beta, 1.0, state, False)
    torch.testing.assert_close(states[2], state[0] * g.sum(1)[0].exp().view(2, 1, 1))


def test_both_forms_agree_and_sequences_do_not_mix() -> None:
    inputs = drawn(20, 1, 2)
    starts, state = torch.tensor([0, 7, 20]), torch.randn(2, 2, 8, 6).double()
    _, found, _, final, *_ = delta_rule.chunk_gated_delta_rule_fwd(*inputs, 0.5, state, True, starts)
    assert final is not None
    for n, (first, last) in enumerate(((0, 7), (7, 20))):
        part: Any = [tensor[:, first:last] for tensor in inputs]
        due, states = delta_rule.fused_recurrent_gated_delta_rule_fwd(*part, 0.5, state[n : n + 1], False)
        torch.testing.assert_close(found[:, first:last], due)
        torch.testing.assert_close(final[n], states[-1])


def test_the_inverse_solves_for_the_updates() -> None:
    """With no state to begin with, inverse @ (beta v) are the updates: the state is the sum of key times update."""
    q, k, v, _, beta = drawn(10, 1, 1)
    g = torch.zeros_like(beta)
    sums, _, inverse, final, *_ = delta_rule.chunk_gated_delta_rule_fwd(q, k, v, g, beta, 1.0, None, True)
    assert final is not None
    assert bool((sums == 0).all())
    updates = inverse[0, :, 0, :10] @ (beta[0] * v[0, :, 0])
    torch.testing.assert_close(k[0, :, 0].t() @ updates, final[0, 0])


def test_states_are_read_and_written_where_they_are_named() -> None:
    q, k, v, g, beta = drawn(2, 1, 1)
    states = torch.randn(3, 1, 8, 6).double()
    before = states.clone()
    starts, names = torch.tensor([0, 1, 2]), torch.tensor([2, 0])
    delta_rule.fused_recurrent_gated_delta_rule_fwd(q, k, v, g, beta, 1.0, states, True, starts, names)
    assert torch.equal(states[1], before[1])
    first: Any = [tensor[:, :1] for tensor in (q, k, v, g, beta)]
    _, due = delta_rule.fused_recurrent_gated_delta_rule_fwd(*first, 1.0, before[2:], False)
    torch.testing.assert_close(states[2], due[0])
