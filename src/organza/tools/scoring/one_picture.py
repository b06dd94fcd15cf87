"""Scores of models of one picture: their variations against it, and translations of one picture into the style of another."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor

from organza.data import Progress, Source, decode, open_source, to_samples
from organza.data.video import VideoContent
from organza.errors import OrganzaError, UsageError, unknown
from organza.exchange import Model
from organza.features import Features, PlaceFeatures, features_entry, load_features
from organza.metrics import (
    deviation,
    edge_agreement,
    patch_swd,
    pixel_diversity,
    psnr,
    shuffled,
    single_frechet,
    warp_error,
)
from organza.networks.pyramid.generator import PyramidGenerator, resized
from organza.streams import Streams
from organza.tools.pictures.flow import both_ways
from organza.tools.pictures.scores import EQUAL
from organza.tools.pictures.steady import Steadied
from organza.tools.scoring.measures import Measured
from organza.tools.scoring.reference import WEAK
from organza.tools.scoring.scores import Scores
from organza.tools.scoring.table import ANALOGY, METRICS, ONE_PICTURE

SAMPLES = 50  # looked at unless the user says otherwise: as many as SIFIDs are published of
NOISES = 4  # pictures of shuffled pixels, for the baselines
NUMBERS = 2**30  # floats of samples that are kept at once, at most: 4 GiB
REAL, SIDES = "real", ("a", "b")  # domains of the two kinds of models
OF_FEATURES = frozenset({"sifd", "style"})


@dataclass(frozen=True, eq=False)
class Evidence:
    """What both kinds of models are scored from.

    Attributes:
        model: The model, which makes and translates pictures.
        pictures: Those that it has learnt, by domain, float [n, C, H, W] in [-1, 1] in the size of the training.
        name: Of the features.
        n: Samples, or frames at most.
        seed: Of all that is random.
        progress: Told how many pictures have been made.
        steady: How much the frame before counts, of a video.
    """

    model: Model
    pictures: Mapping[str, Tensor]
    name: str
    n: int
    seed: int
    progress: Progress | None = None
    steady: float = 0.0

    @cached_property
    def features(self) -> Features:
        return load_features(self.name, self.model.device)

    @cached_property
    def seeing(self) -> PlaceFeatures:
        """The features.

        Raises:
            UsageError: They see no places.
        """
        features = self.features
        if not isinstance(features, PlaceFeatures):
            raise UsageError(
                f"the features {self.name} do not see a picture place by place, in its own size: take {WEAK} or inception"
            )
        return features

    def places(self, picture: Tensor) -> Tensor:
        """What the features see at each place of a picture [C, H, W]: [d, h, w]; UsageError if it is too small for them."""
        return self.seeing.places(picture[None])[0].cpu()

    def network(self, domain: str) -> PyramidGenerator:
        network = self.model.networks[self.model.abilities.pyramids[domain].network]
        assert isinstance(network, PyramidGenerator)
        return network

    def learnt(self, domain: str) -> Tensor:
        """The training picture at the newest scale of a domain's network, [C, H, W]."""
        network = self.network(domain)
        return resized(self.pictures[domain][:1], network.sizes[network.built - 1]).clamp(-1, 1)[0]

    def fidelity(self, domain: str) -> float:
        """How near a network comes to its training picture, in decibels."""
        again = self.network(domain).reconstruct().clamp(-1, 1)
        return min(EQUAL, float(psnr(again.cpu(), self.learnt(domain)[None], peak=2)[0]))

    def generator(self, purpose: str, number: int = 0) -> torch.Generator:
        return Streams(self.seed).generator(purpose, number)


@dataclass(frozen=True, eq=False)
class Variations(Evidence):
    """Samples of a model of one picture."""

    @cached_property
    def picture(self) -> Tensor:
        return self.learnt(REAL)

    @cached_property
    def samples(self) -> Tensor:
        """Float [n, C, H, W] on the CPU; each from the seed and its number alone."""
        made, network = [], self.network(REAL)
        for number in range(self.n):
            made.append(network.sample(1, self.generator("sample", number)).cpu())
            if self.progress:
                self.progress(number + 1, self.n, "generated samples")
        return torch.cat(made)

    @cached_property
    def noise(self) -> list[Tensor]:
        """Pictures of the same pixels in random order."""
        return [shuffled(self.picture, self.generator("shuffled", number)) for number in range(NOISES)]

    def sifd(self) -> Measured:
        real = self.places(self.picture)
        found, noise = (
            fmean(single_frechet(real, self.places(picture)) for picture in pictures)
            for pictures in (self.samples, self.noise)
        )
        return Measured(found, {"sifd_noise": noise}, f"sifd of noise in the picture's colours is {noise:.4g}")

    def swd(self, pictures: Sequence[Tensor] | Tensor) -> Measured:
        return Measured(fmean(patch_swd(self.picture, picture, self.generator("patches")) for picture in pictures))

    def diversity(self) -> Measured:
        found, own = pixel_diversity(self.samples), deviation(self.picture)
        if not own:
            return Measured(found)
        share = found / own
        note = f"pixel_diversity is {share:.4g} of the deviation of the picture's own pixels"
        return Measured(found, {"pixel_diversity_relative": share}, note)

    def reconstruction(self) -> Measured:
        return Measured(self.fidelity(REAL))


