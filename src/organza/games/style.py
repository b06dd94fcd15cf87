"""The games of StyleGAN (Karras et al. 2019, arXiv:1812.04948) and StyleGAN2 (Karras et al. 2020, arXiv:1912.04958).

Noise becomes samples by way of styles. To the game of `noise_to_image` they add

* mixing: some batches take the styles of their last layers from a second latent vector, so that neighbouring layers do not
  come to rely on each other;
* noise: every layer adds fresh noise of its own, for what is left to chance in a picture;
* path lengths: in every n-th step the generator is asked to move its picture by the same distance wherever w is moved;
* growing: the first stages train on small pictures, and each new resolution is faded in (Karras et al. 2018,
  arXiv:1710.10196).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import sqrt
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from organza.bounds import Count, Proportion, Rate, Share
from organza.errors import UsageError
from organza.games.augmenting import Rising
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
    Shape,
    Stage,
    StagePlan,
    Styles,
    Tensors,
    Turn,
)
from organza.games.noise_to_image import NoiseToImage, generate
from organza.games.optimisers import slow_down, slow_memory
from organza.games.schedules import Constant
from organza.losses import AdversarialLoss
from organza.networks import NETWORKS
from organza.networks.style import StyleGenerator, StyleGeneratorOptions

FIRST = 8  # pixels a side at which growing begins
PHASE = 0.024  # of the budget: 600,000 of 25,000,000 images for each fade, and as many for each resolution after it
BATCHES = {8: 8, 16: 4, 32: 2}  # batch at resolutions below the last one, as a multiple of the usual one
RATES = {128: 1.5, 256: 2.0}  # learning rate at a resolution while growing, as a multiple of the usual one ...
LARGEST_RATE = 3.0  # ... and from 512 pixels on
DECAY = 0.01  # share of the newest path lengths in their moving average


class Growing(Protocol):
    """A network that can grow."""

    resolution: int

    def set_fade(self, fade: Tensor) -> None: ...


@GAMES.register("style")
@dataclass(frozen=True)
class Style(NoiseToImage):
    """Options of the game.

    Attributes:
        mixing: Share of the batches with two styles.
        path_length_weight: Of the path-length term; 0: there is none.
        path_length_every: Steps from one turn of that term to the next; it counts so many times, and the generator's optimiser is
            slowed down.
        path_length_shrink: Its batch is so many times smaller.
        growing: Begin with 8x8 pictures and fade the larger resolutions in, one after another.
        growing_batches: Take larger batches while pictures are small: 8, 4 and 2 times as many at 8, 16 and 32 pixels.
        growing_phase: Of the budget, the share that each fade takes, and each resolution after it but the last.
    """

    mixing: Proportion = 0.9
    path_length_weight: Rate = 0.0
    path_length_every: Count = 4
    path_length_shrink: Count = 2
    growing: bool = False
    growing_batches: bool = True
    growing_phase: Share = PHASE

    def build(self, shape: Shape, images: int = 0) -> Game:
        loss = self.checked()
        whole = StagePlan("main", partial(self.stage, shape, images, loss))
        plans = self.growth(shape, images, loss) if self.growing else (whole,)
        return Game(plans, self.abilities(shape, loss), labelled=self.labelled)

    def notes(self, shape: Shape, batch: int) -> tuple[str, ...]:
        """What is decided by the shape of the samples and the batch, for the user: the stages of growing, too."""
        *small, last = (side for side in dict.fromkeys(self.style_network.resolutions(shape.sample)) if side >= FIRST)
        if not self.growing or not small:
            return super().notes(shape, batch)
        return (*super().notes(shape, batch), self.growth_in_words(small, last, batch))

    def growth_in_words(self, small: Sequence[int], last: int, batch: int) -> str:
        """Share of the budget and batch of each resolution: of the small ones, and of the last."""

        def share(phases: int) -> str:
            return f"{100 * phases * self.growing_phase:.3g} %"

        steps = (
            f"{side}x{side} for {share(1 if side == FIRST else 2)} (batch {batch * self.factor(side)})"
            for side in small
        )
        fading = f"{last}x{last} fades in for {share(1)} (batch {batch * self.factor(last)})"
        rest = f"{100 * (1 - 2 * len(small) * self.growing_phase):.3g} %"
        return f"grows over shares of the images: {', '.join([*steps, fading])} and trains for {rest} (batch {batch})"

    def factor(self, resolution: int) -> int:
        """Samples in a batch at this resolution, as a multiple of the usual."""
        return BATCHES.get(resolution, 1) if self.growing_batches else 1

    def checked(self) -> AdversarialLoss:
        loss = super().checked()
        if not isinstance(self.generator.network, StyleGeneratorOptions):
            fitting = ", ".join(
                name for name, options in NETWORKS.items() if issubclass(options, StyleGeneratorOptions)
            )
            raise UsageError(
                f"the game 'style' needs a generator with styles: for --generator.network take one of {fitting}"
            )
        if self.growing:
            for player in ("generator", "discriminator"):
                network = getattr(self, player).network
                if not hasattr(network, "build_growing"):
                    raise UsageError(f"--{player}.network {NETWORKS.name_of(network)} does not grow: --growing false")
            if (
                not isinstance(self.schedule, Constant)
                or isinstance(self.augmentation, Rising)
                or self.instance_noise_images
            ):
                raise UsageError(
                    "a schedule, rising augmentation and falling noise would begin anew at each resolution: take --growing "
                    "false, or --schedule constant, --augmentation adaptive or none, --instance_noise_images 0"
                )
        return loss

    @property
    def style_network(self) -> StyleGeneratorOptions:
        return cast(StyleGeneratorOptions, self.generator.network)

    def abilities(self, shape: Shape, loss: AdversarialLoss) -> Abilities:
        basic = super().abilities(shape, loss)
        network = self.style_network
        styles = Styles(network.resolutions(shape.sample), network.noises(shape.sample), to_w, average_w, from_styles)
        judges = replace(basic.judges, features=seen_features) if basic.judges else None
        return replace(basic, from_noise=FromNoise(self.latent, generate_clipped), styles=styles, judges=judges)

    def stage(self, shape: Shape, budget: int, loss: AdversarialLoss, before: Before | None) -> Stage:
        """The only stage of a game that does not grow."""
        plain = super().stage(shape, budget, loss, before)
        last = shape.sample[1]
        turns = self.turns_at(shape, loss, last, budget)
        return replace(plain, turns=turns, state=self.memory(), remember=self.remember)

    def growth(self, shape: Shape, images: int, loss: AdversarialLoss) -> tuple[StagePlan, ...]:
        """The stages of growing: each resolution, and before each but the first the fade that leads there."""
        last, phase = shape.sample[1], max(1, round(self.growing_phase * images))
        count = 2 * (last.bit_length() - FIRST.bit_length())  # of stages before the last
        if count * self.growing_phase >= 1:
            raise UsageError(
                f"growing to {last}x{last} has {count} stages before the last, each of {self.growing_phase:g} of the budget, "
                f"which leaves nothing for that: take --growing_phase {0.6 / count:.2g}"
            )
        plans: list[StagePlan] = []
        for resolution in sorted(side for side in set(self.style_network.resolutions(shape.sample)) if side >= FIRST):
            if resolution > FIRST:
                build = partial(self.grown, shape, phase, loss, resolution, True, True)
                plans.append(StagePlan(f"to-{resolution}", build))
            ends = resolution < last
            build = partial(self.grown, shape, phase if ends else images - count * phase, loss, resolution, False, ends)
            plans.append(StagePlan(f"at-{resolution}" if ends else "main", build))
        return tuple(plans)

    def grown(
        self,
        shape: Shape,
        budget: int,
        loss: AdversarialLoss,
        resolution: int,
        fading: bool,
        ends: bool,
        before: Before | None,
    ) -> Stage:
        """A stage of growing: networks of the full depth, of which the part up to this resolution is in use."""
        dims = Dims(shape.sample, self.z_dim, shape.classes)
        networks: dict[str, nn.Module] = {}
        for name, player in (("generator", self.generator), ("discriminator", self.discriminator)):
            networks[name] = player.network.build_growing(dims, resolution)  # type: ignore[attr-defined]
            if before is not None:
                networks[name].load_state_dict(before.networks[name].state_dict())
        rate = RATES.get(resolution, LARGEST_RATE if resolution > max(RATES) else 1.0)
        players = tuple(replace(player, schedule=times(rate, player.schedule)) for player in self.players(budget))
        factor = self.factor(resolution) if ends else 1
        # The rule for gamma divides by the batch; it is the usual one that is meant, as the plan says.
        unchanged = factor if getattr(self.penalty, "penalty_weight", None) == "auto" else 1
        turns = tuple(
            replace(
                turn,
                draw=partial(draw_faded, turn.draw, resolution, budget if fading else None, unchanged),
                losses=partial(faded, turn.losses),
            )
            for turn in self.turns_at(shape, loss, resolution, budget)
        )
        return Stage(
            networks=networks,
            players=players,
            turns=turns,
            averaged=("generator",),
            budget=budget if ends else None,
            state=dict(before.state) if before else self.memory(),
            remember=self.remember,
            batch_factor=factor,
        )

    def memory(self) -> Tensors:
        """What the game remembers, at the beginning."""
        return self.augmentation.memory() | ({"path_length": torch.zeros(())} if self.path_length_weight else {})

    def remember(self, state: Tensors, scratch: Tensors) -> Tensors:
        """The memory after a step."""
        state = self.augmentation.remember(state, scratch)
        return state | {name: scratch[name] for name in ("path_length",) if name in scratch}

    def players(self, budget: int) -> tuple[Player, ...]:
        """Both players; the generator, too, is slowed down as much as its additional turns speed it up."""
        every = self.path_length_every if self.path_length_weight else 1
        return tuple(
            replace(player, optimiser=slow_down(player.optimiser, every), memory=slow_memory(player.memory, every))
            if player.name == "generator"
            else player
            for player in super().players(budget)
        )

    def turns_at(self, shape: Shape, loss: AdversarialLoss, resolution: int, budget: int) -> tuple[Turn, ...]:
        """One step on pictures of this resolution."""
        network = self.style_network
        noises = tuple(side for side in network.noises(shape.sample) if side <= resolution)
        styles = len(network.resolutions(shape.sample))
        used = sum(side <= resolution for side in network.resolutions(shape.sample))
        latents = partial(self.draw_styles, noises, styles, used)
        turns = self.turns(loss, latents, budget)
        if not self.path_length_weight:
            return turns
        lengthening = Turn(
            "path-length",
            "generator",
            partial(self.draw_to_measure, latents, shape),
            self.even_out,
            times=lambda step: int(step % self.path_length_every == 0),
            fresh=False,
        )
        return (*turns, lengthening)

    def draw_styles(self, noises: tuple[int, ...], styles: int, used: int, round: Round, count: int = 0) -> Tensors:
        """Latent vectors, noise of each layer, and for some batches a second style for the layers from some layer on.

        Args:
            noises: Pixels a side of each noise input in use.
            styles: Style inputs.
            used: How many of them are in use.
            round: Of the turn.
            count: Samples; 0: as many as a batch has.
        """
        count = count or round.size
        drawn = {"z": round.put(self.latent(round.stream("z"), count))}
        for number, side in enumerate(noises):
            drawn[f"noise {number}"] = round.normal(count, 1, side, side, purpose=f"noise {number}")
        if self.mixing:
            chance = torch.rand((), generator=round.stream("mixing"))
            cut = torch.randint(1, used, (), generator=round.stream("cut"))
            drawn["z of others"] = round.put(self.latent(round.stream("z of others"), count))
            drawn["swapped"] = round.put((torch.arange(styles) >= cut) & (chance < self.mixing))
        return drawn

    def make(self, networks: Networks, inputs: Tensors) -> Tensor:
        other = {"other": inputs["z of others"], "swapped": inputs["swapped"]} if "swapped" in inputs else {}
        samples: Tensor = networks["generator"](inputs["z"], inputs.get("label"), noise=noise_in(inputs), **other)
        return samples

    def draw_to_measure(self, latents: Callable[..., Tensors], shape: Shape, round: Round) -> Tensors:
        """What the path-length term needs: a smaller batch of latent vectors, noise images, and the mean length so far."""
        count = max(1, round.size // self.path_length_shrink)
        inputs = latents(round, count=count) | {"path_length": round.state["path_length"]}
        label = round.labels() if self.labelled else None
        if label is not None:
            inputs["label"] = label[:count]
        return inputs | {"probe": round.normal(count, *shape.sample, purpose="probe")}

    def even_out(self, networks: Networks, inputs: Tensors) -> Losses:
        """The turn of path lengths (Karras et al. 2020, section 3.2): E[(|J^T y| - a)^2], a their mean so far."""
        generator = style_network(networks)
        styles = generator.mixed(inputs["z"], inputs.get("label"), inputs.get("z of others"), inputs.get("swapped"))
        lengths = path_lengths(partial(generator.synthesise, noise=noise_in(inputs)), styles, inputs["probe"])
        mean = inputs["path_length"].lerp(lengths.detach().mean(), DECAY)
        term = (lengths - mean).square().mean() * self.path_length_weight * self.path_length_every
        return Losses({"path_length": term}, {"mean": mean}, {"path_length": mean})


def times(rate: float, schedule: Callable[[int], float]) -> Callable[[int], float]:
    """A schedule whose factors are so many times as large."""
    return lambda clock: rate * schedule(clock)


def path_lengths(synthesise: Callable[[Tensor], Tensor], styles: Tensor, probe: Tensor) -> Tensor:
    """|J^T y| at each sample, the root of the mean over style inputs of its squared length: [B].

    Args:
        synthesise: Styles [B, n, w_dim] -> pictures [B, C, H, W].
        styles: Where; must require a gradient.
        probe: N(0, 1) noise y, as the pictures; it is divided by the root of height times width.
    """
    pictures = synthesise(styles)
    scaled = probe / sqrt(pictures.shape[2] * pictures.shape[3])
    (gradient,) = torch.autograd.grad((pictures * scaled).sum(), styles, create_graph=True)
    return gradient.square().sum(2).mean(1).sqrt()


def style_network(networks: Networks) -> StyleGenerator:
    """The generator."""
    return cast(StyleGenerator, networks["generator"])


def noise_in(inputs: Tensors) -> list[Tensor]:
    """The noise of each layer among a turn's inputs."""
    count = sum(name.startswith("noise ") and name[6:].isdecimal() for name in inputs)
    return [inputs[f"noise {number}"] for number in range(count)]


