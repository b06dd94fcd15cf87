"""SinGAN's schedule of one scale, written as the paper has it, on the same networks: a rival, and what a test holds us to.

Every turn asks for what it needs: the way to the reconstruction is gone from the coarsest scale on, and the critic's gradients
are taken in the generator's turns, too, and thrown away. The authors' code keeps the first of these; so does `keeps_way`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, mse_loss, pad

FRAME = 5  # pixels of zeros around what enters a scale


def scale(network: nn.Module, amplitude: Tensor, noise: Tensor | None, below: Tensor | None) -> Tensor:
    """What one scale makes of its noise and of the picture from below, in its size."""
    inputs = torch.zeros_like(noise) if below is None else below
    if noise is not None:
        inputs = inputs + amplitude * noise
    made = network(pad(inputs, [FRAME] * 4)).tanh()
    return made if below is None else made + below


def pyramid(networks, amplitudes: Tensor, sizes, noises) -> Tensor:
    """The picture that trained scales make of noise, in the size of the next scale."""
    picture = None
    for index, network in enumerate(networks):
        if picture is not None:
            picture = interpolate(picture, sizes[index], mode="bicubic", antialias=True)
        noise = noises[index]
        noise = noise if noise is None or index else noise.expand(-1, 3, -1, -1)
        picture = scale(network, amplitudes[index], noise, picture)
    return interpolate(picture, sizes[len(networks)], mode="bicubic", antialias=True)


def train_scale(
    networks: list[nn.Module],
    critic: nn.Module,
    amplitudes: Tensor,
    sizes,
    real: Tensor,
    anchor: Tensor,
    draw: Callable[[int, int], tuple[list[Tensor], Tensor]],
    steps: int,
    keeps_way: bool = False,
) -> None:
    """Train the last of the networks, and the critic.

    Args:
        networks: Of all scales so far; those before the last are trained.
        critic: Of this scale.
        amplitudes: Of the noise of every scale.
        sizes: (height, width) of every scale.
        real: The picture at this scale.
        anchor: The noise of the coarsest scale for the reconstruction.
        draw: (step, turn) -> the noise of every scale, and the proportion of the penalty's mixture.
        steps: How many.
        keeps_way: Whether what the trained scales make of the anchor is computed once, as in the authors' code.
    """
    *below, newest = networks
    last = len(below)
    generator_optimiser = torch.optim.Adam(newest.parameters(), 5e-4, (0.5, 0.999))
    critic_optimiser = torch.optim.Adam(critic.parameters(), 5e-4, (0.5, 0.999))
    anchors = [anchor, *[None] * last]
    kept = pyramid(below, amplitudes, sizes, anchors) if below and keeps_way else None
    again_noise = None if below else anchor.expand(-1, 3, -1, -1)
    for step in range(steps):
        noise = previous = None
        for turn in range(3):
            noises, mix = draw(step, turn)
            if noise is None:
                noise = noises[last] if below else noises[0].expand(-1, 3, -1, -1)
            critic.zero_grad()
            (-critic(real).mean()).backward()
            previous = pyramid(below, amplitudes, sizes, noises) if below else None
            fake = scale(newest, amplitudes[last], noise, previous)
            critic(fake.detach()).mean().backward()
            mixed = (real + mix * (fake.detach() - real)).requires_grad_()
            (gradient,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
            (0.1 * ((gradient.norm(2, dim=1) - 1) ** 2).mean()).backward()
            critic_optimiser.step()
        for _ in range(3):
            newest.zero_grad()
            (-critic(scale(newest, amplitudes[last], noise, previous)).mean()).backward()
            again_below = kept
            if below and not keeps_way:
                again_below = pyramid(below, amplitudes, sizes, anchors)
            again = scale(newest, amplitudes[last], again_noise, again_below)
            (10 * mse_loss(again, real)).backward()
            generator_optimiser.step()