@dataclass(frozen=True, eq=False)
class Analogy(Evidence):
    """Pictures of one domain in the style of the picture of another."""

    @property
    def given(self) -> Tensor:
        return self.pictures["a"]

    @cached_property
    def made(self) -> Tensor:
        """The translations of what is given, float [n, C, H, W] on the CPU; frames held to each other as the model wants it."""
        made, steadied = [], Steadied(self.steady)
        for number, picture in enumerate(self.given):
            made.append(steadied(picture[None], self.model.translate(picture[None], to="b")))
            if self.progress:
                self.progress(number + 1, len(self.given), "translated pictures")
        return torch.cat(made)

    def style(self) -> Measured:
        (picture,) = self.pictures["b"]
        wanted = self.places(picture)
        after, before = (
            fmean(single_frechet(wanted, self.places(picture)) for picture in pictures)
            for pictures in (self.made, self.given)
        )
        return Measured(after, {"style_before": before}, f"style before the translation is {before:.4g}")

    def structure(self) -> Measured:
        pairs = zip(self.made, self.given, strict=True)
        return Measured(fmean(edge_agreement(made, given) for made, given in pairs))

    def unsteadiness(self) -> Measured:
        """The warping errors of the translation and of the video itself, along the video's own motion.

        Raises:
            UsageError: There are not two frames, or nothing in them can be followed.
            OrganzaError: scikit-image is not installed.
        """
        if len(self.given) < 2:
            raise UsageError("it is of the frames of a video, and this is one picture")
        made, own = list[float](), list[float]()
        for index in range(1, len(self.given)):
            flow, valid = both_ways(self.given[index - 1, None], self.given[index, None])
            if not bool(valid.any()):  # a cut
                continue
            for errors, frames in ((made, self.made), (own, self.given)):
                errors.append(warp_error(frames[index - 1, None], frames[index, None], flow, valid))
        if not made:
            raise UsageError("nothing in the frames can be followed from one to the next: it is no video of one scene")
        before = fmean(own)
        return Measured(fmean(made), {"warp_error_before": before}, f"warp_error of the video itself is {before:.4g}")

    def reconstruction(self) -> Measured:
        """Of the side that does worse; the frames of a video are not reconstructed."""
        sides = [side for side in SIDES if len(self.pictures[side]) == 1]
        found = {f"psnr_reconstruction_{side}": self.fidelity(side) for side in sides}
        return Measured(min(found.values()), found)


def measures_of(evidence: Variations | Analogy) -> dict[str, Callable[[], Measured]]:
    """How each score is computed, by key of `METRICS`."""
    if isinstance(evidence, Analogy):
        return {
            "style": evidence.style,
            "structure": evidence.structure,
            "warp_error": evidence.unsteadiness,
            "psnr_reconstruction": evidence.reconstruction,
        }
    return {
        "sifd": evidence.sifd,
        "patch_swd": lambda: evidence.swd(evidence.samples),
        "patch_swd_noise": lambda: evidence.swd(evidence.noise),
        "pixel_diversity": evidence.diversity,
        "psnr_reconstruction": evidence.reconstruction,
    }


def learnt_one_picture(model: Model) -> bool:
    """Whether a model is one of those that are scored here."""
    return bool(model.abilities.pyramids) and model.abilities.from_noise is None


