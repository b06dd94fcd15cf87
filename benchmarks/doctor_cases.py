"""Trainings that fail in a known way, and trainings that do not: what the doctor is tried on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from organza.data.batches import Order
from organza.recipes import RECIPES
from organza.training.session import Session

Spoil = Callable[[Session, Tensor, int], None]
"""(session, labels of the data [n], budget): breaks something, before the first step."""


@dataclass(frozen=True)
class Case:
    """One training.

    Attributes:
        name: Of what is wrong.
        expected: The verdict that is right.
        data: Source.
        recipe: Name of the recipe.
        fields: What is changed of it.
        images: Budget.
        spoil: What is broken besides.
        kept_out: Whether no threshold was set with it.
        samples: Of the data that there are, those held out included; 0: all.
    """

    name: str
    expected: str
    data: str
    recipe: str
    images: int
    fields: dict[str, Any] = field(default_factory=dict)
    spoil: Spoil | None = None
    kept_out: bool = False
    samples: int = 0

    @property
    def key(self) -> str:
        return f"{self.recipe}/{self.name}"


def seen_only(keep: Callable[[Tensor, Tensor], Tensor]) -> Spoil:
    """Train on a part of the data alone; `keep` tells its indices from labels and a random order."""

    def spoil(session: Session, labels: Tensor, budget: int) -> None:
        order = session.batches["real"].order
        shuffled = order.members[torch.randperm(len(order.members), generator=torch.Generator().manual_seed(0))]
        order.members = keep(labels, shuffled)
        order.count = len(order.members)

    return spoil


def classes(*kept: int) -> Spoil:
    """Train on these classes alone."""
    return seen_only(lambda labels, shuffled: shuffled[torch.isin(labels[shuffled], torch.tensor(kept))])


class Turns(Order):
    """An order that shows one part of the data for a while, then the next: what makes a generator go round."""

    parts: tuple[Tensor, ...]
    period: int

    def indices(self, start: int, count: int) -> Tensor:
        members = self.parts[start // self.period % len(self.parts)]
        drawn = torch.randint(len(members), (count,), generator=torch.Generator().manual_seed(start))
        return members[drawn]


def going_round(session: Session, labels: Tensor, budget: int) -> None:
    """Four parts of the classes, one after the other, again and again."""
    order = session.batches["real"].order
    turns = Turns.__new__(Turns)
    turns.__dict__.update(order.__dict__)
    of = labels[order.members]
    groups = of.unique().tensor_split(4)
    turns.parts = tuple(order.members[torch.isin(of, group)] for group in groups)
    turns.period = budget // 8
    session.batches["real"].order = turns


def shuffled_labels(session: Session, labels: Tensor, budget: int) -> None:
    """Every picture gets the label of another one."""
    labels.copy_(labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))])


def generators(session: Session) -> tuple[torch.nn.Module, ...]:
    """The one that plays, and its average."""
    return session.entered.networks["generator"], session.entered.averages.networks["generator"]


def output(change: Callable[[Tensor], Tensor], begin: float = 0.0) -> Spoil:
    """Change what the generator makes, from this share of the budget on."""

    def spoil(session: Session, labels: Tensor, budget: int) -> None:
        def hook(module: Any, inputs: Any, made: Tensor) -> Tensor | None:
            return change(made) if session.clock >= begin * budget else None

        for generator in generators(session):
            generator.register_forward_hook(hook)

    return spoil


def inputs(change: Callable[[tuple[Tensor, ...]], tuple[Tensor, ...]]) -> Spoil:
    """Change what the generator is given."""

    def spoil(session: Session, labels: Tensor, budget: int) -> None:
        for generator in generators(session):
            generator.register_forward_pre_hook(lambda module, given: change(given))

    return spoil


def stuck(session: Session, labels: Tensor, budget: int) -> None:
    """From the middle of the budget on, all samples are the first one that is made then, but for a hundredth."""
    kept: list[Tensor] = []

    def constant(made: Tensor) -> Tensor:
        if not kept:
            kept.append(made[:1].detach().clone())
        return kept[0] + 0.01 * (made - made[:1]).clamp(-1, 1)

    output(constant, 0.5)(session, labels, budget)


def chessboard(made: Tensor) -> Tensor:
    """A chessboard of 0.3 over every picture."""
    rows, columns = (torch.arange(side) for side in made.shape[2:])
    signs = 1 - 2 * ((rows[:, None] + columns) % 2)
    return (0.8 * made + 0.15 * signs).clamp(-1, 1)


def deaf(given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """No noise."""
    return (given[0] * 0, *given[1:])


def label_lost(given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Always the first label."""
    first = torch.zeros_like(given[1])
    first[:, 0] = 1
    return (given[0], first)


