"""A walk through the latent space, from seed to seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from organza.errors import UsageError
from organza.exchange import Model
from organza.exchange.model import Label
from organza.marks import Mark
from organza.metrics.latent import lerp
from organza.tools.latent.animation import Pixels, check_animation, frame_pixels, write_animation
from organza.tools.latent.mixing import spoken
from organza.tools.latent.space import Points, Space, best_space

BLOCK = 16  # frames made at once, so that memory does not grow with their number


@dataclass(frozen=True)
class Walk:
    """A walk through the latent space.

    Attributes:
        files: What was written.
        space: z or w.
        stops: Numbers of the frames that show the seeds' own pictures.
    """

    files: list[Path]
    space: str
    stops: tuple[int, ...]


def schedule(stops: int, frames: int, loop: bool = False) -> tuple[Tensor, Tensor]:
    """Where on a walk each frame is. Every stop is a frame; between two stops the frames are evenly spaced.

    Args:
        stops: Points that the walk goes through, at least 2.
        frames: Of the whole walk, at least as many.
        loop: Whether the walk comes back to the first stop; the frame there is not shown again.

    Returns:
        For each frame the number of the stop before it, int64 [frames], and its share of the way to the next, float64 [frames] in
        [0, 1]. The way after the last stop leads to the first.
    """
    ways = stops if loop else stops - 1
    steps = frames if loop else frames - 1
    at = torch.tensor([(2 * stop * steps + ways) // (2 * ways) for stop in range(ways + 1)])  # rounded to whole frames
    number = torch.arange(frames)
    way = (torch.searchsorted(at, number, right=True) - 1).clamp(max=ways - 1)
    return way, (number - at[way]).double() / (at[way + 1] - at[way])


def walk(space: Space, stops: Points, way: Tensor, t: Tensor) -> Points:
    """Points on a walk.

    Args:
        space: Where.
        stops: What it goes through, [s, *shape]; labels change along straight lines.
        way: Stop before each point, [n].
        t: Share of the way to the next stop, [n].
    """
    start, end = way.to(stops.points.device), (way + 1).to(stops.points.device) % len(stops.points)
    points = space.between(stops.points[start], stops.points[end], t)
    labels = None if stops.labels is None else lerp(stops.labels[start], stops.labels[end], t)
    return Points(points, labels)


def write_interpolation(
    model: Model,
    seeds: Sequence[int],
    frames: int,
    out: Path,
    *,
    space: str | None = None,
    loop: bool = False,
    rate: int = 20,
    label: Label | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Walk:
    """Write a walk that goes through the pictures of all seeds in their order.

    Args:
        model: Makes samples from noise.
        seeds: At least two.
        frames: In all; at least one for each seed.
        out: .gif; .mp4, .mov or .mkv; or a folder for PNG files.
        space: z or w; None: w where the model has styles, z elsewhere. Arcs in z, straight lines in w.
        loop: Come back to the first seed, so that the animation can be repeated without a jump.
        rate: Frames a second.
        label: Of all pictures, as `Model.sample` takes it; None: each seed's own, changing on the way.
        progress: Told (done, total) frames.

    Raises:
        UsageError: Too few seeds or frames, no such space or label, or `out` is a file of another kind.
        OrganzaError: PyAV is missing.
        OSError: The files cannot be written.
    """
    if space not in (None, "z", "w"):
        raise UsageError(f"a walk goes through the space z or w, not '{space}'")
    room = best_space(model, space)
    if len(seeds) < 2:
        raise UsageError("a walk needs at least two seeds, as --seeds 1,2")
    if frames < len(seeds):
        raise UsageError(f"--frames is at least the number of seeds, {len(seeds)}, not {frames}")
    check_animation(out, rate)
    stops, (way, t) = room.of_seeds(seeds, label), schedule(len(seeds), frames, loop)

    def pictures() -> Iterator[Pixels]:
        for first in range(0, frames, BLOCK):
            part = slice(first, first + BLOCK)
            yield from frame_pixels(room.images(*walk(room, stops, way[part], t[part])))
            progress(min(first + BLOCK, frames), frames)

    def mark(number: int | None) -> Mark:
        details: dict[str, int | str] = {
            "verb": "interpolate",
            "seeds": spoken(seeds),
            "space": room.name,
            "frames": frames,
        }
        details |= ({} if label is None else {"label": str(label)}) | ({} if number is None else {"frame": number})
        return model.mark(seeds[0], **details)

    ends = (t == 0) | (t == 1)
    return Walk(write_animation(out, pictures(), rate, mark), room.name, tuple(ends.nonzero().flatten().tolist()))
