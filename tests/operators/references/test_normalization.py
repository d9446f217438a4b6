"""Normalizations against torch's own."""

from __future__ import annotations

import torch
from torch.nn import functional

from operators.references import normalization

torch.manual_seed(0)
X, RESIDUAL = torch.randn(3, 4, 8, dtype=torch.float64), torch.randn(3, 4, 8, dtype=torch.float64)
WEIGHT, BIAS = torch.randn(8, dtype=torch.float64), torch.randn(8, dtype=torch.float64)


def test_rms_norm_is_torchs() -> None:
    found, inverse = normalization.rms_norm_forward(X, [8], WEIGHT, 1e-3)
    torch.testing.assert_close(found, functional.rms_norm(X, [8], WEIGHT, 1e-3))
    torch.testing.assert_close(inverse, (X.square().mean(-1) + 1e-3).rsqrt().flatten())


def test_rms_norm_backward_is_the_derivative_of_torchs() -> None:
    leaves = [X.clone().requires_grad_(), WEIGHT.clone().requires_grad_()]
    upstream = torch.randn_like(X)
    due = torch.autograd.grad(functional.rms_norm(leaves[0], [8], leaves[1], 1e-5), leaves, upstream)
    inverse = (X.square().mean(-1) + 1e-5).rsqrt().flatten()
    torch.testing.assert_close(normalization.rms_norm_backward(upstream, X, inverse, [8], WEIGHT), due)


def test_fused_add_rms_norm_changes_both_arguments() -> None:
    x, residual = X.clone(), RESIDUAL.clone()
    returned = normalization.fused_add_rms_norm(x, residual, [8], WEIGHT)
    assert returned[0] is x
    assert returned[1] is residual
    torch.testing.assert_close(residual, X + RESIDUAL)
    torch.testing.assert_close(x, functional.rms_norm(X + RESIDUAL, [8], WEIGHT, 1e-5))


def test_skip_layer_norm_is_a_layer_norm_of_the_sum() -> None:
    found = normalization.skip_layer_norm(X, RESIDUAL, [8], WEIGHT, BIAS)
    torch.testing.assert_close(found, functional.layer_norm(X + RESIDUAL, [8], WEIGHT, BIAS))


def test_instance_norm_and_its_running_statistics_are_torchs() -> None:
    x, weight, bias = torch.randn(2, 3, 4, 5, dtype=torch.float64), WEIGHT[:3], BIAS[:3]
    mean, var = torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    due_mean, due_var = mean.clone(), var.clone()
    found = normalization.instance_norm(x, weight, bias, mean, var, True, 0.3, 1e-3)
    due = functional.instance_norm(x, due_mean, due_var, weight, bias, True, 0.3, 1e-3)
    torch.testing.assert_close(found, due)
    torch.testing.assert_close((mean, var), (due_mean, due_var))
    found = normalization.instance_norm(x, weight, bias, mean, var, False)
    torch.testing.assert_close(found, functional.instance_norm(x, mean, var, weight, bias, False))


def test_weight_norm_has_the_given_norms() -> None:
    v = torch.randn(3, 4, 5, dtype=torch.float64)
    for dim in (0, 1, 2, -1):
        shape = [v.shape[axis] if axis == dim % 3 else 1 for axis in range(3)]
        g = torch.rand(shape, dtype=torch.float64) + 0.5
        others = [axis for axis in range(3) if axis != dim % 3]
        norms = normalization.weight_norm(v, g, dim).norm(dim=others, keepdim=True)
        torch.testing.assert_close(norms, g)
    g = torch.rand(3, 1, 1, dtype=torch.float64)
    torch.testing.assert_close(normalization.weight_norm(v, g), torch._weight_norm(v, g, 0))
