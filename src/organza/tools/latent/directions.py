"""Directions in a latent space along which something changes: found by labels, in closed form, or by principal components."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from organza.errors import OrganzaError, UsageError, unknown
from organza.files import written_whole
from organza.tools.latent.attributes import Attributes
from organza.tools.latent.axes import SURE, Axes, closed_form, plane_between, principal_axes, regressed_axes, without
from organza.tools.latent.space import CHUNK, Points, Space

By = Literal["svm", "sefa", "pca"]
Told = Callable[[int, int], None]
COUNT = 10  # directions that are kept of a closed form or of principal components
SAMPLES = 5_000
SMALL = 32  # pixels on each side at most, of pictures whose principal components are computed
DEVIATIONS = 2_000  # samples by which a closed form's strengths are told


@dataclass(frozen=True, eq=False)
class Directions:
    """Directions in a latent space.

    Attributes:
        vectors: Of length 1, float32 [k, d].
        names: Of each: an attribute, or sefa-0, sefa-1, ..., the one that matters most first.
        deviations: The standard deviation of the model's samples along each, which is the unit of strengths, float32 [k].
        weights: What each counts: the share of the variance, of the squared weights of the closed form, or how often the plane
            is right on samples that it was not fitted to, float32 [k].
        space: z or w.
        how: They were found, in words.
        recipe: Of the model.
        weights_sha256: Of the model.
    """

    vectors: Tensor
    names: tuple[str, ...]
    deviations: Tensor
    weights: Tensor
    space: str
    how: str
    recipe: str
    weights_sha256: str

    def index(self, key: str) -> int:
        """Which direction a name or a number means.

        Raises:
            UsageError: None.
        """
        if key in self.names:
            return self.names.index(key)
        if key.isdecimal() and int(key) < len(self.names):
            return int(key)
        raise unknown("direction", key, [*self.names, *map(str, range(len(self.names)))])

    def keeping(self, keys: Sequence[str]) -> Directions:
        """The same, each across the directions of these names; those themselves stay as they are.

        The deviations stay those of the directions before.

        Raises:
            UsageError: There is no such direction.
            OrganzaError: Nothing is left of one.
        """
        kept = [self.index(key) for key in keys]
        vectors = []
        for number, (name, vector) in enumerate(zip(self.names, self.vectors, strict=True)):
            try:
                across = vector if number in kept else without(vector, self.vectors[kept])
            except OrganzaError as error:
                raise OrganzaError(f"direction '{name}': {error}") from None
            vectors.append(across.float())
        told = f"; across {', '.join(self.names[index] for index in kept)}" if kept else ""
        return replace(self, vectors=torch.stack(vectors), how=self.how + told)

    def save(self, path: Path) -> None:
        """Write an .npz.

        Raises:
            UsageError: The name ends in something else.
            OSError: It cannot be written.
        """
        if path.suffix != ".npz":
            raise UsageError(f"directions are an .npz file: --out {path.with_suffix('.npz')}")
        arrays: dict[str, Any] = {
            "directions": self.vectors.numpy(), "deviations": self.deviations.numpy(), "weights": self.weights.numpy(),
            "names": np.array(self.names), "space": np.array(self.space), "how": np.array(self.how),
            "recipe": np.array(self.recipe), "weights_sha256": np.array(self.weights_sha256),
        }  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)


def load_directions(path: Path) -> Directions:
    """Read what `Directions.save` has written. Executes nothing that is in it.

    Raises:
        OrganzaError: There is no such file, or it holds something else.
    """
    arrays = read_arrays(path, "directions")
    try:
        vectors, deviations, weights = (
            torch.from_numpy(np.asarray(arrays[key], np.float32)) for key in ("directions", "deviations", "weights")
        )
        names = tuple(str(name) for name in arrays["names"])
        space, how, recipe, digest = (str(arrays[key]) for key in ("space", "how", "recipe", "weights_sha256"))
    except (KeyError, TypeError, ValueError) as error:
        raise OrganzaError(f"{path} holds no directions of organza ({error})") from None
    sizes = {len(names), *deviations.shape, *weights.shape, vectors.shape[0] if vectors.ndim == 2 else 0}
    if (
        sizes != {len(names)}
        or not names
        or not bool(vectors.isfinite().all())
        or not bool(deviations.isfinite().all())
    ):
        raise OrganzaError(f"{path} is damaged: its directions, names and deviations do not go together")
    return Directions(vectors, names, deviations, weights, space, how, recipe, digest)


def read_arrays(path: Path, what: str) -> dict[str, Any]:
    """The arrays of an .npz file, without anything that would have to be executed.

    Raises:
        OrganzaError: There is no such file, or it is none.
    """
    if path.is_file() and not zipfile.is_zipfile(path):
        raise OrganzaError(f"{path} holds no {what} of organza: it is no .npz file")
    try:
        with np.load(path, allow_pickle=False) as stored:
            if not hasattr(stored, "files"):
                raise ValueError("a single array")
            return {key: stored[key] for key in stored.files}
    except FileNotFoundError:
        raise OrganzaError(f"no {what} at {path}: name an .npz file that organza has written") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise OrganzaError(f"{path} holds no {what} of organza ({' '.join(str(error).split())})") from None


def find_sefa(space: Space, count: int = COUNT, layers: Sequence[int] | None = None, seed: int = 0) -> Directions:
    """The directions that the layers which take the latent vector move by most (SeFa).

    Args:
        space: w of a model with styles, z of others.
        count: How many at most.
        layers: Style inputs that count; None: all.
        seed: Of the samples by which strengths are told.

    Raises:
        UsageError: No layer takes the latent vector as it is.
    """
    if space.name == "z" and space.abilities.styles:
        raise UsageError(
            f"the closed form is one of the styles' layers, and z of '{space.model.recipe.name}' goes through a mapping:"
            " --space w"
        )
    entries = entry_weights(space)
    chosen = [weight for number, weight in entries if layers is None or number in layers]
    axes = closed_form(chosen, count)
    kind = "style affines" if space.name != "z" else "the layer that takes z"
    return _directions(
        space, axes, [f"sefa-{number}" for number in range(len(axes.vectors))],
        f"SeFa: eigenvectors of A^T A of {len(chosen)} {kind}" if space.name != "z" else f"SeFa: eigenvectors of A^T A of {kind}",
        space.drawn(DEVIATIONS, seed).points,
    )  # fmt: skip


def find_pca(
    space: Space, count: int = COUNT, n: int = SAMPLES, seed: int = 0, progress: Told = lambda done, total: None
) -> Directions:
    """Principal components (GANSpace): of w itself; for z, which looks alike in all directions, by way of the pictures.

    Args:
        space: w or z.
        count: How many at most.
        n: Samples.
        seed: Of the samples.
        progress: Told (done, total) pictures.

    Raises:
        UsageError: There are too few samples.
        OrganzaError: All are the same.
    """
    drawn = space.drawn(n, seed)
    if space.name == "w":
        axes, how = principal_axes(drawn.points, count), f"principal components of {n:,} w"
    else:
        small = torch.cat([smaller(images) for images in pictures_of(space, drawn, progress)])
        axes = regressed_axes(drawn.points, small, count)
        how = f"principal components of {n:,} pictures, led back to z by least squares"
    return _directions(space, axes, [f"pca-{number}" for number in range(len(axes.vectors))], how, drawn.points)


def find_svm(
    space: Space,
    attributes: Attributes | None,
    names: Sequence[str] = (),
    n: int = SAMPLES,
    share: float = SURE,
    seed: int = 0,
    progress: Told = lambda done, total: None,
) -> Directions:
    """The directions towards attributes, by linear support vector machines on samples that show them and samples that do not.

    Args:
        space: w or z.
        attributes: Who says what samples show; None: the labels that they were asked for.
        names: Of the attributes; none: all that enough samples have and enough have not.
        n: Samples.
        share: Of the samples, the surest ones, that are used for each attribute at most.
        seed: Of the samples.
        progress: Told (done, total) pictures.

    Raises:
        UsageError: There is no such attribute.
        OrganzaError: Too few samples have one, or lack it; or scikit-learn is not installed.
    """
    known = space.model.labels if attributes is None else attributes.names
    if attributes is None and (not known or space.name == "z"):
        raise UsageError(
            f"the labels of '{space.model.recipe.name}' are given beside z, so z knows nothing of them: --with CLASSIFIER"
            if known
            else f"the model '{space.model.recipe.name}' has no labels: --with CLASSIFIER"
        )
    for name in names:
        if name not in known:
            raise unknown("attribute", name, known)
    drawn = space.drawn(n, seed)
    seen = judged(space, drawn, attributes, progress)
    found, vectors, right, reasons = [], [], [], []
    for name in names or known:
        try:
            plane = plane_between(drawn.points, seen[:, known.index(name)], share)
        except OrganzaError as error:
            if names or "needs scikit-learn" in str(error):
                raise OrganzaError(f"no direction for '{name}': {error}") from None
            reasons.append(f"{name}: {error}")
            continue
        found.append(name)
        vectors.append(plane.normal)
        right.append(plane.accuracy)
    if not found:
        raise OrganzaError(f"no attribute has a direction ({reasons[0]}); take more samples with -n")
    axes = Axes(torch.stack(vectors), torch.tensor(right))
    who = attributes.source if attributes else "the labels asked for"
    return _directions(space, axes, found, f"linear support vector machines on {n:,} samples by {who}", drawn.points)


def judged(space: Space, drawn: Points, attributes: Attributes | None, progress: Told) -> Tensor:
    """Whether samples have attributes, [n, attributes] in [0, 1] on the CPU; without anybody who says so, by their labels."""
    if attributes is None:
        assert drawn.labels is not None, "asked of a model with labels"
        return drawn.labels.double().cpu()
    return torch.cat([attributes.probabilities(images).cpu() for images in pictures_of(space, drawn, progress)])


def pictures_of(space: Space, drawn: Points, progress: Told) -> Iterator[Tensor]:
    """The pictures of points, block by block, so that memory does not grow with their number."""
    count = len(drawn.points)
    for start in range(0, count, CHUNK):
        labels = None if drawn.labels is None else drawn.labels[start : start + CHUNK]
        yield space.images(drawn.points[start : start + CHUNK], labels)
        progress(min(start + CHUNK, count), count)


def smaller(images: Tensor) -> Tensor:
    """Pictures [n, C, H, W] of at most 32 pixels on each side, averaged over areas; points as they are."""
    if max(images.shape[2:]) <= SMALL:
        return images
    return nn.functional.adaptive_avg_pool2d(images, SMALL)


@torch.no_grad()
def entry_weights(space: Space) -> list[tuple[int, Tensor]]:
    """The layers that take the latent vector as it is, perhaps beside a label: (number of the style input, matrix [m, d]).

    They are found by looking which layers get just that vector, another one for each style input; and the matrix by what they
    make of unit vectors, because layers keep their weights in many ways.

    Raises:
        UsageError: There is none.
    """
    seen: list[tuple[nn.Module, Tensor]] = []
    whole = Space(space.model, "z" if space.name == "z" else "w+")
    point, labels = whole.drawn(1, 0)
    if space.name != "z":
        generator = torch.Generator().manual_seed(0)
        point = torch.randn(point.shape, generator=generator).to(point)  # tells the style inputs apart
    network = space.model.networks[(whole.from_noise if space.name == "z" else whole.styles).network]

    def look(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        if inputs and isinstance(inputs[0], Tensor) and inputs[0].ndim >= 2 and len(inputs[0]) == 1:
            seen.append((layer, inputs[0].clone()))

    hooks = [
        layer.register_forward_pre_hook(look) for layer in network.modules() if not any(True for _ in layer.children())
    ]
    try:
        whole.render(point, labels)
    finally:
        for hook in hooks:
            hook.remove()
    rows = point if space.name == "z" else point[0]
    found = [
        (number, matrix)
        for layer, given in seen
        for number, row in enumerate(rows)
        if _begins(given, row) and (matrix := _matrix(layer, given, len(row))) is not None
    ]
    if not found:
        raise UsageError(
            f"no layer of the model '{space.model.recipe.name}' takes {space.name} as it is, so there is no closed form:"
            " --by pca, or --by svm"
        )
    return found


def _begins(given: Tensor, row: Tensor) -> bool:
    """Whether what a layer gets begins with the vector, or with a multiple of it."""
    start = given.flatten()[: len(row)].float()
    return len(start) == len(row) and float(torch.cosine_similarity(start, row.float(), dim=0)) > 1 - 1e-5


def _matrix(layer: nn.Module, given: Tensor, length: int) -> Tensor | None:
    """The matrix by which a layer takes the first entries of its input, float64 [m, length]; None if it is not linear."""
    base = given.flatten()
    steps = torch.zeros(length + 1, len(base)).to(base)
    steps[torch.arange(length), torch.arange(length)] = 1.0
    steps[length, :length] = 2.0  # their sum, doubled: where it is not what they add up to, the layer is not linear
    zero = torch.zeros(1, len(base)).to(base)
    try:
        made = layer(torch.cat([zero, steps]).reshape(-1, *given.shape[1:])).double().flatten(1).cpu()
    except (RuntimeError, TypeError, ValueError):  # it takes more than a tensor, or not so many
        return None
    columns = made[1:] - made[:1]
    straight = torch.allclose(columns[length], 2 * columns[:length].sum(0), rtol=1e-3, atol=1e-4)
    weighted = any(True for _ in layer.parameters())
    return columns[:length].T if straight and weighted else None


def _directions(space: Space, axes: Axes, names: Sequence[str], how: str, points: Tensor) -> Directions:
    """With the deviations of these points [n, d]."""
    along = points.double().cpu() @ axes.vectors.T
    config = space.model.config
    return Directions(
        axes.vectors.float(), tuple(names), along.std(0).float(), axes.weights.float(),
        "z" if space.name == "z" else "w", how, space.model.recipe.name, str(config["weights_sha256"]),
    )  # fmt: skip
