"""Two samples in one picture: is the mixture a picture of the data still, and what has it kept of each of the two?

An ordinary generator has one place where two samples can be mixed, its latent vector. One with styles takes a style at every
layer, and the styles of some can come from another sample (Karras et al. 2019, arXiv:1812.04948, section 3.1).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from organza.exchange import Model, load_model
from organza.exchange.model import picture_pixels
from organza.features import Features
from organza.marks import grid, save_picture
from organza.metrics import Moments, frechet_of_moments
from organza.tools.aggregate import summary
from organza.tools.comparison import IMAGES, Wanted
from organza.tools.latent.options import GROUPS, boundaries
from organza.tools.latent.space import Space
from organza.tools.scoring import METRICS, Reference
from organza.tools.sweep import file_name
from organza.tools.table import mean_and_deviation

MISSING = "–"
FIRST, SECOND, OTHER = "z1", "z2", "a third z, of neither"
OVERLAID = "both pictures laid over each other"
COLUMNS = 12  # pairs in a picture
SMALL, TIMES = 64, 2  # pictures below so many pixels a side are enlarged so many times, to be seen at all


@dataclass(frozen=True)
class Shares:
    """Of the mixtures of pairs that a classifier puts into two classes, the shares that it puts where; they add up to 1."""

    first: float
    second: float
    neither: float


def beside(first: Tensor, second: Tensor) -> Tensor:
    """The first half of the entries of each first vector, and the second half of each second one's; [n, d] each."""
    half = first.shape[1] // 2
    return torch.cat([first[:, :half], second[:, half:]], 1)


def swapped(first: Tensor, second: Tensor, layers: range) -> Tensor:
    """The styles of each first sample, those of some layers taken from each second one; [n, styles, w_dim] each."""
    return torch.cat([first[:, : layers.start], second[:, layers.start : layers.stop], first[:, layers.stop :]], 1)


def overlaid(first: Tensor, second: Tensor) -> Tensor:
    """Pictures of two slides in one projector; [n, C, H, W] each."""
    return (first + second) / 2


def class_shares(mixed: Tensor, first: Tensor, second: Tensor) -> Shares | None:
    """How often a mixture is of which parent's class, over the pairs whose classes differ; None if none do.

    Args:
        mixed: Class of each mixture, int64 [n].
        first: Of each first parent, int64 [n].
        second: Of each second one, int64 [n].
    """
    differ = first != second
    if not differ.any():
        return None
    to_first, to_second = (mixed == first)[differ].double(), (mixed == second)[differ].double()
    return Shares(*(float(found.mean()) for found in (to_first, to_second, 1 - to_first - to_second)))


def nearness(mixed: Tensor, first: Tensor, second: Tensor) -> tuple[float, float] | None:
    """Mean Euclidean distance of mixtures to each parent, over that of the parents to each other; None if that is 0.

    The sum of the two is at least 1; two samples that have nothing to do with the parents, and are of the same kind, have 1 each.

    Args:
        mixed: [n, ...].
        first: [n, ...].
        second: [n, ...].
    """
    parents = distance(first, second)
    return (distance(mixed, first) / parents, distance(mixed, second) / parents) if parents else None


def distance(some: Tensor, others: Tensor) -> float:
    """Mean Euclidean distance of each to its other one; [n, ...] each."""
    return float((some - others).flatten(1).double().norm(dim=1).mean())


