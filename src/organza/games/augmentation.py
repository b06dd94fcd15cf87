"""What a discriminator sees is changed at random, real and generated samples alike, so that it cannot learn few samples by heart.

The pipeline of StyleGAN2-ADA (Karras et al. 2020, arXiv:2006.06676, appendix B): every transformation acts with probability p
times the multiplier of its group. As long as p stays clearly below 1 the generator does not learn the changes. How p moves is
in `adaptive.py`.

The random numbers are drawn on the CPU, and p lies on the device: a transformation acts where its number is less than p. On a
device all shapes are fixed and every sample goes through every path; on the CPU, where a look at a mask waits for nobody, only
those samples do that something acts on. `resampling.py` moves the pixels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from organza.bounds import Rate, Share
from organza.games.resampling import gathered, replaced, resampled

# The columns of what is drawn, and the group to which each belongs. Two columns of one name are drawn together.
COLUMNS = (
    ("flip", "blit"),
    ("quarter", "blit"),
    ("shift", "blit"),
    ("shift", "blit"),
    ("scale", "geometry"),
    ("turn", "geometry"),
    ("stretch", "geometry"),
    ("second turn", "geometry"),
    ("slide", "geometry"),
    ("slide", "geometry"),
    ("brightness", "colour"),
    ("contrast", "colour"),
    ("luma flip", "colour"),
    ("hue", "colour"),
    ("saturation", "colour"),
    ("cutout", "cutout"),
)
TRANSFORMATIONS = tuple(dict.fromkeys(name for name, _ in COLUMNS))


def columns_of(group: str) -> slice:
    """The columns of a group; they stand side by side."""
    groups = [of for _, of in COLUMNS]
    return slice(groups.index(group), groups.index(group) + groups.count(group))


BLIT, GEOMETRY, COLOUR, CUTOUT = (columns_of(group) for group in ("blit", "geometry", "colour", "cutout"))
TURNS = ("turn", "second turn")
BELOW_ONE = 1 - 2.0**-24  # the largest float32 below 1


@dataclass(frozen=True)
class Pipeline:
    """Options of the pipeline; without changes, the one called bgc, of all pixel, geometric and colour transformations.

    R3GAN's (Huang et al. 2024, arXiv:2501.05441, its code) has colour 0.5 and cutout 1.

    Attributes:
        blit: Multiplier of p for mirroring, quarter turns, and shifts by whole pixels, which move pixels and change none.
        geometry: For scaling, turning, stretching along a slanted axis, and shifts by fractions of a pixel.
        colour: For brightness, contrast, luma flip, hue and saturation.
        cutout: For a grey rectangle.
        shift: Furthest shift by whole pixels, in sides.
        scale: Standard deviation of log2 of the scale.
        turn: Largest angle, in half turns to either side.
        stretch: Standard deviation of log2 of the stretching along one axis, which shrinks the other.
        slide: Standard deviation of the shift by fractions, in sides.
        brightness: Standard deviation of what is added.
        contrast: Standard deviation of log2 of the contrast.
        hue: Largest turn of the hue, in half turns to either side.
        saturation: Standard deviation of log2 of the saturation.
        cutout_size: Sides of the grey rectangle, in sides.
    """

    blit: Rate = 1.0
    geometry: Rate = 1.0
    colour: Rate = 1.0
    cutout: Rate = 0.0
    shift: Share = 0.125
    scale: Rate = 0.2
    turn: Rate = 1.0
    stretch: Rate = 0.2
    slide: Rate = 0.125
    brightness: Rate = 0.2
    contrast: Rate = 0.5
    hue: Rate = 1.0
    saturation: Rate = 1.0
    cutout_size: Rate = 0.5

    @property
    def active(self) -> bool:
        """Whether anything can act at all."""
        return any((self.blit, self.geometry, self.colour, self.cutout))

    def draw(self, generator: torch.Generator, count: int, name: str = "augment") -> dict[str, Tensor]:
        """Everything random for `count` samples. Options do not shift what is drawn: the same key, the same numbers.

        Args:
            generator: Of the CPU.
            count: Samples.
            name: How the numbers are called: they may stand among a turn's inputs, real and generated samples' apart.

        Returns:
            Float32 on the CPU. "<name> thresholds" [count, columns]: a transformation acts where its threshold is below p.
            "<name> amounts" [count, columns]: what it does then; 0 would be nothing. "<name> places" [count, 2]: the middle of
            the rectangle that is cut out, across and down, as parts of the sides.
        """
        chance = torch.rand(count, len(TRANSFORMATIONS), generator=generator)
        uniform = torch.rand(count, len(COLUMNS), generator=generator)
        normal = torch.randn(count, len(COLUMNS), generator=generator)
        places = torch.rand(count, 2, generator=generator)
        thresholds = torch.stack(
            [self.threshold(column, group, chance[:, TRANSFORMATIONS.index(column)]) for column, group in COLUMNS], 1
        )
        amounts = torch.stack(
            [self.amount(column, uniform[:, i], normal[:, i]) for i, (column, _) in enumerate(COLUMNS)], 1
        )
        return {f"{name} thresholds": thresholds, f"{name} amounts": amounts, f"{name} places": places}

    def threshold(self, column: str, group: str, chance: Tensor) -> Tensor:
        """What p must exceed for a transformation to act, [B], from a uniform number u, [B]: u/m with the group's multiplier m.

        Either of two turns acts with probability p m if each does with 1 - sqrt(1 - p m): u is below that where
        (1 - (1 - u)^2)/m is below p.
        """
        multiplier = float(getattr(self, group))
        if not multiplier:
            return torch.full_like(chance, math.inf)
        chance = 1 - (1 - chance).square() if column in TURNS else chance
        return chance.clamp(max=BELOW_ONE) / multiplier  # so that everything acts at 1

    def amount(self, column: str, uniform: Tensor, normal: Tensor) -> Tensor:
        """What a transformation does where it acts, [B], from a uniform and a normal number, [B] each."""
        sided = 2 * uniform - 1
        match column:
            case "flip" | "luma flip":
                return (2 * uniform).floor()  # half of those on which it acts
            case "quarter":
                return (4 * uniform).floor()  # quarter turns, three of four of those on which it acts
            case "shift":
                return sided * self.shift
            case "turn" | "second turn":
                return sided * (math.pi * self.turn)
            case "hue":
                return sided * (math.pi * self.hue)
            case "cutout":
                return torch.full_like(uniform, self.cutout_size)
        return normal * float(getattr(self, column))

    def apply(self, images: Tensor, numbers: Mapping[str, Tensor], p: Tensor, name: str = "augment") -> Tensor:
        """The samples as the discriminator is to see them. Differentiable in them, twice; samples do not mix.

        Computed in float32 at least, whatever autocast says. Beyond the edges pictures are mirrored.

        Args:
            images: [B, C, H, W] in [-1, 1]. Colour acts on the first three of three or more channels, and on the first of
                one or two: others are transparency.
            numbers: What `draw` has drawn for B samples, on the device of the images.
            p: Strength in [0, 1], 0-dim, on their device.
            name: As in `draw`.

        Returns:
            [B, C, H, W] of the same dtype; not clipped. Samples on which nothing acts are those given, bit for bit.
        """
        if not self.active:
            return images
        kind = images.device.type  # some, such as that of shapes alone, know no autocast
        with torch.autocast(kind, enabled=False) if torch.amp.is_autocast_available(kind) else nullcontext():
            samples = images if images.dtype == torch.float64 else images.float()
            amounts = self.acting(numbers, p, name).to(samples.dtype)
            if self.blit or self.geometry:
                samples = moved(samples, amounts)
            if self.colour:
                samples = coloured(samples, amounts[:, COLOUR])
            if self.cutout:
                samples = cut(samples, amounts[:, CUTOUT], numbers[f"{name} places"].to(samples.dtype))
            return samples.to(images.dtype)

    def acting(self, numbers: Mapping[str, Tensor], p: Tensor, name: str = "augment") -> Tensor:
        """What the transformations do at the strength p, [B, columns]: their amounts, and 0 where they do not act."""
        return torch.where(numbers[f"{name} thresholds"] < p, numbers[f"{name} amounts"], 0.0)


def moved(images: Tensor, amounts: Tensor) -> Tensor:
    """Blits and geometry: one affine map each, so that a picture is resampled once, and not at all if only pixels move.

    Args:
        images: [B, C, H, W].
        amounts: [B, columns], 0 where nothing acts.
    """
    warped = (amounts[:, GEOMETRY] != 0).any(1)
    blitted = (amounts[:, BLIT] != 0).any(1) & ~warped
    linear, offset = affine(amounts, images.shape[2], images.shape[3])
    images = replaced(images, blitted, gathered, linear, offset)
    return replaced(images, warped, resampled, linear, offset)


def affine(amounts: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Where the pixels of the new pictures come from: x -> linear x + offset, in pixels from the middle, across and down.

    Applied to the picture one after the other: flip, quarter turns, shift, scale, turn, stretch, turn, slide.

    Args:
        amounts: [B, columns], 0 where nothing acts.
        height, width: Of the pictures.

    Returns:
        Linear parts [B, 2, 2] and offsets [B, 2]. Without geometry all entries of both are whole numbers, exactly.
    """
    flip, quarter, shift_x, shift_y, scale, turn, stretch, second_turn, slide_x, slide_y = amounts[:, :10].unbind(1)
    zero = torch.zeros_like(flip)
    cosine, sine = (
        (quarter == k).to(flip) - (quarter == k + 2).to(flip) for k in (0, 1)
    )  # not rounded, as those of pi/2 are
    blit = matrices(1 - 2 * flip, zero, zero, 1 + zero) @ matrices(cosine, -sine, sine, cosine)
    squeeze = matrices((-scale - stretch).exp2(), zero, zero, (stretch - scale).exp2())
    linear = blit @ rotation(turn) @ squeeze @ rotation(second_turn)
    shift = torch.stack([(shift_x * width).round(), (shift_y * height).round()], 1)[..., None]
    slide = torch.stack([slide_x * width, slide_y * height], 1)[..., None]
    return linear, -(linear @ slide + blit @ shift)[..., 0]


