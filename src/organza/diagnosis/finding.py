"""What a detector finds, and what all of them together say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

HEALTHY = "healthy"

VERDICTS: Mapping[str, str] = {
    HEALTHY: "No sign of a failing training.",
    "not-finite": "A number of the training is not finite any more.",
    "explosion": "The gradients grow without end.",
    "latent-ignored": "The generator does not listen to one of its inputs.",
    "saturation": "Values are stuck at the end of their range.",
    "vanishing-gradients": "Hardly any gradient reaches the generator: it has stopped learning.",
    "discriminator-dominates": "The discriminator tells every generated sample from a real one; the generator cannot catch up.",
    "generator-dominates": "The discriminator is too weak to see what is wrong with the generated samples.",
    "over-fitting": "The discriminator knows its training samples by heart.",
    "artefacts": "The generated pictures carry a regular pattern that real ones have not.",
    "mode-rotation": "The generator makes one kind of sample after another instead of all at once.",
    "complete-collapse": "All generated samples are nearly the same.",
    "partial-collapse": "The generator makes only some of the kinds of samples that there are.",
}
"""Verdict -> what it means, in one sentence. The order is that of causes before their effects: the first that is found counts."""

FAILURES = frozenset(
    {"complete-collapse", "partial-collapse", "mode-rotation", "discriminator-dominates", "generator-dominates"}
)
"""Verdicts at which `--stop-on-failure` stops, once enough checks running confirm them."""

SICK = frozenset(VERDICTS) - {HEALTHY}
"""Verdicts that a remedy may help against."""


@dataclass(frozen=True)
class Finding:
    """What one detector has found.

    Attributes:
        name: Of the detector.
        verdict: For which it speaks; None if it sees nothing wrong.
        value: What it has measured; None if there is nothing to measure it by.
        threshold: Beyond which it speaks.
        side: On which side of the threshold it speaks, above or below.
        images: When it was measured.
        sentence: What the value means, for a student.
    """

    name: str
    verdict: str | None
    value: float | None
    threshold: float
    side: Literal["above", "below"]
    images: int
    sentence: str

    @property
    def beyond(self) -> bool:
        """Whether the value lies beyond the threshold, be it said or not: of a young training, say, it is not."""
        if self.value is None:
            return False
        return self.value > self.threshold if self.side == "above" else self.value < self.threshold

    def record(self) -> dict[str, Any]:
        """For programs."""
        value = float(f"{self.value:.6g}") if self.value is not None and math.isfinite(self.value) else None
        return {**vars(self), "value": value, "fired": self.verdict is not None}
