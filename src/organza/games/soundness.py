"""Combinations of loss, penalty, regulariser and network that make no sense, each with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args, get_type_hints

from organza.errors import UsageError
from organza.games.augmenting import Augmentation
from organza.losses import AdversarialLoss, Penalty
from organza.networks import NETWORKS, NetworkOptions, Role

FLAG = "--allow_unsound true lets it through"


def refuse_role(player: str, network: NetworkOptions, role: Role) -> None:
    """Refuse a network that does another thing than its player.

    Raises:
        UsageError: It does.
    """
    if network.role != role:
        name = NETWORKS.name_of(network)
        fitting = ", ".join(sorted(known for known, options in NETWORKS.items() if options.role == role))
        raise UsageError(f"--{player}.network must be a {role}, and {name} is a {network.role}: take one of {fitting}")


@dataclass(frozen=True)
class Combination:
    """What a recipe of the noise-to-image game combines.

    Attributes:
        name: Of the loss.
        loss: The loss itself.
        penalty: On the discriminator's slope.
        augmentation: Of all that the discriminator sees.
        clip: Bound on the discriminator's weights; 0: none.
        label_smoothing: How far the target for real samples is below 1.
        generator: Options of the generator's network.
        discriminator: Options of the discriminator's network.
    """

    name: str
    loss: AdversarialLoss
    penalty: Penalty
    augmentation: Augmentation
    clip: float
    label_smoothing: float
    generator: NetworkOptions
    discriminator: NetworkOptions


def refuse_unsound(combination: Combination) -> None:
    """Refuse a combination that makes no sense.

    Raises:
        UsageError: It is one; the message says why, what to do, and how to do it all the same.
    """
    reason = unsound(combination)
    if reason:
        raise UsageError(f"{reason}; {FLAG}")


def unsound(combination: Combination) -> str | None:
    """Why the combination makes no sense, or None."""
    penalty, clip, discriminator = combination.penalty, combination.clip, combination.discriminator
    if penalty.active and discriminator.couples_samples:
        return (
            "a penalty on the slope at each sample makes no sense with batch normalisation in the discriminator, which lets the "
            "samples of a batch change each other's outputs: take --discriminator.norm layer or none"
        )
    if discriminator.bounds_slope and discriminator.couples_samples:
        return (
            "spectral normalisation bounds the slope of every layer, and batch normalisation scales it up again: take "
            "--discriminator.norm none"
        )
    if clip and discriminator.bounds_slope:
        return (
            "clipping does nothing to weights that spectral normalisation divides by their own size: take --clip 0 or "
            "--discriminator.spectral_norm false"
        )
    if clip and penalty.active:
        return "clipping and a penalty on the slope both bound the critic, and fight: take --clip 0 or --penalty none"
    if combination.loss.unbounded and not (clip or penalty.active or discriminator.bounds_slope):
        return (
            f"the loss '{combination.name}' grows without end unless the critic's slope is bounded: take --penalty gp, --clip "
            "0.01 or --discriminator.spectral_norm true"
        )
    if combination.label_smoothing and combination.loss.smoothed is None:
        return f"the loss '{combination.name}' has no target for real samples that could be smoothed: take --label_smoothing 0"
    if combination.augmentation.steered and not combination.loss.signed:
        return (
            "adaptive augmentation goes by how many real samples get an output above 0, and with the loss "
            f"'{combination.name}' the sign of an output says nothing: take --loss non-saturating or --augmentation none"
        )
    return one_sided_labels(combination)


def one_sided_labels(combination: Combination) -> str | None:
    """Why labels for one of the two players make no sense, or None."""
    if combination.generator.conditional == combination.discriminator.conditional:
        return None
    blind, seeing = ("discriminator", "generator")[:: 1 if combination.generator.conditional else -1]
    ways = conditions(getattr(combination, blind))
    instead = f"--{blind}.condition {ways[0]}" if ways else f"a {blind} that can take labels"
    return (
        f"the {seeing} takes labels and the {blind} does not, so nobody learns what they mean: take {instead} or "
        f"--{seeing}.condition none"
    )


def conditions(network: NetworkOptions) -> list[str]:
    """Ways in which a label can enter this network, embedding first; none if it can take no labels."""
    ways = [str(way) for way in get_args(get_type_hints(type(network)).get("condition")) if way != "none"]
    return sorted(ways, key=lambda way: way != "embedding")
