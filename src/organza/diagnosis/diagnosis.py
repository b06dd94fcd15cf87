"""From all findings to one verdict, what to do about it, and when it is time to stop."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from organza.diagnosis.detectors import DETECTORS, warm
from organza.diagnosis.finding import HEALTHY, VERDICTS, Finding
from organza.diagnosis.history import History
from organza.diagnosis.remedies import Prescription, prescribe

STRETCH = 8  # readings over which a plateau must last: fewer may be chance
LITTLE = 0.05  # of the present distance from the data: a smaller gain over a stretch counts as none
NOISE = 0.01  # energy distance that a reading of the data themselves may show
DRAW = (0.4, 0.75)  # share of the pairs that a discriminator wins at an equilibrium
CLOSE = 0.05  # energy distance below which samples are close to the data

YOUNG = (
    "Too young to tell: most signs are judged after some hundred steps, a few readings and a quarter of the budget, or "
    "of what a later stage has of it, because every training begins like a failing one."
)
UNREAD_YOUNG = (
    "Too young to tell: losses and gradients are judged after some hundred steps and a quarter of the budget, or of "
    "what a later stage has of it, because every training begins like a failing one."
)
UNREAD = (
    "This rests on losses and gradients alone: the doctor reads samples that are made from noise, and here pictures "
    "are made from pictures. How good they are, it cannot tell: look at the grids, and at how near they come to "
    "their targets where there are some."
)

OF_SCALES = (
    "This rests on losses and gradients alone: the doctor knows how to hold many samples against many real ones, and here one or "
    "two pictures are all there is. Whether what is made looks like them, and is more than they are once again, it cannot tell: "
    "look at the last grid of every scale."
)


@dataclass(frozen=True)
class Diagnosis:
    """What is the matter with a training.

    Attributes:
        verdict: One of `VERDICTS`.
        images: How far the training was.
        findings: Of every detector.
        prescriptions: What to do about it, the first choice first; empty for a healthy training.
        notices: What to know besides, as that an equilibrium is reached.
    """

    verdict: str
    images: int
    findings: tuple[Finding, ...]
    prescriptions: tuple[Prescription, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The verdict in words, with those of the detector that speaks for it."""
        return VERDICTS[self.verdict]

    def record(self) -> dict[str, Any]:
        """For programs, as `organza diagnose --json` prints it."""
        return {
            "verdict": self.verdict,
            "sentence": self.sentence,
            "images": self.images,
            "detectors": [finding.record() for finding in self.findings],
            "remedies": [prescription.record() for prescription in self.prescriptions],
            "notices": list(self.notices),
        }


def diagnose(
    history: History,
    fields: Mapping[str, Any] | None = None,
    accepts: Callable[[Mapping[str, Any]], bool] = lambda changes: True,
) -> Diagnosis:
    """Ask every detector, and take the first verdict in the order of `VERDICTS`: causes before their effects.

    Args:
        history: Of the training.
        fields: Of its recipe, by dotted name, from which remedies depart; None: none are prescribed.
        accepts: Whether the recipe can be changed so: a prescription that it refuses is none.
    """
    findings = tuple(detector.look(history, name) for name, detector in DETECTORS.items())
    spoken = {finding.verdict for finding in findings}
    verdict = next((verdict for verdict in VERDICTS if verdict in spoken), HEALTHY)
    offered = prescribe(verdict, fields) if fields is not None else ()
    prescriptions = tuple(prescription for prescription in offered if accepts(prescription.changes))
    return Diagnosis(verdict, history.images, findings, prescriptions, notices(history, verdict))


def notices(history: History, verdict: str) -> tuple[str, ...]:
    """What is no failure, but good to know: that it is too early to tell, on how little it rests, that going on brings little."""
    if verdict != HEALTHY:
        return ()
    young = history.images and not warm(history)
    if not history.conditions.read:
        unread = OF_SCALES if history.by_scales else UNREAD
        return (UNREAD_YOUNG, unread) if young else (unread,)
    if young:
        return (YOUNG,)
    energy = history.series("energy")
    if len(energy) < 2 * STRETCH:
        return ()
    before, now = statistics.median(energy[-2 * STRETCH : -STRETCH]), statistics.median(energy[-STRETCH:])
    if before - now > LITTLE * max(now, NOISE):
        return ()
    wins = history.lately("discriminator.wins")
    images = int(history.readings[-STRETCH]["images"])
    if wins is not None and DRAW[0] <= wins <= DRAW[1] and now < CLOSE:
        return (
            f"Equilibrium: the samples are close to the data, the discriminator wins {wins:.0%} of the pairs, and nothing has "
            f"changed since {images:,} images. It is time to stop.",
        )
    return (
        f"Plateau: the distance from the data has not fallen since {images:,} images. Going on as it is will "
        f"bring little; a lower "
        "learning rate or a larger generator may.",
    )
