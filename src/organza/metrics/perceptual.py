"""How different two images look to a network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize


def perceptual_distance(
    maps: Sequence[Tensor], target_maps: Sequence[Tensor], weights: Sequence[Tensor] | None = None
) -> Tensor:
    """The distance of feature maps (Zhang et al. 2018, arXiv:1801.03924, equation 1); with the authors' networks, LPIPS.

    At each place the channels are divided by their length (where it is 0, they stay so); the squared differences are
    weighted, summed over the channels, averaged over the places and summed over the layers. It has a gradient.

    Args:
        maps: A tensor [n, C, H, W] for each layer, float; sizes differ between layers.
        target_maps: The same shapes.
        weights: A tensor [C] for each layer, not negative, that multiplies the squares (the authors' files hold these: squares
            of the equation's w); without them all are 1.

    Returns:
        [n], in the type and on the device of the maps; 0 for equal directions of the channels everywhere.

    Raises:
        ValueError: There are no layers, or the shapes do not fit.
    """
    if not maps or len(maps) != len(target_maps) or (weights is not None and len(weights) != len(maps)):
        raise ValueError(f"maps of {len(maps)} layers, targets of {len(target_maps)}: as many of each, and of weights")
    distances = []
    for layer, (some, others) in enumerate(zip(maps, target_maps, strict=True)):
        if some.ndim != 4 or some.shape != others.shape:
            raise ValueError(
                f"maps of shapes {tuple(some.shape)} and {tuple(others.shape)} in layer {layer}, not twice [n, C, H, W]"
            )
        squares = (normalize(some, dim=1, eps=1e-10) - normalize(others, dim=1, eps=1e-10)).square()
        if weights is not None:
            if weights[layer].shape != some.shape[1:2]:
                raise ValueError(f"{weights[layer].numel()} weights for {some.shape[1]} channels in layer {layer}")
            squares = squares * weights[layer].to(squares)[:, None, None]
        distances.append(squares.sum(1).mean((1, 2)))
    return torch.stack(distances).sum(0)
