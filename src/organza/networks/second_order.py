"""Convolutions whose gradients have cheap gradients themselves, for discriminators whose slope is punished.

PyTorch's second derivative of a convolution makes one more convolution for each group, wanted or not, which takes longer than
all the rest once there are many. Here every derivative, of whatever order, is a single convolution with the same groups.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional


class _Convolution(Function):
    """conv2d(features, weight, bias), of which the slope in the features is a transposed convolution."""

    @staticmethod
    def forward(
        features: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int, groups: int
    ) -> Tensor:
        return functional.conv2d(features, weight, bias, stride, padding, groups=groups)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
        features, weight, _, *ctx.form = inputs
        ctx.save_for_backward(features, weight)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        features, weight = ctx.saved_tensors
        stride, padding, groups = ctx.form
        of_features, of_weight, of_bias, *_ = ctx.needs_input_grad
        return (
            functional.conv_transpose2d(slope, weight, None, stride, padding, groups=groups) if of_features else None,
            _WeightSlope.apply(slope, features, weight, stride, padding, groups) if of_weight else None,
            slope.sum((0, 2, 3)) if of_bias else None,
            None,
            None,
            None,
        )


class _WeightSlope(Function):
    """The slope of a convolution in its weight, which is linear in the features and in the slope of the output."""

    @staticmethod
    def forward(slope: Tensor, features: Tensor, weight: Tensor, stride: int, padding: int, groups: int) -> Tensor:
        _, of_weight, _ = torch.ops.aten.convolution_backward(
            slope,
            features,
            weight,
            None,
            [stride, stride],
            [padding, padding],
            [1, 1],
            False,
            [0, 0],
            groups,
            [False, True, False],
        )
        made: Tensor = of_weight
        return made

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
        slope, features, _, *ctx.form = inputs
        ctx.save_for_backward(slope, features)

    @staticmethod
    def backward(ctx: Any, direction: Tensor) -> tuple[Tensor | None, ...]:
        slope, features = ctx.saved_tensors
        stride, padding, groups = ctx.form
        of_slope, of_features, *_ = ctx.needs_input_grad
        return (
            functional.conv2d(features, direction, None, stride, padding, groups=groups) if of_slope else None,
            functional.conv_transpose2d(slope, direction, None, stride, padding, groups=groups)
            if of_features
            else None,
            None,
            None,
            None,
            None,
        )


def convolve(
    features: Tensor, weight: Tensor, bias: Tensor | None = None, *, stride: int = 1, padding: int = 0, groups: int = 1
) -> Tensor:
    """conv2d, with cheap derivatives of every order.

    Args:
        features: [B, C, H, W], where H and W plus twice the padding less the kernel are multiples of the stride.
        weight: [outputs, C / groups, kernel, kernel].
        bias: [outputs], or none.
        stride: Pixels from one output to the next.
        padding: Zeros on each side.
        groups: Of channels that do not see each other.
    """
    if not torch.is_grad_enabled():
        return functional.conv2d(features, weight, bias, stride, padding, groups=groups)
    kind = features.device.type
    if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind):
        # Here, and not within, so that the gradients find everything in one type.
        features, weight = (values.to(torch.get_autocast_dtype(kind)) for values in (features, weight))
    bias = None if bias is None else bias.to(weight.dtype)
    result: Tensor = _Convolution.apply(features, weight, bias, stride, padding, groups)
    return result


class GroupedConv2d(nn.Conv2d):
    """A convolution that keeps the sides, [B, inputs, H, W] -> [B, outputs, H, W], in groups; with cheap derivatives."""

    def __init__(self, inputs: int, outputs: int, kernel: int, groups: int) -> None:
        super().__init__(inputs, outputs, kernel, padding=kernel // 2, groups=groups)

    def forward(self, input: Tensor) -> Tensor:
        return convolve(input, self.weight, self.bias, padding=self.kernel_size[0] // 2, groups=self.groups)
