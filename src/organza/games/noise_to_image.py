"""The game of Goodfellow et al. 2014 (arXiv:1406.2661): noise becomes samples, and a discriminator judges them.

One step is `n_critic` turns of the discriminator, each with fresh real images and fresh noise, then one turn of the
generator with fresh noise. With networks that take labels it is the game of Mirza and Osindero 2014 (arXiv:1411.1784): a
generated sample gets the label of a real one.

Losses, penalties and regularisers combine freely; what makes no sense is refused with the reason (`soundness.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from organza.bounds import Count, Natural, Rate, Share
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
from organza.games.optimisers import PlayerOptions
from organza.games.soundness import Combination, refuse_role, refuse_unsound
from organza.losses import LOSSES, PENALTIES, AdversarialLoss, NoPenalty, Penalty

BOOSTED_STEPS, BOOST_EVERY = 25, 500  # generator steps at the beginning, and how often later, of the WGAN authors' code
SATURATED = 0.99  # of the clip bound: weights beyond it count as stuck there


@GAMES.register("noise-to-image")
@dataclass(frozen=True)
class NoiseToImage:
    """Options of the game.

    Attributes:
        generator: Player that maps z, and a label if it takes one, to samples.
        discriminator: Player that maps samples, and a label if it takes one, to logits.
        loss: Name in `LOSSES`.
        penalty: On the discriminator's slope; its own fields begin with `penalty_`.
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

    def build(self, shape: Shape, images: int = 0) -> Game:  # noqa: ARG002 (nothing in it depends on the budget)
        refuse_role("generator", self.generator.network, "generator from noise")
        refuse_role("discriminator", self.discriminator.network, "discriminator")
        loss = LOSSES[self.loss]
        if not self.allow_unsound:
            refuse_unsound(
                Combination(
                    self.loss,
                    loss,
                    self.penalty,
                    self.clip,
                    self.label_smoothing,
                    self.generator.network,
                    self.discriminator.network,
                )
            )
        plan = StagePlan("main", partial(self.stage, shape, loss))
        smoothing = self.label_smoothing if loss.smoothed else 0.0
        judges = Judges(judge_samples, log_odds=loss.log_odds, draw=loss.draw, least=binary_entropy(smoothing))
        return Game((plan,), Abilities(FromNoise(self.latent, generate), judges), labelled=self.labelled)

    def stage(self, shape: Shape, loss: AdversarialLoss, _before: Before | None) -> Stage:
        """The only stage: both networks from scratch."""
        dims = Dims(shape.sample, self.z_dim, shape.classes)
        return Stage(
            networks={
                "generator": self.generator.network.build(dims),
                "discriminator": self.discriminator.network.build(dims),
            },
            players=(
                Player("discriminator", ("discriminator",), self.discriminator.optimiser),
                Player("generator", ("generator",), self.generator.optimiser),
            ),
            turns=(
                Turn(
                    "discriminator",
                    "discriminator",
                    self.draw_to_judge,
                    partial(judge, self, loss),
                    times=self.critic_turns,
                    constrain=partial(clip_weights, self.clip) if self.clip else None,
                ),
                Turn(
                    "generator",
                    "generator",
                    partial(self.draw_to_deceive, loss.needs_real),
                    partial(deceive, loss),
                    fresh=False,
                ),
            ),
            averaged=("generator",),
        )

    def critic_turns(self, step: int) -> int:
        """How often the discriminator moves in this step."""
        boosted = self.n_critic_boost and (step < BOOSTED_STEPS or step % BOOST_EVERY == 0)
        return self.n_critic_boost if boosted else self.n_critic

    def latent(self, generator: torch.Generator, count: int) -> Tensor:
        """Latent vectors [count, z_dim]."""
        if self.z_law == "uniform":
            return torch.rand(count, self.z_dim, generator=generator, device=generator.device) * 2 - 1
        return torch.randn(count, self.z_dim, generator=generator, device=generator.device)

    def draw_to_judge(self, round: Round) -> Tensors:
        """Real samples, latent vectors, and what penalty and noise need."""
        batch = round.real()
        inputs = {"real": batch.images, "z": self.draw_latent(round)}
        if self.labelled and batch.labels is not None:
            inputs["label"] = batch.labels
        if self.penalty.active:
            inputs["mix"] = round.put(torch.rand(round.size, generator=round.stream("mix")))
        return inputs | self.draw_noise(round, batch.images, ("noise on real", "noise on fake"))

    def draw_to_deceive(self, needs_real: bool, round: Round) -> Tensors:
        """Latent vectors and labels; the real samples of the discriminator's last turn if the loss looks at them."""
        inputs = {"z": self.draw_latent(round)}
        batch = round.real() if needs_real or self.instance_noise else None
        if needs_real and batch is not None:
            inputs["real"] = batch.images
        label = (batch.labels if needs_real and batch else round.labels()) if self.labelled else None
        if label is not None:
            inputs["label"] = label
        if batch is not None:
            names = ("noise on real", "noise on fake") if needs_real else ("noise on fake",)
            inputs |= self.draw_noise(round, batch.images, names)
        return inputs

    def draw_latent(self, round: Round) -> Tensor:
        """Latent vectors of one turn."""
        return round.put(self.latent(round.stream("z"), round.size))

    def draw_noise(self, round: Round, like: Tensor, names: tuple[str, ...]) -> Tensors:
        """Instance noise of the present strength by name; nothing when there is none (any more)."""
        left = 1 - round.clock / self.instance_noise_images if self.instance_noise_images else 1.0
        sigma = self.instance_noise * max(left, 0.0)
        return {name: sigma * round.normal(*like.shape, purpose=name) for name in names} if sigma else {}


