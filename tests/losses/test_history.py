"""The relativistic least-squares loss with a memory: without one it is the loss that it comes from."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from organza.losses import LOSSES
from organza.losses.history import ragan_ls_discriminator, ragan_ls_generator

REAL = torch.tensor([2.0, -1.0, 0.5, 0.0], dtype=torch.float64)
FAKE = torch.tensor([-1.5, 0.3, 1.0, -0.2], dtype=torch.float64)
PLAIN = LOSSES["relativistic-average-least-squares"]

outputs = st.lists(st.floats(-9, 9), min_size=1, max_size=8).map(lambda values: torch.tensor(values).double())


def test_golden_numbers():
    assert ragan_ls_discriminator(REAL, FAKE, REAL.mean(), FAKE.mean()).item() == pytest.approx(1.2790625, abs=1e-12)
    assert ragan_ls_generator(REAL, FAKE, REAL.mean(), FAKE.mean()).item() == pytest.approx(3.1790625, abs=1e-12)


def test_by_hand():
    """r = 1, f = 2, remembered means 3 and 5: D ((1-5-1)^2 + (2-3+1)^2) / 2, G ((1-5+1)^2 + (2-3-1)^2) / 2."""
    values = [torch.tensor([value]) for value in (1.0, 2.0, 3.0, 5.0)]
    assert ragan_ls_discriminator(*values).item() == 12.5
    assert ragan_ls_generator(*values).item() == 6.5


@given(outputs, outputs)
def test_with_this_batch_alone_it_is_the_plain_loss(real, fake):
    means = real.mean(), fake.mean()
    assert ragan_ls_discriminator(real, fake, *means).item() == pytest.approx(
        PLAIN.discriminator(real, fake).item(), abs=1e-9
    )
    assert ragan_ls_generator(real, fake, *means).item() == pytest.approx(PLAIN.generator(fake, real).item(), abs=1e-9)


@given(outputs, outputs, st.floats(-3, 3), st.floats(-3, 3))
def test_there_is_no_gradient_through_the_means(real, fake, mean_real, mean_fake):
    real.requires_grad_(), fake.requires_grad_()
    means = [torch.tensor(mean, dtype=torch.float64) for mean in (mean_real, mean_fake)]
    ragan_ls_discriminator(real, fake, *means).backward()
    torch.testing.assert_close(real.grad, (real.detach() - mean_fake - 1) / len(real))
    torch.testing.assert_close(fake.grad, (fake.detach() - mean_real + 1) / len(fake))
    fake.grad = None
    ragan_ls_generator(real.detach(), fake, real.mean(), fake.mean()).backward()  # means that do hang on the outputs
    torch.testing.assert_close(fake.grad, (fake.detach() - real.detach().mean() - 1) / len(fake))
    # The negative control: the plain loss has one.
    control = fake.detach().requires_grad_()
    PLAIN.generator(control, real.detach()).backward()
    through_mean = -(real.detach() - fake.detach().mean() + 1).mean() / len(fake)
    torch.testing.assert_close(control.grad - fake.grad, through_mean.expand_as(fake), atol=1e-9, rtol=1e-7)
