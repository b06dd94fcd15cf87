"""How smooth and how ordered the space of latent vectors is (Karras et al. 2019, arXiv:1812.04948, section 4)."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import normalize

from organza.errors import OrganzaError, UsageError
from organza.metrics.checks import check_samples


def lerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """The point at t on the straight line between two vectors.

    Args:
        start: [n, d].
        end: [n, d].
        t: [n], or a single number; 0 is the start, 1 the end. Computed in float64.

    Returns:
        [n, d], in the type of `start`.
    """
    t = t.to(start.device, torch.float64).reshape(-1, 1)
    return torch.lerp(start.double(), end.double(), t).to(start.dtype)


def slerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """The point at t on the arc between two vectors (Shoemake 1985, doi:10.1145/325165.325242).

    The direction moves along the great circle at constant speed, the length along a straight line: so latent vectors keep
    a length that the generator knows, and those that it normalises come out as on the unit sphere. Between opposite
    vectors there is no one arc; the point stays on their line.

    Args:
        start: [n, d].
        end: [n, d].
        t: [n], or a single number; 0 is the start, 1 the end. Computed in float64.

    Returns:
        [n, d], in the type of `start`.
    """
    t = t.to(start.device, torch.float64).reshape(-1, 1)
    a, b = normalize(start.double(), dim=1), normalize(end.double(), dim=1)
    cosine = (a * b).sum(1, keepdim=True).clamp(-1, 1)
    angle = t * torch.acos(cosine)
    direction = normalize(a * angle.cos() + normalize(b - cosine * a, dim=1) * angle.sin(), dim=1)
    lengths = start.double().norm(dim=1, keepdim=True), end.double().norm(dim=1, keepdim=True)
    point: Tensor = direction * torch.lerp(*lengths, t)
    return point.to(start.dtype)


def path_length(
    generate: Callable[[Tensor], Tensor],
    distance: Callable[[Tensor, Tensor], Tensor],
    pairs: tuple[Tensor, Tensor],
    *,
    space: Literal["z", "w"],
    t: Tensor,
    epsilon: float = 1e-4,
) -> Tensor:
    """How fast images change along paths between latent vectors: d(g(t), g(t + epsilon)) / epsilon^2 (equations 2 and 3).

    The perceptual path length is the `trimmed_mean` of these.

    Args:
        generate: Latent vectors [n, d] -> images. It must use the same noise in both of its calls.
        distance: Images, images -> [n]; a perceptual distance that is quadratic for small changes.
        pairs: The ends of the paths, twice [n, d].
        space: "z" for arcs (`slerp`), "w" for straight lines (`lerp`).
        t: [n], where on each path: uniform in [0, 1] for the full length, 0 for the ends.
        epsilon: The step, above 0. In float32 a step of 1e-4 leaves three digits; give doubles where more matter.

    Returns:
        Float64 [n], on the CPU.

    Raises:
        UsageError: No such space, or epsilon is not above 0.
    """
    if space not in ("z", "w"):
        raise UsageError(f"paths are measured in space z or w, not '{space}'")
    if epsilon <= 0:
        raise UsageError(f"the step along a path is above 0, not {epsilon}")
    interpolate = slerp if space == "z" else lerp
    start, end = pairs
    t = t.double()
    first, second = generate(interpolate(start, end, t)), generate(interpolate(start, end, t + epsilon))
    return distance(first, second).cpu().double() / epsilon**2


def trimmed_mean(values: Tensor, low: float = 0.01, high: float = 0.99) -> float:
    """The mean of the values between two quantiles, both included.

    A quantile that lies between two values is the lower of them at `low` and the higher at `high`.

    Args:
        values: [n], at least 1, finite.
        low: In [0, 1].
        high: In [low, 1].

    Raises:
        UsageError: There are no values.
        OrganzaError: A value is not finite.
    """
    check_samples("values", values[:, None], 1)
    values = values.cpu().double()
    least, most = values.quantile(low, interpolation="lower"), values.quantile(high, interpolation="higher")
    return float(values[(values >= least) & (values <= most)].mean())


def separability(latents: Tensor, probabilities: Tensor, keep: float = 0.5) -> float:
    """How well planes in latent space tell apart what a classifier sees in the images (section 4.2).

    For each attribute a linear support vector machine learns, from the images of which the classifier is surest, which side
    of a plane means that the attribute is there; then H(what the classifier says | side) is what the plane leaves open.

    Args:
        latents: [n, d].
        probabilities: Of A binary attributes, [n, A] in [0, 1].
        keep: The share of the samples, the surest ones of each attribute, that count; in (0, 1].

    Returns:
        2 to the sum over the attributes of the conditional entropies in bits: 1 if planes tell all, 2^A if nothing. An
        attribute that all samples have, or none, counts as told.

    Raises:
        UsageError: Too few samples, or `keep` is out of range.
        OrganzaError: scikit-learn is not installed, or a number is not finite.
        ValueError: The shapes do not fit.
    """
    check_samples("latent vectors", latents, 2)
    check_samples("probabilities", probabilities, 2)
    if len(latents) != len(probabilities):
        raise ValueError(f"{len(latents)} latent vectors and {len(probabilities)} rows of probabilities")
    if not 0 < keep <= 1:
        raise UsageError(f"the share of samples that count is above 0 and at most 1, not {keep}")
    try:
        machine = import_module("sklearn.svm").LinearSVC
    except ModuleNotFoundError as error:
        raise OrganzaError("separability needs scikit-learn: pip install 'organza[scores]'") from error
    latents, probabilities = latents.cpu().double(), probabilities.cpu().double()
    count = max(2, round(keep * len(latents)))
    bits = 0.0
    for column in probabilities.T:
        sure = (column - 0.5).abs().argsort(descending=True, stable=True)[:count]
        there = column[sure] > 0.5
        if there.any() and not there.all():
            features = latents[sure].numpy()
            side = torch.from_numpy(machine(random_state=0).fit(features, there.numpy()).predict(features))
            bits += _conditional_entropy(there, side)
    return 2**bits


def _conditional_entropy(said: Tensor, side: Tensor) -> float:
    """H(said | side) in bits, of two bool [n]: H(both) - H(side)."""
    both = torch.bincount(2 * side.long() + said.long(), minlength=4).double() / len(said)
    joint, alone = torch.special.entr(both).sum(), torch.special.entr(both.view(2, 2).sum(1)).sum()
    return max(0.0, float(joint - alone) / math.log(2))
