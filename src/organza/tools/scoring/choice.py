"""Which scores can be had of these samples against those, and why not the others."""

from __future__ import annotations

from collections.abc import Sequence

from organza.errors import UsageError, unknown
from organza.features import MapFeatures
from organza.tools.scoring.fakes import Fakes
from organza.tools.scoring.reference import Reference, part_of
from organza.tools.scoring.table import ANALOGY, DEFAULT, METRICS, ONE_PICTURE, PAIRS, POINTS, STYLE

OF_CLASSES = ("is", "classes", "entropy", "smallest_class")
OF_LABELS = ("accuracy", "diversity")


def choose(
    asked: Sequence[str] | None,
    fakes: Fakes,
    reference: Reference,
    standard: Sequence[str] = DEFAULT,
    other: Reference | None = None,
) -> tuple[list[str], list[str]]:
    """Keys of the scores to compute, in the order of `METRICS`, and notes on those that were left out.

    Args:
        asked: Keys; None: those of `standard` that can be had, or of points those of points.
        fakes: What is scored.
        reference: Real samples.
        standard: What is computed of pictures when nothing is asked for.
        other: Real samples of the other part of the data; None if there is none.

    Raises:
        UsageError: One that was asked for does not exist or cannot be had; or points are to be held against pictures.
    """
    source = reference.source
    if fakes.points != (source.kind == "points"):
        makes, has = ("points", "pictures") if fakes.points else ("pictures", "points")
        raise UsageError(f"{fakes.name} makes {makes}, and {source.name} has {has}")
    if asked is None:
        reasons = {key: obstacle(key, fakes, reference, other) for key in (POINTS if fakes.points else standard)}
        # Of a generator with labels it is worth saying why its labels are not judged.
        told = (*(OF_LABELS if fakes.labels else ()), "memorisation")
        notes = [f"no {key}: {reasons[key]}" for key in told if reasons.get(key)]
        return [key for key in METRICS if key in reasons and reasons[key] is None], notes
    for key in asked:
        if key not in METRICS:
            raise unknown("metric", key, METRICS)
        reason = obstacle(key, fakes, reference, other)
        if reason:
            raise UsageError(f"{key} cannot be computed: {reason}")
    if not asked:
        raise UsageError("no metric is named: organza list metrics tells them all")
    return [key for key in METRICS if key in asked], []


def obstacle(key: str, fakes: Fakes, reference: Reference, other: Reference | None = None) -> str | None:
    """Why a score cannot be had; None if it can.

    Args:
        key: Of `METRICS`.
        fakes: What is scored.
        reference: Real samples.
        other: Those of the other part of the data; None if there is none.
    """
    source = reference.source
    if fakes.points:
        return None if key in POINTS else f"it is of pictures, and {source.name} has points"
    if key in POINTS:
        return f"it counts the clusters of a mixture (ring8, grid25), and {source.name} has pictures"
    if key in PAIRS:
        return _no_pairs(key, fakes, reference)
    if key in (*ONE_PICTURE, *ANALOGY):
        return f"it needs a model that has learnt one picture or an analogy of two, and {fakes.name} is none"
    if key in STYLE and (fakes.model is None or not fakes.model.abilities.styles):
        return f"it needs a style generator, and {fakes.name} is none"
    if key == "ppl_z" and fakes.model is None:
        return f"it needs a generator, and {fakes.name} are pictures"
    if key in ("ppl_z", "ppl_w"):
        return None if isinstance(reference.features, MapFeatures) else _no_maps(reference)
    if key in (*OF_CLASSES, "separability") and not reference.features.classes:
        return f"it needs a classifier, and the features {reference.features.name} are none"
    if key in OF_LABELS:
        return _no_labels(key, fakes, reference)
    if key == "memorisation" and part_of("train", reference, other) is None:
        return (
            f"it looks for copies of training pictures, and of {source.name} only the {source.split} part is here:"
            " put the training part beside it"
        )
    return None


def _no_pairs(key: str, fakes: Fakes, reference: Reference) -> str | None:
    if fakes.source is None:
        return (
            "it holds each picture against the real one of the same name: name a folder of pictures instead of the model,"
            " and with --data the folder of the real ones"
        )
    if key == "lpips" and not isinstance(reference.features, MapFeatures):
        return _no_maps(reference)
    return None


def _no_maps(reference: Reference) -> str:
    return f"the features {reference.features.name} have no maps of places: take --features random-conv"


def _no_labels(key: str, fakes: Fakes, reference: Reference) -> str | None:
    if not fakes.labels:
        return f"{fakes.name} was asked for no labels"
    if fakes.asked is None:
        return f"the labels of {fakes.name} are attributes, not classes"
    if key == "accuracy" and fakes.labels != reference.features.classes:
        return f"{reference.features.name} tells other classes apart than {fakes.name}"
    if key == "diversity" and (reference.labels is None or reference.source.classes != fakes.labels):
        return f"{reference.source.name} has not the classes of {fakes.name}"
    return None
