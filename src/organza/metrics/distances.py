"""Distances between samples: by products, which is fast, and by differences where products are too coarse."""

from __future__ import annotations

import torch
from torch import Tensor

CLOSE = 1e-6  # squared distances below this share of the squared lengths lose digits in products
ROOM = 2**24  # numbers that the differences of close pairs may fill, if those are not more than the distances anyway
TIE = 1 + 1e-8  # squared distances within this ratio are equal: rounding is an order of magnitude below it


def centred(*sets: Tensor) -> list[Tensor]:
    """Sets of samples [n, d] in float64, less the mean of the first; on their device, or the CPU if that has no float64.

    Raises:
        ValueError: Their dimensions differ.
    """
    if len({samples.shape[1] for samples in sets}) > 1:
        raise ValueError(
            f"features of {' and of '.join(str(each.shape[1]) for each in sets)} dimensions cannot be compared"
        )
    wide = [(samples.cpu() if samples.device.type == "mps" else samples).double() for samples in sets]
    centre = wide[0].mean(0)
    return [samples - centre for samples in wide]


def squared_distances(some: Tensor, others: Tensor) -> Tensor:
    """Squared Euclidean distances, exactly 0 between equal samples.

    |x|^2 + |y|^2 - 2 x.y has an error of some 1e-15 of the lengths: pairs so close that this would matter are computed
    again by differences. So all are exact to about 1e-9 of themselves, however the samples are cut into blocks.

    Args:
        some: Float64 [n, d], centred, for lengths to be small.
        others: Float64 [m, d], less the same centre.

    Returns:
        Float64 [n, m].
    """
    lengths = some.square().sum(1)[:, None] + others.square().sum(1)
    squares = torch.addmm(lengths, some, others.T, alpha=-2)
    close = squares <= lengths.mul_(CLOSE)
    if int(close.sum()) * some.shape[1] > max(ROOM, close.numel()):
        return torch.cdist(some, others, compute_mode="donot_use_mm_for_euclid_dist").square()
    rows, columns = close.nonzero(as_tuple=True)
    squares[rows, columns] = (some[rows] - others[columns]).square().sum(1)
    return squares
