"""What truncation does: one row of pictures for each sample, from the opposite over the average to the sample itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from organza.exchange import Model
from organza.exchange.model import Label, picture_pixels
from organza.marks import grid


def truncation_grid(
    model: Model,
    n: int,
    truncations: Sequence[float],
    cutoff: int | None = None,
    seed: int = 0,
    label: Label | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> NDArray[np.uint8]:
    """A row for each sample and a column for each truncation, uint8 [H, W, C].

    Points of the plane are drawn together: one row, in which each picture holds all points.

    Args:
        model: Makes samples from noise.
        n: Rows.
        truncations: psi of each column.
        cutoff: As of `Model.sample`.
        seed: As of `Model.sample`.
        label: As of `Model.sample`.
        progress: Told (done, total) columns.

    Raises:
        UsageError: There is no such label or truncation.
    """
    columns = []
    for psi in truncations:
        columns.append(picture_pixels(model.sample(n, seed, label=label, truncation=psi, cutoff=cutoff)))
        progress(len(columns), len(truncations))
    rows = np.stack(columns, 1)  # [rows, columns, H, W, C]
    return grid(rows.reshape(-1, *rows.shape[2:]), len(columns))
