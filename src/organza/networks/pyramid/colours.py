"""From the colours of one picture to those of another: the linear map that moves one Gaussian onto the other at the least cost.

T = A^(-1/2) (A^(1/2) B A^(1/2))^(1/2) A^(-1/2) for covariances A and B (Pitié and Kokaram 2007, The Linear Monge-Kantorovitch
Linear Colour Mapping for Example-Based Colour Transfer).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEAST = 1e-3  # variance that is added in every direction, so that pictures of one colour can be moved, too


class ColourTransport(nn.Module):
    """Pictures [n, C, H, W] of one of two domains in the colours of the other. It is measured, not trained.

    Attributes:
        means: Buffer [2, C]: mean colours of the domains.
        matrices: Buffer [2, C, C]: from the first domain into the second, and back.
    """

    means: Tensor
    matrices: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("means", torch.zeros(2, channels))
        self.register_buffer("matrices", torch.eye(channels).repeat(2, 1, 1))

    @torch.no_grad()
    def measure(self, first: Tensor, second: Tensor) -> None:
        """Take the colours of pictures [n, C, H, W] of each domain."""
        moments = [moments_of(pictures.cpu().double()) for pictures in (first, second)]  # not every device has doubles
        for number, (mean, _) in enumerate(moments):
            self.means[number] = mean
        (_, one), (_, other) = moments
        self.matrices[0] = transport(one, other)
        self.matrices[1] = transport(other, one)

    def forward(self, pictures: Tensor, to: int) -> Tensor:
        """The pictures in the colours of domain number `to`."""
        moved = torch.einsum("dc,nchw->ndhw", self.matrices[1 - to], pictures - self.means[1 - to, :, None, None])
        return moved + self.means[to, :, None, None]


def moments_of(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [C] and covariance [C, C] of the colours of pictures [n, C, H, W]."""
    colours = pictures.transpose(0, 1).flatten(1)
    mean = colours.mean(1)
    centred = colours - mean[:, None]
    return mean, centred @ centred.T / colours.shape[1]


def transport(source: Tensor, goal: Tensor) -> Tensor:
    """T [C, C], symmetric, with T source T = goal, for covariances to each of which `LEAST` is added."""
    eye = LEAST * torch.eye(len(source), dtype=source.dtype, device=source.device)
    source, goal = source + eye, goal + eye
    root = power(source, 0.5)
    inverse = power(source, -0.5)
    return inverse @ power(root @ goal @ root, 0.5) @ inverse


def power(matrix: Tensor, exponent: float) -> Tensor:
    """The power of a symmetric positive matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    raised: Tensor = vectors @ torch.diag(values.clamp(min=1e-12) ** exponent) @ vectors.T
    return raised
