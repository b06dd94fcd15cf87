"""Scores taken during a training: in the rows of metrics, and to know which state was the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from organza.data import Margins
from organza.streams import Streams
from organza.training.session import Session

Sample = Callable[[int, int], Tensor]
"""(start, count) -> samples [count, C, H, W] in [-1, 1] without padding, the same ones for the same start."""


class Scorer(Protocol):
    """Scores a generator by n samples; `best` is the key that tells which of two states is better, `title` what to call it."""

    @property
    def best(self) -> tuple[str, Literal["lower", "higher"]]: ...
    @property
    def title(self) -> str: ...
    @property
    def n(self) -> int: ...
    def __call__(self, sample: Sample) -> dict[str, float]: ...
    def better(self, new: Mapping[str, float], old: Mapping[str, float]) -> bool: ...


class NotFiniteError(ArithmeticError):
    """A generated sample is NaN or infinite."""


class BestSoFar:
    """Scores every so many images, and remembers the best.

    Args:
        scorer: What scores.
        every: Images between two scores.
        crop: What was filled around the samples.
        best: What the run's record says of the best so far; None before the first. One from beyond the checkpoint with which
            a run goes on comes again, and equals itself.
    """

    def __init__(self, scorer: Scorer, every: int, crop: Margins, best: Mapping[str, Any] | None = None) -> None:
        self.scorer, self.every, self.crop = scorer, every, crop
        self.best: dict[str, Any] | None = dict(best) if best else None
        self.last: dict[str, float] = {}

    @property
    def about(self) -> dict[str, Any]:
        """Without which the figures mean nothing: features and number of samples."""
        return {"n": self.scorer.n, "titles": {self.scorer.best[0]: self.scorer.title}}

    def due(self, before: int, now: int) -> bool:
        """Whether a score falls between these two clocks."""
        return now // self.every > before // self.every

    @torch.no_grad()
    def take(self, session: Session) -> tuple[dict[str, float], bool]:
        """Score the averaged networks as they are now.

        Returns:
            Figures by the names that they have in the rows of metrics, where they are entered; and whether no state so far
            was better.

        Raises:
            NotFiniteError: A sample is NaN or infinite.
        """
        ability = session.game.abilities.from_noise
        if ability is None:
            return {}, False
        streams, networks = Streams(session.streams.seed), session.entered.averages.networks
        batches = next(iter(session.batches.values()))

        def sample(start: int, count: int) -> Tensor:
            z = ability.latent(streams.generator("scored", start), count).to(session.device)
            labels = (
                batches.draw_labels(count, streams.generator("scored labels", start)) if session.game.labelled else None
            )
            made = ability.images(networks, z, None if labels is None else labels.to(session.device))
            if not bool(made.isfinite().all()):
                raise NotFiniteError
            return self.crop.cropped(made)

        self.last = scores = self.scorer(sample)
        figures = {f"score.{name}": value for name, value in scores.items()}
        session.window.add({name: torch.tensor(value, device=session.device) for name, value in figures.items()})
        is_best = self.best is None or self.scorer.better(scores, self.best["scores"])
        if is_best:
            self.best = {
                "images": session.clock,
                "key": self.scorer.best[0],
                "title": self.scorer.title,
                "scores": scores,
            }
        return figures, is_best
