"""What there is to compare of runs whose models make pictures from pictures: the grids that their trainings drew."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from organza.tools.scoring import Metric
from organza.training import RunFolder

GRID = (
    Metric(
        "shown.psnr", "PSNR of the grid", "higher", "how near the last grid's pictures come to their targets",
        "Peak signal-to-noise ratio in decibels, on average over the few pictures of the last grid that the training held"
        " against their targets; comparable only with the same pictures.",
    ),
    Metric(
        "shown.psnr_of_input", "PSNR of its input", None, "how near they were before",
        "The same of the grid's input, before the generator has touched it: what a model that does nothing would reach.",
    ),
    Metric(
        "shown.reconstruction", "Reconstruction", "higher", "how near the last grid's reconstruction comes to the picture",
        "Peak signal-to-noise ratio in decibels of the one picture as the model makes it anew, at the finest scale that was"
        " trained; comparable only with the same picture in the same size.",
    ),
    Metric(
        "shown.diversity", "Diversity", None, "how much the last grid's variations of the picture differ",
        "Standard deviation of a pixel over the variations of the last grid, on average, where black and white are 2 apart: 0"
        " where all are the same picture. Neither way is better by itself.",
    ),
    Metric(
        "shown.structure_a", "Structure of A", "higher", "how well A as B has the edges of A, in the last grid",
        "Correlation of the lengths of the gradients, on average over the grid; 1 also for a model that changes nothing, so it"
        " says something only beside a score of style.",
    ),
    Metric(
        "shown.structure_b", "Structure of B", "higher", "how well B as A has the edges of B, in the last grid",
        "The same the other way.",
    ),
)  # fmt: skip
TOGETHER = (  # of one grid each
    ("shown.psnr", "shown.psnr_of_input"),
    ("shown.reconstruction", "shown.diversity"),
    ("shown.structure_a", "shown.structure_b"),
)
UNSCORED = "no scores: samples from noise have them, and grids of pictures that were held against targets"


def grid_scores(folder: Path) -> dict[str, float]:
    """How near the pictures of a run's last grid came to what they should be; empty where nobody knows."""
    for row in reversed(RunFolder(folder).rows()):
        for keys in TOGETHER:
            if all(isinstance(row.get(key), int | float) for key in keys):
                return {key: float(row[key]) for key in keys}
    return {}


def copy_grid(folder: Path, target: Path) -> bool:
    """Copy the last grid that a run drew, with its mark; False where it drew none."""
    grids = sorted(RunFolder(folder).samples.glob("[0-9]*.png"))
    if not grids:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(grids[-1], target)
    return True


def grid_metrics(values: Sequence[Mapping[str, float]]) -> list[Metric]:
    """The metrics of `GRID` that a run has."""
    return [metric for metric in GRID if any(metric.key in own for own in values)]
