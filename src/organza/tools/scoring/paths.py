"""How abruptly what a generator makes changes along paths between its latent vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from organza.data import label_vectors
from organza.errors import UsageError
from organza.exchange import Model
from organza.features import MapFeatures
from organza.metrics import path_length, perceptual_distance, trimmed_mean
from organza.streams import Streams
from organza.tools.latent.space import Space

BLOCK = 64  # paths at once: a distance is of the maps of two pictures for each


class PathLengths(NamedTuple):
    """Perceptual path lengths.

    Attributes:
        full: Over whole paths.
        end: At their ends, the points that the generator was trained on; None if it was not asked for.
    """

    full: float
    end: float | None


def path_length_z(model: Model, features: MapFeatures, paths: int, seed: int) -> float:
    """The perceptual path length in z over whole paths; arguments and errors as of `path_lengths`."""
    return path_lengths(Space(model, "z"), features, paths, seed).full


@torch.no_grad()
def path_lengths(
    space: Space,
    features: MapFeatures,
    paths: int,
    seed: int,
    *,
    ends: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> PathLengths:
    """The perceptual path length (Karras et al. 2019, arXiv:1812.04948, section 4.1).

    Of all paths the mean between the 1st and 99th percentile.
    Both pictures of a path are asked for the same label and have the same noise, drawn anew for each path; nothing is truncated,
    and nothing cropped but what training has padded.

    Args:
        space: z, where paths are arcs, or w, where they are straight lines.
        features: In whose maps distances are taken.
        paths: How many, 1 or more.
        seed: Of latent vectors, labels, noise and places.
        ends: Whether to measure at the ends of the paths, too.
        progress: Told (done, total) paths.

    Raises:
        UsageError: Another space, or no path.
    """
    if space.name not in ("z", "w"):
        raise UsageError(f"paths are measured in space z or w, not '{space.name}'")
    if paths < 1:
        raise UsageError(f"a path length needs a path: -n {paths} is too small")
    model, ability, streams = space.model, space.from_noise, Streams(seed)
    found: list[Tensor] = []
    at_ends: list[Tensor] = []

    def distance(images: Tensor, others: Tensor) -> Tensor:
        return perceptual_distance(features.maps(images), features.maps(others))

    for start in range(0, paths, BLOCK):
        count = min(BLOCK, paths - start)
        generator = streams.generator("paths", start)
        drawn = ability.latent(generator, count), ability.latent(generator, count)
        labels = None
        if model.labels:
            labels = label_vectors(model.sample_labels(count, seed, start), len(model.labels)).to(model.device)
        pairs = drawn
        if space.name == "w":
            first, last = (space.styles.map(model.networks, z.to(model.device), labels) for z in drawn)
            pairs = first, last
        noise = drawn_noise(space, count, streams.generator("path noise", start))

        def generate(points: Tensor, labels: Tensor | None = labels, noise: list[Tensor] | None = noise) -> Tensor:
            return model.cropped(space.render(points.to(model.device), labels, noise))

        places = torch.rand(count, generator=generator, dtype=torch.float64)
        way = "z" if space.name == "z" else "w"
        found.append(path_length(generate, distance, pairs, space=way, t=places))  # type: ignore[arg-type]
        if ends:
            at_ends.append(path_length(generate, distance, pairs, space=way, t=torch.zeros(count)))  # type: ignore[arg-type]
        progress(start + count, paths)
    return PathLengths(trimmed_mean(torch.cat(found)), trimmed_mean(torch.cat(at_ends)) if ends else None)


def drawn_noise(space: Space, count: int, generator: torch.Generator) -> list[Tensor] | None:
    """Noise for so many samples, a map [count, 1, side, side] for each noise input; None for models without noise."""
    if not space.abilities.styles or not space.styles.noises:
        return None
    device = space.model.device
    return [torch.randn(count, 1, side, side, generator=generator).to(device) for side in space.styles.noises]
