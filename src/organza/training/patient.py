"""What the doctor looks at: fixed samples, real and generated, and what the players make of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from organza.data import Dataset, Margins, label_vectors, mixture_centres, mixture_sigma, to_samples
from organza.diagnosis.probing import (
    Spread,
    between,
    checkerboard,
    cluster,
    contrast,
    glance,
    likeness,
    nearest_centre,
    saturated_share,
    shares_of,
)
from organza.features import Features
from organza.games import FromNoise, Judges
from organza.metrics import count_modes, effective_classes
from organza.streams import Streams
from organza.training.session import Session

PICTURES, POINTS = 128, 512  # samples of one reading
LARGE = 32  # samples of a batch from which on all of a reading fit into memory, too
FEWEST = 8  # real samples without which there is nothing to compare with
CLUSTERS = 10  # kinds of pictures, where no classifier knows better

Reading = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Group:
    """Real samples.

    Attributes:
        samples: [n, C, H, W] on the device of the training.
        labels: Their label vectors [n, classes], where the game takes labels.
    """

    samples: Tensor
    labels: Tensor | None

    def first(self, count: int) -> Group:
        return Group(self.samples[:count], None if self.labels is None else self.labels[:count])


class Patient:
    """A training, and the real samples with which all of its readings compare.

    Args:
        session: The training.
        dataset: What it trains on.
        source: Name of the source, by which mixtures are known.
        crop: What was filled around the samples.
        held: Indices of the samples that are not trained on, int64.
        classifier: That knows the classes of the source, if there is one; else clusters are the kinds.
    """

    def __init__(
        self,
        session: Session,
        dataset: Dataset,
        source: str,
        crop: Margins,
        held: Tensor,
        classifier: Features | None = None,
    ) -> None:
        self.session, self.crop, self.classifier = session, crop, classifier
        self.kinds, self.able = 0, session.game.abilities.from_noise is not None
        if not self.able:
            return
        self.points = dataset.shape[0] == 2
        self.streams = Streams(session.streams.seed)  # through all attempts the same
        order = torch.randperm(dataset.count, generator=self.streams.generator("probed real"))
        order = order[~torch.isin(order, held)]
        self.real = self._group(dataset, order[: POINTS if self.points else PICTURES])
        self.able = len(self.real.samples) >= FEWEST
        if not self.able:
            return
        self.held = self._group(dataset, held) if len(held) else None
        vectors = glance(self._cropped(self.real.samples))
        self.spread = Spread.of(vectors)
        pixels = self.real.samples.flatten(1)
        self.reach = float(between(pixels, pixels.roll(1, 0)).mean())
        self.one_hot = dataset.labels is not None and not dataset.labels.is_floating_point()
        self.sigma: float | None = None
        if self.points:
            self.centres, self.sigma = mixture_centres(source).to(session.device), mixture_sigma(source)
        elif classifier is None:
            self.centres = cluster(vectors, min(CLUSTERS, len(vectors)))
        self.kinds = len(classifier.classes) if classifier else len(self.centres)
        self.real_kinds = effective_classes(self._shares(self._cropped(self.real.samples)))
        cropped = self._cropped(self.real.samples)
        self.real_pixels = None if self.points else (saturated_share(cropped), contrast(cropped), checkerboard(cropped))

    def _group(self, dataset: Dataset, indices: Tensor) -> Group:
        samples, labels = to_samples(dataset.read(indices)).to(self.session.device), dataset.labels
        if not self.session.game.labelled or labels is None:
            return Group(samples, None)
        return Group(samples, label_vectors(labels[indices], len(dataset.classes)).to(self.session.device))

    def _cropped(self, samples: Tensor) -> Tensor:
        """Samples without their padding."""
        return self.crop.cropped(samples)

    def _shares(self, samples: Tensor) -> Tensor:
        """Share of the samples of each kind, float64 [K]."""
        if self.classifier:
            return shares_of(self.classifier.probabilities(samples).argmax(1), self.kinds)
        return shares_of(nearest_centre(glance(samples), self.centres), self.kinds)

    @torch.no_grad()
    def read(self) -> Reading | None:
        """Look at the players as they play now; None if the game makes nothing from noise, or the data are too few.

        A reading of samples that are not finite says that, and no more.

        Samples are those of the averaged generator, which is what users get; what the judge says is about the players as they
        play: in training mode, their buffers put back afterwards. Latent vectors and real samples are the same ones all
        through the run. So a reading changes nothing, and two readings differ by what was learnt between them.
        """
        session, abilities = self.session, self.session.game.abilities
        if abilities.from_noise is None or not self.able:
            return None
        values: Reading = {"images": session.clock, "step": session.progress.step}
        z = abilities.from_noise.latent(self.streams.generator("probed z"), len(self.real.samples)).to(session.device)
        networks, averages = session.entered.networks, session.entered.averages.networks
        with in_play(networks.values()), self.streams.locally("probed", device=session.device):
            live = self._in_parts(partial(abilities.from_noise.images, networks), z, self.real.labels)
            if abilities.judges:
                values |= self._judged(abilities.judges, live)
        made = self._in_parts(partial(abilities.from_noise.images, averages), z, self.real.labels)
        if not bool(live.isfinite().all() and made.isfinite().all()):
            return {**values, "finite": False}
        if self.real.labels is not None:
            values |= self._effects(abilities.from_noise, z, self.real.labels, made)
        seen = self._cropped(made)
        spread = Spread.of(glance(seen))
        values |= asdict(likeness(self.spread, spread))
        moved = float(between(spread.vectors, spread.vectors.roll(1, 0)).mean())
        values["sensitivity"] = moved / float(between(z, z.roll(1, 0)).mean())
        shares = self._shares(seen)
        values |= {"kinds": effective_classes(shares) / self.real_kinds, "largest": float(shares.max())}
        if self.sigma is not None:
            counted = count_modes(seen[:, :, 0, 0], self.centres, self.sigma)
            values |= {"modes": counted.modes, "high_quality": counted.high_quality, "kl": counted.kl}
        if self.real_pixels is not None:
            saturated, deviation, board = self.real_pixels
            values |= {
                "saturated": saturated_share(seen) - saturated,
                "contrast": contrast(seen) / max(deviation, 1e-12),
                "checkerboard": checkerboard(seen) / max(board, 1.0),  # as white noise has
            }
        return {name: rounded(value) for name, value in values.items()} | {
            "shares": [round(share, 4) for share in shares.tolist()]
        }

    def _judged(self, judges: Judges, fake: Tensor) -> Reading:
        """What the judge says to samples that it trains on, to generated ones, and to real ones that it has never seen."""
        networks = self.session.entered.networks
        count = min(len(fake), len(self.held.samples) if self.held else PICTURES)
        real = self.real.first(count)

        def score(samples: Tensor, labels: Tensor | None) -> Tensor:
            return self._in_parts(partial(judges.scores, networks), samples, labels).float()

        on_real = score(real.samples, real.labels)
        on_fake = score(fake[:count], real.labels)
        values = {
            "score_real": float(on_real.mean()),
            "score_fake": float(on_fake.mean()),
            "score_spread": float(((on_real.var() + on_fake.var()) / 2).sqrt()),
            "reach": self.reach,
        }
        if self.held:
            held = self.held.first(count)
            values["score_held"] = float(score(held.samples, held.labels).mean())
        return values

    def _in_parts(
        self, function: Callable[[Tensor, Tensor | None], Tensor], first: Tensor, labels: Tensor | None
    ) -> Tensor:
        """The function on all at once; in parts of a batch where a batch is so small that more may not fit into memory."""
        size = self.session.size if self.session.size < LARGE else len(first)
        parts = torch.split(first, size)
        others = [None] * len(parts) if labels is None else torch.split(labels, size)
        return torch.cat([function(part, label) for part, label in zip(parts, others, strict=True)])

    def _effects(self, ability: FromNoise, z: Tensor, labels: Tensor, fake: Tensor) -> Reading:
        """How far a sample moves with its noise alone, and with its label alone, over the distance of two real samples."""
        half, images = (
            len(z) // 2,
            partial(self._in_parts, partial(ability.images, self.session.entered.averages.networks)),
        )
        made, z, labels = glance(self._cropped(fake[:half])), z[:half], labels[:half]
        noisy = glance(self._cropped(images(z.roll(1, 0), labels)))
        # The next class; or all attributes the other way round.
        others = labels.roll(1, 1) if self.one_hot else 1 - labels
        named = glance(self._cropped(images(z, others)))
        scale = max(self.spread.mean, 1e-12)
        return {
            "noise_effect": float(between(made, noisy).mean()) / scale,
            "label_effect": float(between(made, named).mean()) / scale,
        }


def rounded(value: Any) -> Any:
    """Six digits are enough; what is not finite is None, as JSON has no word for it."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None


@contextmanager
def in_play(networks: Iterable[nn.Module]) -> Iterator[None]:
    """The networks in training mode within the block; every running statistic and power iteration is put back afterwards."""
    modules = [module for network in networks for module in network.modules()]
    modes = [module.training for module in modules]
    buffers = [(buffer, buffer.clone()) for module in modules for buffer in module.buffers(recurse=False)]
    for module in modules:
        module.train()
    try:
        yield
    finally:
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode
        for buffer, kept in buffers:
            buffer.copy_(kept)
