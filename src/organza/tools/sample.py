"""Samples of a model as picture files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from organza.errors import UsageError
from organza.exchange import Model
from organza.exchange.model import picture_pixels
from organza.marks import grid, save_picture

BLOCK = 256  # pictures made and written at once, so that memory does not grow with their number


def write_samples(
    model: Model,
    n: int,
    out: Path,
    seed: int = 0,
    label: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Path]:
    """Write n samples: one PNG grid if `out` ends in .png, otherwise a folder of n PNG files.

    Args:
        model: Must be able to make samples from noise.
        n: How many, at least 1.
        out: File or folder; a folder is made if it is not there, and files in it are replaced.
        seed: The same seed gives the same bytes.
        label: For a model with labels: what to make, as `Model.sample` reads it; None: with the shares of the data.
        progress: Told (done, total).

    Returns:
        The files written.

    Raises:
        UsageError: n is too small, there is no such label, or `out` is a file of another kind.
        OSError: The files cannot be written.
    """
    if n < 1:
        raise UsageError(f"-n must be at least 1, not {n}")
    told = {} if label is None else {"label": label}
    if out.suffix.lower() == ".png":
        out.parent.mkdir(parents=True, exist_ok=True)
        save_picture(out, grid(picture_pixels(model.sample(n, seed, label=label))), model.mark(seed, grid=n, **told))
        return [out]
    if out.suffix or out.is_file():
        raise UsageError(f"cannot write samples to {out}: name a folder, or a file that ends in .png")
    if model.recipe.channels == 2:
        raise UsageError("points of the plane are drawn together: name a file that ends in .png")
    out.mkdir(parents=True, exist_ok=True)
    files, digits = [], max(5, len(str(n - 1)))
    for start in range(0, n, BLOCK):
        block = model.sample(min(BLOCK, n - start), seed, start, label)
        for offset, pixels in enumerate(picture_pixels(block)):
            files.append(out / f"{start + offset:0{digits}d}.png")
            save_picture(files[-1], pixels, model.mark(seed, index=start + offset, **told))
        progress(len(files), n)
    return files
