"""The game of Shaham et al. 2019 (SinGAN, arXiv:1905.01164): noise of several scales becomes variations of one picture.

Each scale is a stage. One step is `n_critic` turns of a critic of small patches and then `n_generator` turns of the generator,
which must also make the training picture itself of its anchor. What the settled scales make of the anchor does not change while
a scale is trained: it is computed once, when the stage is entered.

With a generator that grows it is the game of Hinz et al. 2021 (ConSinGAN, arXiv:2003.11512).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from organza.games.enlarging import enlarging
from organza.games.game import (
    GAMES,
    Abilities,
    Batch,
    Before,
    Exhibit,
    Game,
    Losses,
    Networks,
    Player,
    Pyramid,
    Round,
    Shape,
    Stage,
    Tensors,
    Turn,
)
from organza.games.noise_to_image import shown, wins
from organza.games.scales import (
    Scale,
    ScaleGame,
    anchor,
    anchored,
    carried_name,
    fit_whole,
    generator_of,
    groups_of,
    grown_pair,
    made_of,
    noise_name,
    noises_of,
    room_for_anchored,
    scale_plans,
)
from organza.losses import AdversarialLoss
from organza.networks.pyramid.generator import PyramidGenerator, resized
from organza.networks.pyramid.sizes import Size, fitted

GENERATOR, DISCRIMINATOR = "generator", "discriminator"
VARIED, ANCHOR = "varied", "anchor"  # names of the noise that is drawn, and of that which makes the training picture
VARIATIONS = 4  # shown beside the picture and its reconstruction


@GAMES.register("pyramid")
@dataclass(frozen=True)
class OnePicture(ScaleGame):
    """Options of the game.

    Attributes:
        fresh_noise: Whether every turn of the discriminator has new noise at the newest scale, too; else, as in SinGAN's code,
            the turns of a step share it. Coarser scales have new noise in every turn of the discriminator.
    """

    fresh_noise: bool = False

    def at(self, original: Size, size: int) -> tuple[OnePicture, Size, int]:
        """The game for a picture of this height and width, the sides of the training picture, and the budget in steps."""
        return fit_whole(self, original, fitted(*original, size))

    def build(self, shape: Shape, images: int) -> Game:
        loss = self.checked()
        return Game(
            scale_plans(self, shape, images, partial(self.stage, shape.sample[0], loss)),
            Abilities(
                pyramids={"real": Pyramid(GENERATOR)},
                # A scale that was trained on features alone cannot be applied to a picture.
                enlarges=None if self.pyramid.takes_picture else enlarging(GENERATOR),
            ),
            clock="steps",
            needs="one",
            exhibit=Exhibit(
                ("picture", "reconstruction", *(f"variation {number + 1}" for number in range(VARIATIONS))),
                exhibit,
                fidelity,
            ),
        )

    def stage(self, channels: int, loss: AdversarialLoss, scale: Scale, before: Before | None) -> Stage:
        """One scale."""
        networks = grown_pair(self, channels, scale, before, GENERATOR, DISCRIMINATOR)
        network = generator_of(networks, GENERATOR)
        schedule = partial(self.schedule.factor, budget=scale.steps)
        return Stage(
            networks=networks,
            players=(
                Player(
                    DISCRIMINATOR,
                    (DISCRIMINATOR,),
                    self.discriminator.optimiser,
                    partial(groups_of, (DISCRIMINATOR,)),
                    schedule,
                ),
                Player(GENERATOR, (GENERATOR,), self.generator.optimiser, partial(groups_of, (GENERATOR,)), schedule),
            ),
            turns=(
                Turn(
                    DISCRIMINATOR,
                    DISCRIMINATOR,
                    partial(self.draw_judged, Noise.of(network)),
                    partial(self.judge, loss),
                    lambda step: self.n_critic,
                ),
                Turn(
                    GENERATOR,
                    GENERATOR,
                    partial(draw_made, Noise.of(network)),
                    partial(self.make, loss),
                    lambda step: self.n_generator,
                    moves=self.moves,
                ),
            ),
            averaged=(GENERATOR,),
            budget=scale.budget,
            state={"real": torch.zeros(1, channels, *scale.size), **room_for_anchored(network, ANCHOR)},
            open=partial(self.open, scale),
        )

    def open(self, scale: Scale, networks: Networks, round: Round) -> Tensors:
        """The picture at this scale, and what the settled scales make of the anchor."""
        network, real = generator_of(networks, GENERATOR), round.real().images[:1]
        anchor(network, real, scale.index, self.amplitude, round.stream("anchor"))
        return {"real": resized(real, scale.size), **anchored(network, ANCHOR)}

    def draw_judged(self, noise: Noise, round: Round) -> Tensors:
        """Noise for all scales, of which that of the newest is the same in all turns of a step, if it is to be."""
        inputs = {"real": round.state["real"].expand(round.size, -1, -1, -1)}
        for scale, shape in enumerate(noise.shapes):
            name = noise_name(VARIED, scale)
            kept = scale == len(noise.shapes) - 1 and not self.fresh_noise
            drawn = round.scratch.get(name) if kept else None
            inputs[name] = round.normal(round.size, *shape, purpose=name) if drawn is None else drawn
            if scale >= noise.settled:
                round.scratch[name] = inputs[name]
        return inputs | {"mix": round.put(torch.rand(round.size, generator=round.stream("mix")))}

    def judge(self, loss: AdversarialLoss, networks: Networks, inputs: Tensors) -> Losses:
        """The discriminator's turn. What the settled scales make of the noise, the generator's turns have from here."""
        network, critic, real = generator_of(networks, GENERATOR), networks[DISCRIMINATOR], inputs["real"]
        scratch: Tensors = {}
        with torch.no_grad():
            if network.settled:
                scratch[carried_name(VARIED)] = network.settled_part(noises_of(inputs, VARIED, range(network.settled)))
            fake = made_of(network, {**inputs, **scratch}, VARIED)
        on_real, on_fake = critic(real), critic(fake)
        terms = {"adversarial": loss.discriminator(on_real, on_fake)}
        figures = {"real": shown(loss, on_real), "fake": shown(loss, on_fake), "wins": wins(on_real, on_fake)}
        if self.penalty.active:
            punished = self.penalty.punish(critic, real, fake, inputs["mix"])
            terms["penalty"], figures["slope"] = punished.term, punished.slope
        return Losses(terms, figures, scratch)

    def make(self, loss: AdversarialLoss, networks: Networks, inputs: Tensors) -> Losses:
        """The generator's turn: its variation must convince, and the training picture come out of the anchor."""
        network = generator_of(networks, GENERATOR)
        fake = made_of(network, inputs, VARIED)
        terms = {"adversarial": loss.generator(networks[DISCRIMINATOR](fake))}
        if self.reconstruction:
            again = made_of(network, inputs, ANCHOR)
            terms["reconstruction"] = self.reconstruction * (again - inputs["real"]).square().mean()
        return Losses(terms)


