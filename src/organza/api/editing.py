"""Pictures in a latent space, directions there, what moving along them does, and how smooth and ordered the space is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from organza.api.models import load
from organza.api.paths import PathLike
from organza.console import Console
from organza.errors import UsageError
from organza.exchange import Model
from organza.files import disk_errors
from organza.tools.latent.asking import attributes_by_name, find_directions, read_direction
from organza.tools.latent.attributes import open_classifier
from organza.tools.latent.directions import COUNT, SAMPLES, Directions
from organza.tools.latent.editing import (
    Effect,
    effects,
    evenly,
    move_along,
    scene_of_projection,
    scene_of_seeds,
    strips,
)
from organza.tools.latent.editing_files import check_png, write_comparison, write_strips
from organza.tools.latent.fitting import fitted_picture
from organza.tools.latent.measures import (
    FEW_PATHS,
    Separability,
    Smoothness,
    classifier_name,
    measure_paths,
    measure_separability,
)
from organza.tools.latent.options import Seeds, read_layers, read_numbers, read_seeds
from organza.tools.latent.projection import STEPS, Projection, check_name, load_projection
from organza.tools.latent.projection import project as project_picture
from organza.tools.latent.space import Space, best_space


@dataclass(frozen=True)
class Projected:
    """What `project` has made.

    Attributes:
        projection: The point, and how near it comes.
        file: The .npz.
        picture: The comparison, if one was asked for.
        fitted: What was done to the picture first, in words.
    """

    projection: Projection
    file: Path
    picture: Path | None
    fitted: str


@dataclass(frozen=True)
class Edit:
    """What `edit` has made.

    Attributes:
        file: The strips.
        direction: Name of the direction.
        space: z or w.
        strengths: Of the columns, in standard deviations of the model's samples.
        effects: What attributes became, if somebody was asked to look.
        notes: What to know.
    """

    file: Path
    direction: str
    space: str
    strengths: tuple[float, ...]
    effects: tuple[Effect, ...]
    notes: tuple[str, ...]


def project(
    model: PathLike | Model,
    image: PathLike,
    *,
    out: PathLike,
    space: str | None = None,
    steps: int = STEPS,
    features: str | None = None,
    label: str | None = None,
    with_noise: bool = False,
    picture: PathLike | None = None,
    seed: int = 0,
    device: str = "auto",
    console: Console | None = None,
) -> Projected:
    """Find the point of a model's latent space that makes a picture, and write it as an .npz.

    Args:
        model: Makes samples from noise; opened or by its folder.
        image: A picture of any size, whose middle is resized to what the model makes.
        out: A file that ends in .npz.
        space: w, w+ (one w for each style input, which comes nearest) or z; None: w+ for models with styles, z for others.
        steps: Of the optimisation.
        features: In which pictures are compared, beside their pixels: random-conv or vgg19-conv3_3; None: the latter if its
            weights are at hand.
        label: For models with labels; None: that of the sample it begins with.
        with_noise: Look for the noise of a model with styles, too: nearer, but noise then holds what belongs into the styles.
        picture: Where to write the picture beside its projection, a .png.
        seed: Of the samples among which it looks for a beginning.
        device: auto, cpu, cuda, cuda:N or mps.
        console: Where progress goes; None: standard error.

    Raises:
        UsageError: The model has no such space, no such label, or no noise; or a file has another ending.
        OrganzaError: Model or picture cannot be read, or a file cannot be written.
    """
    file, shown = Path(out), Path(picture) if picture else None
    check_name(file)
    if shown:
        check_png(shown, "the comparison")
    opened = _open(model, device)
    where = best_space(opened, space or ("w+" if opened.abilities.styles else "z"))
    target, fitted = fitted_picture(Path(image), opened)
    with (console or Console()).counting() as progress:
        found = project_picture(
            where, target, steps, features=features, label=label, with_noise=with_noise, seed=seed,
            progress=lambda done, total: progress(done, total, "projecting"),
        )  # fmt: skip
    with disk_errors(file):
        found.save(file)
    if shown:
        with disk_errors(shown):
            write_comparison(opened, found, shown, seed)
    return Projected(found, file, shown, fitted)


def directions(
    model: PathLike | Model,
    *,
    by: str,
    out: PathLike | None = None,
    space: str | None = None,
    label: str | Sequence[str] = (),
    classifier: str | None = None,
    keep: str | Sequence[str] = (),
    layers: str | None = None,
    count: int = COUNT,
    n: int = SAMPLES,
    seed: int = 0,
    device: str = "auto",
    console: Console | None = None,
) -> Directions:
    """Find directions in a model's latent space, along which something changes.

    Args:
        model: Makes samples from noise; opened or by its folder.
        by: svm: towards attributes; sefa: in closed form, from the weights alone; pca: by principal components.
        out: A file that ends in .npz; None: none is written.
        space: w or z; None: w for models with styles, z for others.
        label: For svm: attributes, as "trouser,bag"; none: all that enough samples have.
        classifier: For svm: who tells attributes: the name of features that are a classifier, `measures` (brightness, contrast,
            area, across, down), or `labels` (those that a model's samples were asked for). None: whoever knows the first label.
        keep: For svm: attributes that shall stay: other directions are made to lie across theirs.
        layers: For sefa: style inputs that count, as coarse, middle, fine, or A-B.
        count: How many, for sefa and pca.
        n: Samples, for svm and pca.
        seed: Of the samples.
        device: auto, cpu, cuda, cuda:N or mps.
        console: Where progress goes; None: standard error.

    Raises:
        UsageError: There is no such way, space, attribute or classifier, or an option does not go with the way.
        OrganzaError: Model or classifier cannot be read, too few samples have an attribute, or the file cannot be written.
    """
    file = Path(out) if out else None
    if file and file.suffix != ".npz":
        raise UsageError(f"directions are an .npz file: --out {file.with_suffix('.npz')}")
    if count < 1 or n < 2:
        raise UsageError(f"--count is 1 or more and -n 2 or more, not {count} and {n}")
    opened = _open(model, device)
    where = best_space(opened, space)
    if where.name == "w+":
        raise UsageError("directions are of w or z; edit takes one to some layers only with --layers")
    wanted, kept = _names(label), _names(keep)
    if by != "svm" and (wanted or kept or classifier):
        raise UsageError(f"--label, --with and --keep are for --by svm: --by {by} knows no attributes")
    if by != "sefa" and layers:
        raise UsageError("--layers is for --by sefa; an edit takes --layers, too")
    with (console or Console()).counting() as progress:
        found = find_directions(where, by, (wanted, kept, classifier), layers, (count, n, seed), progress)
    if file:
        with disk_errors(file):
            found.save(file)
    return found


def edit(
    model: PathLike | Model,
    *,
    direction: str,
    strength: str | Sequence[float],
    out: PathLike,
    seeds: Seeds | None = None,
    latent: PathLike | None = None,
    label: str | None = None,
    layers: str | None = None,
    keep: str | Sequence[str] = (),
    classifier: str | None = None,
    n: int = SAMPLES,
    device: str = "auto",
    console: Console | None = None,
) -> Edit:
    """Move samples, or a projected picture, along a direction, and write strips: a row for each, a column for each strength.

    Pictures of people: docs/responsibility.md.

    Args:
        model: Opened or by its folder.
        direction: A file of `directions`, with the name or number of one as FILE.npz:trouser (the first one without); or sefa,
            pca or an attribute, with a number as sefa:2, which is then looked for on the spot.
        strength: "A,B,N": N strengths from A to B, in standard deviations of the model's samples; or the strengths themselves.
        out: A file that ends in .png.
        seeds: As numbers or as "1,5,9" or "0-7"; seed S is what `sample` makes as its only sample of seed S.
        latent: Instead of seeds: a file of `project`.
        label: For models with labels: of all pictures; None: what each seed draws.
        layers: Style inputs that move, as coarse, middle, fine, or A-B; None: all.
        keep: Other directions of the file that shall stay: it is made to lie across them.
        classifier: Who tells what the edit does to attributes, as of `directions`; None: nobody is asked.
        n: Samples, for a direction that is looked for on the spot, and to rank measures among.
        device: auto, cpu, cuda, cuda:N or mps.
        console: Where progress goes; None: standard error.

    Raises:
        UsageError: There is no such direction, it does not fit the model, or an option cannot be read.
        OrganzaError: A file cannot be read or written.
    """
    file, strengths = Path(out), _strengths(strength)
    check_png(file, "an edit")
    if (seeds is None) == (latent is None):
        raise UsageError(
            "an edit is of samples (--seeds 1,2,3) or of a projected picture (--latent FILE.npz): name one"
        )
    if latent is not None and label is not None:
        raise UsageError("a projected picture has its label in its file: leave out --label")
    chosen = read_seeds(seeds) if seeds is not None else ()
    opened = _open(model, device)
    kept, notes = _names(keep), []
    with (console or Console()).counting() as progress:
        saved = None if latent is None else load_projection(Path(latent))
        found, key = read_direction(opened, direction, kept, (n, 0), progress)
        if found.weights_sha256 != opened.config["weights_sha256"]:
            notes.append("the direction was found in another model: what it does here need not be what it did there")
        numbers = read_layers(layers, Space(opened, "w").styles.resolutions) if layers else None
        move = move_along(best_space(opened), found, key, numbers)
        if saved is not None:
            if saved.weights_sha256 != opened.config["weights_sha256"]:
                notes.append("the picture was projected with another model: this one makes another picture of it")
            scene = scene_of_projection(best_space(opened), saved)
        else:
            scene = scene_of_seeds(Space(opened, move.space), chosen, label)
        pictures = strips(scene, move, strengths, lambda done, total: progress(done, total, "editing"))
        seen: list[Effect] = []
        if classifier is not None:
            judge = attributes_by_name(Space(opened, move.space), classifier, (), n, progress)
            if judge is None:
                raise UsageError(
                    "the labels that were asked for do not change with an edit: name a classifier, or measures"
                )
            seen = effects(pictures, judge)
    told = {"direction": move.name, "strengths": ",".join(f"{value:g}" for value in strengths)}
    if chosen:
        told["seeds"] = ",".join(map(str, chosen))
    with disk_errors(file):
        write_strips(opened, pictures, file, chosen[0] if chosen else 0, told)
    return Edit(file, move.name, move.space, tuple(strengths), tuple(seen), tuple(notes))


def separability(
    model: PathLike | Model,
    *,
    features: str | None = None,
    n: int = SAMPLES,
    seed: int = 0,
    device: str = "auto",
    console: Console | None = None,
) -> Separability:
    """How well planes in latent space part what a classifier tells apart, in z and, of models with styles, in w.

    Args:
        model: Opened or by its folder.
        features: A classifier; None: the one that is made for the data of the training.
        n: Samples, the surest half of which counts.
        seed: Of the samples.
        device: auto, cpu, cuda, cuda:N or mps.
        console: Where progress goes; None: standard error.

    Raises:
        UsageError: No classifier is known for this model, the features are none, or n is too small.
        OrganzaError: Model or classifier cannot be read, or scikit-learn is not installed.
    """
    opened = _open(model, device)
    judge = open_classifier(classifier_name(opened, features), opened.device)
    with (console or Console()).counting() as progress:
        return measure_separability(
            opened, judge, n, seed, progress=lambda done, total: progress(done, total, "looking at samples")
        )


def pathlength(
    model: PathLike | Model,
    *,
    space: str | None = None,
    features: str | None = None,
    n: int = FEW_PATHS,
    seed: int = 0,
    device: str = "auto",
    console: Console | None = None,
) -> Smoothness:
    """The perceptual path length of a model: how abruptly its pictures change along paths through its latent space.

    Args:
        model: Opened or by its folder.
        space: z or w; None: w for models with styles, z for others.
        features: In whose maps distances are taken; None: those that are made for the data of the training, else random-conv.
        n: Paths.
        seed: Of everything that is drawn.
        device: auto, cpu, cuda, cuda:N or mps.
        console: Where progress goes; None: standard error.

    Raises:
        UsageError: The model has no such space, or there are no such features, or they have no maps.
        OrganzaError: Model or features cannot be read.
    """
    opened = _open(model, device)
    where = best_space(opened, space)
    with (console or Console()).counting() as progress:
        return measure_paths(where, features, n, seed, lambda done, total: progress(done, total, "paths"))


def _open(model: PathLike | Model, device: str) -> Model:
    return model if isinstance(model, Model) else load(model, device)


def _names(names: str | Sequence[str]) -> tuple[str, ...]:
    """Names with commas between, or one by one."""
    listed = names.split(",") if isinstance(names, str) else names
    return tuple(name.strip() for name in listed if name.strip())


def _strengths(strength: str | Sequence[float]) -> list[float]:
    if not isinstance(strength, str):
        return list(read_numbers(strength, "--strength"))
    numbers = read_numbers(strength, "--strength")
    if len(numbers) != 3 or not numbers[2].is_integer():
        raise UsageError(f"--strength is A,B,N: N strengths from A to B, as -3,3,7, not '{strength}'")
    return evenly(numbers[0], numbers[1], int(numbers[2]))
