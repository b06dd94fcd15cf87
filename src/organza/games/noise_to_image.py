"""The game of Goodfellow et al. 2014 (arXiv:1406.2661): noise becomes samples, and a discriminator judges them.

One step is `n_critic` turns of the discriminator, each with fresh real images and fresh noise, then one turn of the
generator with fresh noise. With networks that take labels it is the game of Mirza and Osindero 2014 (arXiv:1411.1784): a
generated sample gets the label of a real one.

Losses, penalties, regularisers and augmentations combine freely; what makes no sense is refused with the reason
(`soundness.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from organza.bounds import Count, Natural, Rate, Share
from organza.errors import UsageError
from organza.games.augmenting import AUGMENTATIONS, Augmentation, NoAugmentation
from organza.games.clipping import clip_weights, saturated_share
from organza.games.game import (
    GAMES,
    Abilities,
    Before,
    Dims,
    FromNoise,
    Game,
    Judges,
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
from organza.games.optimisers import Adam, PlayerOptions, slow_down, slow_memory
from organza.games.schedules import SCHEDULES, Constant, Schedule
from organza.games.soundness import Combination, refuse_role, refuse_unsound
from organza.losses import LOSSES, PENALTIES, AdversarialLoss, NoPenalty, Penalty
from organza.losses.penalties import AUTOMATIC, automatic

BOOSTED_STEPS, BOOST_EVERY = 25, 500  # generator steps at the beginning, and how often later, of the WGAN authors' code


@GAMES.register("noise-to-image")
@dataclass(frozen=True)
class NoiseToImage:
    """Options of the game.

    Attributes:
        generator: Player that maps z, and a label if it takes one, to samples.
        discriminator: Player that maps samples, and a label if it takes one, to logits.
        loss: Name in `LOSSES`.
        penalty: On the discriminator's slope; its own fields begin with `penalty_`.
        penalty_every: Steps from one penalty to the next, which then counts so many times and has a turn of its own; for it the
            discriminator's optimiser is slowed down ("lazy regularisation", Karras et al. 2020, arXiv:1912.04958, appendix B).
        augmentation: Of all that the discriminator sees; its own fields begin with `augmentation_`.
        schedule: Of both learning rates; its own fields begin with `schedule_`.
        clip: Bound on every weight of the discriminator, kept after each of its turns; 0: none.
        z_dim: Length of the latent vector.
        z_law: Law of its entries: N(0, 1), or uniform on (-1, 1).
        n_critic: Turns of the discriminator for each turn of the generator.
        n_critic_boost: Turns instead of `n_critic` in each of the first 25 steps, and in every 500th; 0: no such steps.
        label_smoothing: How far the target for real samples is below 1, for losses that have such a target.
        instance_noise: Standard deviation of the noise that is added to all that the discriminator sees (Sønderby et al.
            2017, arXiv:1610.04490); it falls to 0 in a straight line.
        instance_noise_images: Images after which there is none left; 0: it never falls.
        allow_unsound: Let combinations through that make no sense, for experiments that show why.
    """

    generator: PlayerOptions
    discriminator: PlayerOptions
    loss: str = "non-saturating"
    penalty: Penalty = field(default_factory=NoPenalty, metadata={"choice": PENALTIES})
    penalty_every: Count = 1
    augmentation: Augmentation = field(default_factory=NoAugmentation, metadata={"choice": AUGMENTATIONS})
    schedule: Schedule = field(default_factory=Constant, metadata={"choice": SCHEDULES})
    clip: Rate = 0.0
    z_dim: Count = 100
    z_law: Literal["normal", "uniform"] = "normal"
    n_critic: Count = 1
    n_critic_boost: Natural = 0
    label_smoothing: Share = 0.0
    instance_noise: Rate = 0.0
    instance_noise_images: Natural = 0
    allow_unsound: bool = False

    @property
    def labelled(self) -> bool:
        """Whether the networks take labels."""
        return self.generator.network.conditional or self.discriminator.network.conditional

    def build(self, shape: Shape, images: int = 0) -> Game:
        loss = self.checked()
        plan = StagePlan("main", partial(self.stage, shape, images, loss))
        return Game((plan,), self.abilities(shape, loss), labelled=self.labelled)

    def notes(self, shape: Shape, batch: int) -> tuple[str, ...]:
        """What is decided by the shape of the samples and the batch, for the user."""
        _, height, width = shape.sample
        if getattr(self.penalty, "penalty_weight", None) != "auto":
            return ()
        gamma = automatic((batch, *shape.sample))
        return (
            f"gamma, the weight of the penalty, is {gamma:.3g} ({AUTOMATIC} x {width}x{height} pixels / {batch} samples): "
            "--penalty_weight sets another",
        )

    def checked(self) -> AdversarialLoss:
        """The loss, if all that the recipe combines goes together.

        Raises:
            UsageError: It does not.
        """
        refuse_role("generator", self.generator.network, "generator from noise")
        refuse_role("discriminator", self.discriminator.network, "discriminator")
        loss = LOSSES[self.loss]
        if not self.allow_unsound:
            refuse_unsound(
                Combination(
                    self.loss,
                    loss,
                    self.penalty,
                    self.augmentation,
                    self.clip,
                    self.label_smoothing,
                    self.generator.network,
                    self.discriminator.network,
                )
            )
        adams = isinstance(self.generator.optimiser, Adam) and isinstance(self.discriminator.optimiser, Adam)
        if self.schedule.memory(0, 1) is not None and not adams:
            raise UsageError(
                "--schedule burn-in moves Adam's second beta: take --generator.optimiser adam and --discriminator.optimiser adam"
            )
        return loss

    def abilities(self, shape: Shape, loss: AdversarialLoss) -> Abilities:  # noqa: ARG002 (others have some by the shape)
        """What the trained networks can do."""
        smoothing = self.label_smoothing if loss.smoothed else 0.0
        judges = Judges(
            judge_samples,
            log_odds=loss.log_odds,
            draw=loss.draw,
            least=binary_entropy(smoothing),
            signed=loss.signed,
            augmented=self.augmentation.strongest,
        )
        return Abilities(FromNoise(self.latent, generate), judges=judges)

    def stage(self, shape: Shape, budget: int, loss: AdversarialLoss, _before: Before | None) -> Stage:
        """The only stage: both networks from scratch."""
        dims = Dims(shape.sample, self.z_dim, shape.classes)
        networks = {
            "generator": self.generator.network.build(dims),
            "discriminator": self.discriminator.network.build(dims),
        }
        return Stage(
            networks,
            self.players(budget),
            self.turns(loss, self.draw_latent, budget),
            ("generator",),
            state=self.augmentation.memory(),
            remember=self.augmentation.remember,
        )

    @property
    def lazy(self) -> bool:
        """Whether the penalty has turns of its own."""
        return self.penalty.active and self.penalty_every > 1

    def players(self, budget: int) -> tuple[Player, ...]:
        """Both players; the discriminator is slowed down as much as its penalty's own turns speed it up."""
        every = self.penalty_every if self.lazy else 1
        schedule, memory = partial(self.schedule.factor, budget=budget), partial(self.schedule.memory, budget=budget)
        slowed = slow_down(self.discriminator.optimiser, every)
        return (
            Player("discriminator", ("discriminator",), slowed, None, schedule, slow_memory(memory, every)),
            Player("generator", ("generator",), self.generator.optimiser, None, schedule, memory),
        )

    def turns(self, loss: AdversarialLoss, latents: Callable[[Round], Tensors], budget: int) -> tuple[Turn, ...]:
        """One step.

        Args:
            loss: That both minimise.
            latents: Draws what the generator makes the samples of one turn from, without labels.
            budget: Images of the stage.
        """
        constrain = partial(clip_weights, self.clip) if self.clip else None
        judging = Turn(
            "discriminator",
            "discriminator",
            partial(self.draw_to_judge, latents, budget),
            partial(judge, self, loss),
            times=self.critic_turns,
            constrain=constrain,
        )
        punishing = Turn(
            "penalty",
            "discriminator",
            partial(self.draw_to_judge, latents, budget),
            partial(punish, self),
            times=lambda step: int(step % self.penalty_every == 0),
            fresh=False,
            constrain=constrain,
        )
        deceiving = Turn(
            "generator",
            "generator",
            partial(self.draw_to_deceive, loss.needs_real, latents, budget),
            partial(deceive, self, loss),
            fresh=False,
        )
        return (judging, *([punishing] if self.lazy else []), deceiving)

    def critic_turns(self, step: int) -> int:
        """How often the discriminator moves in this step."""
        boosted = self.n_critic_boost and (step < BOOSTED_STEPS or step % BOOST_EVERY == 0)
        return self.n_critic_boost if boosted else self.n_critic

    def latent(self, generator: torch.Generator, count: int) -> Tensor:
        """Latent vectors [count, z_dim]."""
        if self.z_law == "uniform":
            return torch.rand(count, self.z_dim, generator=generator, device=generator.device) * 2 - 1
        return torch.randn(count, self.z_dim, generator=generator, device=generator.device)

    def draw_to_judge(self, latents: Callable[[Round], Tensors], budget: int, round: Round) -> Tensors:
        """Real samples, latent vectors, and what penalty and noise need."""
        batch = round.real()
        inputs = {"real": batch.images, **latents(round)}
        if self.labelled and batch.labels is not None:
            inputs["label"] = batch.labels
        if self.penalty.active:
            inputs["mix"] = round.put(torch.rand(round.size, generator=round.stream("mix")))
            inputs["penalty factor"] = round.put(torch.tensor(self.schedule.penalty(round.clock, budget)))
        inputs |= self.augmentation.draw(round, ("real", "fake"), budget)
        return inputs | self.draw_noise(round, batch.images, ("noise on real", "noise on fake"))

    def draw_to_deceive(
        self, needs_real: bool, latents: Callable[[Round], Tensors], budget: int, round: Round
    ) -> Tensors:
        """Latent vectors and labels; the real samples of the discriminator's last turn if the loss looks at them."""
        inputs = latents(round)
        batch = round.real() if needs_real or self.instance_noise else None
        if needs_real and batch is not None:
            inputs["real"] = batch.images
        label = (batch.labels if needs_real and batch else round.labels()) if self.labelled else None
        if label is not None:
            inputs["label"] = label
        inputs |= self.augmentation.draw(round, ("real", "fake") if needs_real else ("fake",), budget)
        if batch is not None:
            names = ("noise on real", "noise on fake") if needs_real else ("noise on fake",)
            inputs |= self.draw_noise(round, batch.images, names)
        return inputs

    def draw_latent(self, round: Round) -> Tensors:
        """What the generator makes the samples of one turn from, without labels."""
        return {"z": round.put(self.latent(round.stream("z"), round.size))}

    def make(self, networks: Networks, inputs: Tensors) -> Tensor:
        """The samples of one turn."""
        return call(networks["generator"], inputs["z"], inputs.get("label"))

    def critic(self, networks: Networks, inputs: Tensors, kind: str) -> Callable[[Tensor], Tensor]:
        """What the discriminator says to samples of one kind, real or fake, as it sees them: noisy and augmented."""

        def judged(samples: Tensor) -> Tensor:
            seen = noisy(samples, inputs.get(f"noise on {kind}"))
            return call(networks["discriminator"], self.augmentation.apply(seen, inputs, kind), inputs.get("label"))

        return judged

    def draw_noise(self, round: Round, like: Tensor, names: tuple[str, ...]) -> Tensors:
        """Instance noise of the present strength by name; nothing when there is none (any more)."""
        left = 1 - round.clock / self.instance_noise_images if self.instance_noise_images else 1.0
        sigma = self.instance_noise * max(left, 0.0)
        return {name: sigma * round.normal(*like.shape, purpose=name) for name in names} if sigma else {}