@dataclass(frozen=True)
class Noise:
    """The noise of a stage.

    Attributes:
        shapes: For one picture, at every scale, (channels, height, width).
        settled: Scales whose weights do not move.
    """

    shapes: tuple[tuple[int, int, int], ...]
    settled: int

    @staticmethod
    def of(network: PyramidGenerator) -> Noise:
        """What this network takes."""
        shapes = (network.noise_shape(scale, network.sizes[scale]) for scale in range(network.built))
        return Noise(tuple(shapes), network.settled)


def draw_made(noise: Noise, round: Round) -> Tensors:
    """What the last turn of the discriminator has judged, and the way to the training picture."""
    kept = [carried_name(VARIED), *(noise_name(VARIED, scale) for scale in range(noise.settled, len(noise.shapes)))]
    return {**round.state, **{name: round.scratch[name] for name in kept if name in round.scratch}}


def exhibit(networks: Networks, batches: Mapping[str, Batch], generator: torch.Generator) -> tuple[Tensor, ...]:
    """The training picture at the newest scale, its reconstruction, and variations."""
    network, real = generator_of(networks, GENERATOR), batches["real"].images[:1]
    again = network.reconstruct().clamp(-1, 1)
    picture = resized(real, network.sizes[network.built - 1]).clamp(-1, 1)
    return (picture, again, *torch.split(network.sample(VARIATIONS, generator), 1))


def fidelity(columns: Sequence[Tensor]) -> Tensors:
    """How near the reconstruction comes, in dB of the range [-1, 1], and how much variations differ."""
    picture, again, *variations = columns
    error = (again - picture).square().mean().clamp(min=1e-10)
    return {
        "reconstruction": 10 * torch.log10(4 / error),
        "diversity": torch.cat(variations).std(0, correction=0).mean(),
    }
