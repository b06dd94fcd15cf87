"""The game of Zhu et al. 2017 (arXiv:1703.10593): two domains, whose pictures have nothing to do with each other.

Each of two generators makes pictures of one domain from those of the other, and a discriminator for each domain judges
them. What was made must lead back to where it came from; that term alone decides which picture of the other domain goes
with one of this.

One step is a turn of both generators, moved by one optimiser, and then one of both discriminators, moved by another, who
judge through a pool of older pictures (Shrivastava et al. 2017, arXiv:1612.07828).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from organza.bounds import Natural, Rate
from organza.errors import UsageError
from organza.games.game import (
    GAMES,
    Abilities,
    Batch,
    Before,
    Dims,
    Exhibit,
    Game,
    Losses,
    Networks,
    Player,
    Round,
    Shape,
    Stage,
    StagePlan,
    Tensors,
    Translation,
    Turn,
)
from organza.games.noise_to_image import shown, wins
from organza.games.optimisers import PlayerOptions
from organza.games.pools import query_pool
from organza.games.schedules import SCHEDULES, Constant, Schedule
from organza.games.soundness import refuse_role
from organza.games.translation import apply, translation_by
from organza.losses import LOSSES, AdversarialLoss

DOMAINS = ("a", "b")
MAKERS = {"b": "generator_ab", "a": "generator_ba"}  # by the domain that a picture gets into


@GAMES.register("cycle")
@dataclass(frozen=True)
class Cycle:
    """Options of the game.

    Attributes:
        generator: Player of both generators: pictures to pictures of the same size.
        discriminator: Player of both discriminators: pictures to logits.
        loss: Name in `LOSSES`; one that compares real with generated samples compares those of the same domain.
        discriminator_weight: Of the discriminators' loss. The authors halve least squares once; here the loss has that half.
        cycle: Weight of the mean absolute difference between a picture and what comes back from the other domain.
        identity: Weight, as a multiple of `cycle`, of the mean absolute difference between a picture and what the generator
            that leads into its own domain makes of it.
        pool: Pictures in each pool; 0: the discriminators judge the newest ones.
        schedule: Of both learning rates.
    """

    generator: PlayerOptions
    discriminator: PlayerOptions
    loss: str = "least-squares"
    discriminator_weight: Rate = 1.0
    cycle: Rate = 10.0
    identity: Rate = 0.5
    pool: Natural = 50
    schedule: Schedule = field(default_factory=Constant, metadata={"choice": SCHEDULES})

    def build(self, shape: Shape, images: int) -> Game:
        refuse_role("generator", self.generator.network, "generator from pictures")
        refuse_role("discriminator", self.discriminator.network, "discriminator")
        if self.generator.network.scale > 1:
            raise UsageError("two domains have pictures of one size: take a generator of scale 1")
        loss = LOSSES[self.loss]
        translations = {domain: translation_by(self.generator.network, maker) for domain, maker in MAKERS.items()}
        return Game(
            (StagePlan("main", partial(self.stage, shape, images, loss)),),
            Abilities(translates=translations),
            domains=DOMAINS,
            exhibit=Exhibit(("A", "A as B", "A again", "B", "B as A", "B again"), partial(exhibit, translations)),
        )

    def stage(self, shape: Shape, images: int, loss: AdversarialLoss, _before: Before | None) -> Stage:
        """The only stage: all four networks from scratch."""
        dims = Dims(shape.sample)
        schedule = partial(self.schedule.factor, budget=images)
        pools = {f"pool_{domain}": torch.zeros(self.pool, *shape.sample) for domain in DOMAINS} if self.pool else {}
        judges = {f"discriminator_{domain}": self.discriminator.network.build(dims) for domain in DOMAINS}
        return Stage(
            networks={maker: self.generator.network.build(dims) for maker in MAKERS.values()} | judges,
            players=(
                Player("generator", tuple(MAKERS.values()), self.generator.optimiser, schedule=schedule),
                Player("discriminator", tuple(judges), self.discriminator.optimiser, schedule=schedule),
            ),
            turns=(
                Turn("generator", "generator", draw_both, partial(translate_there_and_back, self, loss)),
                Turn("discriminator", "discriminator", self.draw_judged, partial(self.judge, loss), fresh=False),
            ),
            averaged=tuple(MAKERS.values()),
            state=pools,
            remember=lambda state, scratch: {name: scratch[name] for name in state},
        )

    def draw_judged(self, round: Round) -> Tensors:
        """The real pictures of the generators' turn, and generated ones by way of the pools."""
        inputs = draw_both(round)
        for domain in DOMAINS:
            fresh, name = round.scratch[f"fake_{domain}"], f"pool_{domain}"
            inputs[f"fake_{domain}"] = fresh
            if self.pool:  # how full it is follows from the step: reading it from a tensor would wait for the device
                seen = round.step * round.size
                inputs[f"fake_{domain}"], round.scratch[name] = query_pool(
                    round.state[name], seen, fresh, round.stream(name)
                )
        return inputs

    def judge(self, loss: AdversarialLoss, networks: Networks, inputs: Tensors) -> Losses:
        """The discriminators' turn."""
        terms, figures = {}, []
        for domain in DOMAINS:
            critic = networks[f"discriminator_{domain}"]
            on_real, on_fake = critic(inputs[domain]), critic(inputs[f"fake_{domain}"])
            terms[f"adversarial_{domain}"] = self.discriminator_weight * loss.discriminator(on_real, on_fake)
            figures.append((shown(loss, on_real), shown(loss, on_fake), wins(on_real, on_fake)))
        real, fake, won = (torch.stack(values).mean() for values in zip(*figures, strict=True))
        return Losses(terms, {"real": real, "fake": fake, "wins": won})


def draw_both(round: Round) -> Tensors:
    """Real pictures of both domains."""
    return {domain: round.real(domain).images for domain in DOMAINS}


def translate_there_and_back(options: Cycle, loss: AdversarialLoss, networks: Networks, inputs: Tensors) -> Losses:
    """The generators' turn: what they make must convince, lead back, and leave alone what is of their domain already."""
    terms, scratch = {}, {}
    for source, target in (DOMAINS, DOMAINS[::-1]):
        there, back, real = networks[MAKERS[target]], networks[MAKERS[source]], inputs[source]
        fake = there(real)
        critic = networks[f"discriminator_{target}"]
        on_fake = critic(fake)
        if loss.needs_real:
            terms[f"adversarial_{target}"] = loss.generator(on_fake, critic(inputs[target]))
        else:
            terms[f"adversarial_{target}"] = loss.generator(on_fake)
        if options.cycle:
            terms[f"cycle_{source}"] = options.cycle * distance(back(fake), real)
            if options.identity:
                terms[f"identity_{source}"] = options.cycle * options.identity * distance(back(real), real)
        scratch[f"fake_{target}"] = fake
    return Losses(terms, scratch=scratch)


def distance(pictures: Tensor, targets: Tensor) -> Tensor:
    """The mean absolute difference."""
    return (pictures - targets).abs().mean()


def exhibit(
    translations: Mapping[str, Translation],
    networks: Networks,
    batches: Mapping[str, Batch],
    _generator: torch.Generator,
) -> tuple[Tensor, ...]:
    """Pictures of each domain, what they become in the other, and what comes back."""
    columns: list[Tensor] = []
    for source, target in (DOMAINS, DOMAINS[::-1]):
        real = batches[source].images
        fake = apply(translations[target], networks, real)
        columns += [real, fake, apply(translations[source], networks, fake)]
    return tuple(columns)
