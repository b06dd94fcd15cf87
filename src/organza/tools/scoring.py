"""How good a model's samples are, as numbers: which scores its data allow, what each means, and a memory for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from organza.data import Source, decode, mixture_centres, mixture_sigma, open_source, to_samples
from organza.errors import UsageError
from organza.exchange import Model
from organza.features import FEATURES, Features, load_features
from organza.features.pictures import resize, to_grey
from organza.files import write_text
from organza.metrics import (
    class_shares,
    conditional_accuracy,
    count_modes,
    diversity_by_class,
    effective_classes,
    frechet_distance,
    precision_recall,
)
from organza.streams import Streams

FAKES = 5_000  # generated samples that are looked at, unless the user says otherwise
REAL = 10_000  # real samples that they are held against, at most
BLOCK = 512  # samples made and looked at at once, so that memory does not grow with their number
SIDE = 28  # pixels on each side of the grey pictures whose diversity is measured: large ones would not fit into memory
METHOD = 1  # goes up when a score is computed in another way: what is remembered of the old one then counts no more
FILE = "scores.json"
FEATURES_OF = {
    "fashion-mnist": "fashion-classifier",
    "fashion-mnist-10k": "fashion-classifier",
    "mnist": "mnist-classifier",
}


@dataclass(frozen=True)
class Metric:
    """What a score is, for people.

    Attributes:
        key: Its name for programs.
        title: Its name in tables; with `{features}`, if it means nothing without them.
        better: Which way it improves; None where neither is.
        meaning: One sentence.
    """

    key: str
    title: str
    better: Literal["lower", "higher"] | None
    meaning: str

    def of(self, features: str | None) -> Metric:
        """The same, named after the features in which it was computed."""
        return replace(self, title=self.title.format(features=features))


METRICS = {
    metric.key: metric
    for metric in (
        Metric(
            "fd", "FD[{features}]", "lower",
            "The Fréchet distance between generated and real pictures as a classifier sees them: 0 if average and spread are"
            " the same; comparable only with the same features and numbers of pictures.",
        ),
        Metric(
            "precision", "Precision", "higher",
            "The share of the generated pictures that lie where real ones are: low when they look wrong.",
        ),
        Metric(
            "recall", "Recall", "higher",
            "The share of the real pictures that lie where generated ones are: low when the generator leaves kinds out.",
        ),
        Metric(
            "classes", "Effective classes", "higher",
            "How many classes the generator makes, by a classifier: exp of the entropy of their shares, so all of them if they"
            " come equally often and 1 if only one comes.",
        ),
        Metric(
            "smallest_class", "Smallest class", "higher",
            "The share of the class that the generator makes least often, by a classifier: 0 if one is missing.",
        ),
        Metric(
            "accuracy", "Label accuracy", "higher",
            "How often a classifier sees in a picture the label that the generator was asked for.",
        ),
        Metric(
            "diversity", "Diversity in a class", None,
            "How much pictures of one class differ, against how much real ones do: near 0 the generator ignores its noise, and"
            " 1 is like the data.",
        ),
        Metric(
            "modes", "Modes", "higher",
            "How many of the data's clusters have enough generated points close by.",
        ),
        Metric(
            "high_quality", "High quality", "higher",
            "The share of the generated points that lie within 3 standard deviations of a cluster's centre.",
        ),
        Metric(
            "kl", "KL of modes", "lower",
            "How unevenly the generated points spread over the clusters, in nats: 0 if equally.",
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Scores:
    """Scores, and everything without which they mean nothing.

    Attributes:
        values: By key of `METRICS`; empty where the data allow none, and then `notes` say why.
        features: In which they were computed; None for points, which need none.
        n: Generated samples.
        real: Real samples.
        split: Which part of the data the real ones are from.
        resize: How pictures became the input of the features.
        seed: Of both.
        data: Name of the source.
        fingerprint: Of its content.
        notes: What to know, one sentence each.
    """

    values: Mapping[str, float]
    features: str | None
    n: int
    real: int
    split: str
    resize: str | None
    seed: int
    data: str
    fingerprint: str
    notes: tuple[str, ...] = ()

    @property
    def metrics(self) -> list[Metric]:
        """What its values are, in the order of `METRICS`."""
        return [metric.of(self.features) for key, metric in METRICS.items() if key in self.values]


@dataclass(frozen=True, eq=False)
class Reference:
    """Real samples to hold generated ones against; decoded and looked at once, by the first score that needs them.

    Attributes:
        source: Where they are from.
        features_name: In which pictures are compared; None if there are none for this source, or if it has points.
        seed: Decides which samples, if there are more than `REAL`.
        device: Where features are computed.
        notes: What to know about them.
    """

    source: Source
    features_name: str | None
    seed: int = 0
    device: torch.device | str = "cpu"
    notes: tuple[str, ...] = ()

    @cached_property
    def features(self) -> Features:
        if self.features_name is None:
            raise UsageError(f"there are no features for {self.source.name}")
        return load_features(self.features_name, self.device)

    @property
    def features_digest(self) -> str | None:
        """SHA-256 of the features' weights; None without features."""
        return None if self.features_name is None else FEATURES[self.features_name].sha256

    @cached_property
    def chosen(self) -> Tensor:
        """Indices of the samples, int64 [m], in an order that is random but always the same."""
        order = torch.randperm(self.source.count, generator=Streams(self.seed).generator("scored"))
        return order[:REAL]

    @cached_property
    def looks(self) -> tuple[Tensor, Tensor]:
        """Embeddings [m, d] and small grey pictures [m, 1, 28, 28], on the CPU."""
        side = min(self.source.height, self.source.width)
        dataset = decode(self.source, side, self.source.channels)
        looks = [look(self.features, to_samples(dataset.read(part))) for part in torch.split(self.chosen, BLOCK)]
        return torch.cat([embedded for embedded, _, _ in looks]), torch.cat([small for _, _, small in looks])

    @property
    def labels(self) -> Tensor | None:
        """Class of each sample, int64 [m]; None if there are none, or attributes."""
        labels = self.source.labels
        return None if labels is None or labels.is_floating_point() else labels[self.chosen]