def judge(options: NoiseToImage, loss: AdversarialLoss, networks: Networks, inputs: Tensors) -> Losses:
    """The discriminator's turn. Real and generated samples go through it apart, as its batch statistics demand."""
    real, fake, critic = to_be_judged(options, networks, inputs)
    on_real, on_fake = critic(real), critic(fake)
    if options.label_smoothing and loss.smoothed:
        terms = {"adversarial": loss.smoothed(on_real, on_fake, 1 - options.label_smoothing)}
    else:
        terms = {"adversarial": loss.discriminator(on_real, on_fake)}
    figures = {"real": shown(loss, on_real), "fake": shown(loss, on_fake), "wins": wins(on_real, on_fake)}
    if options.penalty.active and not options.lazy:
        punished = options.penalty.punish(critic, real, fake, inputs["mix"])
        terms["penalty"], figures["slope"] = punished.term * inputs["penalty factor"], punished.slope
    if options.clip:
        figures["saturated"] = saturated_share(networks["discriminator"], options.clip)
    figures |= options.augmentation.figures(inputs, on_real)
    return Losses(terms, figures, options.augmentation.noticed(on_real))


def punish(options: NoiseToImage, networks: Networks, inputs: Tensors) -> Losses:
    """The turn of a penalty that comes in every n-th step only, and counts n times."""
    real, fake, critic = to_be_judged(options, networks, inputs, all(at == "real" for at in options.penalty.looks_at))
    punished = options.penalty.punish(critic, real, fake, inputs["mix"])
    term = punished.term * inputs["penalty factor"] * options.penalty_every
    return Losses({"penalty": term}, {"slope": punished.slope})


