"""Numbers on samples: scores of generated ones, embeddings of real ones."""

from __future__ import annotations

from collections.abc import Sequence
from os import fspath
from pathlib import Path
from typing import Any

from organza import data as sources
from organza import tools
from organza.api.models import load
from organza.api.paths import PathLike
from organza.console import Console
from organza.data import Progress
from organza.errors import OrganzaError, UsageError
from organza.exchange import Model
from organza.files import disk_errors
from organza.tools import Fakes, Scores
from organza.training import pick_device

BOTH_PARTS = {"fd", "memorisation"}  # scores that say more, or only something, with training and test parts


def evaluate(
    model: PathLike | Model,
    *,
    data: str,
    metrics: Sequence[str] | None = None,
    features: str | None = None,
    n: int | None = None,
    split: str = "test",
    seed: int = 0,
    intervals: bool = False,
    real: int | None = None,
    device: str = "auto",
    data_dir: PathLike | None = None,
    console: Console | None = None,
) -> Scores:
    """Hold generated samples against real ones.

    A model that has learnt one picture is held against that picture, and one of an analogy against both of its pictures, which
    `data` names as `A,B`; `split`, `intervals` and `real` say nothing then.

    What is known of the real ones is kept in the cache folder, so that the second time is quick.

    Args:
        model: A model, the folder of one or of a run; or a folder or zip of pictures that anybody has generated. As for
            `data`, built-in names come before folders of pictures: one of such a name is written `./mnist`.
        data: Source of the real ones.
        metrics: Keys; `organza.names("metrics")` tells them. None: all that the data allow and that do not take long.
        features: Name, or path of a TorchScript (.pt) or ONNX file; None: those that are made for the data, else
            `random-conv`.
        n: Samples to generate, or pictures of the folder (or pairs) that are taken at most; None: 5,000, and of models that have
            learnt one picture 50. Scores of different n do not compare.
        split: Part of the data that samples are held against, train or test; `also` tells of the other one.
        seed: Of the samples, and of which real ones are taken.
        intervals: Compute confidence intervals, too.
        real: Real samples at most; None: 10,000.
        device: auto, cpu, cuda, cuda:N or mps.
        data_dir: Where to look for built-in data sets before anywhere else.
        console: Where progress goes; None: standard error.

    Returns:
        `scores.values` by key, and everything that they depend on.

    Raises:
        UsageError: A name does not exist, or a metric cannot be computed of these samples and data.
        OrganzaError: Model, data or features cannot be read.
    """
    if n is not None and n < 1:
        raise UsageError(f"scores need samples: -n {n} is too small")
    if real is not None and real < 2:
        raise UsageError(f"scores need real samples to hold others against: --real {real} is too small")
    place, where = Path(data_dir) if data_dir else None, pick_device(device)
    with (console or Console()).counting() as progress:
        made = _model(model, device)
        if made is not None and tools.learnt_one_picture(made):
            return tools.score_one_picture(
                made,
                data,
                metrics,
                features=features,
                n=n or tools.SAMPLES,
                seed=seed,
                data_dir=place,
                progress=progress,
            )
        fakes = _fakes(model if made is None else made, n or tools.FAKES, seed, place, progress)
        reference = tools.open_reference(
            data, features, split=split, seed=seed, data_dir=place, device=where, limit=real, progress=progress
        )
        other = None
        of_both = metrics is None or bool(BOTH_PARTS & set(metrics))
        if of_both and not fakes.points and reference.source.kind == "images" and reference.source.split == split:
            other, note = tools.other_part(reference, data, place, progress)
            reference.notes.extend([note] if note else [])
        if fakes.source and isinstance(model, str) and Path(model).exists() and model in sources.source_names():
            reference.notes.append(f"{model} is the built-in data set: the {model} that lies here is written ./{model}")
        return tools.score_samples(
            fakes, reference, metrics, other=other, seed=seed, intervals=intervals, progress=progress
        )


def _model(model: PathLike | Model, device: str) -> Model | None:
    """The model, or that of a folder; None for a folder that holds none."""
    if isinstance(model, Model):
        return model
    files = (Path(model) / name for name in ("config.json", "model/config.json", "recipe.yaml"))
    return load(model, device) if any(file.exists() for file in files) else None


def _fakes(made: PathLike | Model, n: int, seed: int, data_dir: Path | None, progress: Progress) -> Fakes:
    if isinstance(made, Model):
        return tools.fakes_of_model(made, n, seed)
    name = fspath(made)
    if not Path(made).exists() and name not in sources.source_names():
        raise OrganzaError(f"no model at {name}: name a model folder, a run folder, or a folder of generated pictures")
    return tools.fakes_of_source(sources.open_source(name, data_dir=data_dir, progress=progress), n, seed)


def data_features(
    source: str,
    *,
    out: PathLike,
    features: str | None = None,
    split: str = "train",
    n: int | None = None,
    seed: int = 0,
    device: str = "auto",
    data_dir: PathLike | None = None,
    console: Console | None = None,
) -> dict[str, Any]:
    """Write the embeddings of real pictures, and their labels, as one safetensors file.

    Args:
        source: Of pictures.
        out: A file that ends in .safetensors.
        features: Name, or path of a TorchScript or ONNX file; None: those that are made for the data, else `random-conv`.
        split: Part of the data, train or test.
        n: How many pictures; None: all.
        seed: Decides which, if not all.
        device: auto, cpu, cuda, cuda:N or mps.
        data_dir: Where to look for built-in data sets before anywhere else.
        console: Where progress goes; None: standard error.

    Returns:
        What the header of the file says.

    Raises:
        UsageError: A name does not exist, n is too small, or these are no pictures.
        OrganzaError: Data or features cannot be read, or the file cannot be written.
    """
    file = Path(out)
    if file.suffix != ".safetensors":
        raise UsageError(f"embeddings are a safetensors file: --out {file.with_suffix('.safetensors')}")
    if n is not None and n < 1:
        raise UsageError(f"-n must be at least 1, not {n}")
    place = Path(data_dir) if data_dir else None
    with (console or Console()).counting() as progress:
        reference = tools.open_reference(
            source, features, split=split, seed=seed, data_dir=place, device=pick_device(device), progress=progress
        )
        with disk_errors(file):
            return tools.write_features(reference, file, n)
