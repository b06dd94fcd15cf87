"""What to do about a failing training: edits of its recipe, as (field, value), that a user or `--auto-remedy` applies."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[str, Any]
"""A recipe's fields by dotted name."""


@dataclass(frozen=True)
class Prescription:
    """One remedy for one training.

    Attributes:
        changes: Field -> value.
        reason: Why it should help, in one sentence.
    """

    changes: Mapping[str, Any]
    reason: str

    @property
    def options(self) -> str:
        """As options of `organza train`."""
        return " ".join(
            f"--{name} {shlex.quote(str(value).lower() if isinstance(value, bool) else str(value))}"
            for name, value in self.changes.items()
        )

    def record(self) -> dict[str, Any]:
        """For programs."""
        return {"changes": dict(self.changes), "options": self.options, "reason": self.reason}


@dataclass(frozen=True)
class Remedy:
    """A rule that makes prescriptions.

    Attributes:
        changes: Fields -> changed fields; nothing if it has no place here, as a change that is already made.
        reason: Why it should help.
    """

    changes: Callable[[Fields], dict[str, Any]]
    reason: str


def prescribe(verdict: str, fields: Fields) -> tuple[Prescription, ...]:
    """The remedies for a verdict that change anything in a recipe, the first choice first.

    Args:
        verdict: One of `VERDICTS`.
        fields: Of the recipe. Remedies whose fields it does not have are left out.
    """
    made = ((remedy.changes(fields), remedy.reason) for remedy in REMEDIES.get(verdict, ()))
    return tuple(Prescription(changes, reason) for changes, reason in made if changes)


