"""The game of Benaim et al. 2021 (structural analogy, arXiv:2004.02222): pictures with the structure of A and the looks of B.

Both pictures, A and B, have a pyramid of their own, and at every scale what one generator has made of noise goes through the
other: what comes out must look like a picture of the other domain, and lead back. A may also be many pictures, such as the
frames of a video.

With generators that grow it is the game of document D (the thesis), which keeps features from scale to scale.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import torch
from torch import Tensor

from organza.bounds import Natural, Rate
from organza.errors import UsageError
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
    Translation,
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
from organza.metrics import edge_agreement
from organza.networks.pyramid.colours import ColourTransport, moments_of
from organza.networks.pyramid.generator import PyramidGenerator, resized
from organza.networks.pyramid.sizes import Size

A, B = "a", "b"
OTHER = {A: B, B: A}
GENERATORS, CRITICS = ({side: f"{kind}_{side}" for side in OTHER} for kind in ("generator", "discriminator"))
COLOURS = "colours"
PLAYED = ("generator", "discriminator")  # names of the players, and of their turns
FORGETTING = 0.98  # of the running means of errors, per step
MEASURED = 16  # pictures of each domain whose colours are taken
LEAST = 1e-8  # of an error, so that none at all weighs nothing
BOUND = 3.0  # at most so many times as much as usual counts the side that lags


@GAMES.register("analogy")
@dataclass(frozen=True)
class Analogy(ScaleGame):
    """Options of the game.

    Attributes:
        weight_b: Of the adversarial terms of domain B in the generators' loss; the paper takes 0.1 for sketches.
        cycle: Weight of the mean square between what a generator has made, or without crossed fakes the real picture, and what
            comes back of it from the other domain.
        own_weight: Weight of what each generator makes of noise, as a fake of its own domain.
        crossed_weight: Weight of what becomes of that in the other domain, as a fake there.
        self_weight: Weight of a further fake for each domain, made of the noisy real picture of the other; as for videos.
        content: Weight of the mean square between the edges of a translated real picture and of what it was made from.
        palette: Weight of the square of how far the mean and the covariance of a translated real picture's colours are from
            those of the other domain's picture.
        mapped: How many of the newest scales a picture goes through on its way into the other domain; 0: all of them, where it
            begins as small as pictures are at the coarsest.
        colours: Whether pictures get the colours of the other domain, by the best linear map, before they go through its network.
        balance: How much more the side counts that reconstructs its picture worse: the power to which the ratio of its error to
            the mean of both is raised.
        steady: Of videos that are translated, the weight of the difference between a frame and the one before it along the
            optical flow, against the difference from what the network makes of the frame alone.
    """

    n_critic: int = 1
    n_generator: int = 1
    weight_b: Rate = 1.0
    cycle: Rate = 1.0
    own_weight: Rate = 1.0
    crossed_weight: Rate = 1.0
    self_weight: Rate = 0.0
    content: Rate = 0.0
    palette: Rate = 0.0
    mapped: Natural = 1
    colours: bool = False
    balance: Rate = 0.0
    steady: Rate = 0.0

    def at(self, original: Size, size: int) -> tuple[Analogy, Size, int]:
        """The game for squares, whatever the picture; they are the whole of it: (0, 0) for its sides. And the budget in steps."""
        del original
        game, _, steps = fit_whole(self, (size, size), (size, size))
        return game, (0, 0), steps

    def build(self, shape: Shape, images: int) -> Game:
        loss = self.checked()
        if not self.crossed_weight and not self.self_weight:
            raise UsageError(
                "nothing is led from one picture to the other: --crossed_weight or --self_weight must be above 0"
            )
        for name, held in (("content", "edges"), ("palette", "colours")):
            if getattr(self, name) and not self.self_weight:
                raise UsageError(
                    f"--{name} holds the {held} of translated real pictures, which --self_weight 0 does without"
                )
        return Game(
            scale_plans(self, shape, images, partial(self.stage, shape.sample[0], loss)),
            Abilities(
                translates={
                    side: Translation(partial(self.translate, side), GENERATORS[side], whole=True, steady=self.steady)
                    for side in (B, A)
                },
                pyramids={side: Pyramid(GENERATORS[side]) for side in (A, B)},
            ),
            clock="steps",
            domains=(A, B),
            needs="any",
            exhibit=Exhibit(("A", "A as B", "A again", "B", "B as A", "B again"), self.exhibit, figures=kept_structure),
        )

    @property
    def weights(self) -> dict[str, float]:
        """Of the kinds of fakes."""
        return {"own": self.own_weight, "crossed": self.crossed_weight, "self": self.self_weight}

    def judged(self, fakes: Mapping[str, Tensor]) -> list[tuple[str, Tensor]]:
        """The fakes that critics see, with their kinds."""
        return [(kind, fake) for kind, fake in fakes.items() if self.weights[kind]]

    def start(self, network: PyramidGenerator) -> int:
        """The first scale of the way into the network's domain."""
        return max(0, network.built - self.mapped) if self.mapped else 0

    def into(self, networks: Networks, side: str, pictures: Tensor) -> Tensor:
        """Pictures of the other domain as pictures of this one, at the newest scale."""
        network = generator_of(networks, GENERATORS[side])
        if self.colours:
            pictures = networks[COLOURS](pictures, list(OTHER).index(side))
        return network.repaint(pictures, self.start(network))

    def stage(self, channels: int, loss: AdversarialLoss, scale: Scale, before: Before | None) -> Stage:
        """One scale."""
        networks = {
            name: network
            for side in OTHER
            for name, network in grown_pair(self, channels, scale, before, GENERATORS[side], CRITICS[side]).items()
        }
        if self.colours:
            networks[COLOURS] = copy.deepcopy(before.networks[COLOURS]) if before else ColourTransport(channels)
        schedule = partial(self.schedule.factor, budget=scale.steps)
        generator, discriminator = PLAYED
        shapes = {
            side: [network.noise_shape(index, network.sizes[index]) for index in range(network.built)]
            for side in OTHER
            for network in [generator_of(networks, GENERATORS[side])]
        }
        return Stage(
            networks=networks,
            players=tuple(
                Player(player, tuple(names), options.optimiser, partial(groups_of, tuple(names)), schedule)
                for player, names, options in (
                    (discriminator, CRITICS.values(), self.discriminator),
                    (generator, GENERATORS.values(), self.generator),
                )
            ),
            turns=(
                Turn(
                    discriminator,
                    discriminator,
                    partial(self.draw, scale, shapes),
                    partial(self.judge, loss),
                    lambda step: self.n_critic,
                ),
                Turn(
                    generator,
                    generator,
                    lambda round: {**round.scratch, **round.state},
                    partial(self.make, loss),
                    lambda step: self.n_generator,
                    moves=self.moves,
                ),
            ),
            averaged=(*GENERATORS.values(), *([COLOURS] if self.colours else [])),
            budget=scale.budget,
            state=self.room(networks, channels, scale, before),
            remember=remember,
            open=partial(self.open, scale, before is None),
        )

    def room(self, networks: Networks, channels: int, scale: Scale, before: Before | None) -> Tensors:
        """The memory of a stage before it is opened: pictures to reconstruct, the ways to them, and both sides' errors."""
        state: Tensors = {"errors": torch.zeros(len(OTHER))}
        for side, name in GENERATORS.items():
            kept = f"kept_{side}"
            state[kept] = before.state[kept] if before else torch.zeros(1, channels, *scale.sizes[-1])
            state[f"goal_{side}"] = torch.zeros(1, channels, *scale.size)
            state |= room_for_anchored(generator_of(networks, name), f"anchor_{side}")
        return state

    def open(self, scale: Scale, first: bool, networks: Networks, round: Round) -> Tensors:
        """Colours, anchors, and the amplitudes of the noise."""
        if self.colours:  # at every scale: a training may begin with the weights of another, and with other pictures
            seen = {side: torch.cat([round.real(side).images for _ in range(MEASURED)]) for side in OTHER}
            cast(ColourTransport, networks[COLOURS]).measure(*seen.values())
        state = dict(round.state)
        for side, name in GENERATORS.items():
            kept, network = f"kept_{side}", generator_of(networks, name)
            if first:  # of a video any frame, but the same at all scales: the anchor makes one picture
                state[kept] = round.real(side).images[:1]
            anchor(network, state[kept], scale.index, self.amplitude, round.stream(f"anchor {side}"))
            # At the last scale it is the same picture, and a checkpoint takes no tensor under two names.
            goal = resized(state[kept], scale.size).clone()
            state |= {f"goal_{side}": goal, **anchored(network, f"anchor_{side}")}
        return state

    def draw(self, scale: Scale, shapes: Mapping[str, list[tuple[int, int, int]]], round: Round) -> Tensors:
        """Real pictures of both domains at this scale, and noise; the generators' turn has the same."""
        inputs: Tensors = {}
        for side in OTHER:
            inputs[f"real_{side}"] = resized(round.real(side).images, scale.size)
            for index, shape in enumerate(shapes[side]):
                name = noise_name(side, index)
                inputs[name] = round.normal(round.size, *shape, purpose=name)
            if self.self_weight:
                name = f"disturbance_{side}"
                inputs[name] = round.normal(*inputs[f"real_{side}"].shape, purpose=name)
        round.scratch.update(inputs)
        return inputs | {"mix": round.put(torch.rand(round.size, generator=round.stream("mix")))}

    def made(self, networks: Networks, inputs: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
        """By domain what is generated of it: of noise, of what the other has made of noise, and of the other's real picture."""
        own = {side: made_of(generator_of(networks, name), inputs, side) for side, name in GENERATORS.items()}
        fakes = {}
        for side, other in OTHER.items():
            fakes[side] = {"own": own[side]}
            if self.crossed_weight:
                fakes[side]["crossed"] = self.into(networks, side, own[other])
            if self.self_weight:
                amplitude = generator_of(networks, GENERATORS[other]).amplitude
                disturbed = inputs[f"real_{other}"] + amplitude * inputs[f"disturbance_{other}"]
                fakes[side]["self"] = self.into(networks, side, disturbed)
        return fakes

    def judge(self, loss: AdversarialLoss, networks: Networks, inputs: Tensors) -> Losses:
        """The discriminators' turn."""
        with torch.no_grad():
            carried = {
                carried_name(side): network.settled_part(noises_of(inputs, side, range(network.settled)))
                for side, name in GENERATORS.items()
                for network in [generator_of(networks, name)]
                if network.settled
            }
            fakes = self.made(networks, inputs | carried)
        terms, figures, slopes = dict[str, Tensor](), [], list[Tensor]()
        for side in OTHER:
            critic, real = networks[CRITICS[side]], inputs[f"real_{side}"]
            on_real = critic(real)
            for kind, fake in self.judged(fakes[side]):
                weight = self.weights[kind]
                on_fake = critic(fake)
                terms[f"{kind}_{side}"] = weight * loss.discriminator(on_real, on_fake)
                figures.append((shown(loss, on_real), shown(loss, on_fake), wins(on_real, on_fake)))
                if self.penalty.active:
                    punished = self.penalty.punish(critic, real, fake, inputs["mix"])
                    terms[f"penalty_{kind}_{side}"] = weight * punished.term
                    slopes.append(punished.slope)
        means = [torch.stack(values).mean() for values in zip(*figures, strict=True)]
        seen = dict(zip(("real", "fake", "wins"), means, strict=True))
        if slopes:
            seen["slope"] = torch.stack(slopes).mean()
        return Losses(terms, seen, carried)

    def make(self, loss: AdversarialLoss, networks: Networks, inputs: Tensors) -> Losses:
        """The generators' turn."""
        fakes, terms, errors = self.made(networks, inputs), dict[str, Tensor](), []
        weights = balanced(inputs["errors"], self.balance)
        for number, side in enumerate(OTHER):
            critic, network = networks[CRITICS[side]], generator_of(networks, GENERATORS[side])
            adversarial = weights[number] * (self.weight_b if side == B else 1.0)
            for kind, fake in self.judged(fakes[side]):
                weight = self.weights[kind]
                terms[f"{kind}_{side}"] = adversarial * weight * loss.generator(critic(fake))
            error = (made_of(network, inputs, f"anchor_{side}") - inputs[f"goal_{side}"]).square().mean()
            errors.append(error.detach())
            terms[f"reconstruction_{side}"] = weights[number] * self.reconstruction * error
            translated = fakes[OTHER[side]]
            if self.cycle and "crossed" in translated:
                back = self.into(networks, side, translated["crossed"])
                terms[f"cycle_{side}"] = self.cycle * (back - fakes[side]["own"]).square().mean()
            elif self.cycle and "self" in translated:
                back = self.into(networks, side, translated["self"])
                terms[f"cycle_{side}"] = self.cycle * (back - inputs[f"real_{side}"]).square().mean()
            if self.content and "self" in translated:
                moved = inputs[f"real_{side}"]
                if self.colours:
                    moved = networks[COLOURS](moved, 1 - number)
                terms[f"content_{side}"] = self.content * edge_difference(translated["self"], moved)
            if self.palette and "self" in translated:
                wanted = inputs[f"real_{OTHER[side]}"]
                terms[f"palette_{side}"] = self.palette * palette_difference(translated["self"], wanted)
        return Losses(terms, scratch={"errors": torch.stack(errors)})

    def translate(self, side: str, networks: Networks, pictures: Tensor) -> Tensor:
        """Pictures of any size in the looks of a domain: through the network in the size that it knows, and back to their own."""
        network = generator_of(networks, GENERATORS[side])
        height, width = pictures.shape[2:]
        factor = min(network.sizes[network.built - 1]) / min(height, width)
        size = (max(1, round(height * factor)), max(1, round(width * factor)))
        made = self.into(networks, side, resized(pictures, size))
        return resized(made, (height, width)).clamp(-1, 1)

    def exhibit(
        self, networks: Networks, batches: Mapping[str, Batch], _generator: torch.Generator
    ) -> tuple[Tensor, ...]:
        """Pictures of each domain, what they become in the other, and what comes back."""
        columns: list[Tensor] = []
        rows = max(len(batches[side].images) for side in OTHER)
        for side, other in OTHER.items():
            size = generator_of(networks, GENERATORS[side]).sizes
            built = generator_of(networks, GENERATORS[side]).built
            real = resized(batches[side].images, size[built - 1])
            real = real[torch.arange(rows) % len(real)]
            there = self.into(networks, other, real)
            columns += [each.clamp(-1, 1) for each in (real, there, self.into(networks, side, there))]
        return tuple(columns)


def kept_structure(columns: Sequence[Tensor]) -> Tensors:
    """How well the edges of the pictures agree with those of what they have become in the other domain, on average."""
    a, as_b, _, b, as_a, _ = columns
    return {
        f"structure_{side}": torch.tensor([edge_agreement(*pair) for pair in zip(given, made, strict=True)]).mean()
        for side, given, made in ((A, a, as_b), (B, b, as_a))
    }


def edge_difference(pictures: Tensor, others: Tensor) -> Tensor:
    """The mean square of the difference of neighbouring pixels' differences, over both directions."""
    difference = pictures - others
    return difference.diff(dim=2).square().mean() + difference.diff(dim=3).square().mean()


def palette_difference(pictures: Tensor, others: Tensor) -> Tensor:
    """The square of the distance of the means of their colours, and of their covariances (Frobenius), together."""
    means, covariances = zip(*(moments_of(each) for each in (pictures, others)), strict=True)
    distance: Tensor = (means[0] - means[1]).square().sum() + (covariances[0] - covariances[1]).square().sum()
    return distance


def balanced(errors: Tensor, power: float) -> Tensor:
    """Weights [2] of the two sides, from their errors: the larger, the more; 1 and 1 for a power of 0, or before any error."""
    return ((errors + LEAST) / (errors.mean() + LEAST)).pow(power).clamp(1 / BOUND, BOUND)


def remember(state: Tensors, scratch: Tensors) -> Tensors:
    """The running means of both sides' errors, by which they are balanced; they begin with the first ones."""
    before, now = state["errors"], scratch["errors"]
    return {**state, "errors": torch.where(before == 0, now, FORGETTING * before + (1 - FORGETTING) * now)}
