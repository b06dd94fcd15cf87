"""Augmentation of all that a discriminator sees, as an option of a game: with which strength, and what that depends on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from organza.bounds import Count, Proportion, Rate, Share
from organza.games.adaptive import STRENGTH, adjusted, beginning, rising, signs
from organza.games.augmentation import Pipeline
from organza.games.game import Round, Tensors
from organza.registry import Registry


class Augmentation(Protocol):
    """Options of one way to augment: a frozen dataclass entered in `AUGMENTATIONS`.

    Attributes:
        steered: Whether its strength follows the signs of the discriminator's outputs.
    """

    steered: ClassVar[bool]

    @property
    def strongest(self) -> float:
        """The strength p at which it grows no further."""
        ...

    def memory(self) -> Tensors:
        """What a game remembers for it, at the beginning."""
        ...

    def draw(self, round: Round, kinds: tuple[str, ...], budget: int) -> Tensors:
        """Everything random that one turn needs, for samples of each of these kinds: "real" and "fake".

        Args:
            round: Of the turn.
            kinds: Which are augmented.
            budget: Images of the stage.
        """
        ...

    def apply(self, samples: Tensor, inputs: Tensors, kind: str) -> Tensor:
        """Samples [B, C, H, W] as the discriminator sees them."""
        ...

    def noticed(self, on_real: Tensor) -> Tensors:
        """What the discriminator's turn leaves for `remember`."""
        ...

    def remember(self, state: Tensors, scratch: Tensors) -> Tensors:
        """What a game remembers after a step."""
        ...

    def figures(self, inputs: Tensors, on_real: Tensor) -> Tensors:
        """Scalars to watch, of a turn that has judged real samples so."""
        ...


AUGMENTATIONS: Registry[type[Augmentation]] = Registry("augmentation")


@AUGMENTATIONS.register("none")
@dataclass(frozen=True)
class NoAugmentation:
    """The discriminator sees samples as they are."""

    steered: ClassVar[bool] = False

    @property
    def strongest(self) -> float:
        return 0.0

    def memory(self) -> Tensors:
        return {}

    def draw(self, round: Round, kinds: tuple[str, ...], budget: int) -> Tensors:  # noqa: ARG002
        return {}

    def apply(self, samples: Tensor, inputs: Tensors, kind: str) -> Tensor:  # noqa: ARG002
        return samples

    def noticed(self, on_real: Tensor) -> Tensors:  # noqa: ARG002
        return {}

    def remember(self, state: Tensors, scratch: Tensors) -> Tensors:  # noqa: ARG002
        return state

    def figures(self, inputs: Tensors, on_real: Tensor) -> Tensors:  # noqa: ARG002
        return {}


@dataclass(frozen=True)
class Piped(ABC):
    """What the ways to augment have in common: the pipeline of `augmentation.py`, and a strength p that lies on the device.

    The options are multipliers of p for the four groups of the pipeline; 0 leaves a group out.

    Attributes:
        augmentation_blit: Mirroring, quarter turns, and shifts by whole pixels.
        augmentation_geometry: Scaling, turning, stretching, and shifts by fractions of a pixel.
        augmentation_colour: Brightness, contrast, luma flip, hue and saturation.
        augmentation_cutout: A grey rectangle.
    """

    augmentation_blit: Rate = 1.0
    augmentation_geometry: Rate = 1.0
    augmentation_colour: Rate = 1.0
    augmentation_cutout: Rate = 0.0

    @property
    def pipeline(self) -> Pipeline:
        return Pipeline(
            blit=self.augmentation_blit,
            geometry=self.augmentation_geometry,
            colour=self.augmentation_colour,
            cutout=self.augmentation_cutout,
        )

    @abstractmethod
    def strength(self, round: Round, budget: int) -> Tensor:
        """P, 0-dim on the device."""

    def draw(self, round: Round, kinds: tuple[str, ...], budget: int) -> Tensors:
        drawn: Tensors = {}
        for kind in kinds:
            numbers = self.pipeline.draw(round.stream(f"augment {kind}"), round.size, f"augment {kind}")
            drawn |= {name: round.put(values) for name, values in numbers.items()}
        return drawn | {STRENGTH: self.strength(round, budget)}

    def apply(self, samples: Tensor, inputs: Tensors, kind: str) -> Tensor:
        return self.pipeline.apply(samples, inputs, inputs[STRENGTH], f"augment {kind}")

    def figures(self, inputs: Tensors, on_real: Tensor) -> Tensors:
        return {"augmented": inputs[STRENGTH], "sure": on_real.detach().sign().mean()}


@AUGMENTATIONS.register("adaptive")
@dataclass(frozen=True)
class Adaptive(Piped):
    """As strong as over-fitting asks for: StyleGAN2-ADA (Karras et al. 2020, arXiv:2006.06676).

    Every few steps p goes up or down by a little, so that r_t = E[sign D(real)] comes to a target.

    Attributes:
        augmentation_target: For r_t.
        augmentation_every: Steps between two adjustments.
        augmentation_images: In which p can go from 0 to 1.
        augmentation_ceiling: Of p. The authors have none; beyond 0.8 they find that generated samples look augmented.
    """

    steered: ClassVar[bool] = True
    augmentation_target: Share = 0.6
    augmentation_every: Count = 4
    augmentation_images: Count = 500_000
    augmentation_ceiling: Proportion = 0.8

    @property
    def strongest(self) -> float:
        return self.augmentation_ceiling

    def memory(self) -> Tensors:
        return beginning()

    def strength(self, round: Round, budget: int) -> Tensor:  # noqa: ARG002
        return round.state[STRENGTH]

    def noticed(self, on_real: Tensor) -> Tensors:
        return signs(on_real)

    def remember(self, state: Tensors, scratch: Tensors) -> Tensors:
        return adjusted(
            state,
            scratch,
            target=self.augmentation_target,
            every=self.augmentation_every,
            speed=self.augmentation_images,
            ceiling=self.augmentation_ceiling,
        )


@AUGMENTATIONS.register("rising")
@dataclass(frozen=True)
class Rising(Piped):
    """As strong as the clock says, as in R3GAN's code (Huang et al. 2024, arXiv:2501.05441): p rises along half a cosine.

    Attributes:
        augmentation_first: P at the beginning.
        augmentation_last: P in the end.
        augmentation_share: Of the budget, how much the rise takes; 0: p is constant.
    """

    steered: ClassVar[bool] = False
    augmentation_first: Proportion = 0.0
    augmentation_last: Proportion = 0.3
    augmentation_share: Proportion = 0.08

    @property
    def strongest(self) -> float:
        return max(self.augmentation_first, self.augmentation_last)

    def memory(self) -> Tensors:
        return {}

    def strength(self, round: Round, budget: int) -> Tensor:
        span = int(self.augmentation_share * budget)
        p = rising(round.clock, self.augmentation_first, self.augmentation_last, span)
        return round.put(torch.tensor(p))

    def noticed(self, on_real: Tensor) -> Tensors:  # noqa: ARG002
        return {}

    def remember(self, state: Tensors, scratch: Tensors) -> Tensors:  # noqa: ARG002
        return state
