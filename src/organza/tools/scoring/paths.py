"""How abruptly what a generator makes changes along paths between its latent vectors."""

from __future__ import annotations

import torch
from torch import Tensor

from organza.data import label_vectors
from organza.errors import UsageError
from organza.exchange import Model
from organza.features import MapFeatures
from organza.metrics import path_length, perceptual_distance, trimmed_mean
from organza.streams import Streams

BLOCK = 64  # paths at once: a distance is of the maps of two pictures for each


@torch.no_grad()
def path_length_z(model: Model, features: MapFeatures, paths: int, seed: int) -> float:
    """The perceptual path length in z (Karras et al. 2019, arXiv:1812.04948, section 4.1), over whole paths.

    Both pictures of a path are asked for the same label, and nothing is cropped but what training has padded.

    Args:
        model: Makes pictures from noise.
        features: In whose maps distances are taken.
        paths: How many, 1 or more.
        seed: Of latent vectors, labels and places.

    Raises:
        UsageError: The model makes nothing from noise.
    """
    ability = model.abilities.from_noise
    if ability is None:
        raise UsageError(f"the model '{model.recipe.name}' makes nothing from noise")
    streams, found = Streams(seed), []

    def distance(images: Tensor, others: Tensor) -> Tensor:
        return perceptual_distance(features.maps(images), features.maps(others))

    for start in range(0, paths, BLOCK):
        count = min(BLOCK, paths - start)
        generator = streams.generator("paths", start)
        ends = ability.latent(generator, count), ability.latent(generator, count)
        labels = None
        if model.labels:
            labels = label_vectors(model.sample_labels(count, seed, start), len(model.labels)).to(model.device)

        def generate(z: Tensor, labels: Tensor | None = labels) -> Tensor:
            return model.cropped(ability.images(model.networks, z.to(model.device), labels))

        places = torch.rand(count, generator=generator, dtype=torch.float64)
        found.append(path_length(generate, distance, ends, space="z", t=places))
    return trimmed_mean(torch.cat(found))
