"""The point of a latent space that makes a given picture, by optimisation.

As the projector of StyleGAN2 (Karras et al. 2020, arXiv:1912.04958, appendix D): Adam with a learning rate that rises and falls,
noise on the point that fades, and a distance of features; here with the pixels' beside it, and in w+ (Abdal et al. 2019,
arXiv:1904.03189) with a pull of the style inputs towards each other, without which the point leaves what the generator knows.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from organza.errors import OrganzaError, UsageError, unknown
from organza.exchange.model import Label
from organza.features.pictures import resize, to_colour
from organza.features.vgg import find_vgg
from organza.files import written_whole
from organza.losses.content import Network, frozen_network
from organza.metrics import perceptual_distance, psnr
from organza.streams import Streams
from organza.tools.latent.directions import read_arrays
from organza.tools.latent.fitting import refuse_points, shape_of
from organza.tools.latent.space import CHUNK, Space

Told = Callable[[int, int], None]
EYES: dict[str, int] = {"random-conv": 64, "vgg19-conv3_3": 256}
"""Networks in whose maps pictures are compared, and pixels on each side to which these are brought; VGG-19 at most."""
STEPS = 500
SAMPLES = 256  # among which the best one is looked for to begin with, and by which the size of the space is told
RATES = {"z": 0.1, "w": 0.1, "w+": 0.3}
"""Of Adam, in deviations of the space: 0.3 instead of 0.1 gains a decibel in w+, 0.2 in w, and in z it loses one as often."""
RISE, FALL = 0.05, 0.25  # shares of the steps in which the learning rate rises and falls
SHAKE, SHAKEN = 0.05, 0.75  # noise on the point at first, in deviations; share of the steps after which there is none
PIXELS = 1.0  # weight of the pixels' mean square, in [-1, 1], beside that of the features
TOGETHER = 1e-3  # weight of the pull of the style inputs towards their mean, in squared deviations
PRIOR = 1e-2  # weight of the pull of z to the length that the generator knows
WHITE = 1e5  # weight of the noise's autocorrelation, as published


@dataclass(frozen=True, eq=False)
class Projection:
    """A point of a latent space, and how near the picture that is made of it comes.

    Attributes:
        latent: The point, on the CPU: [z_dim], [w_dim] or [styles, w_dim].
        space: z, w or w+.
        label: The label vector that goes with it, [classes]; None for models without labels.
        noise: Maps [1, 1, side, side] that were found with it; None: the generator's own.
        image: What the model makes of it, [C, H, W] in [-1, 1], without padding.
        target: The picture, alike.
        psnr: Decibels between them, all channels.
        distance: Of their features (Zhang et al. 2018, arXiv:1801.03924, without weights).
        features: In which that was computed.
        start_psnr: Of what it began with.
        steps: Of the optimisation.
        seconds: It took.
        recipe: Of the model.
        weights_sha256: Of the model.
    """

    latent: Tensor
    space: str
    label: Tensor | None
    noise: tuple[Tensor, ...] | None
    image: Tensor
    target: Tensor
    psnr: float
    distance: float
    features: str
    start_psnr: float
    steps: int
    seconds: float
    recipe: str
    weights_sha256: str

    def save(self, path: Path) -> None:
        """Write an .npz.

        Raises:
            UsageError: The name ends in something else.
            OSError: It cannot be written.
        """
        check_name(path)
        arrays: dict[str, Any] = {
            "latent": self.latent.numpy(), "space": np.array(self.space), "recipe": np.array(self.recipe),
            "weights_sha256": np.array(self.weights_sha256), "psnr": np.array(self.psnr),
            "distance": np.array(self.distance), "features": np.array(self.features),
        }  # fmt: skip
        if self.label is not None:
            arrays["label"] = self.label.numpy()
        for number, values in enumerate(self.noise or ()):
            arrays[f"noise_{number}"] = values.numpy()
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)


@dataclass(frozen=True, eq=False)
class Saved:
    """What a file of a projection says; attributes as of `Projection`."""

    latent: Tensor
    space: str
    label: Tensor | None
    noise: tuple[Tensor, ...] | None
    weights_sha256: str


def check_name(path: Path) -> None:
    """Raise a UsageError unless the name is that of a projection's file."""
    if path.suffix != ".npz":
        raise UsageError(f"a projected picture is an .npz file: --out {path.with_suffix('.npz')}")


