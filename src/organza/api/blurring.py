"""Training data for deblurring out of sharp pictures."""

from __future__ import annotations

from pathlib import Path

from organza.api.paths import PathLike
from organza.console import Console
from organza.data.blur import LENGTH
from organza.files import disk_errors
from organza.tools.blurring import Blurred, Shake, blur_pictures


def data_blur(
    source: PathLike,
    dest: PathLike,
    *,
    count: int = 1,
    length: float = LENGTH,
    exposure: float | None = None,
    linear_light: bool = False,
    seed: int = 0,
    console: Console | None = None,
) -> Blurred:
    """Make pairs of blurred and sharp pictures out of sharp ones: dest/A/*.png and dest/B/*.png, the source `pairs:DEST`.

    Args:
        source: A folder or a zip of pictures of any size, or one picture.
        dest: A folder that does not exist or is empty.
        count: Blurred pictures made of each sharp one.
        length: Of the path of the shaken camera, pixels.
        exposure: The part of the path that leaves light, in (0, 1]; None: a tenth, a half or all of it, at random.
        linear_light: Add light, as a sensor does, instead of the values of the picture.
        seed: The same seed gives the same bytes. Picture i gets the kernel of (seed, i).
        console: Where progress goes; None: standard error.

    Returns:
        How many pairs there are, and the files that gave none.

    Raises:
        UsageError: There is no such source, or a number is out of its range.
        OrganzaError: `dest` is not empty or cannot be written, or nothing in the source is a usable picture.
    """
    out = Path(dest)
    with (console or Console()).counting() as progress, disk_errors(out):
        return blur_pictures(Path(source), out, Shake(count, length, exposure, linear_light, seed), progress)
