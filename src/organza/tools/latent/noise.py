"""What the noise inputs of a generator decide on (Karras et al. 2019, arXiv:1812.04948, section 3.2, figures 4 and 5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from organza.errors import OrganzaError, UsageError
from organza.exchange import Model
from organza.exchange.model import Label, picture_pixels
from organza.marks import grid, save_picture
from organza.streams import Streams
from organza.tools.latent.animation import frame_pixels, write_animation
from organza.tools.latent.options import read_layers
from organza.tools.latent.space import Space, without_styles

LEVELS = 127.5  # of a picture of 8 bits, for each unit within [-1, 1]
RATE = 8  # frames a second: noise is to be looked at, not to flicker
BLOCK = 16  # pictures made at once


@dataclass(frozen=True)
class NoiseStudy:
    """What other noise changes.

    Attributes:
        file: What was written.
        layers: The noise inputs that were drawn anew.
        mean: The standard deviation of a pixel over the pictures, the mean over the picture, in levels of 0 to 255.
        largest: Its largest value, which is white in the map.
    """

    file: Path
    layers: range
    mean: float
    largest: float


def write_noise(
    model: Model,
    seed: int,
    n: int,
    out: Path,
    *,
    layers: str | None = None,
    label: Label | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> NoiseStudy:
    """Write n pictures of the same styles with other noise: a grid with the deviation map as its last picture, or an animation.

    Args:
        model: Has styles and noise inputs.
        seed: Of the styles and of the noise.
        n: How many, at least 2.
        out: A .png or a .gif.
        layers: Noise inputs that are drawn anew, as `read_layers` reads it; the others keep the model's own; None: all.
        label: As `Model.sample` takes it.
        progress: Told (done, total) pictures.

    Raises:
        UsageError: The model has no noise inputs, or not these, n is too small, or `out` is a file of another kind.
        OSError: The file cannot be written.
    """
    if model.abilities.from_noise and not model.abilities.styles:
        raise UsageError(f"{without_styles(model)}: all its noise is in z")
    space = Space(model, "w")
    sides = space.styles.noises
    if not sides:
        raise UsageError(f"the model '{model.recipe.name}' has styles, but no noise inputs")
    chosen = range(len(sides)) if layers is None else read_layers(layers, sides)
    if n < 2:
        raise UsageError(f"-n is at least 2, not {n}: a deviation is of several pictures")
    if out.suffix.lower() not in (".png", ".gif") or out.is_dir():
        raise UsageError(f"cannot write pictures of noise to {out}: name a file that ends in .png or .gif")
    images = noisy_images(space, seed, n, chosen, label, progress)
    deviation = deviation_map(images)
    details: dict[str, int | str] = {"verb": "noise", "pictures": n, "layers": f"{chosen[0]}-{chosen[-1]}"}
    mark = model.mark(seed, **details, **({} if label is None else {"label": str(label)}))
    if out.suffix.lower() == ".gif":
        write_animation(out, frame_pixels(images), RATE, lambda _number: mark)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        save_picture(out, grid(picture_pixels(torch.cat([images, shown(deviation, images.shape[1])]))), mark)
    return NoiseStudy(out, chosen, float(deviation.mean()) * LEVELS, float(deviation.max()) * LEVELS)


def noisy_images(
    space: Space,
    seed: int,
    n: int,
    layers: range,
    label: Label | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Tensor:
    """Pictures of a seed's styles, each with noise of its own, float [n, C, H, W] in [-1, 1].

    Args:
        space: w of a model with noise inputs.
        seed: Of the styles and of the noise.
        n: How many.
        layers: Noise inputs that are drawn anew; the others keep the model's own.
        label: As `Model.sample` takes it.
        progress: Told (done, total) pictures.
    """
    (point,) = space.of_seeds([seed], label).points
    sides, streams, made = space.styles.noises, Streams(seed), []
    # The network's own noise is asked for only where some of it stays.
    own: Sequence[Tensor | None] = [None] * len(sides) if len(layers) == len(sides) else own_noise(space)

    def drawn(layer: int, number: int) -> Tensor:
        generator = streams.generator("noise input", layer, number)
        return torch.randn(1, 1, sides[layer], sides[layer], generator=generator)

    for first in range(0, n, BLOCK):
        numbers = range(first, min(first + BLOCK, n))
        noise = [
            torch.cat([drawn(layer, number) for number in numbers]).to(point.device)
            if kept is None or layer in layers
            else kept
            for layer, kept in enumerate(own)
        ]
        made.append(space.images(point.expand(len(numbers), -1), noise=noise))
        progress(numbers.stop, n)
    return torch.cat(made)


def own_noise(space: Space) -> list[Tensor]:
    """The noise that belongs to the generator, one map [1, 1, side, side] for each noise input.

    Raises:
        OrganzaError: The network keeps it elsewhere than in buffers named after noise.
    """
    network, sides = space.model.networks[space.styles.network], space.styles.noises
    buffers = [
        buffer for name, buffer in network.named_buffers() if "noise" in name.rpartition(".")[2] and buffer.ndim == 4
    ]
    if [buffer.shape[-1] for buffer in buffers] != list(sides):
        raise OrganzaError(
            f"the noise of '{space.model.recipe.name}' cannot be changed for some layers only: leave out --layers"
        )
    return buffers


def deviation_map(images: Tensor) -> Tensor:
    """How much each pixel varies over pictures [n, C, H, W]: its standard deviation, over channels the root mean square.

    Returns:
        [H, W], in the pictures' unit.
    """
    return images.double().var(0, correction=1).mean(0).sqrt()


def shown(deviation: Tensor, channels: int) -> Tensor:
    """A deviation map [H, W] as a picture [1, channels, H, W] in [-1, 1]: black is 0, white its largest value."""
    scaled = 2 * deviation / deviation.max().clamp(min=1e-12) - 1
    picture = scaled.float().expand(1, channels, -1, -1).clone()
    if channels == 4:
        picture[:, 3] = 1  # a map has no transparency
    return picture
