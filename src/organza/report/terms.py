"""What the numbers of trainings mean that make pictures from pictures: how near they come, and the terms of their losses."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from organza.report.explanation import Explanation

NEAR, NEAR_BEFORE = "shown.psnr", "shown.psnr_of_input"
TARGETS = ("generator.pixel", "generator.perceptual")
PARTS = {
    "": "adversarial",
    "_a": "A",
    "_b": "B",
    "_discriminator_patch": "patches",
    "_discriminator_full": "whole pictures",
}
"""What follows the name of a term that is split, and what it then is about."""

OTHERS = ("generator.cycle_a", "generator.cycle_b", "generator.identity_a", "generator.identity_b")


def told_targets(keys: Collection[str]) -> bool:
    """Whether the generator of a run with these metric keys is told its targets, besides what a discriminator thinks."""
    return any(key in keys for key in (*TARGETS, NEAR))


def about_pictures(keys: Collection[str]) -> bool:
    """Whether a run with these metric keys makes pictures from pictures."""
    return told_targets(keys) or any(key in keys for key in OTHERS)


def explanations(keys: Collection[str]) -> list[Explanation]:
    """The charts of such trainings, the first of how near they come."""
    return [_near(), _targets(), _cycle(), _identity(), _adversarial(keys), _discriminators(keys), _penalties()]


def _near() -> Explanation:
    return Explanation(
        title="How near it comes",
        series={NEAR: "output", NEAR_BEFORE: "input, as it is"},
        meaning="How near the pictures of the grids come to their targets, pixel by pixel, on average: peak "
        "signal-to-noise ratio (PSNR) in decibels. 6 dB more is half the error. The dotted curve is the input "
        "itself, before the generator has touched it (if it is to be enlarged, by bicubic interpolation).",
        healthy="The output climbs above its input and then flattens out. As long as it lies below, the picture was "
        "nearer its target left alone. PSNR forgives blur: your eye has the last word. Where input and target are "
        "not alike by nature, as a photograph and its mask, the dotted curve says little.",
    )


def _targets() -> Explanation:
    return Explanation(
        title="Held to the target",
        series={"generator.pixel": "pixels", "generator.perceptual": "as a network sees it"},
        meaning="What the generator pays, with its weights, for each picture that is not the one that was wanted: "
        "the difference of the pixels, and of what a fixed network sees in the two pictures (perceptual loss).",
        healthy="Both fall, quickly at first, and flatten out. They are of the training’s own pictures: if they go "
        "on falling while the grids come no nearer, the pictures are learnt by heart.",
        from_zero=True,
    )


def _cycle() -> Explanation:
    return Explanation(
        title="There and back again",
        series={"generator.cycle_a": "A → B → A", "generator.cycle_b": "B → A → B"},
        meaning="A picture is made into one of the other domain, and that one back again: the mean difference to "
        "where it began, with its weight (cycle consistency). This alone decides which picture goes with which.",
        healthy="Both fall, and stay low. Near 0 while the outputs look like their inputs, the generators have found "
        "that changing nothing costs nothing: the cycle’s weight is too large beside the adversarial term.",
        from_zero=True,
    )


def _identity() -> Explanation:
    return Explanation(
        title="What is right already stays",
        series={"generator.identity_a": "A stays A", "generator.identity_b": "B stays B"},
        meaning="A generator that leads into a domain is given a picture of that very domain: the mean difference "
        "that it makes, with its weight (identity term). It keeps colours from changing without need.",
        healthy="Both fall together with the cycle’s, and stay low.",
        from_zero=True,
    )


def _adversarial(keys: Collection[str]) -> Explanation:
    return Explanation(
        title="Adversarial term of the generator",
        series=_split("generator.adversarial") if about_pictures(keys) else {},
        meaning="What the generator pays, with the weight, for being seen through by each discriminator.",
        healthy="It wobbles around a level, since the discriminator learns, too. How large it is beside the other "
        "terms decides whom the generator listens to: where it is much smaller, pictures come out right but soft.",
    )


def _discriminators(keys: Collection[str]) -> Explanation:
    cost = " That costs fine detail, since the targets are told besides." if told_targets(keys) else ""
    series = _split("discriminator.adversarial")
    return Explanation(
        title="Loss of each discriminator",
        series={key: name for key, name in series.items() if name != PARTS[""]},
        meaning="How badly each of the discriminators tells real pictures from those that were made.",
        healthy="All of them settle and keep wobbling. If one falls to 0, its part of the game is lost." + cost,
    )


def _penalties() -> Explanation:
    series = _split("discriminator.penalty")
    return Explanation(
        title="Penalty of each discriminator",
        series={key: name for key, name in series.items() if name != PARTS[""]},
        meaning="What each discriminator pays, with the weight, for a slope that is not as it should be.",
        healthy="It falls soon and stays small beside the other part of its loss.",
        from_zero=True,
    )


def _split(term: str) -> Mapping[str, str]:
    return {term + ending: name for ending, name in {**PARTS, "_discriminator": PARTS[""]}.items()}