def open_reference(
    data: str,
    features: str | None = None,
    *,
    split: str = "test",
    seed: int = 0,
    data_dir: Path | None = None,
    device: torch.device | str = "cpu",
) -> Reference:
    """Real samples of a source; nothing is decoded yet.

    Args:
        data: Name of the source.
        features: Their name; None: those that are made for the source, if there are any.
        split: train or test.
        seed: Decides which samples.
        data_dir: Where to look for built-in data sets first.
        device: Where features are computed.

    Raises:
        UsageError: There is no such source, split or features.
        OrganzaError: The source cannot be read.
    """
    source = open_source(data, data_dir=data_dir, split=split)
    if source.kind == "points":
        if features is not None:
            raise UsageError(f"points are scored without features: leave out --features {features} for {data}")
        return Reference(source, None, seed, device)
    notes = (
        ()
        if source.split == split
        else (f"{source.name} has no {split} part: scores are against its {source.split} part",)
    )
    name = features or FEATURES_OF.get(source.name)
    if name is not None:
        FEATURES[name]  # one that does not exist is said now
    return Reference(source, name, seed, device, notes)


def score(
    model: Model,
    data: str | Reference,
    n: int = FAKES,
    seed: int = 0,
    features: str | None = None,
    split: str = "test",
    data_dir: Path | None = None,
) -> Scores:
    """Score a model against real samples.

    Args:
        model: Makes samples from noise.
        data: Name of a source; or real samples already opened, for which the last three arguments say nothing.
        n: Samples to generate: more are more exact, and only scores of equal n can be compared.
        seed: Of generated samples, and of which real ones are taken.
        features: Name of the features; None: those that are made for the source.
        split: Part of the source, train or test.
        data_dir: Where to look for built-in data sets first.

    Raises:
        UsageError: A name does not exist, n is too small, or the model makes no such samples.
        OrganzaError: The source or the features cannot be read, or samples are not finite.
    """
    reference = data
    if isinstance(reference, str):
        reference = open_reference(reference, features, split=split, seed=seed, data_dir=data_dir, device=model.device)
    source = reference.source
    if (source.kind == "points") != (model.recipe.channels == 2):
        makes = "points" if model.recipe.channels == 2 else "pictures"
        raise UsageError(f"the model '{model.recipe.name}' makes {makes}, and {source.name} has {source.kind}")
    if source.kind == "points":
        values, notes, real = _of_points(model, source, n, seed), [], 0
    elif reference.features_name is None:
        values, real = {}, 0
        notes = [f"there are no features for {source.name} yet, without which pictures have no scores"]
    else:
        values, notes = _of_pictures(model, reference, n, seed)
        real = len(reference.chosen)
    return Scores(
        values=values,
        features=reference.features_name,
        n=n,
        real=real,
        split=source.split,
        resize=reference.features.resize if reference.features_name else None,
        seed=seed,
        data=source.name,
        fingerprint=source.fingerprint,
        notes=(*reference.notes, *notes),
    )


