"""One view on every model that makes samples from noise: its latent space, whatever system it is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from organza.errors import UsageError, unknown
from organza.exchange import Model
from organza.exchange.latents import latents
from organza.exchange.model import Label
from organza.games import Abilities, FromNoise, Styles
from organza.metrics.latent import lerp, slerp

Name = Literal["z", "w", "w+"]
CHUNK = 64  # samples made at once, as `Model.sample` does
Noise = Sequence[Tensor]


class Points(NamedTuple):
    """Points of a latent space.

    Attributes:
        points: [n, *shape], on the model's device.
        labels: Label vectors, float [n, classes] on the model's device; None for a model without labels.
    """

    points: Tensor
    labels: Tensor | None


@dataclass(frozen=True)
class Space:
    """A latent space of a model.

    A point is z, [z_dim]; or w, [w_dim]; or, in w+, one w for each style input, [styles, w_dim]. All tensors of points lie on
    the model's device.

    Attributes:
        model: Makes samples from noise.
        name: z, which every model has, or w or w+, which models with styles have.

    Raises:
        UsageError: The model makes nothing from noise, or has no such space.
    """

    model: Model
    name: str

    def __post_init__(self) -> None:
        if self.name not in ("z", "w", "w+"):
            raise unknown("space", self.name, ("z", "w", "w+"))
        if self.abilities.from_noise is None:
            raise UsageError(
                f"the model '{self.model.recipe.name}' makes nothing from noise; it is for {self.model.verbs}"
            )
        if self.name != "z" and self.abilities.styles is None:
            raise UsageError(f"{without_styles(self.model)}: its latent space is z")

    @cached_property
    def abilities(self) -> Abilities:
        """What the model can do."""
        return self.model.abilities

    @property
    def from_noise(self) -> FromNoise:
        """How the model makes samples from noise."""
        ability = self.abilities.from_noise
        assert ability is not None, "asked for when the space was made"
        return ability

    @property
    def styles(self) -> Styles:
        """How the model makes samples from styles.

        Raises:
            UsageError: It has none.
        """
        if self.abilities.styles is None:
            raise UsageError(without_styles(self.model))
        return self.abilities.styles

    def drawn(self, n: int, seed: int = 0, first: int = 0, label: Label | None = None) -> Points:
        """The points of samples first, first + 1, ... of a seed, n of them, at least 1, as `Model.sample` has them.

        Raises:
            UsageError: There is no such label.
        """
        labels = self.model.vectors(n, seed, first, label)
        z = latents(self.from_noise, seed, range(first, first + n))
        return self._points(z, labels)

    def of_seeds(self, seeds: Sequence[int], label: Label | None = None) -> Points:
        """The points of sample 0 of each of these seeds: what `organza sample MODEL -n 1 --seed S` shows.

        Args:
            seeds: At least one.
            label: One for all, as `Model.sample` takes it; None: as the model draws them, by the shares of the data.

        Raises:
            UsageError: There is no such label.
        """
        found = [self.model.vectors(1, seed, 0, label) for seed in seeds]
        labels = torch.cat([vector for vector in found if vector is not None]) if self.model.labels else None
        return self._points(torch.cat([latents(self.from_noise, seed, [0]) for seed in seeds]), labels)

    def centre(self) -> Tensor:
        """The middle of the space, a point [*shape]: 0 in z, the average of the training in w and w+."""
        if self.name == "z":
            (z,) = latents(self.from_noise, 0, [0])
            return torch.zeros_like(z, device=self.model.device)
        average = self.styles.average(self.model.networks)
        return average.clone() if self.name == "w" else average.repeat(len(self.styles.resolutions), 1)

    def inputs(self, points: Tensor, labels: Tensor | None = None) -> Tensor:
        """One w for each style input, [n, styles, w_dim]; gradients go through.

        Args:
            points: [n, *shape].
            labels: [n, classes]; they matter in z alone.

        Raises:
            UsageError: The model has no styles.
        """
        styles = self.styles
        w = styles.map(self.model.networks, points, labels) if self.name == "z" else points
        return w if self.name == "w+" else w[:, None].expand(-1, len(styles.resolutions), -1)

    def render(self, points: Tensor, labels: Tensor | None = None, noise: Noise | None = None) -> Tensor:
        """Samples as the generator makes them, float [n, C, H, W], on the device, in one batch; gradients go through.

        Where the model has styles, they are not clipped; what training has padded is still there.

        Args:
            points: [n, *shape].
            labels: [n, classes] for a model with labels; they matter in z alone.
            noise: For models with styles, as `Styles.images` takes it; None: the generator's own. Others have none.
        """
        if self.abilities.styles is None:
            return self.from_noise.images(self.model.networks, points, labels)
        return self.styles.images(self.model.networks, self.inputs(points, labels), noise)

    @torch.no_grad()
    def images(self, points: Tensor, labels: Tensor | None = None, noise: Noise | None = None) -> Tensor:
        """Samples as `Model.sample` has them: float [n, C, H, W] in [-1, 1] on the CPU, without the padding of the training.

        Points of the plane, [n, 2, 1, 1], have other ranges.

        Args:
            points: [n, *shape], any number of them.
            labels: As of `render`.
            noise: For models with styles, one map [n or 1, 1, side, side] for each noise input; None: the generator's own.
        """
        made = []
        for start in range(0, len(points), CHUNK):
            block = points[start : start + CHUNK]
            own = None if labels is None else labels[start : start + CHUNK]
            maps = noise and [each if len(each) == 1 else each[start : start + CHUNK] for each in noise]
            samples = self.render(block, own, maps)
            made.append((samples.clamp(-1, 1) if self.abilities.styles else samples).cpu())
        return self.model.cropped(torch.cat(made) if made else torch.empty(0, *self.model.recipe.sample))

    def between(self, start: Tensor, end: Tensor, t: Tensor) -> Tensor:
        """Points on the way from one to another: the arc in z, the straight line in w and w+.

        Args:
            start: [n, *shape].
            end: [n, *shape].
            t: [n] or a single number; 0 is the start, 1 the end.
        """
        if self.name == "z":
            return slerp(start, end, t)
        return lerp(start.flatten(1), end.flatten(1), t).reshape(start.shape)

    @torch.no_grad()
    def _points(self, z: Tensor, labels: Tensor | None) -> Points:
        z, device = z.to(self.model.device), self.model.device
        labels = None if labels is None else labels.to(device)
        if self.name == "z":
            return Points(z, labels)
        blocks = range(0, len(z), CHUNK)
        mapped = [
            self.styles.map(
                self.model.networks, z[at : at + CHUNK], None if labels is None else labels[at : at + CHUNK]
            )
            for at in blocks
        ]
        w = torch.cat(mapped)
        return Points(w if self.name == "w" else w[:, None].repeat(1, len(self.styles.resolutions), 1), labels)


def best_space(model: Model, name: str | None = None) -> Space:
    """The space that is asked for; without a wish w where the model has styles, z elsewhere.

    Raises:
        UsageError: The model makes nothing from noise, or has no such space.
    """
    return Space(model, name or ("w" if model.abilities.styles else "z"))


def without_styles(model: Model) -> str:
    """What is said of a model without styles."""
    return f"the model '{model.recipe.name}' has no styles, as those of stylegan and stylegan2 have"
