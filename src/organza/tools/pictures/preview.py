"""Pictures as small as a page needs them: the cases that are worth looking at, worst and best first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
from PIL import Image

from organza.errors import OrganzaError
from organza.exchange import Model
from organza.marks import Mark
from organza.tools.pictures.photo import Photo, read_photo, remade
from organza.tools.pictures.scores import PairScores
from organza.tools.pictures.verbs import Asked, Pictured, Remade, Told, fitting, way_of

SIDE = 900
"""Pixels on the longer side of a picture on the page, at most."""

WORST = BEST = 6
MOST = 24
"""Cases on the page."""


@dataclass(frozen=True)
class Column:
    """One picture of a case.

    Attributes:
        title: input, output, target or cycle.
        data: A JPEG, or a PNG where something is transparent.
        kind: Its media type.
        width: In pixels.
        height: In pixels.
    """

    title: str
    data: bytes
    kind: str
    width: int
    height: int


@dataclass(frozen=True)
class Case:
    """One input, and what became of it.

    Attributes:
        name: Of the file.
        columns: Pictures of one size.
        size: Height and width of the output.
        scores: Against the true picture.
        shrunk: Whether the pictures are smaller here than in the file.
    """

    name: str
    columns: tuple[Column, ...]
    size: tuple[int, int]
    scores: PairScores | None
    shrunk: bool


def cases(model: Model, asked: Asked, done: Pictured, progress: Told = lambda done, total, label: None) -> list[Case]:
    """The pictures for a page, read again from the files.

    With scores, first those that have gained least, then those that have gained most, then the others; `MOST` in all. A
    model that translates both ways shows the way back, too: from the output as the page shows it, so that pictures of many
    pixels do not go through a network at their full size again.

    Args:
        model: That has made them.
        asked: What was to be done.
        done: What was done.
        progress: Told (done, total, label): cases.
    """
    shown = []
    chosen = ordered([made for made in done.made if not made.job.video])
    for number, made in enumerate(chosen):
        try:
            with fitting(made.job):
                shown.append(_case(model, asked, done, made))
        except OrganzaError:  # taken away since it was written, or too large for the memory that is left
            continue
        finally:
            progress(number + 1, len(chosen), "pictures of the page")
    return shown


def ordered(made: list[Remade]) -> list[Remade]:
    """Which cases are shown, and in which order."""
    scored = sorted((one for one in made if one.scores), key=lambda one: one.scores.gain if one.scores else 0.0)
    few = len(scored) <= WORST + BEST
    chosen = scored if few else [*scored[:WORST], *reversed(scored[-BEST:])]
    names = {one.job.name for one in chosen}
    return [*chosen, *(one for one in made if one.job.name not in names)][:MOST]


def _case(model: Model, asked: Asked, done: Pictured, made: Remade) -> Case:
    given, output = read_photo(made.job.source), read_photo(made.job.target)
    photos = {"input": given, "output": output}
    if made.job.name in done.targets:
        photos["target"] = read_photo(done.targets[made.job.name])
    height, width = output.size
    share = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * share)), max(1, round(height * share)))
    small = {title: _resized(photo, size) for title, photo in photos.items()}
    back = _back(model, asked)
    if back:
        small["cycle"] = remade(small["output"], way_of(model, back), keeps_grey=False, seed=asked.seed)
    mark = model.mark(asked.seed, verb=asked.verb)
    columns = tuple(
        _column(title, photo, mark if title in ("output", "cycle") else None) for title, photo in small.items()
    )
    return Case(made.job.name, columns, output.size, made.scores, share < 1)


def _back(model: Model, asked: Asked) -> Asked | None:
    """The other direction of a model that has exactly two."""
    domains = list(model.abilities.translates) if asked.verb == "translate" else []
    if len(domains) != 2 or asked.to not in domains:
        return None
    return Asked("translate", asked.source, asked.target, domains[1 - domains.index(asked.to)], asked.tile, asked.seed)


def _resized(photo: Photo, size: tuple[int, int]) -> Photo:
    """A picture in another width and height."""
    image = photo.image
    if image.size == size:
        return photo
    # Towards a smaller size an average; an input that is to be enlarged is shown with its own pixels.
    larger = size[0] > image.width or size[1] > image.height
    image = image.resize(size, Image.Resampling.NEAREST if larger else Image.Resampling.LANCZOS)
    pixels = np.asarray(image).reshape(size[1], size[0], -1)
    if photo.alpha is None:
        return replace(photo, colours=pixels)
    return replace(photo, colours=pixels[..., :3], alpha=pixels[..., 3])


def _column(title: str, photo: Photo, mark: Mark | None) -> Column:
    """A picture as it is on the page, those that were generated with their mark."""
    image, buffer = photo.image, BytesIO()
    transparent = photo.alpha is not None and bool((photo.alpha < 255).any())
    if transparent:
        image.save(buffer, "PNG", **({"pnginfo": mark.chunks()} if mark else {}))
        return Column(title, buffer.getvalue(), "image/png", *image.size)
    image = image if image.mode == "L" else image.convert("RGB")
    settings = {"comment": mark.comment().encode(), "xmp": mark.packet()} if mark else {}
    image.save(buffer, "JPEG", quality=90, subsampling=0, icc_profile=photo.profile or b"", **settings)
    return Column(title, buffer.getvalue(), "image/jpeg", *image.size)
