"""Directions in a cloud of latent vectors: pure linear algebra. What they do to pictures is looked at elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from organza.errors import OrganzaError, UsageError
from organza.foreign import need

EACH = 10  # samples on each side of a plane, below which it would be drawn by chance
TRIED = 0.3  # share of the surest samples on which a plane is tried and not fitted, as in InterFaceGAN's experiments
# The surest alone leave a wide gap, in which a plane may tilt: where directions are known, the least cosine of what is found to
# what is true rises from 0.980 to 0.999 when 0.8 of the samples are taken instead of 0.3, and with noisy labels from 0.989.
SURE = 0.8
MINE = 0.05  # of a direction's length: what must be left of it after others are taken away


class Axes(NamedTuple):
    """Directions, and how much each matters.

    Attributes:
        vectors: Of length 1, float64 [k, d]; the largest entry of each is positive.
        weights: The share of the variance that each has (of the squared weights, for a closed form), float64 [k].
    """

    vectors: Tensor
    weights: Tensor


class Plane(NamedTuple):
    """A plane between the latent vectors of what has an attribute and of what has not.

    Attributes:
        normal: Of length 1, pointing to where the attribute is, float64 [d].
        accuracy: The share of samples, not used to find it, that lie on their side.
        each: Samples on each side that it was made for, those to try it on included.
    """

    normal: Tensor
    accuracy: float
    each: int


def principal_axes(points: Tensor, count: int) -> Axes:
    """The directions in which points differ most (GANSpace for w: Härkönen et al. 2020, arXiv:2004.02546).

    Args:
        points: [n, d], two or more.
        count: How many; at most n - 1 and d are found.

    Raises:
        UsageError: There are too few points.
        OrganzaError: All points are the same, or one is not finite.
    """
    centred = _centred(points)
    _, scales, rows = torch.linalg.svd(centred, full_matrices=False)
    return _axes(rows, scales.square(), min(count, len(points) - 1))


def regressed_axes(points: Tensor, pictures: Tensor, count: int) -> Axes:
    """The directions in latent space that go with the principal axes of something that the generator makes of it.

    As Härkönen et al. 2020 (arXiv:2004.02546) do where latent vectors themselves have no preferred direction: x are
    the coordinates of what was made along its principal axes, and U minimises the sum of |U x - z|^2. The columns of U are the
    directions.

    Args:
        points: Latent vectors z, [n, d].
        pictures: What was made of each, [n, ...]: pictures, or maps of a layer.
        count: How many at most.

    Raises:
        UsageError: There are too few points.
        OrganzaError: All pictures are the same, or a number is not finite.
    """
    latents, made = _centred(points), _centred(pictures.flatten(1))
    left, scales, _ = torch.linalg.svd(made, full_matrices=False)
    kept = min(count, len(points) - 1, points.shape[1])
    shares = scales.square() / scales.square().sum()
    # x = left * scales, whose columns are orthogonal: least squares is one projection for each.
    return _axes((left[:, :kept] / scales[:kept]).T @ latents, shares[:kept], kept, whole=1.0)


def closed_form(weights: Sequence[Tensor], count: int) -> Axes:
    """SeFa (Shen and Zhou 2021, arXiv:2007.06600): the eigenvectors of the sum of A^T A with the largest eigenvalues.

    They are the directions that the layers which take the latent vector move by most.

    Args:
        weights: The matrix A [m, d] of each of these layers.
        count: How many at most.

    Raises:
        UsageError: There are no layers.
    """
    if not weights:
        raise UsageError("the closed form is one of layers that take the latent vector, and there are none")
    squares = torch.stack([weight.double().cpu().T @ weight.double().cpu() for weight in weights]).sum(0)
    values, vectors = torch.linalg.eigh(squares)
    return _axes(vectors.T.flip(0), values.flip(0).clamp(min=0), count)


def plane_between(points: Tensor, probabilities: Tensor, share: float = SURE) -> Plane:
    """The plane that parts what has an attribute from what has not, by a linear support vector machine.

    As InterFaceGAN (Shen et al. 2020, arXiv:1907.10786) it is fitted to the surest samples, equally many of each
    side, and tried on the others of them.

    Args:
        points: Latent vectors [n, d].
        probabilities: That each sample has the attribute, [n] in [0, 1].
        share: Of all samples, that are taken at most, both sides together; in (0, 1].

    Raises:
        UsageError: `share` is out of range.
        OrganzaError: Too few samples lie on one side, or scikit-learn is not installed.
    """
    if not 0 < share <= 1:
        raise UsageError(f"the share of samples that are taken is above 0 and at most 1, not {share}")
    points, probabilities = points.double().cpu(), probabilities.double().cpu()
    order = probabilities.argsort(descending=True, stable=True)
    there = int((probabilities > 0.5).sum())
    each = min(there, len(order) - there, max(EACH, round(share * len(order) / 2)))
    if each < EACH:
        fewer = "have" if there < EACH else "lack"
        raise OrganzaError(
            f"only {min(there, len(order) - there)} of {len(order)} samples {fewer} it, and {EACH} are needed"
        )
    machine = need("sklearn.svm", "scikit-learn", "scores", "a plane in latent space").LinearSVC
    chosen = torch.stack(
        [order[:each], order[-each:].flip(0)], 1
    ).flatten()  # one of each side in turn, the surest first
    has = torch.arange(2 * each) % 2 == 0
    tried = torch.zeros(2 * each, dtype=torch.bool)
    tried.view(each, 2)[:: round(1 / TRIED)] = True  # spread over the surest and the less sure
    # One scale for all coordinates changes no direction, and the machine takes far fewer steps.
    scaled = (points[chosen] - points[chosen].mean(0)) / points[chosen].std().clamp(min=1e-12)
    fitted: Any = machine(random_state=0, dual=False).fit(scaled[~tried].numpy(), has[~tried].numpy())
    right = torch.from_numpy(fitted.predict(scaled[tried].numpy())) == has[tried]
    normal = torch.from_numpy(fitted.coef_[0]).double()
    if not float(normal.norm()) > 0:
        raise OrganzaError("nothing in latent space goes with it")
    return Plane(normal / normal.norm(), float(right.double().mean()), each)


def without(direction: Tensor, others: Tensor) -> Tensor:
    """What is left of a direction across all others, of length 1: moving along it, nothing changes that planes across those tell.

    Conditional manipulation (Shen et al. 2020, arXiv:1907.10786), for any number of conditions.

    Args:
        direction: [d].
        others: [k, d]; they need not be across each other.

    Raises:
        OrganzaError: Almost nothing is left.
    """
    direction = direction.double() / direction.double().norm()
    if len(others):
        left, scales, _ = torch.linalg.svd(others.double().T, full_matrices=False)
        span = left[:, scales > 1e-6 * scales.max()]
        rest = direction - span @ (span.T @ direction)
    else:
        rest = direction
    if float(rest.norm()) < MINE:
        raise OrganzaError("a direction lies within those that are to stay: keep fewer attributes")
    unit: Tensor = rest / rest.norm()
    return unit


def _centred(points: Tensor) -> Tensor:
    if len(points) < 2:
        raise UsageError(f"directions are found among two or more samples, not {len(points)}")
    points = points.double().cpu()
    if not bool(points.isfinite().all()):
        raise OrganzaError("directions need finite numbers, and the samples hold others: look at the model")
    return points - points.mean(0)


def _axes(rows: Tensor, weights: Tensor, count: int, whole: float | None = None) -> Axes:
    """The first rows with a length of 1 and a sign that is always the same."""
    total = float(weights.sum()) if whole is None else whole
    rows, weights = rows[:count], weights[:count]
    if not total > 0 or not float(rows.norm(dim=1).min()) > 0:
        raise OrganzaError("all samples are the same: there is no direction to find")
    rows = rows / rows.norm(dim=1, keepdim=True)
    largest = rows.gather(1, rows.abs().argmax(1, keepdim=True))
    return Axes(rows * largest.sign(), weights / total)
