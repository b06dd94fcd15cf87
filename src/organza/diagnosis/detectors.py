"""The signs of a failing training, one entry each: what is measured, beyond which threshold it speaks, and for which verdict.

Thresholds were set on the trainings of `benchmarks/doctor.py`, and scored on others of the same kind (docs/doctor.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from organza.diagnosis import measures
from organza.diagnosis.finding import Finding
from organza.diagnosis.history import RECENT, History
from organza.diagnosis.measures import Measure
from organza.registry import Registry

# Of the budget, or of what a later stage has of it. Before, every generator makes samples that are alike, and every
# discriminator wins.
WARM_UP = 0.25
YOUNG = 200  # steps after which something can be said at all


def warm(history: History) -> bool:
    """Whether the training has had time enough to show what becomes of it."""
    images, steps = history.begun
    seen = max((int(record["step"]) for record in (*history.readings[-1:], *history.rows[-1:])), default=0)
    looks = history.readings if history.conditions.read else history.stage
    old = history.images - images >= WARM_UP * (history.budget - images) and seen - steps >= YOUNG
    return old and len(looks) > RECENT


def always(_history: History) -> bool:
    """No further condition."""
    return True


@dataclass(frozen=True)
class Detector:
    """One sign.

    Attributes:
        summary: What it looks at, in a few words.
        verdict: For which it speaks.
        measure: History -> value; None where there is nothing to measure it by.
        side: On which side of the threshold it speaks.
        threshold: Beyond which it speaks.
        sentence: What the value means, for a student.
        when: What else must hold.
    """

    summary: str
    verdict: str
    measure: Measure
    side: Literal["above", "below"]
    threshold: float
    sentence: str
    when: Callable[[History], bool] = warm

    def look(self, history: History, name: str) -> Finding:
        """What it finds at the present moment."""
        value = self.measure(history)
        beyond = value is not None and (value > self.threshold if self.side == "above" else value < self.threshold)
        verdict = self.verdict if beyond and self.when(history) else None
        sentence = f"{history.culprit}." if self.verdict == "not-finite" and history.culprit else self.sentence
        return Finding(name, verdict, value, self.threshold, self.side, history.images, sentence)


def contested(history: History) -> bool:
    """The generator does not win nearly every pair: what grows then grows because nothing holds it."""
    wins = history.lately("discriminator.wins")
    return wins is None or wins > 0.2


def grown(history: History) -> bool:
    """Contested, and no beginner any more."""
    return warm(history) and contested(history)


def fallen(history: History) -> bool:
    """Samples that once differed are now practically all the same."""
    now = history.recent("diversity")
    return now is not None and now < 0.02 and max(history.series("diversity")) > 5 * now


def standing(history: History) -> bool:
    """Samples have not all become the same one, which would explain the rest."""
    return warm(history) and not fallen(history)


def fading(history: History) -> bool:
    """The generator's gradient fades, and not because it has learnt what else it is told; or it is gone altogether."""
    return standing(history) and (history.conditions.besides == "nothing" or measures.gradient_left(history) == 0.0)


def wins_all(history: History) -> bool:
    """The discriminator wins nearly every pair, not because all samples have become the same one, and that does harm."""
    harm = history.conditions.besides != "targets"
    return standing(history) and harm and (history.lately("discriminator.wins") or 0.0) > 0.99


def far_off(history: History) -> bool:
    """The samples are far from the data, as a distance of averaged pixels sees it."""
    return warm(history) and (history.recent("energy") or 0.0) > 0.15


def few_kinds(history: History) -> bool:
    """Kinds of samples are missing."""
    return warm(history) and (history.recent("kinds") or 1.0) < 0.5


def perhaps_by_heart(history: History) -> bool:
    """No real samples that were kept from the discriminator say the contrary: they do if they score like the others.

    Adaptive augmentation goes by r_t only because such samples are seldom spared (Karras et al. 2020, arXiv:2006.06676): a
    discriminator can be sure of samples that it has never seen.
    """
    spared = any(reading.get("score_held") is not None for reading in history.readings)
    return warm(history) and (not spared or (measures.held_gap(history) or 0.0) > 0.1)


def read_often(history: History) -> bool:
    """There are some readings, and their first ones count, too."""
    return len(history.readings) > RECENT


DETECTORS: Registry[Detector] = Registry("detector")

