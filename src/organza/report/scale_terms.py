"""What the numbers of trainings mean that learn one picture, or two, from coarse to fine."""

from __future__ import annotations

from collections.abc import Collection

from organza.report.explanation import Explanation

FIDELITY, DIVERSITY, STRUCTURE = "shown.reconstruction", "shown.diversity", "shown.structure"
JUMPS = "It jumps at every new scale. "
SIDES = {"a": "A", "b": "B"}
KINDS = {
    "own": "made of noise",
    "crossed": "made of a picture that the other side made",
    "self": "made of the other real picture",
}
"""Of the fakes of a domain in a training of two pictures, by the name of their terms."""


def about_scales(keys: Collection[str]) -> bool:
    """Whether a run with these metric keys learns its pictures scale by scale."""
    return any(key == FIDELITY or key.startswith("generator.reconstruction") for key in keys)


def explanations(keys: Collection[str]) -> list[Explanation]:
    """The charts of such trainings, those of the grids first; none for the keys of other trainings."""
    if not about_scales(keys):
        return []
    return [
        _fidelity(), _diversity(), _structure(), _losses(), _reconstruction(), _adversarial(), *map(_fooling, SIDES),
        _cycle(), _content(), _palette(), *map(_telling, SIDES), *map(_penalty, SIDES),
    ]  # fmt: skip


def _fidelity() -> Explanation:
    return Explanation(
        title="How well it knows the picture",
        series={FIDELITY: "reconstruction"},
        meaning="How near the reconstruction in the grids comes to the picture, at the size of the scale in training: peak "
        "signal-to-noise ratio (PSNR) in decibels, of which 6 more are half the error. Edits begin from this reconstruction, so "
        "they can be no better.",
        healthy="It climbs within each scale, and falls back where the next one begins, whose picture has more detail. It need "
        "not end higher than it began; a scale that stays far below the one before has had too few steps.",
    )


def _diversity() -> Explanation:
    return Explanation(
        title="How much variations differ",
        series={DIVERSITY: "diversity"},
        meaning="The standard deviation of a pixel over the variations in the grid, on average over all pixels; black and white "
        "are 2 apart. It is made at the coarsest scales: finer ones add only what fits to them.",
        healthy="It settles, well above 0, soon after the first scale. Near 0 all variations are the same picture, learnt by "
        "heart: the noise counts too little beside the reconstruction. Very high with a poor reconstruction, they are noise.",
        from_zero=True,
    )


def _structure() -> Explanation:
    return Explanation(
        title="How much structure stays",
        series={f"{STRUCTURE}_a": "A as B", f"{STRUCTURE}_b": "B as A"},
        meaning="How well the edges of the pictures in the grids lie where they lay before the translation: the correlation "
        "of the lengths of their gradients.",
        healthy="It stays high while the looks come nearer: your eye has to tell the looks. 1 is also a model that changes "
        "nothing; near 0 nothing is left of the picture.",
    )


def _losses() -> Explanation:
    return Explanation(
        title="Losses",
        series={"discriminator.loss": "discriminator", "generator.loss": "generator"},
        meaning="The discriminator’s loss is its error in telling patches of the real picture from those of made ones, with its "
        "penalty; the generator’s is the sum of all that is asked of it: to fool the discriminator, and what the charts of its "
        "terms show.",
        healthy=JUMPS
        + "Within a scale the generator’s falls, mostly by its reconstruction, and flattens out; the discriminator’s "
        "settles and keeps wobbling. The two are not to be compared with each other.",
    )


def _reconstruction() -> Explanation:
    return Explanation(
        title="Reconstruction term of the generator",
        series={
            "generator.reconstruction": "of the picture",
            **{f"generator.reconstruction_{side}": f"of {name}" for side, name in SIDES.items()},
        },
        meaning="What the generator pays, with the weight, for not making the training picture itself of the noise that is kept "
        "for it: the mean square of the difference. It ties the noise to the picture, and says how strong the noise of a scale "
        "has to be.",
        healthy=JUMPS
        + "Within a scale it falls and flattens out. Of two pictures both should: where one stays far above the "
        "other, that side has learnt less.",
        scale="log",
    )


