"""The one picture that a model knows, and what can be asked of it: a scale to start from, and factors of its sides."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from organza.errors import OrganzaError, UsageError, unknown
from organza.exchange import Model
from organza.exchange.model import picture_pixels
from organza.marks import Mark
from organza.networks.pyramid.generator import PyramidGenerator, why_not
from organza.networks.pyramid.sizes import Size, scaled
from organza.tools.pictures.files import PICTURES, check_free

Pixels = NDArray[np.uint8]
Factors = tuple[float, float]

MOST_PIXELS = 2**22
"""Of one result. The networks need a hundred times as many numbers, and all of them at once."""

LEAST_SIDE = 2
"""Of a picture at the coarsest scale: a single pixel has no deviation for a normalisation to divide by."""

USUAL_SIDE = "b"
FACTORS = re.compile(r"(\d+(?:\.\d*)?|\.\d+)x(\d+(?:\.\d*)?|\.\d+)")


@dataclass(frozen=True)
class KnownPicture:
    """What a model knows of one picture.

    Attributes:
        model: Whose it is.
        generator: What makes pictures like it.
        side: Domain of the picture, for models of several; None for models of one.
    """

    model: Model
    generator: PyramidGenerator
    side: str | None = None

    @property
    def scales(self) -> int:
        """How many there are."""
        return self.generator.built

    @property
    def size(self) -> Size:
        """Height and width of the picture."""
        return self.generator.sizes[self.scales - 1]

    @property
    def first(self) -> int:
        """The coarsest scale that can be given a picture."""
        return 0 if self.generator.takes_picture else 1

    def enters(self, start: int) -> int:
        """The scale that is given a picture which is worked on from `start` on: growing generators have noise from there on."""
        return 0 if self.generator.takes_picture else start

    def start(self, asked: int | None, usual: int, first: int = 0) -> int:
        """The scale to start from.

        Args:
            asked: By its number, from 0; None: the usual one.
            usual: Moved into what the model has.
            first: The coarsest one that will do.

        Raises:
            UsageError: The model has no such scale, or none that will do.
        """
        last = self.scales - 1
        if first > last:
            raise UsageError(why_not(self.generator))
        if asked is None:
            return min(max(usual, first), last)
        if not first <= asked <= last:
            raise UsageError(f"--start-scale is a number from {first} to {last}, the finest scale, not {asked}")
        return asked

    def result(self, factors: Factors) -> Size:
        """Height and width of the picture times the factors.

        Raises:
            UsageError: That is too much, or too little for the coarsest scale.
        """
        height, width = scaled(self.size, factors)
        if min(scaled(self.generator.sizes[0], factors)) < LEAST_SIDE:
            raise UsageError(
                f"{width:,} x {height:,} pixels leave less than {LEAST_SIDE} at the coarsest scale: take a larger --scale"
            )
        if height * width > MOST_PIXELS:
            raise UsageError(
                f"{width:,} x {height:,} pixels would come out, and more than {MOST_PIXELS / 1e6:.1f} megapixels are not made:"
                " take a smaller --scale"
            )
        return height, width

    def like(self, size: Size) -> Size:
        """The size with these proportions and as many pixels as the model's picture."""
        factor = math.sqrt(math.prod(self.size) / math.prod(size))
        return scaled(size, (factor, factor))

    def mark(self, verb: str, seed: int, **details: int | str) -> Mark:
        """The provenance mark of a result."""
        sides = {} if self.side is None else {"side": self.side}
        return self.model.mark(seed, verb=verb, **sides, **details)


def one_picture(model: Model, side: str | None = None) -> KnownPicture:
    """What a model knows of one picture.

    Args:
        model: Of one picture, or of an analogy, which has two.
        side: Domain of the picture, for models of several; None: b.

    Raises:
        UsageError: The model is for something else, or has no such side.
    """
    pyramids = model.abilities.pyramids
    if not pyramids:
        raise UsageError(f"the model '{model.recipe.name}' was not made of one picture; it is for {model.verbs}")
    several = len(pyramids) > 1
    if side is not None and not several:
        raise UsageError(f"the model '{model.recipe.name}' was made of one picture and has no sides: leave out --side")
    if side is not None and side not in pyramids:
        raise unknown("side", side, pyramids)
    domain = side or (USUAL_SIDE if USUAL_SIDE in pyramids else next(iter(pyramids)))
    generator = model.networks[pyramids[domain].network]
    assert isinstance(generator, PyramidGenerator)
    return KnownPicture(model, generator, domain if several else None)


def read_factors(scale: str | Sequence[float]) -> Factors:
    """Factors of height and width from those of width and height, as 2x1 or as (2, 1).

    Raises:
        UsageError: They are not two positive numbers.
    """
    wrong = UsageError(
        f"--scale is two positive factors, of the width and of the height, as 2x1 or 1x0.5, not '{scale}'"
    )
    if isinstance(scale, str):
        found = FACTORS.fullmatch(scale.strip())
        if not found:
            raise wrong
        scale = [float(number) for number in found.groups()]
    if len(scale) != 2 or not all(0 < factor < math.inf for factor in scale):
        raise wrong
    return scale[1], scale[0]


def told_factors(factors: Factors) -> str:
    """Factors of height and width as people write them."""
    return f"{factors[1]:g}x{factors[0]:g}"


def pixels_of(made: Tensor) -> Pixels:
    """Pictures [n, C, H, W] in [-1, 1] as uint8 [n, H, W, C]."""
    pixels: Pixels = picture_pixels(made.cpu())
    return pixels


def check_output(output: Path, inputs: Sequence[Path] = ()) -> None:
    """See to it that one picture can be written, before any work is done.

    Raises:
        UsageError: The name says no format, or is that of an input.
        OrganzaError: Something is there that organza has not made.
    """
    if output.suffix.lower() not in PICTURES:
        raise UsageError(f"OUTPUT must end in {', '.join(PICTURES[:-1])} or {PICTURES[-1]}, not '{output.name}'")
    if output.is_dir():
        raise OrganzaError(f"{output} is a folder, and a file is to be written there: name another OUTPUT")
    if output.resolve() in [path.resolve() for path in inputs]:
        raise UsageError(f"{output} would overwrite an input: name another OUTPUT")
    check_free(output)
