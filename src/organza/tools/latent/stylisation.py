"""A generator made to draw in the style of one picture, or of a few (Chong and Forsyth 2021, arXiv:2112.11641, JoJoGAN).

The picture is inverted; a copy of the generator is then trained so that it makes this very picture of many codes: of all that
have the picture's own at the coarse style inputs, and any at the others. So it learns to draw textures and colours as the picture
has them, whatever those others say, while the coarse inputs go on deciding on shapes. What is compared are the features of the
model's own discriminator.

As in the paper, noise is drawn anew in each step. Unlike there

* the mapping from z to w is not trained, which makes little difference (its authors, mchong6/JoJoGAN, issue 31), and keeps all
  that is known of w: seeds, projections, directions and the average that truncation goes to;
* each step also sees the style picture's own code. The authors' encoder gives codes like those that the mapping makes; what is
  found by optimisation lies off these, and random codes alone would not teach what it is to become;
* the learning rate falls to zero in the second half, because Adam without momentum never comes to rest on absolute differences;
* the learning rate, published for w of 512 numbers, grows with the root of 512 / w_dim: the fewer inputs a layer of equalised
  learning rate has, the less it changes by moving all of its weights by so much;
* a discriminator of less than five levels of features, as for 32 pixels, is asked for the first one, too, and the pixels count
  beside the features. Measured on a small network: without, the loss falls as far, and the picture gets no nearer to the style.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from organza.data import Margins
from organza.errors import OrganzaError, UsageError
from organza.exchange import Model
from organza.exchange.folder import fill, weights_digest
from organza.exchange.model import Label
from organza.games import Judges
from organza.metrics import psnr
from organza.networks.style import StyleGenerator
from organza.streams import Streams
from organza.tools.latent.projection import Told, open_eye
from organza.tools.latent.space import Space

STEPS = 300
RATE, BETAS = 2e-3, (0.0, 0.99)  # of Adam, as published for ...
W_DIM = 512  # ... w of so many numbers
PIXELS = 4.0  # weight of the mean absolute difference of pixels, in [-1, 1], where the features are of too few levels
FIRST, INPUTS = 7, 18
"""As published, for the 18 style inputs of 1024 pixels a side: the swapped ones begin with this one ..."""
KEEPING_COLOUR = frozenset((9, 11, 15, 16, 17))
"""... and these are swapped if the colours are to stay."""
LEVELS = 4  # feature maps that count: the finest after the first
PROBES = 16  # random codes for each style picture by which the loss is told, before and after; training sees others
VARIED = 64  # samples by which diversity is told


@dataclass(frozen=True)
class Course:
    """How a generator is stylised.

    Attributes:
        steps: Of Adam.
        alpha: How much of the swapped inputs' codes is random: 1, all of it; 0, the picture's own codes are all that is learnt.
        keep_colour: Swap only some of the finer inputs, so that what the others decide on, colours foremost, may stay.
        blend: Of the weights that are kept, how far they are on the way from the original's to the trained ones.
        pixels: Weight of the mean absolute difference of pixels beside that of the features; None: none, as published, where the
            discriminator has five levels of features or more, `PIXELS` where it has less.
        label: For a model with labels: of the random codes, as `Model.sample` takes it; None: with the shares of the data.
        seed: Of all that is drawn.

    Raises:
        UsageError: A number is out of its range.
    """

    steps: int = STEPS
    alpha: float = 1.0
    keep_colour: bool = False
    blend: float = 1.0
    pixels: float | None = None
    label: Label | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise UsageError(f"--steps is 1 or more, not {self.steps}")
        for name in ("alpha", "blend"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"--{name} is a number from 0 to 1, not {getattr(self, name):g}")
        if self.pixels is not None and not 0 <= self.pixels < math.inf:
            raise UsageError(f"--pixels is a number, 0 or more, not {self.pixels:g}")


@dataclass(frozen=True, eq=False)
class Stylisation:
    """A stylised model, and how it came about.

    Attributes:
        model: The new one, with networks of its own where they differ; its folder is still that of the original.
        swapped: Style inputs whose codes were random.
        losses: Of each step, on what was drawn for it and on the styles' own codes.
        loss: That of the features before and after, on random codes alone: the same both times, which no step has seen.
        pixels: Weight that the pixels had.
        psnr: For each style picture, decibels between it and what is made of its code, before and after.
        targets: The style pictures, [styles, C, H, W] in [-1, 1], without padding.
        images: What is made of its code, before and after, [2, styles, C, H, W] in [-1, 1], without padding.
        diversity: Of samples, before and after, as of `diversity`.
        levels: Feature maps that were compared.
    """

    model: Model
    swapped: tuple[int, ...]
    losses: tuple[float, ...]
    loss: tuple[float, float]
    pixels: float
    psnr: tuple[tuple[float, float], ...]
    targets: Tensor
    images: Tensor
    diversity: tuple[float, float]
    levels: int


def swapped_inputs(count: int, keep_colour: bool = False) -> tuple[int, ...]:
    """The style inputs whose codes are random in training, of so many.

    Published for 18 of them: the last 11, or 9, 11, 15, 16 and 17 to keep colours. For other counts those at the same shares of
    the depth.
    """
    if keep_colour:
        return tuple(index for index in range(count) if index * INPUTS // count in KEEPING_COLOUR)
    return tuple(range(round(count * FIRST / INPUTS), count))


def mixed_codes(styles: Tensor, others: Tensor, swapped: Sequence[int], alpha: float) -> Tensor:
    """(1 - alpha) styles + alpha others at the swapped inputs, and the styles' own bits elsewhere: all [n, inputs, w_dim]."""
    chosen = torch.zeros(styles.shape[1], 1, dtype=torch.bool, device=styles.device)
    chosen[list(swapped)] = True
    return torch.where(chosen, (1 - alpha) * styles + alpha * others, styles)


