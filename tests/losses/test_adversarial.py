"""Losses against the golden numbers and their closed-form gradients."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from organza.losses import LOSSES

REAL = torch.tensor([2.0, -1.0, 0.5, 0.0], dtype=torch.float64)
FAKE = torch.tensor([-1.5, 0.3, 1.0, -0.2], dtype=torch.float64)

GOLDEN = {"non-saturating": (1.39364574, 0.84179227), "saturating": (1.39364574, -0.74179227)}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_numbers(name):
    discriminator, generator = GOLDEN[name]
    assert LOSSES[name].discriminator(REAL, FAKE).item() == pytest.approx(discriminator, abs=1e-8)
    assert LOSSES[name].generator(FAKE).item() == pytest.approx(generator, abs=1e-8)


def test_every_loss_has_golden_numbers():
    assert set(LOSSES) == set(GOLDEN)


@given(st.floats(-30, 30))
def test_gradients_in_the_logit(logit):
    for name, closed_form in (
        ("non-saturating", lambda f: -1 / (1 + math.exp(f))),
        ("saturating", lambda f: -1 / (1 + math.exp(-f))),
    ):
        fake = torch.tensor([logit], dtype=torch.float64, requires_grad=True)
        LOSSES[name].generator(fake).backward()
        assert fake.grad.item() == pytest.approx(closed_form(logit), abs=1e-8)


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=8), st.lists(st.floats(-9, 9), min_size=1, max_size=8))
def test_logits_agree_with_cross_entropy_on_probabilities(real, fake):
    real, fake = (torch.tensor(values, dtype=torch.float64) for values in (real, fake))
    entropy = torch.nn.functional.binary_cross_entropy
    p, q = real.sigmoid(), fake.sigmoid()
    expected = entropy(p, torch.ones_like(p)) + entropy(q, torch.zeros_like(q))
    assert LOSSES["non-saturating"].discriminator(real, fake).item() == pytest.approx(expected.item(), abs=1e-6)
    assert LOSSES["non-saturating"].generator(fake).item() == pytest.approx(
        entropy(q, torch.ones_like(q)).item(), abs=1e-6
    )


def test_equilibrium_is_two_ln_two():
    zero = torch.zeros(5, dtype=torch.float64)
    assert LOSSES["non-saturating"].discriminator(zero, zero).item() == pytest.approx(2 * math.log(2), abs=1e-12)
    assert LOSSES["non-saturating"].generator(zero).item() == pytest.approx(math.log(2), abs=1e-12)


def test_confident_rejection_stays_finite_and_keeps_the_non_saturating_gradient():
    fake = torch.tensor([-200.0], requires_grad=True)
    LOSSES["non-saturating"].generator(fake).backward()
    assert fake.grad.item() == pytest.approx(-1.0)
    fake = torch.tensor([-200.0], requires_grad=True)
    LOSSES["saturating"].generator(fake).backward()
    assert fake.grad.item() == pytest.approx(0.0, abs=1e-30)
