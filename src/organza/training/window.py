"""Means of the figures since the last row of metrics, kept on the device until somebody reads them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor


class Window:
    """Running sums of named scalars. Figures need not come in every step: each has a count of its own."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}

    def add(self, figures: Mapping[str, Tensor]) -> None:
        for name, value in figures.items():
            if name in self.sums:
                self.sums[name] += value
                self.counts[name] += 1
            else:
                self.sums[name], self.counts[name] = value.clone(), 1

    def first_not_finite(self) -> str | None:
        """The first figure, in the order in which they came, that holds NaN or Inf. Waits for the device."""
        if not self.sums:
            return None
        values = torch.stack(list(self.sums.values())).tolist()
        return next((name for name, value in zip(self.sums, values, strict=True) if not math.isfinite(value)), None)

    def means(self) -> dict[str, float]:
        """The means so far. Waits for the device."""
        return {name: float(total) / self.counts[name] for name, total in self.sums.items()}

    def clear(self) -> None:
        self.sums, self.counts = {}, {}
