"""From a curve of any length to the few hundred points that a chart can show."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from organza.report.metrics import Curve, Numbers

POINTS = 600
"""Points of a curve on the page; a chart is hardly ever wider in pixels."""

NOISY = 0.02
"""A curve whose neighbouring values bend by more than this part of its spread gets a smooth line."""

SMOOTHED_OVER = 1 / 25
"""The reach of the smooth line's window, as a part of the whole curve."""


LARGEST = 1e150
"""Values are held below it, so that no sum or square of them overflows; no chart can tell them apart."""


@dataclass(frozen=True)
class Trace:
    """A curve as it is drawn.

    Attributes:
        images: Where the points lie.
        values: The curve there; the mean of a bucket where points were joined.
        low: The least value of each bucket, None where nothing was joined.
        high: The greatest value of each bucket, None where nothing was joined.
        smooth: A calm line through a noisy curve, None where the curve is calm itself.
        missing: How many values of the curve were not finite.
    """

    images: Numbers
    values: Numbers
    low: Numbers | None
    high: Numbers | None
    smooth: Numbers | None
    missing: int

    @property
    def drawn(self) -> Numbers:
        """The line that the eye follows."""
        return self.values if self.smooth is None else self.smooth


def trace(curve: Curve, *, log: bool = False, points: int = POINTS) -> Trace:
    """`curve` with at most `points` points.

    Args:
        curve: The curve as it was logged.
        log: Whether it is drawn on a logarithmic scale, where the smooth line has to follow the geometric mean.
        points: The greatest number of points.
    """
    missing = int(np.isnan(curve.values).sum())
    images, values = curve.images, np.clip(curve.values, -LARGEST, LARGEST)
    low = high = None
    if len(values) > points:
        edges = np.linspace(0, len(values), points, endpoint=False).astype(int)
        low, high = np.fmin.reduceat(values, edges), np.fmax.reduceat(values, edges)
        finite = np.isfinite(values)
        with np.errstate(invalid="ignore"):
            values = np.add.reduceat(np.where(finite, values, 0.0), edges) / np.add.reduceat(
                finite.astype(float), edges
            )
        images = images[np.append(edges[1:], len(images)) - 1]
    return Trace(images, values, low, high, _smooth(values, log=log), missing)


def _smooth(values: Numbers, *, log: bool) -> Numbers | None:
    """A running mean with a bell-shaped window; gaps stay gaps."""
    if log:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.where(values > 0, np.log(values), np.nan)
    if not _noisy(values):
        return None
    finite = np.isfinite(values)
    reach = max(2, round(len(values) * SMOOTHED_OVER))
    window = np.hanning(2 * reach + 3)[1:-1]
    total = np.convolve(np.where(finite, values, 0.0), window)[reach:-reach]
    weight = np.convolve(finite.astype(float), window)[reach:-reach]
    smooth: Numbers = np.where(finite, total / np.maximum(weight, 1e-9), np.nan)
    return np.exp(smooth) if log else smooth


def _noisy(values: Numbers) -> bool:
    if np.isfinite(values).sum() < 24:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        bend = np.nanmedian(np.abs(np.diff(values, n=2)))
    spread = np.nanpercentile(values, 95) - np.nanpercentile(values, 5)
    return bool(bend > NOISY * spread)