def load_projection(path: Path) -> Saved:
    """Read what `Projection.save` has written. Executes nothing that is in it.

    Raises:
        OrganzaError: There is no such file, or it holds something else.
    """
    arrays = read_arrays(path, "projected picture")
    try:
        tensors = {
            key: torch.from_numpy(np.asarray(value, np.float32))
            for key, value in arrays.items()
            if key in ("latent", "label") or key.startswith("noise_")
        }
        maps = [tensors[f"noise_{number}"] for number in range(sum(key.startswith("noise_") for key in tensors))]
        saved = Saved(
            tensors["latent"],
            str(arrays["space"]),
            tensors.get("label"),
            tuple(maps) or None,
            str(arrays["weights_sha256"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise OrganzaError(f"{path} holds no projected picture of organza ({error})") from None
    if saved.space not in ("z", "w", "w+") or not bool(saved.latent.isfinite().all()):
        raise OrganzaError(f"{path} is damaged: it names no latent space, or its numbers are not finite")
    return saved


@dataclass(frozen=True, eq=False)
class Eye:
    """A frozen network in whose maps pictures are compared.

    Attributes:
        name: Of the network.
        network: [n, 3, H, W] -> maps.
        side: Pixels on each side to which pictures are brought.
    """

    name: str
    network: nn.Module
    side: int

    def maps(self, images: Tensor) -> list[Tensor]:
        """Pictures [n, C, H, W] in [-1, 1] -> maps, with gradient."""
        side = self.side if self.name == "random-conv" else min(self.side, max(images.shape[2:]))
        found: list[Tensor] = self.network(
            resize(to_colour(images), side).contiguous(memory_format=torch.channels_last)
        )
        return found


def open_eye(name: str | None, device: torch.device) -> Eye:
    """The network of that name; without one VGG-19 if its weights are at hand, else fixed random convolutions.

    Raises:
        UsageError: There is none of that name.
        OrganzaError: Its weights are missing or damaged.
    """
    chosen = name or ("vgg19-conv3_3" if find_vgg() else "random-conv")
    if chosen not in EYES:
        raise unknown("features of a projection", chosen, EYES)
    wanted: Network = "random-conv" if chosen == "random-conv" else "vgg19-conv3_3"
    return Eye(chosen, frozen_network(wanted, device), EYES[chosen])


def project(
    space: Space,
    image: Tensor,
    steps: int = STEPS,
    *,
    features: str | None = None,
    label: Label | None = None,
    with_noise: bool = False,
    seed: int = 0,
    progress: Told = lambda done, total: None,
) -> Projection:
    """Find the point of a space that makes a picture.

    It begins with whatever comes nearest, of a few hundred samples and the middle of the space.

    Args:
        space: z, w or w+.
        image: [C, H, W] in [-1, 1], as the model's pictures without padding.
        steps: 0 leaves it at the best sample.
        features: random-conv or vgg19-conv3_3; None: the latter if its weights are at hand.
        label: For a model with labels; None: that of the sample it begins with.
        with_noise: Look for the noise of a model with styles, too; without, it keeps its own.
        seed: Of the samples and of the noise.
        progress: Told (done, total) steps.

    Raises:
        UsageError: The picture has another shape, `steps` is negative, or the model takes no noise.
        OrganzaError: Numbers are not finite any more.
    """
    model, began = space.model, time.perf_counter()
    _check(space, image, steps, with_noise)
    eye, streams = open_eye(features, model.device), Streams(seed)
    target = image[None].to(model.device, torch.float32)
    with torch.no_grad():
        aims = eye.maps(target)

    def differences(made: Tensor) -> Tensor:
        wanted = [each.expand(len(made), -1, -1, -1) for each in aims]
        pixels = (made - target).square().mean((1, 2, 3))
        return perceptual_distance(eye.maps(made), wanted) + PIXELS * pixels

    first, own, spread = _begin(space, differences, label, seed)
    start = first.clone()
    noises = _first_noise(space, streams) if with_noise else []
    variables = [first.requires_grad_(True), *noises]
    adam = torch.optim.Adam(variables, betas=(0.9, 0.999), eps=1e-8)
    shaking = streams.generator("shake")

    def loss_of(point: Tensor, shaken: Tensor) -> Tensor:
        made = model.cropped(space.render(shaken, own, noises or None))
        return differences(made)[0] + pull(space, point, spread) + WHITE * autocorrelation(noises)

    with torch.no_grad():
        best, least = (start, [each.detach().clone() for each in noises]), float(loss_of(first, first))
    for step in range(steps):
        done = step / steps
        adam.param_groups[0]["lr"] = RATES[space.name] * float(spread) * ramp(done)
        strength = SHAKE * max(0.0, 1 - done / SHAKEN) ** 2
        shaken = first + strength * spread * torch.randn(first.shape, generator=shaking).to(first)
        loss = loss_of(first, shaken)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise OrganzaError(
                f"the projection met a number that is not finite at step {step}: look at the model's samples"
            )
        if not strength and value < least:
            best, least = (first.detach().clone(), [each.detach().clone() for each in noises]), value
        adam.zero_grad(set_to_none=True)
        torch.autograd.backward(loss, inputs=variables)
        adam.step()
        with torch.no_grad():
            for values in noises:
                values.sub_(values.mean()).div_(values.std(correction=0))
        progress(step + 1, steps)
    return _result(space, best, own, (target, eye, aims), (start, steps, time.perf_counter() - began))


def ramp(done: float) -> float:
    """The learning rate, as a share of the highest, when this share of the steps is done: up in a line, down in a cosine."""
    falling = min(1.0, (1 - done) / FALL)
    return (0.5 - 0.5 * math.cos(math.pi * falling)) * min(1.0, (done + 1e-3) / RISE)


def pull(space: Space, point: Tensor, spread: Tensor) -> Tensor:
    """What keeps a point [1, *shape] where the generator knows its way: in w+ near a single w, in z near the usual length."""
    if space.name == "w+":
        return TOGETHER * ((point - point.mean(1, keepdim=True)) / spread).square().mean()
    if space.name == "z":
        return PRIOR * ((point / spread).square().mean() - 1).square()
    return point.new_zeros(())


def autocorrelation(noises: Sequence[Tensor]) -> Tensor:
    """How far noise maps [1, 1, side, side] are from white (Karras et al. 2020, arXiv:1912.04958, appendix D): scalar.

    The squared mean product of each value and its neighbour to the right, and below, in every map and in its halvings down to
    8 pixels a side; halving averages four values and doubles that, which keeps the variance of white noise.
    """
    total = torch.zeros(())
    for values in noises:
        level = values
        while True:
            beside = [(level * level.roll(1, axis)).mean().square() for axis in (2, 3)]
            total = total.to(values.device) + beside[0] + beside[1]
            if level.shape[2] <= 8 or level.shape[2] % 2:
                break
            level = 2 * nn.functional.avg_pool2d(level, 2)
    return total


@torch.no_grad()
def _begin(
    space: Space, differences: Callable[[Tensor], Tensor], label: Label | None, seed: int
) -> tuple[Tensor, Tensor | None, Tensor]:
    """The best point to begin with [1, *shape], its label vector [1, classes], and the deviation of the space's points."""
    drawn = space.drawn(SAMPLES, seed, label=label)
    points, labels = drawn
    # z is of one scale; the coordinates of w have means of their own, which say nothing of how far w may move.
    spread = points.square().mean().sqrt() if space.name == "z" else points.std(0).square().mean().sqrt()
    spread = spread.clamp(min=1e-8)
    if labels is None or space.name != "z":  # the middle of z has no label of its own
        points = torch.cat([space.centre()[None], points])
        labels = None if labels is None else torch.cat([labels[:1], labels])
    scores = []
    for at in range(0, len(points), CHUNK):
        own = None if labels is None else labels[at : at + CHUNK]
        scores.append(differences(space.model.cropped(space.render(points[at : at + CHUNK], own))))
    best = int(torch.cat(scores).argmin())
    own = None if labels is None else labels[best : best + 1]
    return points[best : best + 1].clone().contiguous(), own, spread


def _first_noise(space: Space, streams: Streams) -> list[Tensor]:
    generator = streams.generator("noise")
    return [
        torch.randn(1, 1, side, side, generator=generator).to(space.model.device).requires_grad_(True)
        for side in space.styles.noises
    ]


def _check(space: Space, image: Tensor, steps: int, with_noise: bool) -> None:
    wanted = shape_of(space.model)
    refuse_points(space.model)
    if tuple(image.shape) != wanted or not image.is_floating_point():
        raise UsageError(f"a picture to project is float {list(wanted)} in [-1, 1], not {list(image.shape)}")
    if steps < 0:
        raise UsageError(f"--steps is 0 or more, not {steps}")
    if with_noise and not (space.abilities.styles and space.styles.noises):
        raise UsageError(f"the model '{space.model.recipe.name}' takes no noise beside its latent vector")


@torch.no_grad()
def _result(
    space: Space,
    best: tuple[Tensor, list[Tensor]],
    label: Tensor | None,
    aim: tuple[Tensor, Eye, list[Tensor]],
    course: tuple[Tensor, int, float],
) -> Projection:
    (point, noises), (target, eye, aims), (start, steps, seconds) = best, aim, course
    made, begun = (
        space.model.cropped(space.render(each, label, noise)).clamp(-1, 1)
        for each, noise in ((point, noises or None), (start, None))
    )
    return Projection(
        latent=point[0].cpu(),
        space=space.name,
        label=None if label is None else label[0].cpu(),
        noise=tuple(each.cpu() for each in noises) or None,
        image=made[0].cpu(),
        target=target[0].cpu(),
        psnr=float(psnr(made, target, peak=2.0)),
        distance=float(perceptual_distance(eye.maps(made), aims)),
        features=eye.name,
        start_psnr=float(psnr(begun, target, peak=2.0)),
        steps=steps,
        seconds=seconds,
        recipe=space.model.recipe.name,
        weights_sha256=str(space.model.config["weights_sha256"]),
    )