def judge(options: NoiseToImage, loss: AdversarialLoss, networks: Networks, inputs: Tensors) -> Losses:
    """The discriminator's turn. Real and generated samples go through it apart, as its batch statistics demand."""
    label = inputs.get("label")
    real, fake = inputs["real"], call(networks["generator"], inputs["z"], label)
    real, fake = (noisy(samples, inputs.get(f"noise on {name}")) for samples, name in ((real, "real"), (fake, "fake")))

    def critic(samples: Tensor) -> Tensor:
        return call(networks["discriminator"], samples, label)

    on_real, on_fake = critic(real), critic(fake)
    if options.label_smoothing and loss.smoothed:
        terms = {"adversarial": loss.smoothed(on_real, on_fake, 1 - options.label_smoothing)}
    else:
        terms = {"adversarial": loss.discriminator(on_real, on_fake)}
    figures = {"real": shown(loss, on_real), "fake": shown(loss, on_fake), "wins": wins(on_real, on_fake)}
    if options.penalty.active:
        punished = options.penalty.punish(critic, real, fake.detach(), inputs["mix"])
        terms["penalty"], figures["slope"] = punished.term, punished.slope
    if options.clip:
        figures["saturated"] = saturated_share(networks["discriminator"], options.clip)
    return Losses(terms, figures)


def deceive(loss: AdversarialLoss, networks: Networks, inputs: Tensors) -> Losses:
    """The generator's turn. Relativistic losses judge the real samples anew, because the discriminator has moved."""
    label = inputs.get("label")
    samples = noisy(call(networks["generator"], inputs["z"], label), inputs.get("noise on fake"))
    fake = call(networks["discriminator"], samples, label)
    if not loss.needs_real:
        return Losses({"adversarial": loss.generator(fake)}, {"fake": shown(loss, fake)})
    real = call(networks["discriminator"], noisy(inputs["real"], inputs.get("noise on real")), label)
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


def clip_weights(bound: float, networks: Networks) -> None:
    """Put every weight of the critic back into [-bound, bound] (Arjovsky et al. 2017, arXiv:1701.07875, algorithm 1).

    After the critic's move, so that no weight is ever beyond the bound when the generator looks.
    """
    weights: list[Tensor] = list(networks["discriminator"].parameters())
    torch._foreach_clamp_min_(weights, -bound)
    torch._foreach_clamp_max_(weights, bound)


def saturated_share(critic: nn.Module, bound: float) -> Tensor:
    """Share of the weights at the bound, within 1 %."""
    weights = torch.cat([weight.detach().flatten() for weight in critic.parameters()])
    return (weights.abs() > SATURATED * bound).float().mean()


def generate(networks: Networks, z: Tensor, label: Tensor | None = None) -> Tensor:
    """Samples [n, C, H, W] in [-1, 1] from latent vectors, and labels where the generator takes them."""
    return call(networks["generator"], z, label)


def judge_samples(networks: Networks, samples: Tensor, label: Tensor | None = None) -> Tensor:
    """What the discriminator says to samples [n, C, H, W], and labels where it takes them: outputs [n]."""
    return call(networks["discriminator"], samples, label).flatten()
