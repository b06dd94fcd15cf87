"""Styles of two samples in one picture (Karras et al. 2019, arXiv:1812.04948, section 3.1 and figure 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from organza.errors import UsageError
from organza.exchange import Model
from organza.exchange.model import Label, picture_pixels
from organza.marks import grid, save_picture
from organza.tools.latent.options import read_layers
from organza.tools.latent.space import Space, without_styles


@dataclass(frozen=True)
class Mix:
    """A grid of mixed styles.

    Attributes:
        file: What was written.
        layers: Numbers of the style inputs that the columns decide on.
        sides: Pixels a side of their feature maps.
    """

    file: Path
    layers: range
    sides: tuple[int, ...]


def mixed(rows: Tensor, columns: Tensor, layers: range) -> Tensor:
    """The styles of each row, those of some layers taken from each column.

    Args:
        rows: One w for each style input, [r, styles, w_dim].
        columns: [c, styles, w_dim].
        layers: Numbers of the style inputs that are taken from the column; they may be none.

    Returns:
        [r, c, styles, w_dim].
    """
    taken = torch.zeros(rows.shape[1], dtype=torch.bool, device=rows.device)
    taken[layers.start : layers.stop] = True
    return torch.where(taken[:, None], columns[None], rows[:, None])


def write_mix(
    model: Model,
    rows: Sequence[int],
    columns: Sequence[int],
    layers: str,
    out: Path,
    label: Label | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Mix:
    """Write a grid: above the columns' seeds, on the left the rows', inside the row's picture with styles of the column's.

    Args:
        model: Has styles.
        rows: Seeds.
        columns: Seeds.
        layers: Which style inputs the columns decide on, as `read_layers` reads it.
        out: A .png.
        label: Of all pictures, as `Model.sample` takes it; None: each seed's own.
        progress: Told (done, total) pictures.

    Raises:
        UsageError: The model has no styles, no such layers or label, or `out` is no .png.
        OSError: The file cannot be written.
    """
    if model.abilities.from_noise and not model.abilities.styles:
        raise UsageError(f"{without_styles(model)}: nothing can be mixed")
    space = Space(model, "w+")
    swapped = read_layers(layers, space.styles.resolutions)
    if out.suffix.lower() != ".png" or out.is_dir():
        raise UsageError(f"cannot write a mix to {out}: name a file that ends in .png")
    above, left = (space.of_seeds(seeds, label).points for seeds in (columns, rows))
    total, done = (len(rows) + 1) * (len(columns) + 1) - 1, len(columns)
    heading = space.images(above)
    lines = [torch.cat([torch.full_like(heading[:1], -1), heading])]
    progress(done, total)
    for row in left:
        inside = mixed(row[None], above, swapped)[0]
        lines.append(space.images(torch.cat([row[None], inside])))
        done += 1 + len(columns)
        progress(done, total)
    out.parent.mkdir(parents=True, exist_ok=True)
    details = {"verb": "mix", "rows": spoken(rows), "columns": spoken(columns), "layers": f"{swapped[0]}-{swapped[-1]}"}
    mark = model.mark(rows[0], **details, **({} if label is None else {"label": str(label)}))
    save_picture(out, grid(picture_pixels(torch.cat(lines)), len(columns) + 1), mark)
    return Mix(out, swapped, tuple(space.styles.resolutions[layer] for layer in swapped))


def spoken(seeds: Sequence[int]) -> str:
    """Seeds with commas between."""
    return ",".join(map(str, seeds))
