"""Pictures made to look like the one that a model knows: pasted objects, moved parts, strokes of paint."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from organza.data.picture import to_channels
from organza.errors import UsageError
from organza.marks import save_picture
from organza.networks.pyramid.sizes import Size
from organza.streams import Streams
from organza.tools.one_picture.colours import LARGEST_PALETTE, in_colours, main_colours
from organza.tools.one_picture.known import KnownPicture, Pixels, check_output, pixels_of
from organza.tools.one_picture.masks import Softness, blended, softened, white
from organza.tools.pictures.photo import Photo, read_photo, resized_pixels, write_photo
from organza.tools.pictures.tiles import as_floats

Edit = Literal["harmonize", "retouch"]
SOFTNESS = {"harmonize": Softness(7, 5), "retouch": Softness(20, 5)}
"""As published, for pictures of 250 pixels: what was pasted has a clear border, what was moved leaves a hole beside it."""

PAINT_SHARE = 3
"""Strokes begin after this part of the scales, pasted objects after half of them: strokes lack more than fine texture."""


@dataclass(frozen=True)
class Edited:
    """What was made.

    Attributes:
        file: What was written.
        size: Height and width of it.
        start: The first scale that worked on the picture; of growing generators the first with noise.
        enters: The scale that was given the picture.
        scales: How many the model has.
        side: Domain of the model's picture, for models of several.
        larger: How many times as large the picture is as what the model makes, which was enlarged.
        changed: Pixels in which the result may differ from the picture.
        softness: Of the mask's border; None where there is no mask.
        colours: The main colours that strokes were told in, uint8 [k, C]; None: their own.
    """

    file: Path
    size: Size
    start: int
    enters: int
    scales: int
    side: str | None
    larger: float
    changed: int
    softness: Softness | None = None
    colours: Pixels | None = None


def repainted(known: KnownPicture, pixels: Pixels, start: int, seed: int, verb: str) -> Pixels:
    """A picture as the model would have painted it.

    Args:
        known: The model.
        pixels: uint8 [H, W, C] with the model's channels, of any size.
        start: The first scale that works on it.
        seed: Of the noise at this scale and all finer ones.
        verb: For which; each has noise of its own.

    Returns:
        uint8 [h, w, C]: in the proportions of the picture, with as many pixels as the model's own.
    """
    size = known.like((pixels.shape[0], pixels.shape[1]))
    small = as_floats(resized_pixels(pixels, size)).to(known.model.device)
    made: Pixels = pixels_of(known.generator.refine(small, start, Streams(seed).generator(verb), size))[0]
    return made


def edited(known: KnownPicture, photo: Photo, mask: Photo, verb: Edit, start: int, seed: int) -> tuple[Photo, Edited]:
    """A picture of which one part is made to look like the rest; and, without a file, what was done.

    Args:
        known: A model of the picture that the part is put into.
        photo: The picture with the part as it was pasted, of any size.
        mask: White where the part is; of the same size.
        verb: How soft its border gets.
        start: The first scale that works on it.
        seed: Of the noise.

    Returns:
        The picture, which keeps its size, transparency and colours or grey, to the bit where the softened mask is 0.
    """
    softness = SOFTNESS[verb].for_size(*photo.size)
    share = softened(white(mask), softness)
    larger, changed = max(photo.size) / max(known.like(photo.size)), int((share > 0).sum())
    done = Edited(Path(), photo.size, start, known.enters(start), known.scales, known.side, larger, changed, softness)
    if not done.changed:
        return photo, done
    painted = repainted(known, photo.with_channels(known.generator.channels), start, seed, verb)
    channels = photo.colours.shape[2]
    large = Photo(resized_pixels(painted, photo.size)[..., :3]).with_channels(channels)
    return replace(photo, colours=blended(photo.colours, large, share)), done


def write_edit(
    known: KnownPicture,
    verb: Edit,
    picture: Path,
    mask: Path,
    output: Path,
    start: int | None = None,
    seed: int = 0,
) -> Edited:
    """Write a picture of which one part is made to look like the rest.

    Args:
        known: A model of the picture that the part is put into.
        verb: harmonize or retouch.
        picture: With the part as it was pasted.
        mask: White where the part is.
        output: .png, .jpg or .webp.
        start: The first scale that works on it; None: the one in the middle.
        seed: Of the noise.

    Raises:
        UsageError: There is no such scale, sizes differ, or `output` is no name of a picture.
        OrganzaError: A picture cannot be read, or something is in the way of the output.
        OSError: The file cannot be written.
    """
    check_output(output, (picture, mask))
    first = known.start(start, known.scales // 2, known.first)
    photo, marked = read_photo(picture), read_photo(mask)
    if photo.size != marked.size:
        (height, width), (rows, columns) = photo.size, marked.size
        raise UsageError(
            f"the mask {mask} has {columns}x{rows} pixels and the picture {picture} {width}x{height}: they must have the same"
        )
    made, done = edited(known, photo, marked, verb, first, seed)
    mark = known.mark(verb, seed, start_scale=first)
    write_photo(made, output, mark if done.changed else replace(mark, ai_generated=False))
    return replace(done, file=output)


def write_painting(
    known: KnownPicture,
    strokes: Path,
    output: Path,
    start: int | None = None,
    colours: int | None = None,
    seed: int = 0,
) -> Edited:
    """Write strokes of paint as a picture like the model's.

    Args:
        known: The model.
        strokes: A picture of any size; the result has its proportions, and as many pixels as the model's picture.
        output: .png, .jpg or .webp.
        start: The first scale that works on it; None: after a third of them.
        colours: Tell the strokes in so many main colours of what the scales before make of the training picture; None: their own.
        seed: Of the noise.

    Raises:
        UsageError: There is no such scale or number of colours, or `output` is no name of a picture.
        OrganzaError: The picture cannot be read, or something is in the way of the output.
        OSError: The file cannot be written.
    """
    if colours is not None and not 2 <= colours <= LARGEST_PALETTE:
        raise UsageError(f"--colours is a number from 2 to {LARGEST_PALETTE}, not {colours}")
    check_output(output, (strokes,))
    first = known.start(start, known.scales // PAINT_SHARE, known.first)
    pixels, palette = canvas(read_photo(strokes), known.generator.channels), None
    if colours is not None:
        palette = main_colours(pixels_of(known.generator.reconstruct(max(known.enters(first), 1)))[0][..., :3], colours)
        pixels = np.concatenate([in_colours(pixels[..., :3], palette), pixels[..., 3:]], 2)
    made = repainted(known, pixels, first, seed, "paint")
    output.parent.mkdir(parents=True, exist_ok=True)
    told = {} if colours is None else {"colours": colours}
    save_picture(output, made, known.mark("paint", seed, start_scale=first, **told))
    size = made.shape[0], made.shape[1]
    return Edited(
        output, size, first, known.enters(first), known.scales, known.side, 1.0, size[0] * size[1], colours=palette
    )


def canvas(strokes: Photo, channels: int) -> Pixels:
    """Strokes as the network takes them, uint8 [H, W, channels], transparent parts on white if it knows no transparency."""
    return np.asarray(to_channels(strokes.image, channels)).reshape(*strokes.size, channels)