for name, detector in {
    "finite": Detector(
        "numbers that are NaN or infinite",
        "not-finite",
        measures.not_finite,
        "above",
        0.5,
        "All losses, gradients and weights are finite numbers.",
        always,
    ),
    "gradient-growth": Detector(
        "length of the gradients against their usual one",
        "explosion",
        measures.gradient_growth,
        "above",
        100.0,
        "How much longer a player's gradient is than it has been. Gradients that grow without end make steps that are too "
        "large.",
        grown,
    ),
    "scores": Detector(
        "spread of the discriminator's outputs against that of real samples",
        "explosion",
        measures.loudness,
        "above",
        10.0,
        "How far the discriminator's outputs spread, against the distance of real samples. Far beyond it, nothing bounds it.",
        contested,
    ),
    "noise": Detector(
        "what the noise changes",
        "latent-ignored",
        measures.ever("diversity"),
        "below",
        1e-3,
        "The largest distance of two samples so far, against two real ones. If it was 0 all along, the generator "
        "has never listened "
        "to its noise.",
        read_often,
    ),
    "noise-of-a-label": Detector(
        "what the noise changes within a label",
        "latent-ignored",
        measures.recent("noise_effect"),
        "below",
        0.05,
        "How far two samples of one label are apart, against two real samples. At 0 the generator makes one "
        "picture for each label.",
    ),
    "label": Detector(
        "what the label changes",
        "latent-ignored",
        measures.recent("label_effect"),
        "below",
        0.4,
        "How far a sample moves when its label alone is changed, against two real samples. Near 0 the generator "
        "does not listen to "
        "its label.",
    ),
    "range": Detector(
        "pixels at the ends of their range",
        "saturation",
        measures.recent("saturated"),
        "above",
        0.3,
        "How many more pixels are quite black or quite white than in real pictures, as a share. Beyond, the "
        "output is stuck at its "
        "ends, where hardly a gradient passes.",
    ),
    "clip": Detector(
        "weights at the clip bound",
        "saturation",
        measures.lately("discriminator.saturated"),
        "above",
        0.95,
        "How many of the critic's weights sit at the bound to which they are clipped, as a share. If nearly all "
        "do, the critic can "
        "say little.",
    ),
    "gradient-left": Detector(
        "the generator's gradient against the beginning",
        "vanishing-gradients",
        measures.gradient_left,
        "below",
        0.012,
        "How long the generator's gradient is against the beginning. Near 0 the generator is told nothing any more.",
        fading,
    ),
    "strength": Detector(
        "the discriminator's loss against that of a draw",
        "discriminator-dominates",
        measures.judgement,
        "below",
        0.05,
        "The discriminator's loss against that of a draw, while it wins every pair. Near 0 it is never wrong, "
        "and a generator that "
        "can win nothing learns little.",
        wins_all,
    ),
    "weakness": Detector(
        "pairs that the discriminator wins",
        "generator-dominates",
        measures.lately("discriminator.wins"),
        "below",
        0.6,
        "How often the discriminator scores a real sample above a generated one: 1/2 is guessing. If it guesses "
        "while the samples "
        "are plainly different, it is too weak to teach the generator.",
        far_off,
    ),
    "held-out": Detector(
        "real samples that the discriminator was not trained on",
        "over-fitting",
        measures.held_gap,
        "above",
        0.2,
        "Where the discriminator puts real samples that it was not trained on: 0 beside those that it was, 1 among the generated "
        "ones. Towards 1 it knows its samples by heart.",
    ),
    "sure-of-real": Detector(
        "real samples that the discriminator takes for real, though all it sees is augmented as much as it may be",
        "over-fitting",
        measures.sureness,
        "above",
        0.9,
        "The share of its real samples that the discriminator takes for real, less the share that it does not (r of adaptive "
        "augmentation, which aims at 0.6). At 1 it may know them by heart, and no more augmentation is to come.",
        perhaps_by_heart,
    ),
    "rotation": Detector(
        "kinds of samples from one reading to the next",
        "mode-rotation",
        measures.turnover,
        "above",
        0.6,
        "How much the shares of the kinds of samples change between two readings, 2 if all of it changes. A "
        "generator that runs from "
        "one kind to the next is chasing its discriminator.",
        few_kinds,
    ),
    "diversity": Detector(
        "distance of two samples",
        "complete-collapse",
        measures.recent("diversity"),
        "below",
        0.1,
        "How far two generated samples are apart, against two real ones. Near 0 they are all the same.",
    ),
    "one-mode": Detector(
        "points in one mode of a mixture",
        "complete-collapse",
        measures.collapsed_modes,
        "above",
        0.9,
        "How unevenly the points spread over the modes: 0 if equally, 1 if all are in one.",
    ),
    "modes": Detector(
        "points in the modes of a mixture",
        "partial-collapse",
        measures.recent("kl"),
        "above",
        0.1,
        "How unevenly the points spread over the modes of the mixture, in nats: 0 if equally, ln K if all are in one of K.",
    ),
    "modes-found": Detector(
        "modes of a mixture that are found",
        "partial-collapse",
        measures.modes_found,
        "below",
        0.99,
        "How many of the modes have enough points close by, as a share, once most points lie close to one.",
    ),
    "kinds": Detector(
        "kinds of samples",
        "partial-collapse",
        measures.recent("kinds"),
        "below",
        0.45,
        "How many kinds of samples the generator makes, against the data: by entropy, so that a rare kind counts little.",
    ),
    "checkerboard": Detector(
        "patterns that repeat every 2 pixels",
        "artefacts",
        measures.recent("checkerboard"),
        "above",
        100.0,
        "How much more a pattern of single pixels stands out than in real pictures.",
    ),
}.items():
    DETECTORS.add(name, detector)
