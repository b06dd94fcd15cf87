"""What a few samples of a training say about it: pure functions of tensors, cheap enough to be asked again and again."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

SIDE = 16  # pixels on each side to which pictures are averaged before they are compared: what a glance sees
NEIGHBOUR = 3  # whose distance is the radius within which a sample counts as like another one
EXTREME = 0.99  # of the range [-1, 1]: a pixel beyond it is saturated
LLOYD_ROUNDS = 20


def glance(samples: Tensor) -> Tensor:
    """Samples [n, C, H, W] as vectors [n, d] to compare: points as they are, pictures averaged to at most 16x16 pixels."""
    if samples.shape[-1] > SIDE:
        samples = functional.adaptive_avg_pool2d(samples, SIDE)
    return samples.flatten(1).float()


@dataclass(frozen=True)
class Likeness:
    """How samples compare with real ones, by distances between their vectors alone.

    Attributes:
        diversity: Mean distance between two generated samples, over that between two real ones: 1 like the data, 0 all the
            same (13.2's D3).
        duplicates: Share of the generated samples that are closer to another one than all but one in a hundred of the
            real ones are: after the birthday test of Arora and Zhang 2017 (arXiv:1706.08224).
        energy: Energy distance over the mean distance between two real samples: 0 for the same law (Székely and Rizzo 2013).
        precision: Share of the generated samples among real ones, by 3 nearest neighbours (Kynkäänniemi et al. 2019).
        recall: Share of the real samples among generated ones.
    """

    diversity: float
    duplicates: float
    energy: float
    precision: float
    recall: float


@dataclass(frozen=True, eq=False)
class Spread:
    """What the distances among vectors say.

    Attributes:
        vectors: [n, d].
        mean: Distance between two of them.
        nearest: Distance of each to its nearest other, [n].
        radius: Distance of each to its 3rd nearest other, [n].
    """

    vectors: Tensor
    mean: float
    nearest: Tensor
    radius: Tensor

    @staticmethod
    def of(vectors: Tensor) -> Spread:
        """Of at least 5 vectors [n, d]."""
        distances, count = apart(vectors, vectors), len(vectors)
        near = distances.topk(NEIGHBOUR + 1, largest=False).values  # the first is the vector itself
        return Spread(vectors, float(distances.sum()) / (count * (count - 1)), near[:, 1], near[:, NEIGHBOUR])


def likeness(real: Spread, fake: Spread) -> Likeness:
    """Compare the vectors of generated samples with those of real ones."""
    across, scale = apart(real.vectors, fake.vectors), max(real.mean, 1e-12)
    return Likeness(
        diversity=fake.mean / scale,
        duplicates=float((fake.nearest < torch.quantile(real.nearest, 0.01)).float().mean()),
        energy=(2 * float(across.mean()) - real.mean - fake.mean) / scale,
        precision=float((across <= real.radius[:, None]).any(0).float().mean()),
        recall=float((across <= fake.radius).any(1).float().mean()),
    )


def apart(some: Tensor, others: Tensor) -> Tensor:
    """Euclidean distances [n, m], those of equal vectors exactly 0."""
    return torch.cdist(some, others, compute_mode="donot_use_mm_for_euclid_dist")


def between(some: Tensor, others: Tensor) -> Tensor:
    """Distance [n] of each vector to its counterpart in another set."""
    distances: Tensor = torch.linalg.vector_norm(some - others, dim=1)
    return distances


def saturated_share(pictures: Tensor) -> float:
    """Share of the values at the ends of the range [-1, 1]."""
    return float((pictures.abs() > EXTREME).float().mean())


def contrast(pictures: Tensor) -> float:
    """Mean standard deviation within a picture [n, C, H, W]: 0 if all are blank."""
    return float(pictures.flatten(1).std(1, correction=0).mean())


def checkerboard(pictures: Tensor) -> float:
    """How far the power of a pattern that repeats every 2 pixels sticks out of the frequencies around it.

    At each of the three places of the spectrum that belong to such patterns (columns, rows, chessboard): the power over the
    mean power of the eight places around; the largest of the three. White noise and most photographs have about 1 to 4; what
    transposed convolutions with uneven overlap make stands far above (Odena et al. 2016, doi:10.23915/distill.00003).

    Args:
        pictures: [n, C, H, W]; an odd last row or column is left out.
    """
    height, width = (side - side % 2 for side in pictures.shape[2:])
    power = torch.fft.fft2(pictures[..., :height, :width].float()).abs().square().mean((0, 1))
    around = sum(power.roll((down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right) / 8
    peaks = power / torch.clamp(torch.as_tensor(around), min=1e-12)
    places = ((0, width // 2), (height // 2, 0), (height // 2, width // 2))
    return max(float(peaks[place]) for place in places)


def shares_of(kinds: Tensor, count: int) -> Tensor:
    """Share of the samples of each kind, float64 [count], from int64 [n]."""
    return torch.bincount(kinds.cpu(), minlength=count).double() / max(len(kinds), 1)


def nearest_centre(vectors: Tensor, centres: Tensor) -> Tensor:
    """Index of the nearest centre, int64 [n]."""
    return apart(vectors, centres).argmin(1)


def cluster(vectors: Tensor, count: int) -> Tensor:
    """Centres [count, d] of k-means (Lloyd 1982), begun with the vectors that lie farthest from those taken before.

    Deterministic: the beginning is the vector nearest to the mean.
    """
    centres = vectors[between(vectors, vectors.mean(0)).argmin()][None]
    while len(centres) < count:
        centres = torch.cat([centres, vectors[apart(vectors, centres).min(1).values.argmax()][None]])
    for _ in range(LLOYD_ROUNDS):
        nearest = nearest_centre(vectors, centres)
        members = functional.one_hot(nearest, count).to(vectors.dtype)
        sizes = members.sum(0)
        centres = torch.where((sizes > 0)[:, None], members.T @ vectors / sizes.clamp(min=1)[:, None], centres)
    return centres