def finest(maps: Sequence[Tensor]) -> list[Tensor]:
    """Those of a discriminator's feature maps that count, the finest first: four after the first; all if they are too few."""
    return list(maps[1 : LEVELS + 1] if len(maps) > LEVELS else maps)


def rate_at(done: float, w_dim: int) -> float:
    """The learning rate when this share of the steps is done: constant, and in the second half falling in a line to 0."""
    return RATE * math.sqrt(W_DIM / w_dim) * min(1.0, 2 * (1 - done))


def feature_loss(made: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """The mean over the levels of the mean absolute difference of feature maps.

    Args:
        made: [k n, c, h, w] for each level: n samples, k times over.
        wanted: [n, c, h, w] for each level.
    """
    levels = [
        functional.l1_loss(some, others.repeat(len(some) // len(others), 1, 1, 1))
        for some, others in zip(made, wanted, strict=True)
    ]
    return torch.stack(levels).mean()


def diversity(images: Tensor) -> float:
    """The mean distance of all pairs of images in the maps of random convolutions, which are of no model's making.

    The distance is that of `metrics.perceptual_distance`: a sum of squares, so that half as far apart counts a quarter. The mean
    over pairs of |a - b|^2 is 2 / (n - 1) times the sum of all |a - mean|^2.

    Args:
        images: [n, C, H, W] in [-1, 1], at least two.
    """
    total = 0.0
    with torch.no_grad():
        for maps in open_eye("random-conv", images.device).maps(images):
            lengthless = functional.normalize(maps, dim=1, eps=1e-10).double()
            total += float((lengthless - lengthless.mean(0)).square().sum((0, 1)).mean())
    return 2 * total / (len(images) - 1)


def open_judge(model: Model) -> tuple[Judges, dict[str, nn.Module]]:
    """The discriminator of a model, frozen, on its device, by name; and how it is asked.

    Raises:
        UsageError: The model has none, or none whose features are known.
        OrganzaError: Its weights are damaged.
    """
    judges, name = model.abilities.judges, model.recipe.name
    if judges is None or judges.features is None:
        raise UsageError(f"the model '{name}' has no discriminator whose features are known, as those of stylegan2 are")
    if not any(key.partition(".")[0] == judges.network for key in model.opponents):
        raise UsageError(
            f"the model '{name}' comes without its discriminator, by which styles are compared: take one with "
            "opponents.safetensors, as organza train and organza import write it"
        )
    judge = opponents_of(model)[judges.network].to(model.device)
    if not hasattr(judge, "features"):  # one that a user has put in the place of the recipe's
        raise UsageError(f"the discriminator of '{name}' has no features that are known, as that of stylegan2 has")
    return judges, {judges.network: judge}


def opponents_of(model: Model) -> dict[str, nn.Module]:
    """The networks that only training needs, rebuilt, frozen, in evaluation mode, on the CPU.

    Raises:
        OrganzaError: Their weights do not fit.
    """
    used = {key.partition(".")[0] for key in model.opponents}
    with Streams(0).globally("blank networks"):  # building draws weights, which are then replaced
        built = model.recipe.build().stage(model.config["stage"]).build(None).networks
    networks = {name: network.eval().requires_grad_(False) for name, network in built.items() if name in used}
    fill(networks, model.opponents, model.folder)
    return networks


def framed(model: Model, images: Tensor) -> Tensor:
    """Pictures without padding, [n, C, h, w], padded as those of the model's training were: as its networks have them."""
    crop = model.config["crop"]
    margins = Margins.read(crop)
    around = (margins.left, margins.right, margins.top, margins.bottom)
    if isinstance(crop, int):  # squares are framed in black, rectangles by their own edges (data.fitting)
        return functional.pad(images, around, value=-1.0)
    return functional.pad(images, around, mode="replicate")


def stylise(
    model: Model, images: Tensor, codes: Tensor, course: Course | None = None, progress: Told = lambda done, total: None
) -> Stylisation:
    """Train a copy of a model's generator so that it draws in the style of pictures. The model itself is not changed.

    Args:
        model: Has styles, and a discriminator whose features are known.
        images: The style pictures, [n, C, H, W] in [-1, 1], as the model's are without padding.
        codes: Their codes, [n, inputs, w_dim].
        course: How.
        progress: Told (done, total) steps.

    Raises:
        UsageError: The model has no styles or no such discriminator.
        OrganzaError: Numbers are not finite any more.
    """
    course = course or Course()
    space, (judges, judging) = Space(model, "w+"), open_judge(model)
    name, device = space.styles.network, model.device
    codes, targets = codes.to(device), framed(model, images.to(device, torch.float32))
    swapped = swapped_inputs(len(space.styles.resolutions), course.keep_colour)
    see = cast(Callable[[dict[str, nn.Module], Tensor], Sequence[Tensor]], judges.features)

    with torch.no_grad():
        maps = see(judging, targets)
    wanted = finest(maps)
    pixels = (0.0 if len(maps) > LEVELS else PIXELS) if course.pixels is None else course.pixels
    tuned = copy.deepcopy(model.networks[name])
    trained = trained_parameters(tuned)
    new = replace(model, networks={**model.networks, name: tuned})
    count, streams = len(codes), Streams(course.seed)
    drawn_from = streams.number("codes")  # a sequence of its own, as that of samples begins with the seed itself

    def made_at(number: int, made_by: Model, anchored: bool) -> Tensor:
        others = space.drawn(count, drawn_from, number * count, course.label).points
        styles = mixed_codes(codes, others, swapped, course.alpha)
        styles = torch.cat([styles, codes]) if anchored else styles
        noises = [
            torch.randn(len(styles), 1, side, side, generator=streams.generator("noise", number, index)).to(device)
            for index, side in enumerate(space.styles.noises)
        ]
        return space.styles.images(made_by.networks, styles, noises or None)

    def loss_of(samples: Tensor) -> Tensor:
        return feature_loss(finest(see(judging, samples)), wanted)

    @torch.no_grad()
    def probed(made_by: Model) -> float:  # in batches of the training's size, and on numbers that no step has
        return sum(float(loss_of(made_at(course.steps + probe, made_by, False))) for probe in range(PROBES)) / PROBES

    first_loss = probed(model)
    adam, losses = torch.optim.Adam(trained, lr=RATE, betas=BETAS), []
    for step in range(course.steps):
        adam.param_groups[0]["lr"] = rate_at(step / course.steps, codes.shape[2])
        samples = made_at(step, new, True)
        loss = loss_of(samples)
        if pixels:
            loss = loss + pixels * (samples - targets.repeat(2, 1, 1, 1)).abs().mean()
        losses.append(float(loss.detach()))
        if not math.isfinite(losses[-1]):
            raise OrganzaError(f"the stylisation met a number that is not finite at step {step}: try fewer --steps")
        adam.zero_grad(set_to_none=True)
        torch.autograd.backward(loss, inputs=trained)
        adam.step()
        progress(step + 1, course.steps)
    tuned.requires_grad_(False)
    blend(tuned, model.networks[name], course.blend)
    digest = weights_digest(new.networks)
    new = replace(new, config={**model.config, "weights_sha256": digest})
    return _told(
        model, new, (codes, images), swapped, (losses, (first_loss, probed(new)), (len(wanted), pixels), course)
    )


def trained_parameters(generator: nn.Module) -> list[nn.Parameter]:
    """All parameters but those of the mapping, which from now on have gradients."""
    mapping = set(cast(StyleGenerator, generator).mapping.parameters())
    trained = [parameter for parameter in generator.parameters() if parameter not in mapping]
    for parameter in trained:
        parameter.requires_grad_(True)
    return trained


@torch.no_grad()
def blend(tuned: nn.Module, original: nn.Module, share: float) -> None:
    """Move the weights of the first network back towards those of the second: to these with 0, not at all with 1."""
    for new, old in zip(tuned.parameters(), original.parameters(), strict=True):
        new.copy_(old.lerp(new, share))


def _told(
    model: Model,
    new: Model,
    given: tuple[Tensor, Tensor],
    swapped: tuple[int, ...],
    course: tuple[Sequence[float], tuple[float, float], tuple[int, float], Course],
) -> Stylisation:
    """The figures."""
    (codes, images), (losses, loss, (levels, pixels), asked) = given, course
    made = torch.stack([Space(each, "w+").images(codes) for each in (model, new)])
    decibels = [
        (psnr(before[None], image[None], peak=2.0), psnr(after[None], image[None], peak=2.0))
        for before, after, image in zip(made[0], made[1], images.cpu(), strict=True)
    ]
    varied = [diversity(each.sample(VARIED, asked.seed, label=asked.label)) for each in (model, new)]
    return Stylisation(
        model=new,
        swapped=swapped,
        losses=tuple(losses),
        loss=loss,
        pixels=pixels,
        psnr=tuple((float(before), float(after)) for before, after in decibels),
        targets=images.cpu(),
        images=made,
        diversity=(varied[0], varied[1]),
        levels=levels,
    )
