"""What the numbers of turns mean that only hold a player in check, and those of the augmentation."""

from __future__ import annotations

from organza.report.explanation import Explanation, Reference

SIGNED = frozenset({"non-saturating", "saturating", "hinge"})
"""Losses whose discriminators say by the sign of an output whether a sample is real."""


def explanations(loss: str | None) -> list[Explanation]:
    """The charts of such numbers.

    Args:
        loss: The recipe's adversarial loss.
    """
    return [_penalty(), _path_length(), _path_lengths(), _strength(), _sureness(loss)]


def _penalty() -> Explanation:
    return Explanation(
        title="Penalty in turns of its own",
        series={"penalty.loss": "penalty, weighted"},
        meaning="What the discriminator pays for being steep. The penalty comes in every n-th step only and then counts n times "
        "(lazy regularisation), so it stands n times as high here as its share of a step is. R1 is γ/2 · E[‖∇D(x)‖²]: the "
        "mean square of D’s slope at real pictures x, with the weight γ.",
        healthy="It settles at a low level, with spikes. One that climbs without end is a discriminator that the "
        "penalty does not hold: a larger γ does. One that lies at 0 holds nothing.",
        from_zero=True,
    )


def _path_length() -> Explanation:
    return Explanation(
        title="Path-length penalty",
        series={"path-length.loss": "penalty, weighted"},
        meaning="What the generator pays where a step in w moves its picture farther in some places and directions than in "
        "others: E[(‖Jᵀy‖ − a)²], with its weight, J the slope of the picture in w, y noise images, a the mean length so far "
        "(Karras et al. 2020, arXiv:1912.04958, section 3.2). It comes in every n-th step only and then counts n times.",
        healthy="It falls soon and stays low. A generator with even paths has a space of styles that is easy to walk "
        "in and to find pictures in.",
        from_zero=True,
    )


def _path_lengths() -> Explanation:
    return Explanation(
        title="Mean path length",
        series={"path-length.mean": "a, the mean so far"},
        meaning="How far a picture moves for a step of length 1 in w, on average over the training so far: the length that the "
        "path-length penalty asks of all paths.",
        healthy="It climbs from about 0, as the generator begins to listen to its styles, and flattens out. Where it lies is of "
        "no account: the penalty asks for equal lengths, not for short ones.",
        from_zero=True,
    )


def _strength() -> Explanation:
    return Explanation(
        title="Strength of the augmentation",
        series={"discriminator.augmented": "p"},
        meaning="How likely each change is (turns, shifts, colours, ...) that pictures, real and generated, go through before "
        "the discriminator sees them. Adaptive augmentation moves p up where the discriminator is too sure of the real pictures, "
        "and down where it is not (Karras et al. 2020, arXiv:2006.06676); with a schedule, p only follows the clock.",
        healthy="With many pictures an adaptive p stays near 0; with few it climbs and settles somewhere below its ceiling. "
        "At 0.8 and above, the changes themselves may show in generated pictures. Stuck at its ceiling, it is not enough: more "
        "pictures are needed, or a smaller discriminator.",
        bounds=(0.0, 1.0),
    )


def _sureness(loss: str | None) -> Explanation:
    signed = loss in SIGNED or loss is None
    return Explanation(
        title="How sure the discriminator is of real pictures",
        series={"discriminator.sure": "r"},
        meaning="r = E[sign D(real)]: the share of the real pictures that the discriminator takes for real, less the share that "
        "it takes for generated. By the authors of adaptive augmentation, 0 is no over-fitting, and 1 is a discriminator that "
        "knows every picture it is trained on.",
        healthy="Adaptive augmentation holds it at its target, which is 0.6 unless the recipe says otherwise. Near 1 with "
        "the augmentation at its ceiling, the discriminator knows the pictures by heart, or is much stronger than the generator."
        if signed
        else "With this loss the sign of an output says nothing, since only differences between outputs count: do not read "
        "over-fitting from this curve.",
        references=(Reference(0.6, "usual target", "discriminator"),) if signed else (),
        bounds=(-1.0, 1.0),
    )
