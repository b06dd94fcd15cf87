"""Pictures into pictures of any size, as a `Translation` says: padded, under the right statistics, cropped."""

from __future__ import annotations

from contextlib import ExitStack

import torch
from torch import Tensor

from organza.games.game import Networks, Translation
from organza.networks import NetworkOptions
from organza.networks.statistics import own_statistics, with_dropout
from organza.streams import Streams


@torch.no_grad()
def apply(translation: Translation, networks: Networks, pictures: Tensor, seed: int = 0) -> Tensor:
    """What the networks make of pictures.

    The pictures are padded by reflection at the bottom and on the right to a size that the network takes, and the result is
    cropped. A picture's result does not depend on the others of the batch.

    Args:
        translation: How it is done.
        networks: By name, in evaluation mode.
        pictures: Float [n, C, H, W] in [-1, 1], on the networks' device, of any size.
        seed: Of dropout, where it goes on; each picture of a batch meets the same.

    Returns:
        Float [n, C, scale H, scale W] in [-1, 1].
    """
    height, width = pictures.shape[2:]
    if not len(pictures):
        return pictures.new_empty(0, pictures.shape[1], height * translation.scale, width * translation.scale)
    padded = pad(pictures, wanted(translation, height), wanted(translation, width))
    alone = translation.own_statistics or translation.dropout
    parts = [one[None] for one in padded] if alone else [padded]
    made = torch.cat([run(translation, networks, part, seed) for part in parts])
    return made[..., : height * translation.scale, : width * translation.scale]


def run(
    translation: Translation, networks: Networks, pictures: Tensor, seed: int = 0, statistics_given: bool = False
) -> Tensor:
    """The same for pictures of a size that the network takes, all at once.

    Args:
        translation: How it is done.
        networks: By name.
        pictures: Float [n, C, H, W].
        seed: Of dropout.
        statistics_given: Whether the caller decides, around this call, which statistics the normalisations use.
    """
    network = networks[translation.network]
    with ExitStack() as stack:
        if translation.own_statistics and not statistics_given:
            stack.enter_context(own_statistics(network))
        if translation.dropout:
            stack.enter_context(with_dropout(network))
            stack.enter_context(Streams(seed).locally("dropout", device=pictures.device))
        return translation.images(networks, pictures)


def wanted(translation: Translation, side: int) -> int:
    """The least number of pixels, from `side` on, that the network takes."""
    least = max(side, translation.smallest)
    return -(-least // translation.multiple) * translation.multiple


def pad(pictures: Tensor, height: int, width: int) -> Tensor:
    """Pictures [n, C, H, W] continued at the bottom and on the right by reflection, again and again where they are small."""
    for axis, side in ((2, height), (3, width)):
        if pictures.shape[axis] != side:
            pictures = pictures.index_select(axis, reflected(pictures.shape[axis], side).to(pictures.device))
    return pictures


def reflected(length: int, side: int) -> Tensor:
    """Indices, int64 [side], of a row of `length` pixels mirrored at its ends, the outermost pixels not repeated."""
    period = max(2 * (length - 1), 1)
    places = torch.arange(side) % period
    return torch.minimum(places, period - places) if length > 1 else torch.zeros_like(places)


def translation_by(
    network: NetworkOptions, name: str, *, own_statistics: bool = False, dropout: bool = False
) -> Translation:
    """The ability of a generator that takes pictures.

    Args:
        network: Its options.
        name: Of the network within its stage.
        own_statistics: As of `Translation`.
        dropout: As of `Translation`.
    """

    def images(networks: Networks, pictures: Tensor) -> Tensor:
        made: Tensor = networks[name](pictures)
        return made.clamp(-1, 1)  # some networks have no bound of their own

    return Translation(images, name, network.multiple, network.smallest, network.scale, own_statistics, dropout)
