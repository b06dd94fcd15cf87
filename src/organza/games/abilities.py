"""What trained networks can do, as values: verbs ask a model for these, never for the name of its system."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

Networks = Mapping[str, nn.Module]


@dataclass(frozen=True)
class FromNoise:
    """The ability to make samples from latent vectors.

    Attributes:
        latent: (generator, n) -> z [n, z_dim].
        images: (networks, z, label vectors [n, classes] or None) -> float [n, C, H, W] in [-1, 1].
        network: Name of the network that does it.
    """

    latent: Callable[[torch.Generator, int], Tensor]
    images: Callable[[Networks, Tensor, Tensor | None], Tensor]
    network: str = "generator"


@dataclass(frozen=True)
class Styles:
    """The ability to make samples from styles: z becomes w, and every layer of the generator takes a w of its own.

    Attributes:
        resolutions: Pixels a side of the feature map that each style input decides on.
        noises: Pixels a side of each noise input; none for generators without noise.
        map: (networks, z [n, z_dim], label vectors [n, classes] or None) -> w [n, w_dim].
        average: networks -> the mean of all w, [w_dim].
        images: (networks, styles [n, len(resolutions), w_dim], noise or None) -> float [n, C, H, W], not clipped. The noise is
            one map [n or 1, 1, side, side] for each noise input; None: the generator's own, the same for every sample.
        network: Name of the network that does it, a `networks.style.StyleGenerator`.
    """

    resolutions: tuple[int, ...]
    noises: tuple[int, ...]
    map: Callable[[Networks, Tensor, Tensor | None], Tensor]
    average: Callable[[Networks], Tensor]
    images: Callable[[Networks, Tensor, Sequence[Tensor] | None], Tensor]
    network: str = "generator"


@dataclass(frozen=True)
class Judges:
    """The ability to say how real a sample looks.

    Attributes:
        scores: (networks, samples [n, C, H, W], label vectors [n, classes] or None) -> raw outputs [n]; the larger, the more
            real.
        network: Name of the network that does it.
        log_odds: Whether the sigmoid of an output is the probability that the sample is real; otherwise only differences
            between outputs mean something.
        draw: Its loss where it can tell nothing apart; None if its loss has no such value.
        least: Its loss where it is never wrong.
        signed: Whether the sign of an output says if it takes the sample for real.
        augmented: The strength at which the augmentation of what it sees in training grows no further; 0: there is none.
        features: (networks, samples [n, C, H, W]) -> what it sees in them: maps [n, c, h, w], those of the first layers, which
            are the finest, first. None: it does not say.
    """

    scores: Callable[[Networks, Tensor, Tensor | None], Tensor]
    network: str = "discriminator"
    log_odds: bool = False
    draw: float | None = None
    least: float = 0.0
    signed: bool = False
    augmented: float = 0.0
    features: Callable[[Networks, Tensor], Sequence[Tensor]] | None = None


@dataclass(frozen=True)
class Translation:
    """The ability to make a picture from a picture.

    Attributes:
        images: (networks, pictures [n, C, H, W] in [-1, 1]) -> pictures [n, C, scale H, scale W] in [-1, 1].
        network: Name of the network that does it.
        multiple: What height and width of its input must be divisible by.
        smallest: The least that they may be.
        scale: Pixels of the output for each pixel of the input, along each side.
        own_statistics: Whether its normalisations take their statistics from the picture itself, batch normalisations
            included, instead of those of the training.
        dropout: Whether its dropout goes on after the training, as the only noise.
        whole: Whether it needs to see a picture as a whole, because what it does depends on the picture's size.
        steady: Of videos, how much the frame before counts, carried along by the optical flow, against what is made of a frame.
        by_factor: scale -> the same ability with that scale, where it may be chosen.
    """

    images: Callable[[Networks, Tensor], Tensor]
    network: str = "generator"
    multiple: int = 1
    smallest: int = 1
    scale: int = 1
    own_statistics: bool = False
    dropout: bool = False
    whole: bool = False
    steady: float = 0.0
    by_factor: Callable[[int], Translation] | None = None


@dataclass(frozen=True)
class Pyramid:
    """The ability to make pictures from the one picture that was learnt at several scales: variations, edits, walks.

    Attributes:
        network: Name of the network that does it, a `networks.pyramid.generator.PyramidGenerator`.
    """

    network: str = "generator"


@dataclass(frozen=True)
class Abilities:
    """What a trained model can do; verbs ask for these, never for systems.

    Attributes:
        from_noise: Makes samples from noise.
        styles: Makes samples from styles.
        judges: Says how real a sample looks.
        translates: Makes pictures of one domain from those of another, by the name of the domain that they get into.
        deblurs: Makes a sharp picture from a blurred one.
        enlarges: Makes a larger picture from a small one.
        pyramids: Makes pictures from the one picture of a domain, by the name of the domain.
    """

    from_noise: FromNoise | None = None
    styles: Styles | None = None
    judges: Judges | None = None
    translates: Mapping[str, Translation] = field(default_factory=dict)
    deblurs: Translation | None = None
    enlarges: Translation | None = None
    pyramids: Mapping[str, Pyramid] = field(default_factory=dict)

    def names(self) -> list[str]:
        return [name for name, ability in vars(self).items() if ability]
