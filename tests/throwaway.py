"""Three small games that ask of the loop what the coming systems will ask, and recipes for them.

* `shared-fake`: the generator's fake of this step is judged through a pool of older ones, as CycleGAN does;
* `growth`: two stages; the second grows out of the first with new optimisers, ages, a fade and a decaying rate;
* `lazy`: a regularising turn with a double backward every third step, with a running mean that it remembers.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn

from organza.games import GAMES, Abilities, Adam, FromNoise, Game, Group, Losses, Player, Stage, StagePlan, Turn
from organza.losses import LOSSES
from organza.recipes import Recipe

LOSS = LOSSES["non-saturating"]
POOL, WIDTH = 16, 12


def perceptron(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, WIDTH), nn.LeakyReLU(0.2), nn.Linear(WIDTH, outputs))


class Points(nn.Module):
    """z [B, 2] -> points [B, 2, 1, 1], through blocks that may grow in number."""

    def __init__(self):
        super().__init__()
        self.head, self.tail = nn.Linear(2, WIDTH), nn.Linear(WIDTH, 2)
        self.blocks = nn.ModuleList([nn.Linear(WIDTH, WIDTH)])
        self.register_buffer("fade", torch.ones(()))

    def forward(self, z):
        features = self.head(z).relu()
        for index, block in enumerate(self.blocks):
            share = self.fade if index == len(self.blocks) - 1 else 1.0
            features = features + share * block(features).relu()
        return self.tail(features)[:, :, None, None]


def judge(networks, points):
    return networks["discriminator"](points.flatten(1))


def normal(generator, count):
    return torch.randn(count, 2, generator=generator)


FROM_NOISE = Abilities(FromNoise(normal, lambda networks, z, label=None: networks["generator"](z)))
PLAYERS = (
    Player("discriminator", ("discriminator",), Adam(1e-3)),
    Player("generator", ("generator",), Adam(1e-3)),
)


def draw_z(round):
    return {"z": round.normal(round.size, 2)}


def draw_real_and_z(round):
    return {"real": round.real().images, "z": round.normal(round.size, 2)}


def judge_fresh(networks, inputs):
    fake = judge(networks, networks["generator"](inputs["z"]))
    return Losses({"adversarial": LOSS.discriminator(judge(networks, inputs["real"]), fake)})


def deceive(networks, inputs):
    fake = networks["generator"](inputs["z"])
    return Losses({"adversarial": LOSS.generator(judge(networks, fake))}, scratch={"fake": fake})


@GAMES.register("shared-fake")
@dataclass(frozen=True)
class SharedFake:
    def build(self, shape, images):
        return Game((StagePlan("main", self.stage),), FROM_NOISE)

    def stage(self, before):
        return Stage(
            {"generator": Points(), "discriminator": perceptron(2, 1)},
            PLAYERS,
            (
                Turn("generator", "generator", draw_z, deceive),
                Turn("discriminator", "discriminator", self.draw_pooled, self.judge_pooled),
                Turn("discriminator-again", "discriminator", self.draw_shared, self.judge_pooled, fresh=False),
            ),
            averaged=("generator",),
            state={"pool": torch.zeros(POOL, 2, 1, 1)},
            remember=lambda state, scratch: {"pool": scratch["pool"]},
        )

    @staticmethod
    def draw_pooled(round):
        # How full the pool is follows from the step: reading it from a tensor would wait for the device.
        fresh, pool, filled = round.scratch["fake"], round.state["pool"].clone(), min(POOL, round.step * round.size)
        generator, judged = round.stream("pool"), []
        for fake in fresh:
            if filled < POOL:
                pool[filled], filled = fake, filled + 1
                judged.append(fake)
            elif torch.rand((), generator=generator) < 0.5:
                index = int(torch.randint(POOL, (), generator=generator))
                judged.append(pool[index].clone())
                pool[index] = fake
            else:
                judged.append(fake)
        round.scratch["pool"] = pool
        return {"real": round.real().images, "fake": torch.stack(judged)}

    @staticmethod
    def draw_shared(round):
        return {"real": round.real().images, "fake": round.scratch["fake"]}

    @staticmethod
    def judge_pooled(networks, inputs):
        real, fake = judge(networks, inputs["real"]), judge(networks, inputs["fake"])
        return Losses({"adversarial": LOSS.discriminator(real, fake)})


@GAMES.register("growth")
@dataclass(frozen=True)
class Growth:
    first: int = 96

    def build(self, shape, images):
        return Game((StagePlan("small", self.small), StagePlan("large", self.large)), FROM_NOISE)

    def small(self, before):
        return self.stage({"generator": Points(), "discriminator": perceptron(2, 1)}, self.first)

    def large(self, before):
        networks = {"generator": Points(), "discriminator": perceptron(2, 1)}
        if before:
            networks = {name: copy.deepcopy(network) for name, network in before.networks.items()}
        networks["generator"].blocks.append(nn.Linear(WIDTH, WIDTH))
        return self.stage(networks, None)

    def stage(self, networks, budget):
        def groups(networks):
            *old, new = networks["generator"].blocks
            rest = (*networks["generator"].head.parameters(), *networks["generator"].tail.parameters())
            aged = [Group(tuple(block.parameters()), 0.1) for block in old]
            return (Group((*new.parameters(), *rest)), *aged)

        players = (
            PLAYERS[0],
            Player("generator", ("generator",), Adam(1e-3), groups, schedule=lambda clock: 1 / (1 + clock / 200)),
        )
        return Stage(
            networks,
            players,
            (
                Turn("discriminator", "discriminator", draw_real_and_z, judge_fresh),
                Turn("generator", "generator", self.draw_fading, self.deceive_fading, constrain=self.settle),
            ),
            averaged=("generator",),
            budget=budget,
        )

    @staticmethod
    def draw_fading(round):
        return {**draw_z(round), "fade": torch.tensor(min(1.0, round.clock / 100))}

    @staticmethod
    def deceive_fading(networks, inputs):
        networks["generator"].fade.copy_(inputs["fade"])
        return deceive(networks, inputs)

    @staticmethod
    def settle(networks):
        for parameter in networks["generator"].tail.parameters():
            parameter.clamp_(-1, 1)


@GAMES.register("lazy")
@dataclass(frozen=True)
class Lazy:
    interval: int = 3

    def build(self, shape, images):
        return Game((StagePlan("main", self.stage),), FROM_NOISE)

    def stage(self, before):
        return Stage(
            {"generator": Points(), "discriminator": perceptron(2, 1)},
            PLAYERS,
            (
                Turn("discriminator", "discriminator", draw_real_and_z, judge_fresh, times=lambda step: 2),
                Turn("generator", "generator", draw_z, deceive),
                Turn(
                    "penalty",
                    "discriminator",
                    lambda round: {"real": round.real().images, "mean": round.state["mean"]},
                    self.penalise,
                    times=lambda step: int(step % self.interval == 0),
                    fresh=False,
                ),
            ),
            averaged=("generator",),
            state={"mean": torch.zeros(())},
            remember=lambda state, scratch: {"mean": scratch.get("mean", state["mean"])},
        )

    @staticmethod
    def penalise(networks, inputs):
        real = inputs["real"].clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(judge(networks, real).sum(), real, create_graph=True)
        norm = slope.flatten(1).norm(dim=1).mean()
        mean = inputs["mean"] + 0.1 * (norm.detach() - inputs["mean"])
        return Losses(
            {"penalty": (norm - mean.detach()).square(), "slope": 0.01 * norm}, {"norm": norm.detach()}, {"mean": mean}
        )


def recipe(name, game, **changes):
    settings = {
        "images": 192,
        "batch": 8,
        "size": 1,
        "channels": 2,
        "ema_half_life": 64,
        "log_every": 24,
        "sample_every": 64,
    }
    return Recipe(name=name, summary="", paper="", cost="", game=game, **(settings | changes))


THROWAWAY = {name: partial(recipe, name, GAMES[name]()) for name in ("shared-fake", "growth", "lazy")}
