"""What games have in common whose pictures are to be made from others: pairs, their content, and how they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from organza.data.degrade import Degradation
from organza.errors import UsageError
from organza.games.game import Abilities, Batch, Exhibit, Networks, Round, Tensors, Translation
from organza.games.translation import apply
from organza.losses.content import ContentOptions
from organza.networks import NetworkOptions

Ability = Literal["translates", "deblurs", "enlarges"]


def draw_pair(degrade: Degradation, round: Round) -> Tensors:
    """A batch of pictures and what they are to be made from: as the source has it, or else degraded now."""
    batch = round.real()
    inputs = batch.inputs if batch.inputs is not None else degrade.draw(batch.images, round.stream("degrade"))
    return {"input": inputs, "target": batch.images}


def pairs_wanted(degrade: Degradation) -> Literal["none", "taken", "needed"]:
    """Whether the source must have pairs, or the game can make them; small pictures it always makes itself."""
    if degrade.scale > 1:
        return "none"
    return "taken" if degrade.active else "needed"


def refuse_unfit(network: NetworkOptions, degrade: Degradation, *contents: ContentOptions) -> None:
    """Refuse a generator that does not undo what the degradation does, and a turn with nothing to learn.

    Args:
        network: Of the generator.
        degrade: How its inputs are made.
        contents: What holds it to the target in the turns that nothing else does.

    Raises:
        UsageError: With the reason.
    """
    if network.scale != degrade.scale:
        raise UsageError(
            f"a generator of scale {network.scale} does not undo a degradation of scale {degrade.scale}: make them equal"
        )
    if any(not options.pixel_weight and not options.perceptual_weight for options in contents):
        raise UsageError(
            "there is nothing for the generator to learn: give pixel_weight or perceptual_weight of its content"
        )


def abilities_of(ability: Ability, translation: Translation) -> Abilities:
    """What the trained generator is for."""
    match ability:
        case "translates":
            return Abilities(translates={"b": translation})
        case "deblurs":
            return Abilities(deblurs=translation)
        case "enlarges":
            return Abilities(enlarges=translation)


def exhibit_of(degrade: Degradation, translation: Translation) -> Exhibit:
    """Rows of what is given, what is made of it, and what was wanted; a small picture is enlarged by bicubic interpolation."""

    def images(networks: Networks, batches: Mapping[str, Batch], generator: torch.Generator) -> tuple[Tensor, ...]:
        batch = batches["real"]
        inputs = batch.inputs if batch.inputs is not None else degrade.draw(batch.images, generator)
        return enlarged(inputs, translation.scale), apply(translation, networks, inputs), batch.images

    return Exhibit(("bicubic" if translation.scale > 1 else "input", "output", "target"), images)


def enlarged(pictures: Tensor, scale: int) -> Tensor:
    """Pictures with `scale` times as many pixels along each side."""
    if scale == 1:
        return pictures
    return interpolate(pictures, scale_factor=scale, mode="bicubic", align_corners=False).clamp(-1, 1)


def mean_of(figures: list[Tensor]) -> Tensor:
    """The mean over several discriminators."""
    return torch.stack(figures).mean()