def to_be_judged(
    options: NoiseToImage, networks: Networks, inputs: Tensors, real_alone: bool = False
) -> tuple[Tensor, Tensor, Callable[[Tensor], Tensor]]:
    """Real and generated samples, and a critic that remembers what it has said to them.

    A penalty on the slope at these very samples so needs no second pass; that between them is as of the real ones.

    Args:
        options: Of the game.
        networks: By name.
        inputs: Of the turn.
        real_alone: Whether nobody looks at generated samples: none are made, and the real ones stand for them.
    """
    looks_at = options.penalty.looks_at if options.penalty.active else ()
    real = inputs["real"].detach()
    real.requires_grad_("real" in looks_at)
    fake = real if real_alone else options.make(networks, inputs).detach().requires_grad_("fake" in looks_at)
    said: list[tuple[Tensor, Tensor]] = []

    def critic(samples: Tensor) -> Tensor:
        for known, outputs in said:
            if samples is known:
                return outputs
        kind = "fake" if samples is fake and not real_alone else "real"
        said.append((samples, options.critic(networks, inputs, kind)(samples)))
        return said[-1][1]

    return real, fake, critic


def deceive(options: NoiseToImage, loss: AdversarialLoss, networks: Networks, inputs: Tensors) -> Losses:
    """The generator's turn. Relativistic losses judge the real samples anew, because the discriminator has moved."""
    fake = options.critic(networks, inputs, "fake")(options.make(networks, inputs))
    if not loss.needs_real:
        return Losses({"adversarial": loss.generator(fake)}, {"fake": shown(loss, fake)})
    real = options.critic(networks, inputs, "real")(inputs["real"])
    return Losses({"adversarial": loss.generator(fake, real)}, {"fake": shown(loss, fake)})