def draw_faded(
    draw: Callable[[Round], Tensors], resolution: int, span: int | None, factor: int, round: Round
) -> Tensors:
    """What a turn draws, and how far the newest resolution is faded in; real pictures fade in alike.

    Args:
        draw: Of the turn.
        resolution: Pixels a side that this stage reaches.
        span: Images that the fade takes; None: it is over.
        factor: By which the penalty is multiplied.
        round: Of the turn.
    """
    inputs = draw(round)
    if "penalty factor" in inputs:
        inputs["penalty factor"] = inputs["penalty factor"] * factor
    share = 1.0 if span is None else min(round.clock / span, 1.0)
    fade = round.put(torch.tensor(share))
    if span is not None and "real" in inputs:
        pixels = inputs["real"].shape[2] * 2 // resolution
        coarse = functional.avg_pool2d(inputs["real"], pixels)
        inputs["real"] = functional.interpolate(coarse, scale_factor=pixels).lerp(inputs["real"], fade)
    return inputs | {"fade": fade}


def faded(losses: Callable[[Networks, Tensors], Losses], networks: Networks, inputs: Tensors) -> Losses:
    """The losses of a turn, with the newest resolution faded in so far."""
    for network in networks.values():
        cast(Growing, network).set_fade(inputs["fade"])
    return losses(networks, inputs)


def generate_clipped(networks: Networks, z: Tensor, label: Tensor | None = None) -> Tensor:
    """Samples [n, C, H, W] in [-1, 1] from latent vectors, with the generator's own noise."""
    return generate(networks, z, label).clamp(-1, 1)


def to_w(networks: Networks, z: Tensor, label: Tensor | None = None) -> Tensor:
    """The w [n, w_dim] of latent vectors."""
    w: Tensor = style_network(networks).mapping(z, label)
    return w


def average_w(networks: Networks) -> Tensor:
    """The mean of all w, [w_dim]."""
    return style_network(networks).mapping.average


def from_styles(networks: Networks, styles: Tensor, noise: Sequence[Tensor] | None = None) -> Tensor:
    """Samples [n, C, H, W], not clipped, from one w for each style input."""
    return style_network(networks).synthesise(styles, noise)


def seen_features(networks: Networks, samples: Tensor) -> Sequence[Tensor]:
    """What the layers of the discriminator see in samples, the finest first."""
    features: Sequence[Tensor] = networks["discriminator"].features(samples)  # type: ignore[operator]
    return features