def score_run(run: Path, model: Model, reference: Reference, n: int = FAKES, seed: int = 0) -> Scores:
    """The same, remembered in the folder of the run, so that the same question is answered at once the next time.

    Raises:
        UsageError: As of `score`.
        OrganzaError: As of `score`.
    """
    key = {
        "method": METHOD,
        "weights": model.config["weights_sha256"],
        "fingerprint": reference.source.fingerprint,
        "split": reference.source.split,
        "features": reference.features_name,
        "features_sha256": reference.features_digest,
        "n": n,
        "seed": seed,
    }
    known = _remembered(run / FILE)
    for entry in known:
        if entry["key"] == key:
            return Scores(**{**entry["scores"], "notes": tuple(entry["scores"]["notes"])})
    scores = score(model, reference, n, seed)
    if scores.values:
        known.append({"key": key, "scores": asdict(scores)})
        with suppress(OSError):  # a run that may only be read is scored anew each time
            write_text(run / FILE, json.dumps({"format": 1, "known": known}, indent=2, ensure_ascii=False) + "\n")
    return scores


def _remembered(path: Path) -> list[dict[str, Any]]:
    """Earlier answers; none if the file is missing or damaged, because they can be computed again."""
    names = {"values", "features", "n", "real", "split", "resize", "seed", "data", "fingerprint", "notes"}
    try:
        known = json.loads(path.read_text(encoding="utf-8"))["known"]
        return [entry for entry in known if "key" in entry and set(entry["scores"]) == names]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def look(features: Features, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Embeddings [n, d], probabilities [n, K] and small grey pictures [n, 1, 28, 28] of pictures, on the CPU."""
    embedded, probabilities = features.look(images)
    return embedded.cpu(), probabilities.cpu(), resize(to_grey(images), SIDE).cpu()


def _of_pictures(model: Model, reference: Reference, n: int, seed: int) -> tuple[dict[str, float], list[str]]:
    features, notes = reference.features, list[str]()
    blocks = [(start, min(BLOCK, n - start)) for start in range(0, n, BLOCK)]
    looks = [look(features, model.sample(count, seed, start)) for start, count in blocks]
    if not looks:
        raise UsageError(f"scores need samples: -n {n} is too small")
    embedded, probabilities, small = (torch.cat(parts) for parts in zip(*looks, strict=True))
    real, real_small = reference.looks
    count = min(len(real), n)  # precision and recall are published for equal numbers
    precision, recall = precision_recall(real[:count], embedded[:count])
    shares = class_shares(probabilities)
    values = {
        "fd": frechet_distance(real, embedded),
        "precision": precision,
        "recall": recall,
        "classes": effective_classes(shares),
        "smallest_class": float(shares.min()),
    }
    asked = model.sample_labels(n, seed) if model.labels else None
    if asked is None or asked.is_floating_point():
        return values, notes
    if model.labels == features.classes:
        values["accuracy"] = conditional_accuracy(probabilities, asked)
    else:
        notes.append(
            f"no accuracy of labels: {features.name} tells other classes apart than the model '{model.recipe.name}'"
        )
    labels = reference.labels
    if labels is None or reference.source.classes != model.labels:
        notes.append(f"no diversity in a class: {reference.source.name} has not the classes of the model")
        return values, notes
    ratios = diversity_by_class(small, asked, real_small, labels, len(model.labels))
    found = ratios[ratios.isfinite()]
    if len(found):
        values["diversity"] = float(found.mean())
    if len(found) < len(ratios):
        notes.append(f"diversity is of {len(found)} of {len(ratios)} classes: the others have too few pictures")
    return values, notes


def _of_points(model: Model, source: Source, n: int, seed: int) -> dict[str, float]:
    points = model.sample(n, seed)[:, :, 0, 0]
    counted = count_modes(points, mixture_centres(source.name), mixture_sigma(source.name))
    return {"modes": float(counted.modes), "high_quality": counted.high_quality, "kl": counted.kl}