def call(network: nn.Module, values: Tensor, label: Tensor | None) -> Tensor:
    """The network on these values, with the label if there is one."""
    output: Tensor = network(values) if label is None else network(values, label)
    return output


def noisy(samples: Tensor, noise: Tensor | None) -> Tensor:
    """Samples with their instance noise."""
    return samples if noise is None else samples + noise


def shown(loss: AdversarialLoss, outputs: Tensor) -> Tensor:
    """The mean of the outputs for people: as probabilities where they are log-odds, as they are elsewhere."""
    outputs = outputs.detach()
    return (outputs.sigmoid() if loss.log_odds else outputs).mean()


def binary_entropy(share: float) -> float:
    """-p ln p - (1 - p) ln(1 - p): what cross-entropy is at least where the target is p."""
    return -sum(part * math.log(part) for part in (share, 1 - share) if part)


def wins(on_real: Tensor, on_fake: Tensor) -> Tensor:
    """How often a real sample scores above a generated one: 1/2 where the discriminator can tell nothing."""
    return (on_real.detach() > on_fake.detach()).float().mean()


def generate(networks: Networks, z: Tensor, label: Tensor | None = None) -> Tensor:
    """Samples [n, C, H, W] in [-1, 1] from latent vectors, and labels where the generator takes them."""
    return call(networks["generator"], z, label)


def judge_samples(networks: Networks, samples: Tensor, label: Tensor | None = None) -> Tensor:
    """What the discriminator says to samples [n, C, H, W], and labels where it takes them: outputs [n]."""
    return call(networks["discriminator"], samples, label).flatten()