def matrices(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """[[a, b], [c, d]] for each sample: [B, 2, 2]."""
    return torch.stack([a, b, c, d], 1).view(-1, 2, 2)


def rotation(angle: Tensor) -> Tensor:
    """Turns by angles [B] in radians, from the first axis to the second: [B, 2, 2]."""
    cosine, sine = angle.cos(), angle.sin()
    return matrices(cosine, -sine, sine, cosine)


def coloured(images: Tensor, amounts: Tensor) -> Tensor:
    """Brightness b, contrast c, luma flip, hue and saturation s, in this order: x -> M (c (x + b)).

    With the unit vector v along (1, 1, 1), P = v v^T and K x = v x x, the last three come to
    M = +-P + s cos(hue) (1 - P) + s sin(hue) K, because P and 1 - P split colour into luma and chroma. Grey has no chroma.

    Args:
        images: [B, C, H, W].
        amounts: [B, 5] in the order above, contrast and saturation as log2; 0 where nothing acts.
    """
    return replaced(images, (amounts != 0).any(1), recoloured, amounts)


def recoloured(images: Tensor, amounts: Tensor) -> Tensor:
    """`coloured`, on all samples."""
    brightness, contrast, luma_flip, hue, saturation = amounts.unbind(1)
    contrast = contrast.exp2()
    luma = contrast * (1 - 2 * luma_flip)
    light = (luma * brightness).view(-1, 1, 1)
    if images.shape[1] < 3:
        colours = torch.addcmul(light, images[:, 0], luma.view(-1, 1, 1))[:, None]
    else:
        chroma = contrast * saturation.exp2()
        level, skew = chroma * hue.cos(), chroma * hue.sin() / math.sqrt(3)
        own, rest = (luma + 2 * level) / 3, (luma - level) / 3
        following, preceding = rest - skew, rest + skew
        rows = [own, following, preceding, preceding, own, following, following, preceding, own]
        flat = images[:, :3].flatten(2)
        colours = torch.baddbmm(light.expand(-1, 3, 1), torch.stack(rows, 1).view(-1, 3, 3), flat)
        colours = colours.view(-1, 3, *images.shape[2:])
    others = images[:, colours.shape[1] :]
    return torch.cat([colours, others], 1) if others.shape[1] else colours


def cut(images: Tensor, size: Tensor, places: Tensor) -> Tensor:
    """A rectangle of each picture, of sides `size` [B, 1] around `places` [B, 2], in sides, becomes 0, which is grey."""
    height, width = images.shape[2:]
    across, down = (
        ((torch.arange(side, device=images.device) + 0.5) / side - places[:, axis, None]).abs() < size / 2
        for axis, side in enumerate((width, height))
    )
    return images.masked_fill((down[:, :, None] & across[:, None, :])[:, None], 0.0)