def score_one_picture(
    model: Model,
    data: str,
    metrics: Sequence[str] | None = None,
    *,
    features: str | None = None,
    n: int = SAMPLES,
    seed: int = 0,
    data_dir: Path | None = None,
    progress: Progress | None = None,
) -> Scores:
    """Score a model of one picture by its samples, or one of an analogy by its translations of A into the style of B.

    Args:
        model: One of which `learnt_one_picture` holds.
        data: The training picture; or `A,B`, where A may be a video, and B is one picture.
        metrics: Keys of `ONE_PICTURE` or `ANALOGY`; None: all that can be had.
        features: That see places: `random-conv` or `inception`; None: the former.
        n: Samples to make; of a video, frames to translate at most.
        seed: Of the samples, of directions and of noise.
        data_dir: Where to look for built-in data sets first.
        progress: Told how many pictures have been made.

    Raises:
        UsageError: A metric does not exist or cannot be had, or the data are no such pictures.
        OrganzaError: The data or the features cannot be read.
    """
    began = time.perf_counter()
    translates = bool(model.abilities.translates)
    keys = _chosen(metrics, model, ANALOGY if translates else ONE_PICTURE)
    name = features or WEAK
    features_entry(name)  # a name misspelt is said now
    source = open_source(data, data_dir=data_dir, split="train", progress=progress)
    domains = _domains(model, source)
    pictures = {domain: _read(model, part, n) for domain, part in domains.items()}
    most = NUMBERS // next(iter(pictures.values()))[0].numel()
    if n > most and not translates:
        raise UsageError(f"{n:,} samples of this size do not fit into memory: take -n {most} or fewer")
    if metrics is None and len(pictures.get("a", ())) == 1:
        keys.remove("warp_error")  # which is of videos
    of_video = translates and isinstance(
        domains["a"].content, VideoContent
    )  # whose frames `translate` holds to each other
    steady = model.abilities.translates["b"].steady if of_video else 0.0
    evidence = (Analogy if translates else Variations)(model, pictures, name, n, seed, progress, steady)
    if features is not None and OF_FEATURES & set(keys):
        _ = evidence.seeing  # those that were asked for, or an error
    values, details, notes = _measured(measures_of(evidence), keys, metrics is None)
    seen = evidence.features if OF_FEATURES & set(values) else None
    if seen is not None and features is None:
        notes.append(
            f"{name} sees textures and colours and is no Inception, so this is not the SIFID: compare with care"
        )
    if model.config.get("fingerprint", source.fingerprint) != source.fingerprint:
        notes.insert(0, f"{source.name} is not what the model has learnt from ({model.config.get('source')})")
    height, width = next(iter(pictures.values())).shape[2:]
    return Scores(
        values=values,
        features=seen.name if seen else None,
        n=len(pictures["a"]) if translates else n,
        real=1,
        split=source.split,
        resize=f"{width}x{height} as in training" if seen else None,
        seed=seed,
        data=source.name,
        fingerprint=source.fingerprint,
        notes=tuple(notes),
        features_sha256=seen.sha256 if seen else None,
        standard_inception=bool(seen and seen.standard_inception),
        details=details,
        seconds=round(time.perf_counter() - began, 3),
    )


def _chosen(metrics: Sequence[str] | None, model: Model, known: Sequence[str]) -> list[str]:
    """Keys in the order of `METRICS`."""
    for key in metrics or ():
        if key not in METRICS:
            raise unknown("metric", key, METRICS)
        if key not in known:
            raise UsageError(f"{key} cannot be computed of '{model.recipe.name}', which has {', '.join(known)}")
    if metrics is not None and not metrics:
        raise UsageError("no metric is named: organza list metrics tells them all")
    return [key for key in known if metrics is None or key in metrics]


def _domains(model: Model, source: Source) -> dict[str, Source]:
    """The source of each domain of the model.

    Raises:
        UsageError: There are others.
    """
    recipe = model.recipe.name
    if source.kind != "images":
        raise UsageError(f"'{recipe}' makes pictures, and {source.name} has points")
    if model.abilities.translates:
        if source.form != "two":
            raise UsageError(
                f"'{recipe}' has learnt two pictures: name both with a comma between, as --data A.png,B.png"
            )
        found = dict(zip(SIDES, source.domains, strict=True))
    else:
        if source.form != "single":
            raise UsageError(f"'{recipe}' has learnt one picture, and {source.name} names more: --data photo.png")
        found = {REAL: source}
    alone = list(found.values())[-1]
    if alone.count != 1:
        knows = "takes the style of one picture" if model.abilities.translates else "has learnt one picture"
        raise UsageError(f"'{recipe}' {knows}, and {alone.name} has {alone.count:,}: name that one")
    return found


def _read(model: Model, source: Source, most: int) -> Tensor:
    """The first pictures of a source as the training has seen them, float [n, C, H, W] on the CPU."""
    recipe = model.recipe
    dataset = decode(source, recipe.size, recipe.channels, rectangles=recipe.rectangles, sides=recipe.sides)
    return to_samples(dataset.read(torch.arange(min(most, source.count))))


def _measured(
    measures: Mapping[str, Callable[[], Measured]], keys: Sequence[str], forgiving: bool
) -> tuple[dict[str, float], dict[str, float], list[str]]:
    """Scores and what belongs to them; those that cannot be had are left out with a note, if `forgiving`."""
    values: dict[str, float] = {}
    details: dict[str, float] = {}
    notes: list[str] = []
    refused: list[OrganzaError] = []
    for key in keys:
        try:
            found = measures[key]()
        except OrganzaError as error:
            if not forgiving:
                raise UsageError(f"{key} cannot be computed: {error}") from None
            refused.append(error)
            notes.append(f"no {key}: {error}")
            continue
        values |= {} if found.value is None else {key: found.value}
        details |= found.details or {}
        notes += [found.note] if found.note else []
    if refused and not values:
        raise refused[0]
    return values, details, notes