def _adversarial() -> Explanation:
    return Explanation(
        title="Adversarial term of the generator",
        series={"generator.adversarial": "adversarial"},
        meaning="What the generator pays for being seen through: minus the discriminator’s score of a variation, on average over "
        "its patches, where the loss is that of Wasserstein.",
        healthy="It wobbles, and drifts with the level of the scores: its height says little. " + JUMPS,
    )


def _fooling(side: str) -> Explanation:
    name = SIDES[side]
    return Explanation(
        title=f"Fooling the discriminator of {name}",
        series={f"generator.{kind}_{side}": words for kind, words in KINDS.items()},
        meaning=f"What the generators pay, with its weight, for each kind of pictures that should look like {name}, and is seen "
        "through by its discriminator: those of noise alone, those that lead over from what the other side made, and the other "
        "real picture itself, with noise on it.",
        healthy="They wobble around levels that come nearer to each other. One that stays far above the others is a kind of "
        f"pictures that does not get the looks of {name}. {JUMPS}",
    )


def _telling(side: str) -> Explanation:
    name = SIDES[side]
    return Explanation(
        title=f"Loss of the discriminator of {name}",
        series={f"discriminator.{kind}_{side}": words for kind, words in KINDS.items()},
        meaning=f"How badly patches of {name} are told from those of each kind of made pictures, without the penalty.",
        healthy="They settle close to each other and keep wobbling. With the loss of Wasserstein each is minus a distance, and "
        f"closer to 0 is closer to the picture. {JUMPS}",
    )


def _penalty(side: str) -> Explanation:
    name = SIDES[side]
    return Explanation(
        title=f"Penalty of the discriminator of {name}",
        series={f"discriminator.penalty_{kind}_{side}": words for kind, words in KINDS.items()},
        meaning="What it pays, with the weight, for a slope that is not as it should be between the real picture and made ones "
        "of each kind.",
        healthy="It falls soon and stays small beside the other part of its loss.",
        from_zero=True,
    )


def _cycle() -> Explanation:
    return Explanation(
        title="There and back again",
        series={"generator.cycle_a": "A → B → A", "generator.cycle_b": "B → A → B"},
        meaning="What one side has made goes through the other, and back again: the mean square of the difference to where it "
        "began, with its weight (cycle consistency). This is what keeps the structure on the way.",
        healthy=JUMPS
        + "Within a scale both fall, and stay low. Near 0 while A as B still looks like A, changing nothing costs "
        "nothing: its weight is too large beside the adversarial terms.",
        scale="log",
    )


def _content() -> Explanation:
    return Explanation(
        title="Edges stay",
        series={"generator.content_a": "of A", "generator.content_b": "of B"},
        meaning="How far the edges of a translated picture are from those that it had before: the mean square of the difference "
        "of neighbouring pixels’ differences, with its weight.",
        healthy=JUMPS + "Both settle at a level that is not 0: other looks have other edges.",
        scale="log",
    )


def _palette() -> Explanation:
    return Explanation(
        title="Colours of the other picture",
        series={"generator.palette_a": "of A as B", "generator.palette_b": "of B as A"},
        meaning="How far the mean and the covariance of the colours of a translated picture are from those of the picture whose "
        "looks it is to get: the square of the distance, with its weight.",
        healthy=JUMPS
        + "Both fall, and stay low. At the coarsest scale they are far higher, because the noise there is as strong as "
        "the picture.",
        scale="log",
    )


def speed() -> Explanation:
    """The chart that comes last."""
    return Explanation(
        title="Speed",
        series={"images_per_second": "steps per second"},
        meaning="How many steps the training went each second.",
        healthy="Flat within a scale, and lower from scale to scale, because its pictures grow.",
        from_zero=True,
    )
