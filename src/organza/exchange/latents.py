"""The points that a model's samples come from, and truncation, which moves them towards the middle."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from organza.errors import UsageError
from organza.games import Abilities, FromNoise, Networks
from organza.streams import Streams


def latents(ability: FromNoise, seed: int, numbers: Iterable[int]) -> Tensor:
    """The latent vectors of the samples of these numbers of a seed, [n, z_dim] on the CPU: each from seed and number alone."""
    streams = Streams(seed)
    return torch.cat([ability.latent(streams.generator("sample", number), 1) for number in numbers])


@dataclass(frozen=True)
class Truncation:
    """How far from the middle of the latent space samples come (Karras et al. 2019, arXiv:1812.04948, appendix B).

    In w: w' = average + psi (w - average) for the first style inputs. Generators without styles: z' = psi z, around the mean
    of the law of z, as the mean of all samples.

    Attributes:
        psi: 1: as they were drawn; 0: all in the middle; below 0: as far on the other side.
        cutoff: Style inputs that are moved, the coarsest first; None: all.
    """

    psi: float = 1.0
    cutoff: int | None = None

    def check(self, abilities: Abilities, name: str) -> None:
        """Raise a UsageError unless a model of these abilities and this name can be truncated so."""
        if not math.isfinite(self.psi):
            raise UsageError(f"--truncation is a number, not {self.psi}")
        if self.cutoff is None:
            return
        if abilities.styles is None:
            raise UsageError(f"--cutoff counts style inputs, and the model '{name}' has none: leave it out")
        count = len(abilities.styles.resolutions)
        if not 0 <= self.cutoff <= count:
            raise UsageError(f"--cutoff is a number of style inputs from 0 to {count}, not {self.cutoff}")

    def images(self, abilities: Abilities, networks: Networks, z: Tensor, labels: Tensor | None) -> Tensor:
        """Samples, float [n, C, H, W] in [-1, 1].

        Args:
            abilities: Of the model, with `from_noise`.
            networks: Of the model.
            z: [n, z_dim].
            labels: [n, classes], where the model has labels.
        """
        ability, styles = abilities.from_noise, abilities.styles
        assert ability is not None, "asked of a model that makes samples from noise"
        if self.psi == 1 or self.cutoff == 0:
            return ability.images(networks, z, labels)
        if styles is None:
            return ability.images(networks, self.psi * z, labels)
        average, count = styles.average(networks), len(styles.resolutions)
        if self.psi == 0 and self.cutoff in (None, count):  # one picture, so that rounding cannot tell samples apart
            middle = styles.images(networks, average.expand(1, count, -1), None).clamp(-1, 1)
            return middle.expand(len(z), -1, -1, -1)
        w = styles.map(networks, z, labels)
        return styles.images(networks, truncated(w, average, self.psi, count, self.cutoff), None).clamp(-1, 1)


def truncated(w: Tensor, average: Tensor, psi: float, count: int, cutoff: int | None = None) -> Tensor:
    """The styles of points nearer to their average, or further away.

    Args:
        w: [n, w_dim].
        average: [w_dim].
        psi: 1 leaves the points as they are, to the bit; 0 puts them on the average.
        count: Style inputs.
        cutoff: How many of them are moved, the coarsest first; None: all.

    Returns:
        One w for each style input, [n, count, w_dim].
    """
    moved = torch.lerp(average.expand_as(w), w, psi)
    first = torch.arange(count, device=w.device) < (count if cutoff is None else cutoff)
    return torch.where(first[None, :, None], moved[:, None], w[:, None])
