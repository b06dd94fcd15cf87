"""Degradations: what a game does to good pictures, so that a network may learn to undo it. Each is an option of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from organza.bounds import Positive, Rate, Share
from organza.data.batches import to_device
from organza.data.blur import blur_randomly
from organza.errors import UsageError
from organza.registry import Registry

Exposure = Literal["any", "short", "half", "full"]

PARTS: dict[Exposure, float | None] = {"any": None, "short": 0.1, "half": 0.5, "full": 1.0}


class Degradation(Protocol):
    """Options of one degradation: a frozen dataclass entered in `DEGRADATIONS`."""

    @property
    def active(self) -> bool:
        """Whether it changes anything."""
        ...

    @property
    def scale(self) -> int:
        """How many times smaller it makes the pictures, along each side."""
        ...

    def draw(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """The pictures degraded, each in its own way; nothing waits for the device.

        Args:
            images: Float [B, C, H, W] in [-1, 1].
            generator: Of the CPU; decides all that is random.

        Returns:
            Float in [-1, 1] on the device of the images, and of their shape except where the degradation says otherwise.

        Raises:
            UsageError: The pictures have no size that suits it.
        """
        ...


DEGRADATIONS: Registry[type[Degradation]] = Registry("degradation")


@DEGRADATIONS.register("none")
@dataclass(frozen=True)
class NoDegradation:
    """The pictures as they are."""

    @property
    def scale(self) -> int:
        return 1

    @property
    def active(self) -> bool:
        return False

    def draw(self, images: Tensor, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        return images


@DEGRADATIONS.register("motion-blur")
@dataclass(frozen=True)
class MotionBlur:
    """The camera shakes while the shutter is open (Boracchi and Foi 2012, in the form of Kupyn et al. 2018).

    Attributes:
        degrade_length: Of the camera's path, pixels. The published 60 are for pictures of 720 lines.
        degrade_exposure: The part of the path during which the shutter is open: short a tenth, half, full all of it, or any
            of these three.
        degrade_linear: Whether light is added, as on a sensor, or the values of the picture.
        degrade_noise: Standard deviation of the sensor's noise; white is 1, black 0.
    """

    degrade_length: Positive = 60.0
    degrade_exposure: Exposure = "any"
    degrade_linear: bool = False
    degrade_noise: Rate = 0.0

    @property
    def scale(self) -> int:
        return 1

    @property
    def active(self) -> bool:
        return True

    def draw(self, images: Tensor, generator: torch.Generator) -> Tensor:
        blurred = blur_randomly(
            images,
            generator,
            length=self.degrade_length,
            exposure=PARTS[self.degrade_exposure],
            linear_light=self.degrade_linear,
        )
        if not self.degrade_noise:
            return blurred
        noise = to_device(torch.randn(images.shape, generator=generator), images.device)
        return (blurred + 2 * self.degrade_noise * noise).clamp(-1, 1).to(images.dtype)


@DEGRADATIONS.register("shrink")
@dataclass(frozen=True)
class Shrink:
    """The pictures made smaller by the bicubic filter, widened so that nothing aliases: [B, C, H / scale, W / scale].

    Attributes:
        degrade_scale: How many times smaller.
    """

    degrade_scale: Literal[2, 4, 8] = 4

    @property
    def scale(self) -> int:
        return self.degrade_scale

    @property
    def active(self) -> bool:
        return True

    def draw(self, images: Tensor, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        height, width = images.shape[-2:]
        if height % self.degrade_scale or width % self.degrade_scale:
            raise UsageError(
                f"pictures of {width}x{height} cannot be made {self.degrade_scale} times smaller: choose a size that is a "
                f"multiple of {self.degrade_scale}, or another degrade_scale"
            )
        size = (height // self.degrade_scale, width // self.degrade_scale)
        small = torch.nn.functional.interpolate(images.float(), size, mode="bicubic", antialias=True)
        return small.clamp(-1, 1).to(images.dtype)  # the filter overshoots at edges


@DEGRADATIONS.register("hole")
@dataclass(frozen=True)
class Hole:
    """A rectangle of middle grey instead of what was there, to be completed (as in Pathak et al. 2016, arXiv:1604.07379).

    Attributes:
        degrade_hole: Its sides, as parts of the picture's.
        degrade_place: In the centre, or anywhere within the picture.
    """

    degrade_hole: Share = 0.5
    degrade_place: Literal["random", "centre"] = "centre"

    @property
    def scale(self) -> int:
        return 1

    @property
    def active(self) -> bool:
        return self.degrade_hole > 0

    def draw(self, images: Tensor, generator: torch.Generator) -> Tensor:
        count = len(images)
        place = torch.full((count, 2), 0.5)
        if self.degrade_place == "random":
            place = torch.rand(count, 2, generator=generator)
        inside = torch.ones(count, 1, 1, 1, dtype=torch.bool, device=images.device)
        for axis in (2, 3):
            length = images.shape[axis]
            side = round(self.degrade_hole * length)
            first = to_device((place[:, axis - 2] * (length - side)).round(), images.device)
            distance = torch.arange(length, device=images.device) - first[:, None]
            within = (distance >= 0) & (distance < side)
            inside = inside & (within[:, None, :, None] if axis == 2 else within[:, None, None, :])
        return images.masked_fill(inside, 0.0)
