"""Random motion blur: paths of a shaken camera, the kernels that they leave, and pictures blurred with those.

The paths are those of Boracchi and Foi (2012, Modeling the performance of image restoration from motion blur), in the form in
which Kupyn et al. (2018, arXiv:1711.07064, section 3) trained with them. Three things are done otherwise than in their code: a
kernel sums to 1 instead of having its range stretched to [0, 1], a blurred picture keeps its exposure for the same reason, and
pictures are continued by reflection beyond their edges. A kernel has its centre of mass on its middle pixel: a shift that
differs from picture to picture is nothing that a network could learn to undo, and would only spoil every score.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from organza.data.batches import to_device
from organza.errors import UsageError

Path = NDArray[np.complex128]
Generator = torch.Generator | np.random.Generator

LENGTH = 60.0  # pixels, of the published paths
STEPS = 2000
EXPOSURES = (0.1, 0.5, 1.0)  # of which one is taken at random
SHAKES = (0.01, 0.009, 0.008, 0.007, 0.005, 0.003)  # "expl", as above
GAMMA = 2.2  # between the values of a picture and light


def trajectory(
    generator: Generator, *, length: float = LENGTH, steps: int = STEPS, expl: float | None = None, canvas: int = 64
) -> Path:
    """The path of a point of the picture while the shutter is open.

    A particle moves at constant speed; its direction is changed by a Gaussian push, by a pull back to where it began, and,
    seldom, by an impulse that all but reverses it. Paths of another length than 60 are those of length 60 made larger or
    smaller, so that the length decides how strong a blur is and not which form it has.

    Args:
        generator: Decides everything.
        length: Of the path, pixels.
        steps: Positions on it, T.
        expl: How restless it is, e; 0: a straight line. None: uniform on [0, 0.1).
        canvas: Pixels on each side of the square in whose middle the box around the path lies.

    Returns:
        Positions, complex128 [T]: column + i row, in pixels, where (0, 0) is the middle of the first pixel.

    Raises:
        UsageError: There is no such length, or not enough steps for it.
    """
    _check_length(length, steps)
    numbers = _numbers(generator)
    restless = 0.1 * numbers.random() if expl is None else expl
    path = _walk([_Shakes(numbers, steps, restless)])[:, 0] * (length / LENGTH)
    middle = complex(path.real.min() + path.real.max(), path.imag.min() + path.imag.max()) / 2
    moved: Path = path - middle + canvas // 2 * (1 + 1j)
    return moved


def psf(trajectory: Path, exposure: float = 1.0, *, canvas: int = 64) -> Tensor:
    """The light that a point leaves on each pixel in the first part of its path: each position shared among its four neighbours.

    Args:
        trajectory: Positions [T], as `trajectory` returns them.
        exposure: The part of the path, in (0, 1].
        canvas: Pixels on each side.

    Returns:
        float64 [canvas, canvas], not negative, with the sum `exposure`.

    Raises:
        UsageError: There is no such exposure, or the path leaves the canvas.
    """
    _check_exposure(exposure)
    light = _splat(trajectory[:, None], _weights(len(trajectory), np.array([exposure])), canvas)
    return torch.from_numpy(light[0])


def random_kernels(
    count: int,
    generator: Generator,
    *,
    length: float = LENGTH,
    exposure: float | None = None,
    canvas: int | None = None,
) -> Tensor:
    """Kernels of random paths.

    Args:
        count: How many; a batch of them takes little longer than one.
        generator: Decides everything.
        length: Of the whole paths, pixels.
        exposure: The part of each path that leaves light; None: a tenth, a half or all of it, at random for each.
        canvas: Pixels on each side; None: as few as are sure to hold such paths, an odd number.

    Returns:
        float32 [count, canvas, canvas] on the CPU, not negative, each with the sum 1 and its centre of mass on the pixel
        (canvas // 2, canvas // 2).

    Raises:
        UsageError: There is no such length or exposure, or the canvas is too small for it.
    """
    numbers = _numbers(generator).integers(2**63, size=count)
    return _kernels([np.random.default_rng(number) for number in numbers], length, exposure, canvas)


def kernel_of_seed(
    seed: int,
    index: int = 0,
    *,
    length: float = LENGTH,
    exposure: float | None = None,
    canvas: int | None = None,
) -> Tensor:
    """The kernel of this seed and index, float32 [canvas, canvas]: a function of its arguments alone; see `random_kernels`.

    Args:
        seed: 0 or more.
        index: 0 or more: a seed names as many kernels as are wanted.
        length, exposure, canvas: As for `random_kernels`. Another length or exposure leaves the form of the path.
    """
    return _kernels([np.random.default_rng([seed, index])], length, exposure, canvas)[0]


def kernel_side(length: float, exposure: float | None = None) -> int:
    """An odd side that is sure to hold the kernels of such paths: no point is further from the centre than half the length."""
    return 2 * math.ceil(length * (exposure or max(EXPOSURES)) / 2) + 3


def line_kernels(lengths: Tensor, angles: Tensor, canvas: int) -> Tensor:
    """Kernels of straight motion at constant speed, float32 [n, canvas, canvas], each with the sum 1.

    Args:
        lengths: float [n], pixels, on the CPU.
        angles: float [n], radians, from the columns' direction to the rows'.
        canvas: Pixels on each side.
    """
    along = np.linspace(-0.5, 0.5, 8 * canvas)[:, None]
    path = along * lengths.double().numpy() * np.exp(1j * angles.double().numpy()) + canvas // 2 * (1 + 1j)
    return torch.from_numpy(_splat(path, np.full(path.shape, 1 / len(path)), canvas)).float()


def blur(images: Tensor, kernels: Tensor, *, linear_light: bool = False) -> Tensor:
    """Each picture convolved with its own kernel; beyond its edges it goes on mirrored, as often as the kernel needs.

    Differentiable, except in linear light where a picture is black; on any device, and without waiting for it. It is a product
    of Fourier transforms: on a CPU as fast as a sum over kernels of 23 x 23, and many times faster for those of 63 x 63.

    Args:
        images: [B, C, H, W] in [-1, 1].
        kernels: [B, k, k] on the same device, each with the sum 1; the pixel (k // 2, k // 2) means no motion.
        linear_light: Add light, as a sensor does, and not the values of the picture, which go with light ** (1 / 2.2).

    Returns:
        [B, C, H, W] in [-1, 1], of the type of the images.
    """
    values = images.float()
    if linear_light:
        values = ((values + 1) / 2).clamp(0, 1) ** GAMMA
    side = kernels.shape[-1]
    padded = _mirrored(_mirrored(values, 2, side), 3, side)
    shape = [_smooth(length) for length in padded.shape[-2:]]
    product = torch.fft.rfft2(padded, s=shape) * torch.fft.rfft2(kernels.float(), s=shape)[:, None]
    # The transform's convolution is periodic; what is cut out here lies beyond the reach of the other end.
    blurred = torch.fft.irfft2(product, s=shape)[..., side - 1 :, side - 1 :]
    blurred = blurred[..., : images.shape[2], : images.shape[3]]
    if linear_light:
        blurred = blurred.clamp(0, 1) ** (1 / GAMMA) * 2 - 1
    within: Tensor = blurred.clamp(-1, 1)
    return within.to(images.dtype)


def blur_randomly(
    images: Tensor, generator: Generator, *, length: float, exposure: float | None = None, linear_light: bool = False
) -> Tensor:
    """`blur` with kernels of `random_kernels`, one for each picture."""
    kernels = random_kernels(len(images), generator, length=length, exposure=exposure)
    return blur(images, to_device(kernels, images.device), linear_light=linear_light)


class _Shakes:
    """All that is random in one path, for a particle with the speed 1."""

    def __init__(self, numbers: np.random.Generator, steps: int, expl: float) -> None:
        speed = LENGTH / (steps - 1)  # pixels
        self.pull = 0.7 * numbers.random() * expl * speed
        impulses = 0.2 * numbers.random() * expl
        gauss = 10 * numbers.random() * expl
        self.start = np.exp(2j * np.pi * numbers.random()) * (expl / speed or 1.0)
        self.pushes = gauss * (numbers.standard_normal((steps - 1, 2)) @ [1, 1j])
        hit, swerve = numbers.random((2, steps - 1))
        self.turns = np.where(hit < impulses, 1 - 2 * np.exp(1j * (swerve - 0.5)), 1)


def _walk(shakes: Sequence[_Shakes]) -> Path:
    """The paths, side by side: positions [T, B] from 0, of length 60."""
    pulls, velocity = np.array([shake.pull for shake in shakes]), np.array([shake.start for shake in shakes])
    pushes, turns = np.stack([shake.pushes for shake in shakes], 1), np.stack([shake.turns for shake in shakes], 1)
    sharp = (turns != 1).any(1).tolist()
    positions = np.zeros((len(pushes) + 1, len(shakes)), np.complex128)
    for step, push in enumerate(pushes):
        push -= pulls * positions[step]
        if sharp[step]:
            velocity *= turns[step]
        velocity += push
        velocity /= np.abs(velocity)
        np.add(positions[step], velocity, out=positions[step + 1])
    return positions * (LENGTH / len(pushes))


def _kernels(
    numbers: Sequence[np.random.Generator], length: float, exposure: float | None, canvas: int | None
) -> Tensor:
    """A kernel from each generator."""
    _check_length(length, STEPS)
    if exposure is not None:
        _check_exposure(exposure)
    needed = kernel_side(length, exposure)
    side = needed if canvas is None else canvas
    # An even side has one pixel less on one side of its middle.
    if (side - 1) // 2 < needed // 2 - 1:
        raise UsageError(
            f"a kernel of {side} pixels does not hold paths of {length:g}: give it {needed}, or shorten them"
        )
    if not numbers:
        return torch.zeros(0, side, side)
    drawn = np.array([EXPOSURES[own.integers(len(EXPOSURES))] for own in numbers])
    shakes = [_Shakes(own, STEPS, SHAKES[own.integers(len(SHAKES))]) for own in numbers]
    weights = _weights(STEPS, drawn if exposure is None else np.full(len(drawn), exposure))
    weights /= weights.sum(0)
    paths = _walk(shakes) * (length / LENGTH)
    paths += side // 2 * (1 + 1j) - (weights * paths).sum(0)
    return torch.from_numpy(_splat(paths, weights, side)).float()


def _weights(steps: int, exposures: NDArray[np.float64]) -> NDArray[np.float64]:
    """The time that each position is lit, as part of the whole: [T, B]; the sums are the exposures."""
    return np.clip(exposures * steps - np.arange(steps)[:, None], 0, 1) / steps


def _splat(paths: Path, weights: NDArray[np.float64], canvas: int) -> NDArray[np.float64]:
    """Positions [T, B] with weights [T, B] on canvases [B, canvas, canvas], each shared among the four pixels around it."""
    lit = weights > 0
    ends = np.stack([paths.real[lit], paths.imag[lit]])
    if ends.min() < -1e-6 or ends.max() > canvas - 1 + 1e-6:
        raise UsageError(f"a path leaves its canvas of {canvas} pixels: give it more, or make the path shorter")
    count = paths.shape[1]
    columns, rows = (np.clip(part, 0, canvas - 1) for part in (paths.real, paths.imag))
    left, top = (np.minimum(np.floor(part).astype(np.int64), canvas - 2) for part in (columns, rows))
    across, down = columns - left, rows - top
    first = np.arange(count) * canvas**2 + top * canvas + left
    light = np.zeros(count * canvas**2)
    for offset, share in (
        (0, (1 - across) * (1 - down)),
        (1, across * (1 - down)),
        (canvas, (1 - across) * down),
        (canvas + 1, across * down),
    ):
        light += np.bincount((first + offset).ravel(), (weights * share).ravel(), len(light))
    return light.reshape(count, canvas, canvas)


def _mirrored(images: Tensor, axis: int, side: int) -> Tensor:
    """The images continued along an axis for a kernel of this side: mirrored about the middles of the edge pixels, and again."""
    length = images.shape[axis]
    period = max(2 * (length - 1), 1)
    places = torch.arange(side // 2 - side + 1, length + side // 2, device=images.device)
    places = (length - 1) - ((places % period) - (length - 1)).abs()
    return images.index_select(axis, places)


def _smooth(length: int) -> int:
    """The next number that has no prime factor above 7: its Fourier transform is quick."""
    while True:
        rest = length
        for prime in (2, 3, 5, 7):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 1


def _numbers(generator: Generator) -> np.random.Generator:
    """Numpy's generator, in the state that the next number of torch's says."""
    if isinstance(generator, np.random.Generator):
        return generator
    return np.random.default_rng(int(torch.randint(2**63 - 1, (), generator=generator)))


def _check_length(length: float, steps: int) -> None:
    if not 0 < length <= steps / 2 or steps < 2:
        raise UsageError(f"a path of motion has a length above 0 and up to {steps // 2} pixels, not {length:g}")


def _check_exposure(exposure: float) -> None:
    if not 0 < exposure <= 1:
        raise UsageError(f"an exposure is a part of the path, above 0 and up to 1, not {exposure:g}")
