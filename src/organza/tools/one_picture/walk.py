"""A walk around the one picture that a model knows: an animation of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from organza.errors import UsageError
from organza.marks import Mark
from organza.networks.pyramid.generator import PyramidGenerator
from organza.networks.pyramid.sizes import Size
from organza.streams import Streams
from organza.tools.latent.animation import Pixels, check_animation, write_animation
from organza.tools.one_picture.known import KnownPicture, pixels_of

PULL, INERTIA = 0.1, 0.9
FIRST_STEP = 0.05
USUAL_START = 2


@dataclass(frozen=True)
class Animated:
    """An animation.

    Attributes:
        files: What was written.
        size: Height and width of its frames.
        start: The first scale that moves.
        scales: How many the model has.
        side: Domain of the picture, for models of several.
    """

    files: list[Path]
    size: Size
    start: int
    scales: int
    side: str | None


def walk(anchor: Tensor, noises: Iterable[Tensor], pull: float = PULL, inertia: float = INERTIA) -> Iterator[Tensor]:
    """A random walk that keeps its direction for a while and is drawn back (Shaham et al. 2019, supplement; their code).

    z_{t+1} = a z* + (1 - a) (z_t + b (z_t - z_{t-1}) + (1 - b) u_{t+1}), from z_{-1} = z* and z_0 = 0.95 z* + 0.05 u_0.

    Args:
        anchor: z*, the noise that the training picture comes from; of any shape.
        noises: u_0, u_1, ..., N(0, 1) of the same shape. The walk ends with them.
        pull: a. 1: it stays at z*.
        inertia: b.

    Yields:
        z_1, z_2, ...: one less than there are noises.
    """
    drawn = iter(noises)
    before, here = anchor, (1 - FIRST_STEP) * anchor + FIRST_STEP * next(drawn)
    for noise in drawn:
        moved = here + inertia * (here - before) + (1 - inertia) * noise
        before, here = here, pull * anchor + (1 - pull) * moved
        yield here


def noises_of(generator: PyramidGenerator, scale: int, seed: int) -> Iterator[Tensor]:
    """Noise of one picture at a scale, again and again, on the network's device; of seed and scale alone."""
    stream = Streams(seed).generator("walk", scale)
    while True:
        yield generator.draw(1, stream, range(scale, scale + 1))[0].to(generator.anchor.device)


def frames(
    generator: PyramidGenerator, start: int, seed: int = 0, pull: float = PULL, inertia: float = INERTIA
) -> Iterator[Tensor]:
    """Pictures on a walk around the training picture, [1, C, H, W] in [-1, 1], without end.

    Every scale from `start` on walks by itself, around the noise that the training picture comes from, which is none at most
    scales; coarser ones stand still.

    Args:
        generator: Of the picture.
        start: The first scale that moves; at 0, the coarsest structure moves as well.
        seed: Of the noise.
        pull: As of `walk`.
        inertia: As of `walk`.
    """
    scales = range(start, generator.built)

    def walking(scale: int) -> Iterator[Tensor]:
        noises = noises_of(generator, scale, seed)
        anchor = generator.anchor_noise(scale)
        if anchor is None:
            anchor = torch.zeros(
                1, *generator.noise_shape(scale, generator.size(scale)), device=generator.anchor.device
            )
        return walk(anchor, noises, pull, inertia)

    with torch.no_grad():
        still = generator.anchored(range(start))
    for noise in zip(*[walking(scale) for scale in scales], strict=True):
        with torch.no_grad():  # within the loop: a generator must not leave it on while it waits
            picture = generator.show(generator.through(still, scales, noise)).clamp(-1, 1)
        yield picture


def write_walk(
    known: KnownPicture,
    out: Path,
    count: int = 100,
    *,
    start: int | None = None,
    rate: int = 10,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Animated:
    """Write an animation of the training picture.

    Args:
        known: Of what.
        out: .gif; .mp4, .mov or .mkv; or a folder for PNG files.
        count: Frames, at least 1.
        start: The first scale that moves; None: 2, or the finest one of models that have no such scale.
        rate: Frames a second.
        seed: Of the noise.
        progress: Told (done, total) frames.

    Raises:
        UsageError: There is no such scale, too few frames, or `out` is a file of another kind.
        OrganzaError: PyAV is missing.
        OSError: The files cannot be written.
    """
    if count < 1:
        raise UsageError(f"--frames must be at least 1, not {count}")
    first = known.start(start, USUAL_START)
    check_animation(out, rate)

    def pictures() -> Iterator[Pixels]:
        for number, frame in enumerate(islice(frames(known.generator, first, seed), count)):
            yield pixels_of(frame)[0]
            progress(number + 1, count)

    def mark(number: int | None) -> Mark:
        told = {} if number is None else {"frame": number}
        return known.mark("animate", seed, start_scale=first, frames=count, **told)

    return Animated(write_animation(out, pictures(), rate, mark), known.size, first, known.scales, known.side)
