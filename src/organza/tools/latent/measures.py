"""How smooth and how ordered a model's latent space is: path lengths and separability, with all that they depend on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from organza.errors import UsageError
from organza.exchange import Model
from organza.features import MapFeatures, load_features
from organza.metrics import separability as separability_of
from organza.streams import Streams
from organza.tools.latent.attributes import Attributes, known_classifiers
from organza.tools.latent.space import CHUNK, Space
from organza.tools.scoring.paths import drawn_noise, path_lengths
from organza.tools.scoring.reference import FEATURES_OF, WEAK

Told = Callable[[int, int], None]
KEEP = 0.5  # of the samples, the surest, that count for separability: as published
FEW_PATHS = 1_000  # as `evaluate` takes; published lengths are of 50,000
SAMPLES = 5_000  # published separabilities are of 200,000


@dataclass(frozen=True)
class Smoothness:
    """Perceptual path lengths of a model.

    Attributes:
        space: z or w.
        full: Over whole paths.
        end: At their ends.
        n: Paths.
        features: In whose maps distances were taken.
        seed: Of everything that was drawn.
    """

    space: str
    full: float
    end: float
    n: int
    features: str
    seed: int


@dataclass(frozen=True)
class Separability:
    """How well planes part attributes in a model's latent spaces: 1 is best.

    Attributes:
        scores: By space: z, and w where the model has styles.
        attributes: By space and attribute, from 1 to 2; their product is the score.
        worst: The score if planes told nothing: 2 to the number of attributes if half of the samples have each.
        one_sided: Attributes that all samples have, or none: they count as told.
        n: Samples.
        kept: Of which about so many, the surest of each side of each attribute, count.
        classifier: Who told the attributes.
        seed: Of everything that was drawn.
    """

    scores: Mapping[str, float]
    attributes: Mapping[str, Mapping[str, float]]
    worst: float
    one_sided: tuple[str, ...]
    n: int
    kept: int
    classifier: str
    seed: int


def measure_paths(
    space: Space,
    features: str | None = None,
    n: int = FEW_PATHS,
    seed: int = 0,
    progress: Told = lambda done, total: None,
) -> Smoothness:
    """Perceptual path lengths, over whole paths and at their ends (Karras et al. 2019, arXiv:1812.04948, section 4.1).

    Args:
        space: z or w.
        features: Their name; None: those that are made for the data of the training, else random-conv.
        n: Paths.
        seed: Of everything that is drawn.
        progress: Told (done, total) paths.

    Raises:
        UsageError: There are no such features or they have no maps, or n is too small, or the model makes points.
        OrganzaError: The features cannot be loaded.
    """
    if space.model.recipe.channels == 2:
        raise UsageError(f"the model '{space.model.recipe.name}' makes points, and path lengths are of pictures")
    opened = load_features(features or made_for(space.model) or WEAK, space.model.device)
    if not isinstance(opened, MapFeatures):
        raise UsageError(f"the features {opened.name} have no maps of places: take --features {WEAK}")
    found = path_lengths(space, opened, n, seed, ends=True, progress=progress)
    assert found.end is not None, "it was asked for"
    return Smoothness(space.name, found.full, found.end, n, opened.name, seed)


def made_for(model: Model) -> str | None:
    """The features that are made for the data of a model's training; None if none are."""
    return FEATURES_OF.get(str(model.config.get("source")))


@torch.no_grad()
def measure_separability(
    model: Model,
    attributes: Attributes,
    n: int = SAMPLES,
    seed: int = 0,
    keep: float = KEEP,
    progress: Told = lambda done, total: None,
) -> Separability:
    """How well planes part what a classifier sees (Karras et al. 2019, arXiv:1812.04948, section 4.2).

    In z and w of the same samples. The surest half of the samples counts, as published, but here of those that have an attribute
    and of those that have not a half each: of ten classes, nine tenths lack each, and among the surest of all there may be none
    that has it, so that nothing would be measured.

    Args:
        model: Makes samples from noise.
        attributes: Who tells them; of a classifier, each class against all others.
        n: Samples, each with noise of its own where the model takes noise.
        seed: Of everything that is drawn.
        keep: The share of the samples, the surest of each attribute, that count.
        progress: Told (done, total) pictures.

    Raises:
        UsageError: n is too small, `keep` is out of range, or the model makes points of the plane.
        OrganzaError: scikit-learn is not installed, or a number is not finite.
    """
    if model.recipe.channels == 2:
        raise UsageError(f"the model '{model.recipe.name}' makes points, and attributes are of pictures")
    if n < 2:
        raise UsageError(f"separability needs samples: -n {n} is too small")
    if not 0 < keep <= 1:
        raise UsageError(f"the share of samples that count is above 0 and at most 1, not {keep}")
    spaces = {name: Space(model, name) for name in (("z", "w") if model.abilities.styles else ("z",))}
    points = {name: space.drawn(n, seed) for name, space in spaces.items()}
    last = spaces["w" if "w" in spaces else "z"]
    rows, streams, seen = points[last.name], Streams(seed), []
    for start in range(0, n, CHUNK):
        block = rows.points[start : start + CHUNK]
        labels = None if rows.labels is None else rows.labels[start : start + CHUNK]
        noise = drawn_noise(last, len(block), streams.generator("separability noise", start))
        images = model.cropped(last.render(block, labels, noise)).clamp(-1, 1)
        seen.append(attributes.probabilities(images).cpu())
        progress(min(start + CHUNK, n), n)
    probabilities = torch.cat(seen).double()
    chosen = {name: surest(column, keep) for name, column in zip(attributes.names, probabilities.T, strict=True)}
    columns = {name: column[chosen[name]] for name, column in zip(attributes.names, probabilities.T, strict=True)}
    each = {
        name: {
            attribute: separability_of(found.points.cpu()[chosen[attribute]], column[:, None], 1.0)
            for attribute, column in columns.items()
        }
        for name, found in points.items()
    }
    worst = {attribute: uninformed(column) for attribute, column in columns.items()}
    return Separability(
        {name: math.prod(values.values()) for name, values in each.items()}, each, math.prod(worst.values()),
        tuple(attribute for attribute, value in worst.items() if value == 1), n, round(keep * n), attributes.source, seed,
    )  # fmt: skip


def classifier_name(model: Model, features: str | None) -> str:
    """The classifier that is asked for, or the one that is made for the data of the training.

    Raises:
        UsageError: None is asked for, and none is made for the data.
    """
    name = features or made_for(model)
    if name is None:
        raise UsageError(
            f"no classifier is made for {model.config.get('source', 'the data')}, on which the model was trained: --features"
            f" NAME; {known_classifiers()}"
        )
    return name


def surest(column: Tensor, keep: float) -> Tensor:
    """The samples that count for an attribute: the surest of those that have it, and of those that have not, a like share.

    Args:
        column: Probabilities of the attribute, [n].
        keep: The share, in (0, 1].

    Returns:
        Their numbers, int64; at least one of each side that there is.
    """
    there, sure = column > 0.5, (column - 0.5).abs()
    sides = []
    for side in (there, ~there):
        (numbers,) = side.nonzero(as_tuple=True)
        order = sure[numbers].argsort(descending=True, stable=True)
        sides.append(numbers[order][: max(1, round(keep * len(numbers)))])
    return torch.cat(sides)


def uninformed(column: Tensor) -> float:
    """What an attribute with these probabilities would score if no plane told anything of it: 2 to the entropy of its share."""
    share = (column > 0.5).double().mean()
    return float(2 ** (torch.special.entr(torch.stack([share, 1 - share])).sum() / math.log(2)))