def unseen_chessboard(session: Session, labels: Tensor, budget: int) -> None:
    """A chessboard on every sample, none on what the discriminator sees."""
    session.entered.averages.networks["generator"].register_forward_hook(lambda module, given, made: chessboard(made))


def hard(made: Tensor) -> Tensor:
    """Every pixel at one of the two ends."""
    return (made * 50).clamp(-1, 1)


RING, CLOTHES = "ring8", "fashion-mnist-10k"
STEADY = {"loss": "saturating"}  # the loss with which the ring finds all modes in every seed (docs/studies/ring.md)
TINY = {
    "batch": 32,
    "ema_half_life": 2000,
    "generator.width": 8,
    "discriminator.width": 8,
    "generator.lr": 1e-3,
    "discriminator.lr": 4e-4,
}
RING_IMAGES, GAN_IMAGES, DCGAN_IMAGES, CGAN_IMAGES = 409_600, 64_000, 16_000, 12_800


def ring(name: str, expected: str, fields: dict[str, Any], spoil: Spoil | None = None, **more: Any) -> Case:
    return Case(name, expected, RING, "ring", more.pop("images", RING_IMAGES), {**STEADY, **fields}, spoil, **more)


def gan(name: str, expected: str, fields: dict[str, Any], spoil: Spoil | None = None, **more: Any) -> Case:
    return Case(name, expected, CLOTHES, "gan", more.pop("images", GAN_IMAGES), fields, spoil, **more)


def dcgan(name: str, expected: str, fields: dict[str, Any], spoil: Spoil | None = None, **more: Any) -> Case:
    return Case(name, expected, CLOTHES, "dcgan", more.pop("images", DCGAN_IMAGES), {**TINY, **fields}, spoil, **more)


def cgan(name: str, expected: str, fields: dict[str, Any], spoil: Spoil | None = None, **more: Any) -> Case:
    return Case(
        name, expected, CLOTHES, "cgan-onehot", more.pop("images", CGAN_IMAGES), {**TINY, **fields}, spoil, **more
    )