def times(factor: float, *names: str) -> Callable[[Fields], dict[str, Any]]:
    """Multiply numbers, and lists of them; whole ones stay whole. Words, as "auto", are no numbers and stay."""

    def changed(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [changed(part) for part in value]
        return max(1, round(value * factor)) if isinstance(value, int) else float(f"{value * factor:.3g}")

    def changes(fields: Fields) -> dict[str, Any]:
        numbers = {name: fields[name] for name in names if fields.get(name) and not isinstance(fields[name], str)}
        return {name: changed(value) for name, value in numbers.items()}

    return changes


def put(**values: Any) -> Callable[[Fields], dict[str, Any]]:
    """Set fields; `__` stands for a dot. Nothing if one of them is missing or all are set already."""

    def changes(fields: Fields) -> dict[str, Any]:
        wanted = {name.replace("__", "."): value for name, value in values.items()}
        if any(name not in fields for name in wanted) or all(fields[name] == value for name, value in wanted.items()):
            return {}
        return {name: value for name, value in wanted.items() if fields[name] != value}

    return changes


def bounded(fields: Fields) -> dict[str, Any]:
    """A discriminator that a penalty on the slope suits: without batch normalisation, clipping and smoothed labels."""
    changes: dict[str, Any] = {}
    if fields.get("discriminator.norm") == "batch":
        changes["discriminator.norm"] = "none"
    if fields.get("clip"):
        changes["clip"] = 0.0
    if fields.get("label_smoothing"):
        changes["label_smoothing"] = 0.0
    return changes


def wasserstein(fields: Fields) -> dict[str, Any]:
    """WGAN-GP, with the published weight for pictures and for points of the plane."""
    if fields.get("loss") == "wasserstein" and fields.get("penalty") == "gp":
        return {}
    weight = 0.1 if fields.get("channels") == 2 else 10.0
    return {"loss": "wasserstein", "penalty": "gp", "penalty_weight": weight, "n_critic": 5, **bounded(fields)}


def relativistic(fields: Fields) -> dict[str, Any]:
    """The loss of R3GAN (Huang et al. 2024, arXiv:2501.05441): relativistic, with R1 and R2."""
    if fields.get("loss") == "relativistic" and fields.get("penalty") == "r1-r2":
        return {}
    weight = 0.1 if fields.get("channels") == 2 else 1.0
    return {"loss": "relativistic", "penalty": "r1-r2", "penalty_weight": weight, **bounded(fields)}


def penalised(penalty: str, weight: float) -> Callable[[Fields], dict[str, Any]]:
    """A penalty on the slope, where there is none."""

    def changes(fields: Fields) -> dict[str, Any]:
        if fields.get("penalty") != "none" or fields.get("discriminator.spectral_norm"):
            return {}
        return {"penalty": penalty, "penalty_weight": weight, **bounded(fields)}

    return changes


def stiffer(fields: Fields) -> dict[str, Any]:
    """Four times the weight of R1, and of what is akin to it; one that follows the size of the pictures becomes a number."""
    weight = fields.get("penalty_weight")
    if fields.get("penalty") not in ("r1", "r2", "r1-r2") or not weight:
        return {}
    if weight == "auto":
        from organza.losses.penalties import automatic

        weight = automatic((fields["batch"], fields["channels"], fields["size"], fields["size"]))
    return times(4.0, "penalty_weight")({"penalty_weight": float(weight)})


def augmented(fields: Fields) -> dict[str, Any]:
    """Adaptive augmentation, where there are pictures and a loss that it can go by; fast enough for the budget."""
    if fields.get("augmentation") != "none" or fields.get("channels") == 2 or not fields.get("images"):
        return {}
    if fields.get("loss") not in ("non-saturating", "saturating", "hinge"):
        return {}
    return {"augmentation": "adaptive", "augmentation_images": min(500_000, max(1, int(fields["images"]) // 4))}


def if_(name: str, value: Any, then: Callable[[Fields], dict[str, Any]]) -> Callable[[Fields], dict[str, Any]]:
    """A change that has its place only where a field has this value."""
    return lambda fields: then(fields) if fields.get(name) == value else {}


def without(name: str, then: Callable[[Fields], dict[str, Any]]) -> Callable[[Fields], dict[str, Any]]:
    """A change that has its place only where a field is 0, or the recipe has none of that name."""
    return lambda fields: {} if fields.get(name) else then(fields)


def awake(fields: Fields) -> dict[str, Any]:
    """The generator's learning rate for a discriminator that has none."""
    if fields.get("discriminator.lr") or not fields.get("generator.lr"):
        return {}
    return {"discriminator.lr": fields["generator.lr"]}


def fading_noise(fields: Fields) -> dict[str, Any]:
    """Noise on all that the discriminator sees, gone at half of the budget."""
    if fields.get("instance_noise") != 0.0 or not fields.get("images"):
        return {}
    return {"instance_noise": 0.1, "instance_noise_images": int(fields["images"]) // 2}


BOTH = ("generator.lr", "discriminator.lr")
# The cap together with what it caps: where it decides on every layer, as with small pictures, nothing would change without it.
SIZE = ("discriminator.width", "discriminator.channel_base", "discriminator.channel_max")

COLLAPSE = (
    Remedy(
        relativistic,
        "A generator that is compared with real samples loses when it leaves kinds out, and a smooth "
        "discriminator leads it there.",
    ),
    Remedy(wasserstein, "A critic that estimates a distance has something to say about every kind that is missing."),
    Remedy(
        put(discriminator__minibatch_stddev=True),
        "A discriminator that sees how much a batch varies sees that all of it is the same.",
    ),
    Remedy(times(0.25, "discriminator.lr"), "A slower discriminator leaves the generator time to spread out."),
)

DIVERGED = (
    Remedy(
        if_("loss", "wasserstein", wasserstein),
        "This loss grows without end unless the critic's slope is bounded.",
    ),
    Remedy(times(0.5, *BOTH), "Smaller steps do not run away."),
    Remedy(times(0.1, *BOTH), "Much smaller steps do not run away."),
    Remedy(penalised("r1", 1.0), "A penalty on its slope keeps the discriminator from becoming ever steeper."),
)

REMEDIES: Mapping[str, tuple[Remedy, ...]] = {
    "not-finite": DIVERGED,
    "explosion": DIVERGED,
    "complete-collapse": COLLAPSE,
    "partial-collapse": COLLAPSE,
    "mode-rotation": (
        *COLLAPSE,
        Remedy(
            times(0.25, *BOTH), "With smaller steps the discriminator forgets less than it learns, and both settle."
        ),
    ),
    "discriminator-dominates": (
        Remedy(times(0.25, "discriminator.lr"), "A slower discriminator leaves the generator something to win."),
        Remedy(penalised("r1", 1.0), "A penalty on its slope at real samples keeps its judgement smooth."),
        Remedy(fading_noise, "Noise on all that the discriminator sees makes real and generated samples overlap."),
        Remedy(put(discriminator__dropout=0.3), "A discriminator with dropout is less sure of itself."),
        Remedy(put(label_smoothing=0.1), "With a target of 0.9 for real samples it is never quite sure."),
        Remedy(
            put(discriminator__spectral_norm=True, discriminator__norm="none"),
            "Spectral normalisation bounds how steep it can be.",
        ),
    ),
    "generator-dominates": (
        Remedy(awake, "The discriminator has a learning rate of 0."),
        Remedy(times(4.0, "discriminator.lr"), "A faster discriminator sees what is wrong."),
        Remedy(put(n_critic=3), "More turns for the discriminator let it catch up."),
        Remedy(times(2.0, *SIZE), "A larger discriminator sees more."),
    ),
    "vanishing-gradients": (
        Remedy(
            if_("loss", "saturating", put(loss="non-saturating")),
            "This loss is flat where the discriminator is sure; the other is not.",
        ),
        Remedy(wasserstein, "A critic with a bounded slope has a gradient everywhere."),
        Remedy(put(loss="least-squares"), "Least squares pull harder the farther a sample is away."),
        Remedy(times(0.25, "discriminator.lr"), "A discriminator that is less sure has a gradient to give."),
    ),
    "saturation": (
        Remedy(without("clip", times(0.25, *BOTH)), "Smaller steps keep the output off its ends."),
        Remedy(wasserstein, "A penalty bounds the critic without driving its weights to a bound."),
        Remedy(times(10.0, "clip"), "A larger bound leaves the critic's weights room."),
    ),
    "over-fitting": (
        Remedy(put(flip=True), "Mirrored pictures are more data, if left and right mean nothing in them."),
        Remedy(
            augmented,
            "A discriminator that sees its pictures turned, shifted and recoloured, as much as it takes, cannot know them by "
            "heart (Karras et al. 2020, arXiv:2006.06676).",
        ),
        Remedy(put(discriminator__dropout=0.3), "A discriminator with dropout learns less by heart."),
        Remedy(
            penalised("r1", 1.0),
            "A penalty on its slope at real samples keeps the discriminator from picking out each of them.",
        ),
        Remedy(stiffer, "A heavier penalty on its slope keeps the discriminator from picking out each of them."),
        Remedy(
            times(0.5, *SIZE),
            "A smaller discriminator cannot know as many samples by heart.",
        ),
    ),
    "latent-ignored": (
        Remedy(
            put(discriminator__minibatch_stddev=True),
            "A discriminator that sees how much a batch varies punishes samples that do not.",
        ),
        Remedy(
            if_("discriminator.condition", "embedding", put(discriminator__condition="projection")),
            "The label then meets the picture's features at the end, where it cannot be drowned.",
        ),
        Remedy(
            times(0.25, "discriminator.lr"),
            "A slower discriminator leaves the generator time to find a use for its input.",
        ),
    ),
    "artefacts": (
        Remedy(
            if_("generator.kernel", 5, put(generator__kernel=4)),
            "A kernel that is divisible by its stride overlaps evenly.",
        ),
        Remedy(
            if_("generator.kernel", 3, put(generator__kernel=4)),
            "A kernel that is divisible by its stride overlaps evenly.",
        ),
        Remedy(times(0.5, "generator.lr"), "Smaller steps let the discriminator smooth the pattern away."),
    ),
}
"""Verdict -> remedies, the first choice first: the field's own list (Salimans et al. 2016, arXiv:1606.03498; Gulrajani et
al. 2017, arXiv:1704.00028; Sønderby et al. 2017, arXiv:1610.04490; Miyato et al. 2018, arXiv:1802.05957; Mescheder et al.
2018, arXiv:1801.04406; Karras et al. 2020, arXiv:2006.06676; Huang et al. 2024, arXiv:2501.05441)."""
