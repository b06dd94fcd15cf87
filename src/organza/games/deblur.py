"""The games of DeblurGAN (Kupyn et al. 2018, arXiv:1711.07064) and DeblurGAN-v2 (Kupyn et al. 2019, arXiv:1908.03826).

Sharp pictures are to be made from blurred ones. What is conditional in them is the generator and the term of content: the
critics see only the pictures themselves. The first has one critic, trained by WGAN-GP, five turns on the same batch; the
second has two, of patches and of whole pictures, and compares each output with the mean of the last outputs for the other
kind (`organza.losses.history`). One step is the turns of the critics, then one of the generator, on the same pictures.

A generator whose backbone begins with weights that others have trained keeps them as they are in a first stage.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

import torch
from torch import nn

from organza.bounds import Count, Natural, Rate, Share
from organza.data.augment import corrupt
from organza.data.degrade import DEGRADATIONS, Degradation, MotionBlur
from organza.errors import UsageError
from organza.games.game import (
    GAMES,
    Before,
    Dims,
    Game,
    Group,
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
from organza.games.pools import history_mean, push_history
from organza.games.restoring import abilities_of, draw_pair, exhibit_of, mean_of, pairs_wanted, refuse_unfit
from organza.games.schedules import SCHEDULES, Constant, Schedule
from organza.games.soundness import refuse_role
from organza.games.translation import translation_by
from organza.losses import LOSSES, PENALTIES, NoPenalty, Penalty
from organza.losses.content import ContentLoss, ContentOptions, settle
from organza.losses.history import ragan_ls_discriminator, ragan_ls_generator
from organza.networks import NetworkOptions
from organza.networks.fpn import FPNGeneratorOptions, load_backbone, weights_found
from organza.networks.patchgan import PatchGANOptions

POOLED = "relativistic-average-least-squares"  # the loss that a history goes with


@GAMES.register("deblur")
@dataclass(frozen=True)
class Deblur:
    """Options of the game.

    Attributes:
        generator: Player that makes sharp pictures from blurred ones.
        discriminator: Player of all critics.
        full_layers: Layers of a second critic, like the first one but with a wider view; 0: there is none.
        loss: Name in `LOSSES`.
        history: Outputs of the critic, on its last samples, over which the means of the relativistic least-squares loss are
            taken; 0: those of the present batch alone.
        penalty: On the critics' slope; its own fields begin with `penalty_`.
        n_critic: Turns of the critics in a step, on the same batch.
        adversarial: Weight of the generator's adversarial loss; 0: there are no critics.
        content: What holds the generator to the target.
        frozen: Part of the budget at the beginning in which a backbone with trained weights stays as it is.
        own_statistics: Whether the trained generator normalises by the statistics of the picture before it.
        test_dropout: Whether its dropout goes on after the training.
        corrupt: Whether inputs are damaged in one of several ways besides, as DeblurGAN-v2's authors do.
        degrade: How a source of sharp pictures without pairs is blurred; its own fields begin with `degrade_`.
        schedule: Of both learning rates, in each stage anew. The authors' code renews only the generator's when it unfreezes;
            here the critics' optimiser begins anew, too.
    """

    decided: ClassVar[tuple[str, ...]] = ("content.perceptual", "content.perceptual_weight", "generator.weights")

    generator: PlayerOptions
    discriminator: PlayerOptions
    full_layers: Natural = 0
    loss: str = POOLED
    history: Natural = 0
    penalty: Penalty = field(default_factory=NoPenalty, metadata={"choice": PENALTIES})
    n_critic: Count = 1
    adversarial: Rate = 1.0
    content: ContentOptions = field(default_factory=ContentOptions)
    frozen: Share = 0.0
    own_statistics: bool = True
    test_dropout: bool = False
    corrupt: bool = False
    degrade: Degradation = field(default_factory=MotionBlur, metadata={"choice": DEGRADATIONS})
    schedule: Schedule = field(default_factory=Constant, metadata={"choice": SCHEDULES})

    def build(self, shape: Shape, images: int) -> Game:
        refuse_role("generator", self.generator.network, "generator from pictures")
        refuse_role("discriminator", self.discriminator.network, "discriminator")
        network = self.generator.network
        refuse_unfit(network, self.degrade, *(() if self.adversarial else (self.content,)))
        if self.history and self.loss != POOLED:
            raise UsageError(f"a history of outputs goes with the loss {POOLED}, not with {self.loss}: --history 0")
        if self.history and self.n_critic > 1:
            raise UsageError(
                "a history of outputs goes with one turn of the critics in a step: --n_critic 1, or --history 0"
            )
        if self.full_layers and not isinstance(self.discriminator.network, PatchGANOptions):
            raise UsageError("a second critic needs a network that has layers, patchgan: --full_layers 0")
        translation = translation_by(
            network, "generator", own_statistics=self.own_statistics, dropout=self.test_dropout
        )
        trained = network if isinstance(network, FPNGeneratorOptions) and network.weights == "imagenet" else None
        frozen = round(self.frozen * images) if trained else 0
        return Game(
            (
                *((StagePlan("frozen", partial(self.stage, shape, images, frozen)),) if frozen else ()),
                StagePlan("main", partial(self.stage, shape, images - frozen, 0)),
            ),
            abilities_of("deblurs", translation),
            pairs=pairs_wanted(self.degrade),
            exhibit=exhibit_of(self.degrade, translation),
            begin=partial(load_trained, trained) if trained else None,
        )

    def settled(self) -> tuple[Deblur, tuple[str, ...]]:
        """The game with what the files of this machine decide, and what to say of it: which weights it begins with."""
        content, notes = settle(self.content)
        network = self.generator.network
        if isinstance(network, FPNGeneratorOptions):
            if network.weights == "auto":
                network = replace(network, weights="imagenet" if weights_found(network) else "none")
            if network.weights == "none":
                notes += (f"the backbone {network.backbone} begins from scratch: there is no stage with it frozen",)
        return replace(self, generator=replace(self.generator, network=network), content=content), notes

    @property
    def critics(self) -> dict[str, NetworkOptions]:
        """The critics by name."""
        network = self.discriminator.network
        if not self.adversarial:
            return {}
        if not self.full_layers:
            return {"discriminator": network}
        assert isinstance(network, PatchGANOptions)  # or `build` has refused it
        return {"discriminator_patch": network, "discriminator_full": replace(network, layers=self.full_layers)}

    def stage(self, shape: Shape, budget: int, frozen: int, before: Before | None) -> Stage:
        """All networks from scratch or, after the stage with a frozen backbone, as they were."""
        dims = Dims(shape.sample)
        if before:
            networks = {name: copy.deepcopy(network) for name, network in before.networks.items()}
        else:
            networks = {"generator": self.generator.network.build(dims)}
            networks |= {name: critic.build(dims) for name, critic in self.critics.items()}
        schedule = partial(self.schedule.factor, budget=budget)
        state = {name: torch.zeros(self.history) for name in self.histories}
        content = ContentLoss(self.content)
        groups = all_but_the_backbone if frozen else None
        critics = Player("discriminator", tuple(self.critics), self.discriminator.optimiser, schedule=schedule)
        maker = Player("generator", ("generator",), self.generator.optimiser, groups, schedule)
        judging = Turn(
            "discriminator",
            "discriminator",
            self.draw_to_judge,
            self.judge,
            times=lambda _step: self.n_critic,
            fresh=False,
        )
        making = Turn("generator", "generator", self.draw_to_deceive, partial(self.deceive, content), fresh=False)
        return Stage(
            networks=networks,
            players=(critics, maker) if self.critics else (maker,),
            turns=(judging, making) if self.critics else (making,),
            averaged=("generator",),
            budget=frozen or None,
            state=dict(before.state) if before else state,
            remember=lambda state, scratch: {name: scratch[name] for name in state},
        )

    @property
    def histories(self) -> tuple[str, ...]:
        """Names of the histories."""
        return tuple(f"{kind} {name}" for name in self.critics for kind in ("real", "fake")) if self.history else ()

    def draw_pairs(self, round: Round) -> Tensors:
        """A batch of pairs, in all turns of a step the same one."""
        known: Tensors = {name: round.scratch[name] for name in ("input", "target", "fake") if name in round.scratch}
        if known:
            return known
        pair = draw_pair(self.degrade, round)
        return {**pair, "input": corrupt(pair["input"], round.stream("corrupt"))} if self.corrupt else pair

    def draw_to_judge(self, round: Round) -> Tensors:
        """The pairs; the generator's pictures, if they have been made in this step; histories, and where they go on."""
        inputs = self.draw_pairs(round)
        if self.penalty.active:
            inputs["mix"] = round.put(torch.rand(round.size, generator=round.stream("mix")))
        return inputs | self.draw_histories(round)

    def draw_to_deceive(self, round: Round) -> Tensors:
        """The same pairs, and the histories as the critics have left them."""
        return self.draw_pairs(round) | self.draw_histories(round)

    def draw_histories(self, round: Round) -> Tensors:
        """The histories, and how many outputs have gone into each when the critics have had their turn."""
        if not self.history:
            return {}
        kept = {name: round.scratch.get(name, round.state[name]) for name in self.histories}
        return {**kept, "pushed": round.put(torch.tensor((round.step + 1) * round.size))}

    def judge(self, networks: Networks, inputs: Tensors) -> Losses:
        """The critics' turn."""
        loss, real = LOSSES[self.loss], inputs["target"]
        fake = inputs["fake"] if "fake" in inputs else networks["generator"](inputs["input"])
        scratch = {"input": inputs["input"], "target": real, "fake": fake}
        terms, outputs, slopes = Tensors(), [], []
        for name in self.critics:
            critic = networks[name]
            on_real, on_fake = critic(real), critic(fake)
            if self.history:
                means = []
                for kind, output in (("real", on_real), ("fake", on_fake)):
                    scratch[f"{kind} {name}"] = push_history(inputs[f"{kind} {name}"], output.flatten(1).mean(1))
                    means.append(history_mean(scratch[f"{kind} {name}"], inputs["pushed"]))
                term = ragan_ls_discriminator(on_real, on_fake, *means)
            else:
                term = loss.discriminator(on_real, on_fake)
            terms[f"adversarial_{name}"] = term / len(self.critics)
            outputs.append((shown(loss, on_real), shown(loss, on_fake), wins(on_real, on_fake)))
            if self.penalty.active:
                punished = self.penalty.punish(critic, real, fake, inputs["mix"])
                terms[f"penalty_{name}"] = punished.term / len(self.critics)
                slopes.append(punished.slope)
        real_score, fake_score, won = (mean_of(list(values)) for values in zip(*outputs, strict=True))
        figures = {"real": real_score, "fake": fake_score, "wins": won}
        return Losses(terms, figures | ({"slope": mean_of(slopes)} if slopes else {}), scratch)

    def deceive(self, content: ContentLoss, networks: Networks, inputs: Tensors) -> Losses:
        """The generator's turn. Through the means of a history there is no gradient, as in the authors' code."""
        loss, made = LOSSES[self.loss], networks["generator"](inputs["input"])
        terms, figures = Tensors(), []
        for name in self.critics:
            critic = networks[name]
            on_fake = critic(made)
            if self.history:
                means = [history_mean(inputs[f"{kind} {name}"], inputs["pushed"]) for kind in ("real", "fake")]
                term = ragan_ls_generator(critic(inputs["target"]), on_fake, *means)
            elif loss.needs_real:
                term = loss.generator(on_fake, critic(inputs["target"]))
            else:
                term = loss.generator(on_fake)
            terms[f"adversarial_{name}"] = self.adversarial * term / len(self.critics)
            figures.append(shown(loss, on_fake))
        return Losses(terms | content(made, inputs["target"]), {"fake": mean_of(figures)} if figures else {})


def all_but_the_backbone(networks: Networks) -> tuple[Group, ...]:
    """What moves while the backbone is frozen."""
    generator: Any = networks["generator"]
    return (Group(tuple(generator.fpn.parameters())),)


def load_trained(network: FPNGeneratorOptions, networks: Mapping[str, nn.Module]) -> None:
    """Give the backbone the weights that others have trained."""
    generator: Any = networks["generator"]
    load_backbone(generator, network)
