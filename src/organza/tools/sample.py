"""Samples of a model as picture files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from organza.errors import UsageError
from organza.exchange import Model
from organza.exchange.model import picture_pixels
from organza.marks import grid, save_picture
from organza.tools.latent.truncation import truncation_grid
from organza.tools.pictures.files import check_free, may_be_folder

BLOCK = 256  # pictures made and written at once, so that memory does not grow with their number


def write_samples(
    model: Model,
    n: int,
    out: Path,
    seed: int = 0,
    label: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    truncations: Sequence[float] = (1.0,),
    cutoff: int | None = None,
) -> list[Path]:
    """Write n samples: one PNG grid if `out` ends in .png, otherwise a folder of n PNG files.

    Several truncations make one grid, with a row for each sample and a column for each truncation.

    Args:
        model: Must be able to make samples from noise.
        n: How many, at least 1.
        out: File or folder; a folder is made if it is not there, and what models have written there is replaced.
        seed: The same seed gives the same bytes.
        label: For a model with labels: what to make, as `Model.sample` reads it; None: with the shares of the data.
        progress: Told (done, total).
        truncations: How far from the middle of the latent space, as of `Model.sample`; at least one.
        cutoff: As of `Model.sample`.

    Returns:
        The files written.

    Raises:
        UsageError: n is too small, there is no such label or truncation, or `out` is a file of another kind.
        OrganzaError: Something else is in the way of the output.
        OSError: The files cannot be written.
    """
    if n < 1:
        raise UsageError(f"-n must be at least 1, not {n}")
    told: dict[str, int | str] = {} if label is None else {"label": label}
    if tuple(truncations) != (1.0,):
        told["truncation"] = ",".join(f"{psi:g}" for psi in truncations)
        told |= {} if cutoff is None else {"cutoff": cutoff}
    check_free(out)
    if out.suffix.lower() == ".png" and len(truncations) > 1:
        pixels = truncation_grid(model, n, truncations, cutoff, seed, label, progress)
        out.parent.mkdir(parents=True, exist_ok=True)
        save_picture(out, pixels, model.mark(seed, grid=n, **told))
        return [out]
    if len(truncations) > 1:
        raise UsageError("several truncations make one grid: name a file that ends in .png")
    psi = truncations[0]
    if out.suffix.lower() == ".png":
        out.parent.mkdir(parents=True, exist_ok=True)
        samples = model.sample(n, seed, label=label, truncation=psi, cutoff=cutoff)
        save_picture(out, grid(picture_pixels(samples)), model.mark(seed, grid=n, **told))
        return [out]
    if not may_be_folder(out):
        raise UsageError(f"cannot write samples to {out}: name a folder, or a file that ends in .png")
    if model.recipe.channels == 2:
        raise UsageError("points of the plane are drawn together: name a file that ends in .png")
    digits = max(5, len(str(n - 1)))
    files = [out / f"{number:0{digits}d}.png" for number in range(n)]
    check_free(*files)
    out.mkdir(parents=True, exist_ok=True)
    for start in range(0, n, BLOCK):
        block = model.sample(min(BLOCK, n - start), seed, start, label, psi, cutoff)
        for offset, pixels in enumerate(picture_pixels(block)):
            save_picture(files[start + offset], pixels, model.mark(seed, index=start + offset, **told))
        progress(min(n, start + BLOCK), n)
    return files
