"""What models of one picture are for: variations, edits that look as if they belonged there, other proportions, animations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from organza.api.models import load
from organza.api.paths import PathLike
from organza.console import Console
from organza.exchange import Model
from organza.files import disk_errors
from organza.tools.one_picture.edits import Edited, write_edit, write_painting
from organza.tools.one_picture.known import KnownPicture, one_picture, read_factors
from organza.tools.one_picture.variations import Varied, write_retargeted, write_variations
from organza.tools.one_picture.walk import Animated, write_walk

Scale = str | Sequence[float]


def vary(
    model: PathLike | Model,
    n: int = 16,
    *,
    out: PathLike,
    scale: Scale = "1x1",
    start_scale: int | None = None,
    side: str | None = None,
    seed: int = 0,
    device: str = "auto",
    console: Console | None = None,
) -> Varied:
    """Write n variations of the picture that a model was made of.

    Variation i comes from the seed and from i alone: the same seed gives the same bytes, whatever n is.

    Args:
        model: A model of one picture, or of an analogy, opened or by its folder.
        n: How many.
        out: A folder for single pictures, or a file that ends in .png for one grid.
        scale: Factors of width and height, as "2x1" or (2, 1): twice as wide, to the pixel.
        start_scale: The first scale with noise, from 0; coarser ones show the training picture. None: 0, so that all varies.
        side: a or b, for models of analogies; None: b.
        seed: Of the noise.
        device: auto, cpu, cuda, cuda:N or mps.
        console: Where progress goes; None: standard error.

    Returns:
        The files, and the size of each picture.

    Raises:
        UsageError: The model is for something else, or there is no such scale, side or number, or the result is too large.
        OrganzaError: The model cannot be opened, or the files cannot be written.
    """
    factors, known = read_factors(scale), _known(model, side, device)
    with (console or Console()).counting() as progress, disk_errors(Path(out)):
        return write_variations(
            known, n, Path(out), factors=factors, start=start_scale, seed=seed,
            progress=lambda done, total: progress(done, total, "variations"),
        )  # fmt: skip


def retarget(
    model: PathLike | Model,
    output: PathLike,
    *,
    scale: Scale,
    start_scale: int | None = None,
    side: str | None = None,
    seed: int | None = None,
    device: str = "auto",
) -> Varied:
    """Write the picture that a model was made of with other proportions: its structure is stretched, its textures are not.

    Args:
        model: As of `vary`.
        output: A .png, .jpg or .webp.
        scale: As of `vary`.
        start_scale: The first scale that makes the picture anew, at least 1; what coarser ones make is stretched. None: 1.
        side: As of `vary`.
        seed: Of noise for the scales that make it anew; None: no noise.
        device: As of `vary`.

    Returns:
        The file, and its size.

    Raises:
        UsageError: As of `vary`.
        OrganzaError: As of `vary`.
    """
    factors, known = read_factors(scale), _known(model, side, device)
    with disk_errors(Path(output)):
        return write_retargeted(known, Path(output), factors, start_scale, seed)


def harmonize(
    model: PathLike | Model,
    picture: PathLike,
    mask: PathLike,
    output: PathLike,
    *,
    start_scale: int | None = None,
    side: str | None = None,
    seed: int = 0,
    device: str = "auto",
) -> Edited:
    """Write a picture in which something pasted looks as if it belonged there.

    The model paints the whole picture again from `start_scale` on; where the mask is white, and softly around it, that
    replaces the picture. Everywhere else the picture keeps its pixels, to the bit, where the format of the output does.

    Args:
        model: A model of the background, as of `vary`.
        picture: The background with what was pasted, of any size. Where it is larger than what the model makes, that is enlarged.
        mask: White where something was pasted, of the same size; what is transparent counts as black.
        output: A .png, .jpg or .webp.
        start_scale: The first scale that works on it; the coarser, the less is left of what was pasted. None: the one in the
            middle.
        side: As of `vary`.
        seed: Of the noise.
        device: As of `vary`.

    Returns:
        The file, the scale that was begun with, and how many pixels may have changed: none if the mask is all black.

    Raises:
        UsageError: As of `vary`, or the sizes of picture and mask differ.
        OrganzaError: As of `vary`, or a picture cannot be read.
    """
    known = _known(model, side, device)
    with disk_errors(Path(output)):
        return write_edit(known, "harmonize", Path(picture), Path(mask), Path(output), start_scale, seed)


def retouch(
    model: PathLike | Model,
    picture: PathLike,
    mask: PathLike,
    output: PathLike,
    *,
    start_scale: int | None = None,
    side: str | None = None,
    seed: int = 0,
    device: str = "auto",
) -> Edited:
    """Write a picture whose parts were moved or covered by hand so that nobody sees it.

    It is `harmonize` with a wider border, because what was moved leaves something behind. Arguments, results and errors as there.
    """
    known = _known(model, side, device)
    with disk_errors(Path(output)):
        return write_edit(known, "retouch", Path(picture), Path(mask), Path(output), start_scale, seed)


def paint(
    model: PathLike | Model,
    strokes: PathLike,
    output: PathLike,
    *,
    start_scale: int | None = None,
    colours: int | None = None,
    side: str | None = None,
    seed: int = 0,
    device: str = "auto",
) -> Edited:
    """Write strokes of paint as a picture like the one that the model was made of.

    Args:
        model: As of `vary`.
        strokes: A picture of any size; the result has its proportions, and as many pixels as the model's picture.
        output: A .png, .jpg or .webp.
        start_scale: The first scale that works on the strokes; the coarser, the less is left of them. None: after a third of
            the scales.
        colours: Tell the strokes in so many main colours of the training picture first, 2 to 256. Nothing is trained anew for it.
        side: As of `vary`.
        seed: Of the noise.
        device: As of `vary`.

    Returns:
        The file, the scale that was begun with, and the colours.

    Raises:
        UsageError: As of `vary`, or there cannot be so many colours.
        OrganzaError: As of `vary`, or the picture cannot be read.
    """
    known = _known(model, side, device)
    with disk_errors(Path(output)):
        return write_painting(known, Path(strokes), Path(output), start_scale, colours, seed)


def animate(
    model: PathLike | Model,
    *,
    out: PathLike,
    frames: int = 100,
    start_scale: int | None = None,
    rate: int = 10,
    side: str | None = None,
    seed: int = 0,
    device: str = "auto",
    console: Console | None = None,
) -> Animated:
    """Write a walk around the picture that a model was made of, as an animation.

    Args:
        model: As of `vary`. One trained with `generator.padding` noise moves at its borders as well.
        out: A .gif; a .mp4, .mov or .mkv; or a folder, which gets a PNG for each frame.
        frames: How many.
        start_scale: The first scale that moves; the coarser, the more moves. None: 2, or the finest of models with fewer.
        rate: Frames a second.
        side: As of `vary`.
        seed: Of the walk.
        device: As of `vary`.
        console: As of `vary`.

    Returns:
        The files, and the scale that was begun with.

    Raises:
        UsageError: As of `vary`.
        OrganzaError: As of `vary`, or PyAV is missing.
    """
    known = _known(model, side, device)
    with (console or Console()).counting() as progress, disk_errors(Path(out)):
        return write_walk(
            known, Path(out), frames, start=start_scale, rate=rate, seed=seed,
            progress=lambda done, total: progress(done, total, "frames"),
        )  # fmt: skip


def _known(model: PathLike | Model, side: str | None, device: str) -> KnownPicture:
    return one_picture(model if isinstance(model, Model) else load(model, device), side)
