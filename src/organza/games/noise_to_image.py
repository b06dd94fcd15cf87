"""The game of Goodfellow et al. 2014 (arXiv:1406.2661): noise becomes samples, and a discriminator judges them.

One step is `n_critic` turns of the discriminator, each with fresh real images and fresh noise, then one turn of the
generator with fresh noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from organza.bounds import Count
from organza.games.game import (
    GAMES,
    Abilities,
    Before,
    Dims,
    FromNoise,
    Game,
    Losses,
    Networks,
    Player,
    Round,
    Stage,
    StagePlan,
    Tensors,
    Turn,
)
from organza.games.optimisers import PlayerOptions
from organza.losses import LOSSES, AdversarialLoss


@GAMES.register("noise-to-image")
@dataclass(frozen=True)
class NoiseToImage:
    """Options of the game.

    Attributes:
        generator: Player that maps z to samples.
        discriminator: Player that maps samples to logits.
        loss: Name in `LOSSES`.
        z_dim: Length of the latent vector.
        z_law: Law of its entries: N(0, 1), or uniform on (-1, 1).
        n_critic: Turns of the discriminator for each turn of the generator.
    """

    generator: PlayerOptions
    discriminator: PlayerOptions
    loss: str = "non-saturating"
    z_dim: Count = 100
    z_law: Literal["normal", "uniform"] = "normal"
    n_critic: Count = 1

    def build(self, sample: tuple[int, int, int]) -> Game:
        return Game((StagePlan("main", partial(self.stage, sample)),), Abilities(FromNoise(self.latent, generate)))

    def stage(self, sample: tuple[int, int, int], _before: Before | None) -> Stage:
        """The only stage: both networks from scratch."""
        dims, loss = Dims(sample, self.z_dim), LOSSES[self.loss]
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
                    lambda round: {"real": round.real().images, "z": self.draw_latent(round)},
                    partial(judge, loss),
                    times=lambda _step: self.n_critic,
                ),
                Turn("generator", "generator", lambda round: {"z": self.draw_latent(round)}, partial(deceive, loss)),
            ),
            averaged=("generator",),
        )

    def latent(self, generator: torch.Generator, count: int) -> Tensor:
        """Latent vectors [count, z_dim]."""
        if self.z_law == "uniform":
            return torch.rand(count, self.z_dim, generator=generator, device=generator.device) * 2 - 1
        return torch.randn(count, self.z_dim, generator=generator, device=generator.device)

    def draw_latent(self, round: Round) -> Tensor:
        """Latent vectors of one turn."""
        return round.put(self.latent(round.stream("z"), round.size))


def judge(loss: AdversarialLoss, networks: Networks, inputs: Tensors) -> Losses:
    """The discriminator's turn. Real and generated samples go through it apart, as its batch statistics demand."""
    real = networks["discriminator"](inputs["real"])
    fake = networks["discriminator"](networks["generator"](inputs["z"]))
    return Losses(
        {"adversarial": loss.discriminator(real, fake)},
        {"real": real.detach().sigmoid().mean(), "fake": fake.detach().sigmoid().mean()},
    )


def deceive(loss: AdversarialLoss, networks: Networks, inputs: Tensors) -> Losses:
    """The generator's turn."""
    fake = networks["discriminator"](networks["generator"](inputs["z"]))
    return Losses({"adversarial": loss.generator(fake)}, {"fake": fake.detach().sigmoid().mean()})


def generate(networks: Networks, z: Tensor) -> Tensor:
    """Samples [n, C, H, W] in [-1, 1] from latent vectors."""
    samples: Tensor = networks["generator"](z)
    return samples
