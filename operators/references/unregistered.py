"""Plain torch references for names that FlagGems registers but that torch's ATen has not, or has for other devices only.

Written from the definition, in as few lines as it takes: the judge runs them in float64 on the CPU. A None in what is
returned stands for an output that the definition leaves open (a random number state, a mask that was not asked for).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


def bitwise_left_shift(self: Tensor, other: Tensor | int) -> Tensor:
    return torch.bitwise_left_shift(self, other)


def bitwise_right_shift(self: Tensor, other: Tensor | int) -> Tensor:
    """An arithmetic shift: the sign stays."""
    return torch.bitwise_right_shift(self, other)


def copysign(self: Tensor, other: Tensor) -> Tensor:
    """The magnitude of the first with the sign of the second, that of a negative zero and of a NaN included."""
    return torch.copysign(self, other)


def greater_out(self: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    return torch.gt(self, other, out=out)


def new_full(
    self: Tensor, size: list[int], fill_value: float, *, dtype: torch.dtype | None = None, device: object = None
) -> Tensor:
    return torch.full(size, fill_value, dtype=dtype or self.dtype)


def nll_loss_nd_forward(
    self: Tensor, target: Tensor, weight: Tensor | None = None, reduction: int = 1, ignore_index: int = -100
) -> tuple[Tensor, Tensor | None]:
    """Negative log likelihood over (N, C, ...), and the sum of the weights of the targets that count.

    The second output is defined for the mean only (`reduction` 1), whose gradient needs it.
    """
    loss = F.nll_loss(self, target, weight, ignore_index=ignore_index, reduction=("none", "mean", "sum")[reduction])
    return loss, _total_weight(self, target, weight, ignore_index) if reduction == 1 else None


def _total_weight(self: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> Tensor:
    counting = target[target != ignore_index]
    weights = self.new_ones(self.shape[1]) if weight is None else weight
    return weights[counting].sum()


def nll_loss_nd_backward(  # noqa: PLR0913, PLR0917 - ATen's arguments
    grad_output: Tensor,
    self: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: int = 1,
    ignore_index: int = -100,
    total_weight: Tensor | None = None,
) -> Tensor:
    """Minus the weighted gradient at each target's class, divided by `total_weight` for the mean."""
    counts = target != ignore_index
    classes = torch.where(counts, target, 0)
    weights = self.new_ones(self.shape[1]) if weight is None else weight
    scale = torch.where(counts, -weights[classes], 0) * grad_output
    if reduction == 1:
        assert total_weight is not None
        scale = scale / total_weight
    return torch.zeros_like(self).scatter(1, classes.unsqueeze(1), scale.unsqueeze(1).to(self.dtype))


def scaled_softmax_forward(input_t: Tensor, scale_factor: float) -> Tensor:
    return torch.softmax(input_t * scale_factor, dim=-1)


def scaled_softmax_backward(grad_output: Tensor, softmax_results: Tensor, scale_factor: float) -> Tensor:
    inner = (grad_output * softmax_results).sum(dim=-1, keepdim=True)
    return softmax_results * (grad_output - inner) * scale_factor


def conv_depthwise2d(  # noqa: PLR0913, PLR0917 - ATen's arguments
    self: Tensor,
    weight: Tensor,
    kernel_size: list[int],
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
) -> Tensor:
    """Each input channel convolved with filters of its own."""
    assert list(weight.shape[2:]) == list(kernel_size)
    return F.conv2d(self, weight, bias, tuple(stride), tuple(padding), tuple(dilation), groups=self.shape[1])


def max_pool2d_backward(  # noqa: PLR0913, PLR0917 - ATen's arguments
    grad_output: Tensor,
    self: Tensor,
    kernel_size: list[int],
    stride: list[int] | None = None,
    padding: list[int] | int = 0,
    dilation: list[int] | int = 1,
    ceil_mode: bool = False,  # noqa: FBT001, FBT002
) -> Tensor:
    """The gradient goes to the largest element of each window."""
    with torch.enable_grad():
        leaf = self.detach().clone().requires_grad_()
        pooled = F.max_pool2d(leaf, kernel_size, stride, padding, dilation, ceil_mode)
    return torch.autograd.grad(pooled, leaf, grad_output)[0]


def flash_attention_forward(  # noqa: PLR0913, PLR0917 - ATen's arguments
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cum_seq_q: None,
    cum_seq_k: None,
    max_q: int,
    max_k: int,
    dropout_p: float,
    is_causal: bool,  # noqa: FBT001
    return_debug_mask: bool,  # noqa: FBT001
    *,
    scale: float | None = None,
) -> tuple[Tensor | None, ...]:
    """Attention over (batch, length, heads, size), and the logarithm of each row's sum of exponentials.

    Fewer heads of key and value than of query: each serves a group. The causal mask ends at the lower right corner.
    """
    assert cum_seq_q is None
    assert cum_seq_k is None
    assert dropout_p == 0
    groups = query.shape[2] // key.shape[2]
    q, k, v = (tensor.transpose(1, 2) for tensor in (query, key, value))
    k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
    scores = q @ k.transpose(-1, -2) * (scale or query.shape[-1] ** -0.5)
    if is_causal:
        masked = torch.ones(max_q, max_k, dtype=torch.bool).tril(max_k - max_q).logical_not()
        scores = scores.masked_fill(masked, float("-inf"))
    output = (torch.softmax(scores, dim=-1) @ v).transpose(1, 2)
    return output, torch.logsumexp(scores, dim=-1), None, None, None