def mixtures(model: Model, pairs: int, seed: int) -> Iterator[tuple[str, Tensor]]:
    """The pictures of pairs of samples and of what is between them, kind by kind: a name, and float [pairs, C, H, W].

    The first parents are the samples 0, 1, ... of the seed, the second ones those from `pairs` on, and third ones, which are
    no parents, those from 2 `pairs` on: first `z1`, then `z2`, then `OTHER`, the mixtures, and `OVERLAID`.

    A model with styles normalises z before it is mapped, so that there (z1 + z2)/√2 is the same picture as (z1 + z2)/2, and is
    left out.

    Args:
        model: Makes samples from noise, without labels.
        pairs: At least one.
        seed: Of the samples.
    """
    space, styled = Space(model, "z"), model.abilities.styles is not None
    one, two, three = (space.drawn(pairs, seed, pairs * number).points for number in range(3))
    first, second = space.images(one), space.images(two)
    yield FIRST, first
    yield SECOND, second
    yield OTHER, space.images(three)
    yield "(z1 + z2)/2", space.images((one + two) / 2)
    if not styled:
        yield "(z1 + z2)/√2", space.images((one + two) / math.sqrt(2))
    yield "first half of z1, second half of z2", space.images(beside(one, two))
    if styled:
        wide = Space(model, "w+")
        one, two = (wide.drawn(pairs, seed, pairs * number).points for number in range(2))
        yield "(w1 + w2)/2", wide.images((one + two) / 2)
        for name, layers in layer_groups(wide.styles.resolutions):
            yield name, wide.images(swapped(one, two, layers))
    yield OVERLAID, overlaid(first, second)


def layer_groups(sides: Sequence[int]) -> list[tuple[str, range]]:
    """The coarse, middle and fine style inputs that there are, each with what they are called in a table.

    Args:
        sides: Pixels a side of the feature map of each input, the smallest first.
    """
    bounds = boundaries(sides)
    groups = [(name, range(*bounds[number : number + 2])) for number, name in enumerate(GROUPS)]
    return [(f"{name} styles of z2 ({spoken(layers, sides)})", layers) for name, layers in groups if layers]


def spoken(layers: range, sides: Sequence[int]) -> str:
    """Layers in words: their numbers and the sides of their feature maps."""
    low, high = sides[layers[0]], sides[layers[-1]]
    return f"inputs {layers[0]} to {layers[-1]}, at {low if low == high else f'{low} to {high}'} pixels"


@dataclass(frozen=True)
class Look:
    """What features see in pictures of one kind.

    Attributes:
        embedded: Float32 [n, d], on the CPU.
        classes: Most probable one of each, int64 [n]; None where the features have no classes.
        images: Float [n, C, H, W].
    """

    embedded: Tensor
    classes: Tensor | None
    images: Tensor

    @classmethod
    def at(cls, images: Tensor, features: Features) -> Look:
        """Look at pictures [n, C, H, W] in [-1, 1]."""
        embedded, probabilities = features.look(images)
        return cls(embedded.float().cpu(), probabilities.argmax(1).cpu() if features.classes else None, images)


