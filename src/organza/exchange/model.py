"""A trained model, and what it can be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from organza.data import Margins, label_vectors, to_pixels
from organza.errors import UsageError, unknown
from organza.exchange.labels import read_label
from organza.exchange.latents import Truncation, latents
from organza.games import Abilities, Translation
from organza.games.translation import apply
from organza.marks import Mark, scatter
from organza.networks.pyramid.generator import PyramidGenerator
from organza.recipes import Recipe
from organza.streams import Streams

Label = str | int | Sequence[int] | Tensor
VERBS = {  # by ability
    "from_noise": "sample", "translates": "translate", "deblurs": "deblur", "enlarges": "enlarge",
    "pyramids": "vary, retarget, harmonize, retouch, paint or animate",
}  # fmt: skip
CHUNK = 64  # samples made at once; fixed, so that the same seed gives the same bytes


@dataclass(frozen=True)
class Model:
    """Networks in the state in which samples are made, and what they can do.

    Attributes:
        networks: By name, in evaluation mode.
        recipe: What built and trained them.
        config: Everything in `config.json`.
        folder: Where it was read.
        opponents: Weights that only training needs, as `NETWORK.PARAMETER`; empty where the folder has none.
    """

    networks: dict[str, nn.Module]
    recipe: Recipe
    config: dict[str, Any]
    folder: Path
    opponents: dict[str, Tensor] = field(default_factory=dict)

    @property
    def abilities(self) -> Abilities:
        """What it can do with the networks that it has: an imported translator may know only one direction."""
        abilities = self.recipe.build().abilities
        there = {to: each for to, each in abilities.translates.items() if each.network in self.networks}
        return replace(abilities, translates=there)

    @property
    def verbs(self) -> str:
        """The commands that the model is for, as people write them."""
        return " and ".join(f"organza {VERBS[name]}" for name in self.abilities.names() if name in VERBS)

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.config["classes"])

    @property
    def device(self) -> torch.device:
        return next(parameter.device for network in self.networks.values() for parameter in network.parameters())

    def to(self, device: torch.device | str) -> Model:
        """The same model, its networks moved to `device`."""
        for network in self.networks.values():
            network.to(device)
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes or attributes that samples can be asked for; empty for a model without labels."""
        return self.classes if self.recipe.build().labelled else ()

    @torch.no_grad()
    def sample(
        self,
        n: int,
        seed: int = 0,
        first: int = 0,
        label: Label | None = None,
        truncation: float = 1.0,
        cutoff: int | None = None,
    ) -> Tensor:
        """Samples first, first + 1, ... of this seed, from noise.

        Sample i comes from the seed and from i alone, whatever n is (up to rounding, which may differ between batches).

        Args:
            n: How many.
            seed: Of latent vectors, and of labels if none are given.
            first: Number of the first one.
            label: For a model with labels: the name or number of a class, for all; attributes, as "smiling,hat=0.5"; or
                a label for each sample, int64 [n] or float [n, classes]. None: with the shares that the data had.
            truncation: How far from the middle of the latent space, as `Truncation.psi`.
            cutoff: Of models with styles: how many style inputs are truncated, the coarsest first; None: all.

        Returns:
            Float [n, C, H, W] in [-1, 1] on the CPU, without the padding that training had added; points [n, 2, 1, 1].

        Raises:
            UsageError: The model makes nothing from noise, n is negative, there is no such label, or no such truncation.
        """
        abilities = self.abilities
        ability = abilities.from_noise
        if ability is None and not abilities.pyramids:
            raise UsageError(f"the model '{self.recipe.name}' makes nothing from noise; it is for {self.verbs}")
        if n < 0:
            raise UsageError(f"cannot make {n} samples")
        truncated = Truncation(truncation, cutoff)
        truncated.check(abilities, self.recipe.name)
        if ability is None:
            self.vectors(0, label=label)  # refuses labels
            return self._varied(list(abilities.pyramids.values())[-1].network, n, seed, first)
        vectors, made = self.vectors(n, seed, first, label), []
        for start in range(first, first + n, CHUNK):
            z = latents(ability, seed, range(start, min(start + CHUNK, first + n))).to(self.device)
            own = None if vectors is None else vectors[start - first : start - first + CHUNK].to(self.device)
            made.append(truncated.images(self.abilities, self.networks, z, own).cpu())
        return self.cropped(torch.cat(made) if made else torch.empty(0, *self.recipe.sample))

    def _varied(self, network: str, n: int, seed: int, first: int) -> Tensor:
        """Variations of the one picture that a network knows; the noise of each comes from the seed and its number alone."""
        generator, streams = cast(PyramidGenerator, self.networks[network]), Streams(seed)
        made = [generator.sample(1, streams.generator("sample", number)).cpu() for number in range(first, first + n)]
        size = generator.sizes[generator.built - 1]
        return torch.cat(made) if made else torch.empty(0, self.recipe.channels, *size)

    def translate(self, images: Tensor, to: str | None = None, seed: int = 0) -> Tensor:
        """Pictures of one domain as pictures of another.

        Args:
            images: Float [n, C, H, W] in [-1, 1], of any size.
            to: Name of the domain to get into; None as of `domain`.
            seed: Of the dropout of models that go on dropping out, which is their only noise.

        Returns:
            Float [n, C, scale H, scale W] in [-1, 1] on the CPU.

        Raises:
            UsageError: The model translates nothing, or not into that domain, or these are no pictures for it.
        """
        return self._made(self.ability("translate", to), images, seed)

    def deblur(self, images: Tensor) -> Tensor:
        """Sharp pictures from blurred ones, float [n, C, H, W] in [-1, 1], of any size.

        Raises:
            UsageError: The model cannot, or these are no pictures for it.
        """
        return self._made(self.ability("deblur"), images)

    def enlarge(self, images: Tensor) -> Tensor:
        """Larger pictures from small ones, float [n, C, H, W] in [-1, 1], of any size.

        Raises:
            UsageError: The model cannot, or these are no pictures for it.
        """
        return self._made(self.ability("enlarge"), images)

    def ability(self, verb: str, to: str | None = None) -> Translation:
        """How the model makes pictures from pictures.

        Args:
            verb: translate, deblur or enlarge.
            to: For translate: the domain to get into; None as of `domain`.

        Raises:
            UsageError: The model cannot, or not into that domain.
        """
        abilities = self.abilities
        found = {"deblur": abilities.deblurs, "enlarge": abilities.enlarges}.get(verb)
        if verb == "translate":
            found = abilities.translates[self.domain(to)]
        if found is None:
            raise self._cannot(verb)
        return found

    def domain(self, to: str | None = None) -> str:
        """The domain that a translation leads into: the one that is asked for; else b, or the only one.

        Raises:
            UsageError: The model translates nothing, or not into that domain, or there are several and none is b.
        """
        known = self.abilities.translates
        if not known:
            raise self._cannot("translate")
        if to is not None and to not in known:
            raise unknown("domain", to, known)
        if to is None and "b" not in known and len(known) > 1:
            raise UsageError(f"'{self.recipe.name}' translates to {' and to '.join(known)}: say which")
        return to or ("b" if "b" in known else next(iter(known)))

    def _cannot(self, verb: str) -> UsageError:
        return UsageError(f"the model '{self.recipe.name}' cannot {verb}; it is for {self.verbs}")

    def _made(self, ability: Translation, images: Tensor, seed: int = 0) -> Tensor:
        """What an ability makes of pictures, on the CPU.

        Raises:
            UsageError: They have other channels than the model's, other dimensions, or are not floating.
        """
        channels = self.recipe.channels
        fits = images.ndim == 4 and images.shape[1] == channels and min(images.shape[2:]) > 0
        if not fits or not images.is_floating_point():
            kind = "" if images.is_floating_point() else f" of {str(images.dtype).removeprefix('torch.')}"
            raise UsageError(
                f"the model takes pictures of {channels} channel{'s' if channels > 1 else ''}, float [n, {channels}, H, W] in"
                f" [-1, 1], not {list(images.shape)}{kind}"
            )
        return apply(ability, self.networks, images.to(self.device, torch.float32), seed).cpu()

    def sample_labels(self, n: int, seed: int = 0, first: int = 0) -> Tensor:
        """The labels of samples first, first + 1, ... of this seed when none are given, with the shares of the data.

        Returns:
            Classes, int64 [n]; or attributes, each there or not by its own share, float [n, classes].

        Raises:
            UsageError: The model has no labels.
        """
        if not self.labels:
            raise UsageError(f"the model '{self.recipe.name}' has no labels")
        streams, shares = Streams(seed), torch.tensor(self.config["label_shares"])
        generators = (streams.generator("label", index) for index in range(first, first + n))
        if self.config["label_kind"] == "attributes":
            drawn = [torch.rand(len(shares), generator=generator) < shares for generator in generators]
            return torch.stack(drawn).float() if drawn else torch.empty(0, len(shares))
        chosen = [torch.multinomial(shares, 1, generator=generator) for generator in generators]
        return torch.cat(chosen) if chosen else torch.empty(0, dtype=torch.int64)

    def vectors(self, n: int, seed: int = 0, first: int = 0, label: Label | None = None) -> Tensor | None:
        """The label vectors of samples, float [n, classes] on the CPU, arguments as of `sample`; None without labels.

        Raises:
            UsageError: The model has no labels, or not this one.
        """
        if not self.labels:
            if label is not None:
                raise UsageError(f"the model '{self.recipe.name}' has no labels: leave out the label")
            return None
        if label is None:
            return label_vectors(self.sample_labels(n, seed, first), len(self.labels))
        if isinstance(label, str | int):
            return read_label(str(label), self.labels, self.config["label_kind"]).expand(n, -1)
        given = torch.as_tensor(label)
        wanted = (n, len(self.labels)) if given.is_floating_point() else (n,)
        if tuple(given.shape) != wanted:
            raise UsageError(
                f"labels of shape {tuple(given.shape)} do not go with {n} samples of {len(self.labels)} classes"
            )
        if not given.is_floating_point() and n and not 0 <= int(given.min()) <= int(given.max()) < len(self.labels):
            raise UsageError(f"labels are numbers from 0 to {len(self.labels) - 1}")
        if given.is_floating_point() and n and not 0 <= float(given.min()) <= float(given.max()) <= 1:
            raise UsageError("the attributes of a label are numbers from 0 to 1")
        return label_vectors(given, len(self.labels))

    def cropped(self, images: Tensor) -> Tensor:
        """Images [n, C, H, W] without what was filled around the pictures for training."""
        return Margins.read(self.config["crop"]).cropped(images)

    def mark(self, seed: int, **details: int | str) -> Mark:
        """The provenance mark for a picture that this model made."""
        return Mark(self.recipe.name, self.config["weights_sha256"], seed, details)


def picture_pixels(samples: Tensor) -> Any:
    """Samples as pixels: images to uint8 [n, H, W, C], a cloud of points [n, 2, 1, 1] to one picture of it."""
    if samples.shape[1:] == (2, 1, 1):
        return scatter(samples[:, :, 0, 0].numpy())[None]
    return to_pixels(samples).numpy()
