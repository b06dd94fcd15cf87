"""The Fréchet distance of Gaussians that have the mean and the covariance of features.

With Inception's features it is the FID (Heusel et al. 2017, arXiv:1706.08500); with others it must be named after them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from organza.errors import UsageError
from organza.metrics.checks import check_samples

BLOCK = 2**21  # numbers that are held in float64 at once
COLUMNS = 256  # of a symmetric product that are computed at once: few enough to leave the mirrored half out
SMALLEST = 0.25  # of the samples, in the extrapolation: with fewer, the distance is no longer linear in 1/n


@dataclass(frozen=True)
class Moments:
    """Mean and spread of features, which can be gathered block by block in constant memory.

    Attributes:
        count: Of the samples.
        mean: Float64 [d], on the CPU.
        scatter: Float64 [d, d], on the CPU: the sum over the samples of (x - mean)(x - mean)^T.
    """

    count: int
    mean: Tensor
    scatter: Tensor

    @classmethod
    def of(cls, features: Tensor) -> Moments:
        """The moments of features [n, d], n >= 1, computed in float64.

        Raises:
            UsageError: There are no samples.
            OrganzaError: A feature is not finite.
            ValueError: They are not [n, d].
        """
        check_samples("features", features, 1)
        return _gathered(features)

    def __add__(self, other: Moments) -> Moments:
        """The moments of both sets together (Chan, Golub and LeVeque 1979, section 2).

        Raises:
            ValueError: Their dimensions differ.
        """
        _check_alike(self.mean, other.mean)
        count = self.count + other.count
        shift = other.mean - self.mean
        mean = self.mean + shift * (other.count / count)
        between = torch.outer(shift, shift) * (self.count * other.count / count)
        return Moments(count, mean, self.scatter + other.scatter + between)

    @property
    def covariance(self) -> Tensor:
        """Float64 [d, d], divided by n - 1.

        Raises:
            UsageError: There are fewer than 2 samples.
        """
        if self.count < 2:
            raise UsageError(f"a covariance needs at least 2 features, and got {self.count}: ask for more samples")
        return self.scatter / (self.count - 1)


def frechet_distance(real: Tensor, fake: Tensor) -> float:
    """The Fréchet distance between features; it falls with the number of samples, so compare only at equal numbers.

    Args:
        real: Features [n, d], of 2 samples or more; computed in float64 on the CPU.
        fake: Features [m, d], the same.

    Returns:
        |mean_r - mean_f|^2 + tr(S_r + S_f - 2 (S_r S_f)^(1/2)), with covariances S divided by n - 1.

    Raises:
        UsageError: Fewer than 2 samples.
        OrganzaError: A feature is not finite.
        ValueError: The shapes do not fit.
    """
    check_samples("real features", real, 2)
    check_samples("generated features", fake, 2)
    _check_alike(real[0], fake[0])
    if min(len(real), len(fake)) < real.shape[1]:
        return _of_few(real.cpu().double(), fake.cpu().double())
    return frechet_of_moments(_gathered(real), _gathered(fake))


def frechet_of_moments(real: Moments, fake: Moments) -> float:
    """`frechet_distance` of features of which only the moments are kept.

    Raises:
        UsageError: Fewer than 2 samples.
        ValueError: Their dimensions differ.
    """
    return frechet_from_statistics(real.mean, real.covariance, fake.mean, fake.covariance)


def frechet_from_statistics(mean_a: Tensor, covariance_a: Tensor, mean_b: Tensor, covariance_b: Tensor) -> float:
    """The Fréchet distance of two Gaussians, computed in float64.

    The trace of (S_a S_b)^(1/2) is that of (F^T S_b F)^(1/2) for any F with F F^T = S_a, and that is symmetric:
    eigenvalues that rounding has made negative are set to zero, and no root comes out complex, as it does from a general
    matrix root. A distance that rounding has made negative is 0.

    Args:
        mean_a: [d].
        covariance_a: [d, d], symmetric, positive semidefinite.
        mean_b: [d].
        covariance_b: [d, d], the same.

    Raises:
        ValueError: The shapes do not fit.
    """
    _check_alike(mean_a, mean_b, covariance_a, covariance_b)
    mean_a, covariance_a, mean_b, covariance_b = (
        tensor.cpu().double() for tensor in (mean_a, covariance_a, mean_b, covariance_b)
    )
    root = _trace_of_root(_factor(covariance_a), covariance_b)
    return _distance(mean_a, float(covariance_a.trace()), mean_b, float(covariance_b.trace()), root)


def frechet_infinite(real: Moments, fake: Tensor, *, points: int = 8, seed: int = 0) -> float:
    """The Fréchet distance that infinitely many generated samples would have (Chong and Forsyth 2020, arXiv:1911.07023).

    The distance of n samples is too high by about c / n, with a c that depends on the generator: so a straight line
    through the distances of random subsets over 1 / n is followed to 0. What the number of real samples adds stays.

    Args:
        real: Moments of the real features, of 2 samples or more.
        fake: Features [n, d], at least 16; for a line to be straight, n should be a few times d.
        points: How many subsets, of sizes from n / 4 to n, evenly spaced; at least 2.
        seed: Of the choice of subsets.

    Returns:
        The extrapolated distance; close to 0 it may come out a little below.

    Raises:
        UsageError: Too few samples.
        OrganzaError: A feature is not finite.
        ValueError: The shapes do not fit, or there are fewer than 2 points.
    """
    if points < 2:
        raise ValueError(f"a line needs at least 2 points, not {points}")
    check_samples("generated features", fake, 16)
    _check_alike(real.mean, fake[0])
    generator = torch.Generator().manual_seed(seed)
    fake, covariance = fake.cpu(), real.covariance
    factor, trace = _factor(covariance), float(covariance.trace())
    sizes = torch.linspace(SMALLEST * len(fake), len(fake), points, dtype=torch.float64).round()
    distances = []
    for size in sizes.int().tolist():
        some = _gathered(fake[torch.randperm(len(fake), generator=generator)[:size]])
        spread = some.covariance
        distances.append(_distance(real.mean, trace, some.mean, float(spread.trace()), _trace_of_root(factor, spread)))
    line = torch.stack([torch.ones_like(sizes), 1 / sizes], dim=1)
    return float(torch.linalg.lstsq(line, torch.tensor(distances, dtype=torch.float64)[:, None]).solution[0])


def _gathered(features: Tensor) -> Moments:
    """The moments of features that have been checked."""
    features = features.cpu()  # not every accelerator has float64
    blocks = torch.split(features, max(1, BLOCK // max(1, features.shape[1])))
    mean = torch.stack([block.double().sum(0) for block in blocks]).sum(0) / len(features)
    scatter = mean.new_zeros(len(mean), len(mean))
    for block in blocks:
        centred = block.double() - mean
        for start in range(0, len(mean), COLUMNS):
            scatter[start : start + COLUMNS, start:].addmm_(centred[:, start : start + COLUMNS].T, centred[:, start:])
    return Moments(len(features), mean, scatter.triu() + scatter.triu(1).T)


def _of_few(real: Tensor, fake: Tensor) -> float:
    """The distance of fewer samples than dimensions, float64.

    The trace of the root of a product of covariances is the sum of the singular values of the product of the centred
    features: an [n, m] matrix, and more exact, because nothing is squared.
    """
    mean_r, mean_f = real.mean(0), fake.mean(0)
    real, fake = (real - mean_r) / (len(real) - 1) ** 0.5, (fake - mean_f) / (len(fake) - 1) ** 0.5
    root = float(torch.linalg.svdvals(real @ fake.T).sum())
    return _distance(mean_r, float(real.square().sum()), mean_f, float(fake.square().sum()), root)


def _distance(mean_a: Tensor, trace_a: float, mean_b: Tensor, trace_b: float, trace_of_root: float) -> float:
    return max(0.0, float((mean_a - mean_b).square().sum()) + trace_a + trace_b - 2 * trace_of_root)


def _factor(covariance: Tensor) -> Tensor:
    """A lower triangular F with F F^T = S: Cholesky's; of a singular S, made of the eigenvectors."""
    factor: Tensor
    factor, failed = torch.linalg.cholesky_ex(covariance)
    if failed:
        values, vectors = torch.linalg.eigh(covariance)
        factor = torch.linalg.qr((vectors * values.clamp(min=0).sqrt()).T, mode="r").R.T
    return factor


def _trace_of_root(factor: Tensor, covariance: Tensor) -> float:
    """The trace of (F^T S F)^(1/2). The upper half of the symmetric product is computed, without F's zeros."""
    right, product = torch.empty_like(covariance), torch.zeros_like(covariance)
    blocks = [slice(start, start + COLUMNS) for start in range(0, len(factor), COLUMNS)]
    for block in blocks:
        right[:, block] = covariance[:, block.start :] @ factor[block.start :, block]
    for block in blocks:
        product[block, block.start :] = factor[block.start :, block].T @ right[block.start :, block.start :]
    return float(torch.linalg.eigvalsh(product, UPLO="U").clamp(min=0).sqrt().sum())


def _check_alike(mean_a: Tensor, mean_b: Tensor, *covariances: Tensor) -> None:
    """Raise ValueError for what has other dimensions than `mean_a`."""
    size = mean_a.shape
    if len(size) != 1 or mean_b.shape != size or any(each.shape != size * 2 for each in covariances):
        raise ValueError(f"features of {mean_a.numel()} and of {mean_b.numel()} dimensions cannot be compared")
