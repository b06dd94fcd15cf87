"""Scores with everything without which they mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from organza.tools.scoring.table import METRICS, Metric

PROTOCOL = ("features", "features_sha256", "n", "real", "split", "resize", "seed", "fingerprint")


@dataclass(frozen=True)
class Scores:
    """Scores, and everything without which they mean nothing.

    Attributes:
        values: By key of `METRICS`; empty where the data allow none, and then `notes` say why.
        features: In which they were computed; None for points and scores of pixels, which need none.
        n: Generated samples.
        real: Real samples.
        split: Which part of the data the real ones are from.
        resize: How pictures became the input of the features.
        seed: Of both.
        data: Name of the source.
        fingerprint: Of its content.
        notes: What to know, one sentence each.
        features_sha256: Of the features' weights.
        standard_inception: Whether they are those with which FD is called FID.
        details: What belongs to a score and is none: `kid_deviation`, `is_deviation`, `memorisation_ratio`, `pairs`.
        intervals: Ends of the confidence intervals, by key, where they were asked for.
        also: The distance from the other part of the data, and that from the own part with as many real samples: {"split",
            "real", "fd", "own"}; None where there is none.
        seconds: What it took.
    """

    values: Mapping[str, float]
    features: str | None
    n: int
    real: int
    split: str
    resize: str | None
    seed: int
    data: str
    fingerprint: str
    notes: tuple[str, ...] = ()
    features_sha256: str | None = None
    standard_inception: bool = False
    details: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    also: Mapping[str, Any] | None = None
    seconds: float = 0.0

    def __getitem__(self, key: str) -> float:
        return self.values[key]

    @property
    def metrics(self) -> list[Metric]:
        """What its values are, in the order of `METRICS`."""
        return [self.metric(key) for key in METRICS if key in self.values]

    def metric(self, key: str) -> Metric:
        """What a score is, named after the features in which it was computed."""
        return METRICS[key].of(self.features, self.standard_inception)

    def record(self) -> dict[str, Any]:
        """All of it as plain values, for programs."""
        return {
            "scores": dict(self.values),
            "features": self.features,
            "n": self.n,
            "split": self.split,
            "resize": self.resize,
            "seed": self.seed,
            "seconds": self.seconds,
            "real": self.real,
            "data": self.data,
            "fingerprint": self.fingerprint,
            "features_sha256": self.features_sha256,
            "titles": {metric.key: metric.title for metric in self.metrics},
            "better": {metric.key: metric.better for metric in self.metrics},
            "details": dict(self.details),
            "intervals": {key: list(ends) for key, ends in self.intervals.items()},
            "also": None if self.also is None else dict(self.also),
            "notes": list(self.notes),
        }

    @property
    def protocol(self) -> str:
        """Everything that the scores depend on, in one line."""
        parts = [f"features {self.features}"] if self.features else []
        parts += [f"n {self.n:,}"]
        parts += [f"against {self.real:,} of {self.data} ({self.split})" if self.real else f"against {self.data}"]
        parts += [f"resize {self.resize}"] if self.resize else []
        return " · ".join([*parts, f"seed {self.seed}"])


def why_not_beside(first: Scores, second: Scores) -> str | None:
    """Why two scores must not stand in one table; None if they may."""
    for name in PROTOCOL:
        one, other = getattr(first, name), getattr(second, name)
        if one != other:
            if name == "fingerprint" and first.data != second.data:
                name, one, other = "data", first.data, second.data
            return f"scores of {name} {one} and of {name} {other} cannot stand in one table"
    return None