def mixing_section(
    runs: Sequence[tuple[str, Path]], reference: Reference, wanted: Wanted, out: Path
) -> dict[str, Any] | None:
    """How far mixtures are from the data and from their parents, for each generator, with a picture of some beside.

    Half as many pairs are made as samples are scored, so that the parents are just the samples that are scored.

    Args:
        runs: Title and run folder; models with labels, and those that make nothing from noise, are passed over.
        reference: Real samples.
        wanted: How many samples, of which seed, on which device.
        out: Folder; the pictures go to `pictures/` below it.

    Returns:
        A section for the page; None if there is no such model, or the data are points.

    Raises:
        OSError: A picture cannot be written.
    """
    if reference.source.kind == "points":
        return None
    pairs, rows, pictures, differing = max(2, wanted.n // 2), [], [], []
    for title, run in runs:
        model = load_model(run, wanted.device)
        if model.labels or model.abilities.from_noise is None:
            continue
        found, differ, shown = measured(model, reference, pairs, wanted.seed)
        rows += [[title, *row] for row in found]
        picture = f"{IMAGES}/mixing-{file_name(title)}.png"
        (out / IMAGES).mkdir(parents=True, exist_ok=True)
        save_picture(out / picture, enlarged(shown), model.mark(wanted.seed, verb="reproduce", pairs=pairs))
        pictures.append(picture)
        differing.append(f"{differ:,}")
    if not rows:
        return None
    fd = METRICS["fd"].of(reference.features.name).title
    seen_as = (
        "Class: the shares of mixtures that are seen as of the class of z1’s picture, of z2’s, or of neither, where those two "
        f"differ (of the settings in turn, {', '.join(differing)} pairs). "
    )
    words = (
        f"Of {pairs:,} pairs of samples (z1, z2), of the same numbers and seed in each model. {fd}: of so many mixtures; "
        "in the row of a third z, which stands for samples that are not mixed, over three sets of so many, mean ± deviation. "
        f"{seen_as if reference.features.classes else ''}Distance: mean Euclidean distance to each parent, over that of the "
        "parents to each other, in the features and in the pixels; a picture that has nothing to do with its parents has 1 and "
        "1, and the two add up to 1 at least."
    )
    where = (
        f"Pictures of them: {', '.join(pictures)}. Each column is a pair, the first ones whose classes differ if any do; the "
        "rows are z1’s picture, z2’s, and then those of the table in its order."
    )
    classes = ["class of z1", "class of z2", "of neither"]
    distances = [f"{place}: to {parent}" for place in ("features", "pixels") for parent in (FIRST, SECOND)]
    return {
        "title": "What mixtures of two samples are",
        "paragraphs": [words, where],
        "table": {"header": ["setting", "mixture", fd, *classes, *distances], "rows": rows},
    }


def measured(model: Model, reference: Reference, pairs: int, seed: int) -> tuple[list[list[str]], int, list[Tensor]]:
    """The rows of one model's table without its title, in how many pairs the classes differ, and rows of pictures.

    Each row of pictures is float [columns, C, H, W].
    """
    real = reference.with_rectangles(model.recipe.rectangles)
    kinds = mixtures(model, pairs, seed)
    parents = [Look.at(next(kinds)[1], real.features) for _ in range(2)]
    first, second = parents
    differing = torch.arange(0)
    if first.classes is not None and second.classes is not None:
        differing = (first.classes != second.classes).nonzero()[:, 0]
    chosen = differing if len(differing) else torch.arange(pairs)
    columns = chosen[:COLUMNS]
    plain = [from_real(look, real) for look in parents]
    rows, shown = [], [look.images[columns] for look in parents]
    for name, images in kinds:
        look = Look.at(images, real.features)
        own = from_real(look, real)
        summed = summary([*plain, own] if name == OTHER else [own])
        rows.append([name, mean_and_deviation(summed["mean"], summed["sd"]), *cells_of(look, first, second)])
        shown.append(images[columns])
    return rows, len(differing), shown


def from_real(look: Look, reference: Reference) -> float:
    """The Fréchet distance between pictures and the real samples."""
    return frechet_of_moments(reference.seen.moments, Moments.of(look.embedded))


def cells_of(look: Look, first: Look, second: Look) -> list[str]:
    """The cells of a row on what mixtures have of their parents."""
    cells = [MISSING] * 3
    if look.classes is not None and first.classes is not None and second.classes is not None:
        shares = class_shares(look.classes, first.classes, second.classes)
        cells = [f"{share:.3f}" for share in (shares.first, shares.second, shares.neither)] if shares else cells
    for near in (
        nearness(look.embedded, first.embedded, second.embedded),
        nearness(look.images, first.images, second.images),
    ):
        cells += [MISSING] * 2 if near is None else [f"{value:.2f}" for value in near]
    return cells


def enlarged(rows: Sequence[Tensor]) -> Any:
    """Rows of pictures, float [columns, C, H, W] each, as one picture, uint8 [H, W, C]; small ones each pixel larger."""
    pixels = grid(picture_pixels(torch.cat(list(rows))), len(rows[0]))
    times = TIMES if max(rows[0].shape[2:]) < SMALL else 1
    return np.repeat(np.repeat(pixels, times, 0), times, 1)
