"""The picture of a training on points of the plane: both players in one, without a touch to either."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softsign

from organza.data import Dataset, to_samples
from organza.games import Judges
from organza.marks import positions, scatter
from organza.marks.pictures import Pixels
from organza.streams import Streams
from organza.training.shown import POINTS


def shown_points(dataset: Dataset, streams: Streams) -> Tensor:
    """The real points that are shown all through a run, [n, 2, 1, 1]: the same ones for a seed, whatever was drawn before."""
    chosen = torch.randperm(dataset.count, generator=streams.generator("shown real"))[:POINTS]
    return to_samples(dataset.read(chosen))


def plane_picture(
    generated: Tensor, real: Tensor, judges: Judges | None, networks: Mapping[str, nn.Module], device: torch.device
) -> tuple[Pixels, dict[str, int | str]]:
    """The generated points over the real ones, over what the live judge thinks of every place.

    Args:
        generated: [n, 2, 1, 1] on the CPU.
        real: [m, 2, 1, 1] on the CPU; they decide the section of the plane, which so stays the same all through a run.
        judges: How the game judges; None leaves the surface out.
        networks: The live ones.
        device: Where they are.

    Returns:
        uint8 [side, side, 3], and details for the picture's mark: `real`, the number of real points; `extent`, half the
        side of the section; and `surface`, which is "log-odds" or "relative" as of `tints`.
    """
    extent = room_around(real)
    details: dict[str, int | str] = {"real": len(real), "extent": f"{extent:g}"}
    surface = None
    if judges:
        places = torch.from_numpy(positions(extent=extent))[:, :, None, None]
        with at_rest(networks[judges.network]), torch.no_grad():
            scores = [
                judges.scores(networks, points.to(device), None).flatten().cpu() for points in (places, real, generated)
            ]
        cells = math.isqrt(len(places))
        surface = tints(*scores, log_odds=judges.log_odds).view(cells, cells).numpy()
        details["surface"] = "log-odds" if judges.log_odds else "relative"
    return scatter(flat(generated), flat(real), surface, extent=extent), details


def room_around(points: Tensor) -> float:
    """Half the side of a square around the origin that holds the points and a quarter more, rounded up to two digits."""
    wanted = 1.25 * max(float(points.abs().max()), 1e-6)
    digit = 10.0 ** (math.floor(math.log10(wanted)) - 1)
    return float(f"{math.ceil(wanted / digit) * digit:.2g}")


def tints(scores: Tensor, real: Tensor, generated: Tensor, *, log_odds: bool) -> Tensor:
    """Scores [n] as numbers from -1, generated, over 0, undecided, to 1, real: u / (1 + |u|).

    With log-odds f, u = f / 2: the slope at 0 is that of 2 sigmoid(f) - 1, but far away from 0, where a sigmoid is flat,
    one still sees which way the score rises, and so where the generator is drawn. Otherwise only differences mean
    something: u = (f - c) / s, where c is the middle between the mean scores of the real and of the generated points, and
    s the standard deviation of all of them. Where a score is not finite, the result is 0: a step that spoils the weights is
    reported by the loop's own checks, and the picture must not be what fails.

    Args:
        scores: Of the places in question.
        real: Scores of real points [m].
        generated: Scores of generated points [k].
        log_odds: Which of the two.
    """
    if log_odds:
        return softsign(scores / 2).nan_to_num(0.0)
    middle, spread = (real.mean() + generated.mean()) / 2, torch.cat([real, generated]).std()
    return softsign((scores - middle) / spread.clamp(min=1e-12)).nan_to_num(0.0)


@contextmanager
def at_rest(network: nn.Module) -> Iterator[None]:
    """Evaluation mode within the block: nothing drops out, and no running statistic or power iteration moves on.

    Afterwards, every module is in the mode in which it was.
    """
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def flat(points: Tensor) -> Any:
    """Points [n, 2, 1, 1] as an array [n, 2]."""
    return points[:, :, 0, 0].numpy()
