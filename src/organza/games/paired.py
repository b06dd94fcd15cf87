"""The game of Isola et al. 2017 (arXiv:1611.07004): each picture is to be made from a given one.

A discriminator judges what was made, beside what it was made from if it is conditional; a term of content holds the
generator to the target itself. One step is a turn of the discriminator, then one of the generator, on the same pictures. Each
turn makes its output anew, so that a generator with dropout is judged with other masks than it learns with.

SRGAN (Ledig et al. 2017, arXiv:1609.04802) and ESRGAN (Wang et al. 2018, arXiv:1809.00219) play it, too: what is given is
the picture itself, made smaller, and a first stage without a discriminator learns its content alone.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from organza.bounds import Rate, Share
from organza.data.degrade import DEGRADATIONS, Degradation, NoDegradation
from organza.errors import UsageError
from organza.games.game import (
    GAMES,
    Before,
    Dims,
    Game,
    Losses,
    Networks,
    Player,
    Round,
    Shape,
    Stage,
    StagePlan,
    Tensors,
    Turn,
)
from organza.games.noise_to_image import shown, wins
from organza.games.optimisers import PlayerOptions
from organza.games.restoring import Ability, abilities_of, draw_pair, exhibit_of, pairs_wanted, refuse_unfit
from organza.games.schedules import SCHEDULES, Constant, Schedule
from organza.games.soundness import refuse_role
from organza.games.translation import translation_by
from organza.losses import LOSSES, AdversarialLoss
from organza.losses.content import ContentLoss, ContentOptions, settle


@GAMES.register("paired")
@dataclass(frozen=True)
class Paired:
    """Options of the game.

    Attributes:
        generator: Player that makes pictures from pictures.
        discriminator: Player that judges them.
        loss: Name in `LOSSES`.
        conditional: Whether the discriminator sees what a picture was made from beside it.
        discriminator_weight: Of the discriminator's loss.
        adversarial: Weight of the generator's adversarial loss.
        content: What holds the generator to the target.
        first: Part of the budget in which the generator learns alone, before anybody judges it; 0: none.
        first_content: What holds it to the target meanwhile.
        ability: What the trained generator is for: translates, deblurs or enlarges.
        own_statistics: Whether the trained generator normalises by the statistics of the picture before it.
        test_dropout: Whether its dropout goes on after the training, the only noise that it has.
        degrade: How inputs are made from the pictures of a source without pairs; its own fields begin with `degrade_`.
        schedule: Of both learning rates, in the stage with a discriminator; before it, they are constant.
    """

    decided: ClassVar[tuple[str, ...]] = tuple(
        f"{content}.{name}" for content in ("content", "first_content") for name in ("perceptual", "perceptual_weight")
    )

    generator: PlayerOptions
    discriminator: PlayerOptions
    loss: str = "non-saturating"
    conditional: bool = True
    discriminator_weight: Rate = 0.5
    adversarial: Rate = 1.0
    content: ContentOptions = field(default_factory=lambda: ContentOptions(pixel="l1", pixel_weight=100.0))
    first: Share = 0.0
    first_content: ContentOptions = field(default_factory=lambda: ContentOptions(pixel="mse", pixel_weight=1.0))
    ability: Ability = "translates"
    own_statistics: bool = False
    test_dropout: bool = False
    degrade: Degradation = field(default_factory=NoDegradation, metadata={"choice": DEGRADATIONS})
    schedule: Schedule = field(default_factory=Constant, metadata={"choice": SCHEDULES})

    def build(self, shape: Shape, images: int) -> Game:
        refuse_role("generator", self.generator.network, "generator from pictures")
        refuse_role("discriminator", self.discriminator.network, "discriminator")
        network = self.generator.network
        if self.conditional and network.scale > 1:
            raise UsageError("a discriminator cannot see a small picture beside a large one: --conditional false")
        if (network.scale > 1) != (self.ability == "enlarges"):
            raise UsageError(f"a generator of scale {network.scale} is no network that {self.ability}")
        alone = round(self.first * images)
        refuse_unfit(
            network,
            self.degrade,
            *(() if self.adversarial else (self.content,)),
            *((self.first_content,) if alone else ()),
        )
        translation = translation_by(
            network, "generator", own_statistics=self.own_statistics, dropout=self.test_dropout
        )
        plans = (
            *((StagePlan("content", partial(self.content_stage, shape, alone)),) if alone else ()),
            StagePlan("main", partial(self.main_stage, shape, images - alone)),
        )
        return Game(
            plans,
            abilities_of(self.ability, translation),
            pairs=pairs_wanted(self.degrade),
            exhibit=exhibit_of(self.degrade, translation),
        )

    def settled(self) -> tuple[Paired, tuple[str, ...]]:
        """The game with what the files of this machine decide, and what to say of it: the network of the perceptual loss."""
        content, notes = settle(self.content)
        first, more = settle(self.first_content)
        return replace(self, content=content, first_content=first), tuple(dict.fromkeys(notes + more))

    def content_stage(self, shape: Shape, budget: int, _before: Before | None) -> Stage:
        """The generator alone."""
        content = ContentLoss(self.first_content)
        return Stage(
            networks={"generator": self.generator.network.build(Dims(shape.sample))},
            players=(Player("generator", ("generator",), self.generator.optimiser),),
            turns=(Turn("generator", "generator", partial(draw_pair, self.degrade), partial(learn_content, content)),),
            averaged=("generator",),
            budget=budget,
        )

    def main_stage(self, shape: Shape, budget: int, before: Before | None) -> Stage:
        """Both networks; the generator goes on as it was, if it has learnt already."""
        channels, *sides = shape.sample
        seen = Dims((2 * channels if self.conditional else channels, sides[0], sides[1]))
        discriminator = self.discriminator.network.build(seen)
        generator = (
            copy.deepcopy(before.networks["generator"]) if before else self.generator.network.build(Dims(shape.sample))
        )
        loss, content = LOSSES[self.loss], ContentLoss(self.content)
        schedule = partial(self.schedule.factor, budget=budget)
        return Stage(
            networks={"generator": generator, "discriminator": discriminator},
            players=(
                Player("discriminator", ("discriminator",), self.discriminator.optimiser, schedule=schedule),
                Player("generator", ("generator",), self.generator.optimiser, schedule=schedule),
            ),
            turns=(
                Turn("discriminator", "discriminator", self.draw, partial(self.judge, loss)),
                Turn("generator", "generator", self.draw, partial(self.deceive, loss, content), fresh=False),
            ),
            averaged=("generator",),
        )

    def draw(self, round: Round) -> Tensors:
        """A batch of pairs, in both turns of a step the same one."""
        known: Tensors = {name: round.scratch[name] for name in ("input", "target") if name in round.scratch}
        return known or draw_pair(self.degrade, round)

    def seen(self, inputs: Tensors, pictures: Tensor) -> Tensor:
        """What the discriminator sees of pictures."""
        return torch.cat([inputs["input"], pictures], 1) if self.conditional else pictures

    def judge(self, loss: AdversarialLoss, networks: Networks, inputs: Tensors) -> Losses:
        """The discriminator's turn."""
        critic, made = networks["discriminator"], networks["generator"](inputs["input"])
        on_real, on_fake = critic(self.seen(inputs, inputs["target"])), critic(self.seen(inputs, made))
        terms = {"adversarial": self.discriminator_weight * loss.discriminator(on_real, on_fake)}
        figures = {"real": shown(loss, on_real), "fake": shown(loss, on_fake), "wins": wins(on_real, on_fake)}
        return Losses(terms, figures, {name: inputs[name] for name in ("input", "target")})

    def deceive(self, loss: AdversarialLoss, content: ContentLoss, networks: Networks, inputs: Tensors) -> Losses:
        """The generator's turn."""
        critic, made = networks["discriminator"], networks["generator"](inputs["input"])
        on_fake = critic(self.seen(inputs, made))
        if loss.needs_real:
            adversarial = loss.generator(on_fake, critic(self.seen(inputs, inputs["target"])))
        else:
            adversarial = loss.generator(on_fake)
        terms = {"adversarial": self.adversarial * adversarial, **content(made, inputs["target"])}
        return Losses(terms, {"fake": shown(loss, on_fake)})


def learn_content(content: ContentLoss, networks: Networks, inputs: Tensors) -> Losses:
    """The turn of a generator that nobody judges yet."""
    return Losses(content(networks["generator"](inputs["input"]), inputs["target"]))
