"""A picture made larger by the finest network of a pyramid, again and again (Shaham et al. 2019, arXiv:1905.01164, section 4)."""

from __future__ import annotations

from functools import partial
from math import log2

import torch
from torch import Tensor

from organza.errors import UsageError
from organza.games.abilities import Networks, Translation
from organza.networks.pyramid.generator import PyramidGenerator, why_not
from organza.networks.pyramid.sizes import Size

STEPS = 3  # applications that double a side: each makes it 2^(1/3) = 1.26 times as long
GRAIN = (
    16  # the sizes between are sixteenths of the small picture's, so that parts of it meet the same places as the whole
)
USUAL = 4


def enlarging_sizes(size: Size, factor: int) -> list[Size]:
    """Height and width after every application.

    There are k = round(log s / log 2^(1/3)) of them, each s^(1/k) times as large as the one before, to a sixteenth of the small
    picture's size; the last is exactly s times.

    Args:
        size: Of the small picture.
        factor: s, at least 2.
    """
    count = round(STEPS * log2(factor))
    ratios = [round(GRAIN * factor ** (step / count)) / GRAIN for step in range(1, count)]
    return [
        *[(round(size[0] * ratio), round(size[1] * ratio)) for ratio in ratios],
        (size[0] * factor, size[1] * factor),
    ]


@torch.no_grad()
def enlarged_by(generator: PyramidGenerator, pictures: Tensor, factor: int) -> Tensor:
    """Pictures enlarged by the last scale alone, without noise: what it learnt to add to one picture, it adds to any.

    Args:
        generator: Whose last scale is applied.
        pictures: Float [n, C, H, W] in [-1, 1], of any size.
        factor: At least 2.

    Returns:
        Float [n, C, factor H, factor W] in [-1, 1].

    Raises:
        UsageError: It has a single scale.
    """
    last = generator.built - 1
    if not last:
        raise UsageError(why_not(generator))
    for size in enlarging_sizes((pictures.shape[2], pictures.shape[3]), factor):
        # Within the range of pictures each time: what is beyond it would be carried further at every step.
        pictures = generator.show(generator.climb(generator.enter(pictures), last, None, size)).clamp(-1, 1)
    return pictures


def enlarging(network: str, factor: int = USUAL) -> Translation:
    """The ability to enlarge pictures with a pyramid.

    Args:
        network: Name of the network that does it, a `PyramidGenerator`.
        factor: At least 2.
    """

    def images(networks: Networks, pictures: Tensor) -> Tensor:
        generator = networks[network]
        assert isinstance(generator, PyramidGenerator)
        return enlarged_by(generator, pictures, factor)

    return Translation(images, network, multiple=GRAIN, scale=factor, by_factor=partial(enlarging, network))
