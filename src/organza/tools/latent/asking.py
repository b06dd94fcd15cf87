"""From the names that people write to directions, and to those who tell attributes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from organza.data import Progress
from organza.errors import UsageError, unknown
from organza.exchange import Model
from organza.features import FEATURES
from organza.tools.latent.attributes import (
    MEASURES,
    MEASURES_NAME,
    Attributes,
    Measured,
    known_classifiers,
    open_classifier,
)
from organza.tools.latent.directions import (
    COUNT,
    Directions,
    find_pca,
    find_sefa,
    find_svm,
    load_directions,
    pictures_of,
)
from organza.tools.latent.measures import made_for
from organza.tools.latent.options import read_layers
from organza.tools.latent.space import Space, best_space

LABELS_NAME = "labels"
COMPARED = 1_000  # samples among which measures are ranked
ON_THE_SPOT = ("sefa", "pca")  # names of directions that are found while an edit is made


def find_directions(
    space: Space,
    by: str,
    attributes: tuple[tuple[str, ...], tuple[str, ...], str | None],
    layers: str | None,
    numbers: tuple[int, int, int],
    progress: Progress,
) -> Directions:
    """Directions by one of the ways.

    Args:
        space: w or z.
        by: svm, sefa or pca.
        attributes: For svm: which ones, those that shall stay, and who tells them.
        layers: For sefa: style inputs, as people write them.
        numbers: How many directions, how many samples, and their seed.
        progress: Told what is done.

    Raises:
        UsageError: There is no such way, attribute, classifier or layer.
        OrganzaError: Too few samples have an attribute, or a library is missing.
    """
    (wanted, kept, judge), (count, n, seed) = attributes, numbers

    def told(done: int, total: int) -> None:
        progress(done, total, "looking at samples")

    if by == "sefa":
        chosen = read_layers(layers, space.styles.resolutions) if layers else None
        return find_sefa(space, count, chosen, seed)
    if by == "pca":
        return find_pca(space, count, n, seed, told)
    if by != "svm":
        raise unknown("way to find directions", by, ("svm", "sefa", "pca"))
    names = tuple(dict.fromkeys((*wanted, *kept))) if wanted else ()
    found = find_svm(
        space, attributes_by_name(space, judge, names or kept, n, progress), names, n, seed=seed, progress=told
    )
    return found.keeping(kept) if kept else found


def attributes_by_name(
    space: Space, name: str | None, wanted: Sequence[str], n: int, progress: Progress
) -> Attributes | None:
    """Who tells attributes.

    Args:
        space: Of the samples among which measures are ranked.
        name: Of a classifier, `measures`, or `labels`; None: whoever knows the first attribute.
        wanted: Attributes.
        n: Samples at most among which measures are ranked.
        progress: Told what is done.

    Returns:
        None: the labels that samples were asked for.

    Raises:
        UsageError: Nobody knows the attribute, or there is no such classifier.
    """
    model = space.model
    if name is None:
        name = _knows(model, wanted)
    if name == LABELS_NAME:
        return None
    if name != MEASURES_NAME:
        return open_classifier(name, model.device)
    drawn = space.drawn(min(n, COMPARED), 0)

    def told(done: int, total: int) -> None:
        progress(done, total, "measuring samples")

    names = tuple(each for each in wanted if each in MEASURES) if wanted else tuple(MEASURES)
    return Measured.among(pictures_of(space, drawn, told), names or None)


def _knows(model: Model, wanted: Sequence[str]) -> str:
    """Who tells attributes, if nobody was named: whoever knows the first one; the classifier made for the training's data."""
    made = made_for(model)
    if not wanted:
        if made is None:
            raise UsageError(f"say who tells attributes: --with measures, or --with CLASSIFIER; {known_classifiers()}")
        return made
    bundled = {name: entry.classes for name, entry in FEATURES.items() if hasattr(entry, "classes")}
    known = {MEASURES_NAME: tuple(MEASURES), **({made: bundled[made]} if made in bundled else {}), **bundled}
    for name, classes in known.items():
        if wanted[0] in classes:
            return name
    raise unknown("attribute", wanted[0], [each for classes in known.values() for each in classes])


def read_direction(
    model: Model, text: str, kept: tuple[str, ...], numbers: tuple[int, int], progress: Progress
) -> tuple[Directions, str]:
    """Directions, and which of them is meant.

    Args:
        model: In which to look for those that are in no file.
        text: FILE, FILE:KEY, sefa, pca, sefa:NUMBER, pca:NUMBER, or an attribute.
        kept: Names of directions that the others are to lie across.
        numbers: Samples, and their seed, to find directions with.
        progress: Told what is done.

    Raises:
        UsageError: It means nothing.
        OrganzaError: A file cannot be read.
    """
    path, key = Path(text), ""
    if not path.exists() and ":" in text:
        first, _, last = text.rpartition(":")
        path, key, text = Path(first), last, first
    if path.suffix == ".npz" or path.is_file():
        found = load_directions(path)
        return (found.keeping(kept) if kept else found), (key or found.names[0])
    n, seed = numbers
    space = best_space(model)
    if text in ON_THE_SPOT:
        if kept:
            raise UsageError(
                f"{text} knows no attributes to keep: --keep is for a file of directions, or for an attribute"
            )
        count = int(key) + 1 if key.isdecimal() else COUNT
        return find_directions(space, text, ((), (), None), None, (max(count, COUNT), n, seed), progress), key or "0"
    try:
        return find_directions(space, "svm", ((text,), kept, None), None, (COUNT, n, seed), progress), text
    except UsageError as error:
        raise UsageError(f"--direction {text} is no file, not sefa or pca, and: {error}") from None
