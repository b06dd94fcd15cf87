"""How far a picture is from the one that it should be: in its pixels, and in the maps of a frozen network.

The perceptual (or content) loss of Johnson et al. 2016 (arXiv:1603.08155), as DeblurGAN, DeblurGAN-v2, SRGAN and ESRGAN
have it. Its VGG-19 needs weights that may not be there. Which network a training takes is decided once, at its beginning, by
`settle`, and stands in its recipe from then on: never does it depend silently on the machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from organza.bounds import Rate
from organza.errors import OrganzaError
from organza.features.random_conv import RandomConvolutions
from organza.features.vgg import FILE, VGG19, blank_vgg, find_vgg, vgg_places

VGG = "vgg19-"  # begins the names of VGG-19's layers
Difference = Literal["mse", "l1"]
Network = Literal["vgg19-conv3_3", "vgg19-conv5_4", "vgg19-conv5_4-pre", "random-conv"]


@dataclass(frozen=True)
class ContentOptions:
    """The content terms of a generator's loss; those of weight 0 are left out.

    Published: DeblurGAN 100 times conv3_3 and no pixels; DeblurGAN-v2 0.006 times conv3_3 and 0.5 times the pixels' MSE, which
    its code takes after ImageNet's normalisation, where it is 4.9 times that of pictures in [-1, 1]; SRGAN 1 / 12.75^2 times
    conv5_4; ESRGAN once conv5_4-pre and 0.01 times the pixels, both of them as L1 in its code.

    Weights published for VGG-19 mean nothing to other networks, and there are none for the substitute: it has a weight of its
    own. The differences of its maps need no constant to be read: for photographs of different things their mean square is
    about that of the pixels (1.04 times on average, for pairs 0.9 to 1.7 times; five photographs), for a blurred and a sharp
    one 1.1 to 1.4 times. So a substitute's weight of 1 adds about as much as a pixels' MSE of weight 1. SRGAN's 1 / 12.75^2
    was chosen to the same end.

    Attributes:
        pixel: How pixels are compared.
        pixel_weight: Of the pixels' difference, all channels, alpha included.
        perceptual: Network whose maps are compared; "-pre" is before the rectifier, as conv3_3 is here, too.
        perceptual_weight: Of the maps' difference.
        perceptual_difference: How maps are compared.
        substitute: What `settle` takes where the weights of VGG-19 are not found; with "none", that is an error.
        substitute_weight: Weight of the maps' difference then.
    """

    pixel: Difference = "l1"
    pixel_weight: Rate = 0.0
    perceptual: Network = "vgg19-conv3_3"
    perceptual_weight: Rate = 0.0
    perceptual_difference: Difference = "mse"
    substitute: Literal["random-conv", "none"] = "random-conv"
    substitute_weight: Rate = 1.0


class Settled(NamedTuple):
    """What `settle` has found.

    Attributes:
        options: With the network that is really there.
        notes: What the user should know, a line each.
    """

    options: ContentOptions
    notes: tuple[str, ...] = ()


def settle(options: ContentOptions) -> Settled:
    """The options for this machine: as they are, or with the substitute where the weights of VGG-19 are not found.

    Done once, at the beginning of a training; its result, which it leaves alone when it meets it again, goes into the recipe.

    Raises:
        OrganzaError: The weights are not found, and there is to be no substitute.
    """
    if not options.perceptual_weight or not options.perceptual.startswith(VGG) or find_vgg():
        return Settled(options)
    if options.substitute == "none":
        raise OrganzaError(_missing())
    settled = replace(options, perceptual=options.substitute, perceptual_weight=options.substitute_weight)
    places = ", ".join(str(path.parent) for path in vgg_places())
    note = (
        f"no weights of VGG-19 ({FILE}) are found in {places}: the perceptual loss takes the fixed random convolutions instead, "
        f"with weight {options.substitute_weight:g}"
    )
    return Settled(settled, (note,))


@dataclass(frozen=True)
class ContentLoss:
    """(images, targets) -> weighted scalar terms {"pixel": ..., "perceptual": ...}, without those of weight 0.

    It holds no network: those are frozen, kept once per device for the whole process, and in no checkpoint.

    Attributes:
        options: Settled, or with VGG-19's weights at hand.
    """

    options: ContentOptions

    def __call__(self, images: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Both [n, C, H, W] in [-1, 1], C = 1, 3 or 4; no gradient gets into the targets. Shapes alone will do (meta device).

        The network sees grey pictures as three equal channels, and nothing of alpha.

        Raises:
            UsageError: The pictures are too small for a layer of VGG-19.
            OrganzaError: The network's weights are missing or damaged.
        """
        options, targets, terms = self.options, targets.detach(), {}
        if options.pixel_weight:
            terms["pixel"] = options.pixel_weight * difference(options.pixel, images, targets)
        if options.perceptual_weight:
            network = frozen_network(options.perceptual, images.device)
            with torch.no_grad():
                wanted = network(three_channels(targets))
            compared = [
                difference(options.perceptual_difference, made, aim)
                for made, aim in zip(network(three_channels(images)), wanted, strict=True)
            ]
            terms["perceptual"] = options.perceptual_weight * torch.stack(compared).mean()
        return terms


def difference(kind: Difference, made: Tensor, wanted: Tensor) -> Tensor:
    """The mean of the squares or of the absolute values of the differences: scalar."""
    return (made - wanted).square().mean() if kind == "mse" else (made - wanted).abs().mean()


def three_channels(images: Tensor) -> Tensor:
    """[n, C, H, W] as [n, 3, H, W]: a single channel is repeated, a fourth one dropped."""
    return images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images[:, :3]


def frozen_network(name: Network, device: torch.device) -> nn.Module:
    """[n, 3, H, W] -> list of maps: the network of this name, made once per device. On the meta device it has no weights.

    Raises:
        OrganzaError: Its weights are missing or damaged.
    """
    return _built(name, device, None if device.type == "meta" or not name.startswith(VGG) else _weights())


@lru_cache(maxsize=8)
def _built(name: Network, device: torch.device, weights: VGG19 | None) -> nn.Module:
    # Whoever asks first may do so in inference mode, or with another default device; the network is for everybody.
    with torch.inference_mode(False), torch.device("cpu"):
        if name == "random-conv":
            return RandomConvolutions().to(device).to(memory_format=torch.channels_last).eval()
        layer = name.removeprefix(VGG)
        return weights.load(layer, device) if weights else blank_vgg(layer)


def _weights() -> VGG19:
    path = find_vgg()
    if path is None:
        raise OrganzaError(_missing())
    return VGG19(path)


def _missing() -> str:
    return (
        f"the perceptual loss needs the weights of VGG-19: bring torchvision's {FILE} and name its folder in $ORGANZA_WEIGHTS, "
        "or choose the perceptual network random-conv"
    )