FAULTS = (
    ring("constant output", "complete-collapse", {}, stuck),
    ring("constant output, non-saturating", "complete-collapse", {"loss": "non-saturating"}, stuck),
    ring(
        "three of eight modes",
        "partial-collapse",
        {"loss": "relativistic", "penalty": "r1-r2", "penalty_weight": 0.1},
        classes(0, 1, 4),
    ),
    ring("modes in turn", "mode-rotation", {"loss": "non-saturating"}, going_round),
    ring("generator at 1e-6", "discriminator-dominates", {"loss": "non-saturating", "generator.lr": 1e-6}),
    ring(
        "generator at 1e-5, three turns",
        "discriminator-dominates",
        {"loss": "non-saturating", "generator.lr": 1e-5, "n_critic": 3},
    ),
    ring("discriminator frozen", "generator-dominates", {"discriminator.lr": 0.0, "generator.lr": 1e-4}),
    ring("saturating, discriminator ahead", "vanishing-gradients", {"generator.lr": 1e-6, "discriminator.lr": 1e-2}),
    ring("no constraint", "explosion", {"loss": "wasserstein", "allow_unsound": True, "discriminator.lr": 1e-2}),
    ring("clip bound 1e-4", "saturation", {"loss": "wasserstein", "clip": 1e-4, "n_critic": 5}, images=1_024_000),
    ring("no noise", "latent-ignored", {}, inputs(deaf)),
    ring("generator at 1e3", "not-finite", {"generator.lr": 1e3, "generator.optimiser": "sgd"}),
    gan("constant output", "complete-collapse", {}, stuck),
    gan("two of ten classes", "partial-collapse", {}, classes(1, 8)),
    gan(
        "classes in turn",
        "mode-rotation",
        {"generator.lr": 1e-3, "discriminator.lr": 1e-3, "ema_half_life": 1000},
        going_round,
        images=160_000,
    ),
    gan("generator at 1e-6", "discriminator-dominates", {"generator.lr": 1e-6}),
    gan(
        "generator at 2e-5, five turns",
        "discriminator-dominates",
        {"generator.lr": 2e-5, "n_critic": 5},
        images=192_000,
    ),
    gan("discriminator frozen", "generator-dominates", {"discriminator.lr": 0.0}),
    gan(
        "saturating, discriminator ahead",
        "vanishing-gradients",
        {"loss": "saturating", "discriminator.lr": 2e-3, "generator.lr": 1e-6},
    ),
    gan("no constraint", "explosion", {"loss": "wasserstein", "allow_unsound": True, "discriminator.lr": 1e-2}),
    gan("pixels at the ends", "saturation", {}, output(hard)),
    gan(
        "three hundred pictures",
        "over-fitting",
        {"discriminator.width": 512, "discriminator.lr": 1e-3},
        samples=300,
        images=192_000,
    ),
    gan("no noise", "latent-ignored", {}, inputs(deaf)),
    gan("discriminator at 1e9", "not-finite", {"discriminator.lr": 1e9, "discriminator.optimiser": "sgd"}),
    dcgan("two of ten classes", "partial-collapse", {}, classes(1, 8), images=25_600),
    dcgan("chessboard", "artefacts", {}, unseen_chessboard, images=25_600),
    dcgan("discriminator frozen", "generator-dominates", {"discriminator.lr": 0.0}),
    dcgan(
        "two hundred pictures",
        "over-fitting",
        {"discriminator.width": 24, "discriminator.lr": 1e-3},
        samples=200,
        images=32_000,
    ),
    dcgan("no noise", "latent-ignored", {}, inputs(deaf)),
    cgan("no noise", "latent-ignored", {}, inputs(deaf)),
    cgan("label lost", "latent-ignored", {}, inputs(label_lost)),
    cgan("labels shuffled", "latent-ignored", {}, shuffled_labels, images=19_200),
    ring("generator at 1e-6, hinge", "discriminator-dominates", {"loss": "hinge", "generator.lr": 1e-6}, kept_out=True),
    gan("shoes alone", "partial-collapse", {}, classes(5, 7, 9), kept_out=True),
    gan("discriminator at a thousandth", "generator-dominates", {"discriminator.lr": 2e-7}, kept_out=True),
)

CONDITIONAL = ("cgan", "cgan-onehot", "cgan-embedding", "cgan-every-layer")
HEALTHY_FIELDS: dict[str, dict[str, Any]] = {
    "wgan": {
        "generator.lr": 1e-3,
        "discriminator.lr": 1e-3,
        "n_critic_boost": 0,
        "generator.width": 16,
        "discriminator.width": 16,
    },
    "wgan-gp": {"generator.lr": 1e-3, "discriminator.lr": 1e-3},
    "hinge": {"generator.width": 12, "discriminator.lr": 1e-3, "discriminator.width": 24},
    **{name: {"generator.width": 12, "discriminator.width": 24, "discriminator.lr": 1e-3} for name in CONDITIONAL},
    "cgan-projection": {"generator.width": 12, "discriminator.width": 24, "discriminator.lr": 1e-3, "n_critic": 2},
    "dcgan-64": {"batch": 32, "size": 32},
}
HEALTHY_IMAGES = {
    "gan": 256_000,
    "ring": 1_024_000,
    "ring-wide": 1_024_000,
    "wgan": 48_000,
    "hinge": 38_400,
    "cgan-projection": 38_400,
    "wgan-gp": 48_000,
}


def healthy(name: str) -> Case:
    """A recipe at a width that a minute suffices for."""
    recipe = RECIPES[name]
    fields: dict[str, Any] = {}
    if recipe.channels == 2:
        data = RING
        if name == "ring-wide":
            fields = {
                "generator.width": 128,
                "discriminator.width": 128,
                "generator.lr": 1e-3,
                "discriminator.lr": 1e-3,
            }
    else:
        data = CLOTHES
        if name != "gan":
            fields = dict(TINY)
    fields |= HEALTHY_FIELDS.get(name, {})
    return Case(f"healthy {name}", "healthy", data, name, HEALTHY_IMAGES.get(name, 25_600), fields)


HEALTHY = (
    ring("healthy ring, saturating", "healthy", {}, images=1_024_000),
    *(healthy(name) for name in RECIPES if name != "ring"),
)
