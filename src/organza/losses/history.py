"""RaGAN-LS with a memory, the adversarial loss of DeblurGAN-v2 (Kupyn et al. 2019, arXiv:1908.03826, section 3.2).

The relativistic average least-squares loss of Jolicoeur-Martineau 2018 (arXiv:1807.00734), but the averages run over the
discriminator's last outputs, this batch's included, because a batch of one has no average worth the name. They are given, as
numbers without a gradient: the generator learns through D(f) alone, and the term in r is nothing to it but a number to watch.
"""

from __future__ import annotations

from torch import Tensor


def ragan_ls_discriminator(on_real: Tensor, on_fake: Tensor, mean_real: Tensor, mean_fake: Tensor) -> Tensor:
    """(E[(r - mean_f - 1)^2] + E[(f - mean_r + 1)^2]) / 2.

    Args:
        on_real: Outputs r, any shape.
        on_fake: Outputs f, any shape.
        mean_real: Remembered mean of outputs on real samples, scalar.
        mean_fake: The same on generated ones.
    """
    on_real, on_fake = on_real - mean_fake.detach(), on_fake - mean_real.detach()
    return ((on_real - 1).square().mean() + (on_fake + 1).square().mean()) / 2


def ragan_ls_generator(on_real: Tensor, on_fake: Tensor, mean_real: Tensor, mean_fake: Tensor) -> Tensor:
    """(E[(r - mean_f + 1)^2] + E[(f - mean_r - 1)^2]) / 2; arguments as of the discriminator's."""
    return ragan_ls_discriminator(on_fake, on_real, mean_fake, mean_real)
