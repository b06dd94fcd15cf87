"""Losses against the golden numbers, their closed-form gradients, and the laws that some of them obey."""

import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from organza.losses import LOSSES

REAL = torch.tensor([2.0, -1.0, 0.5, 0.0], dtype=torch.float64)
FAKE = torch.tensor([-1.5, 0.3, 1.0, -0.2], dtype=torch.float64)

GOLDEN = {
    "non-saturating": (1.39364574, 0.84179227),
    "saturating": (1.39364574, -0.74179227),
    "wasserstein": (-0.475, 0.1),
    "least-squares": (1.20375, 2.045),
    "hinge": (1.9, 0.1),
    "relativistic": (0.78574368, 1.26074368),
    "relativistic-average": (0.59221276, 1.06721276),
    "relativistic-average-least-squares": (1.2790625, 3.1790625),
    "relativistic-average-hinge": (0.771875, 1.475),
}
RELATIVISTIC = [name for name in GOLDEN if name.startswith("relativistic")]

logits = st.lists(st.floats(-9, 9), min_size=1, max_size=8)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def generator(name, fake, real):
    loss = LOSSES[name]
    return loss.generator(fake, real) if loss.needs_real else loss.generator(fake)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_numbers(name):
    of_discriminator, of_generator = GOLDEN[name]
    assert LOSSES[name].discriminator(REAL, FAKE).item() == pytest.approx(of_discriminator, abs=1e-8)
    assert generator(name, FAKE, REAL).item() == pytest.approx(of_generator, abs=1e-8)


def test_every_loss_has_golden_numbers():
    assert set(LOSSES) == set(GOLDEN)


@given(st.floats(-30, 30))
def test_gradients_in_the_logit(logit):
    for name, closed_form in (
        ("non-saturating", lambda f: -1 / (1 + math.exp(f))),
        ("saturating", lambda f: -1 / (1 + math.exp(-f))),
        ("wasserstein", lambda f: -1),
        ("hinge", lambda f: -1),
        ("least-squares", lambda f: 2 * (f - 1)),
    ):
        fake = torch.tensor([logit], dtype=torch.float64, requires_grad=True)
        LOSSES[name].generator(fake).backward()
        assert fake.grad.item() == pytest.approx(closed_form(logit), abs=1e-8)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=8))
def test_gradients_of_the_relativistic_losses_in_the_logits(pairs):
    real, fake = (torch.tensor(column, dtype=torch.float64) for column in zip(*pairs, strict=True))
    fake.requires_grad_()
    size = len(fake)
    LOSSES["relativistic"].generator(fake, real).backward()
    torch.testing.assert_close(fake.grad, -torch.sigmoid(real - fake.detach()) / size, atol=1e-9, rtol=0)
    fake.grad = None
    LOSSES["relativistic-average-least-squares"].generator(fake, real).backward()
    f = fake.detach()
    own, through_mean = (f - real.mean() - 1) / size, -(real - f.mean() + 1).mean() / size
    torch.testing.assert_close(fake.grad, own + through_mean, atol=1e-9, rtol=0)


@given(logits, logits)
def test_logits_agree_with_cross_entropy_on_probabilities(real, fake):
    real, fake = tensor(real), tensor(fake)
    entropy = torch.nn.functional.binary_cross_entropy
    p, q = real.sigmoid(), fake.sigmoid()
    expected = entropy(p, torch.ones_like(p)) + entropy(q, torch.zeros_like(q))
    assert LOSSES["non-saturating"].discriminator(real, fake).item() == pytest.approx(expected.item(), abs=1e-6)
    assert LOSSES["non-saturating"].generator(fake).item() == pytest.approx(
        entropy(q, torch.ones_like(q)).item(), abs=1e-6
    )
    smoothed = entropy(p, torch.full_like(p, 0.9)) + entropy(q, torch.zeros_like(q))
    assert LOSSES["saturating"].smoothed(real, fake, 0.9).item() == pytest.approx(smoothed.item(), abs=1e-6)


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.smoothed])
@given(logits, logits)
def test_a_smoothed_target_of_one_changes_nothing(name, real, fake):
    real, fake, loss = tensor(real), tensor(fake), LOSSES[name]
    assert loss.smoothed(real, fake, 1.0).item() == pytest.approx(loss.discriminator(real, fake).item(), abs=1e-12)


@given(logits, st.floats(-50, 50))
def test_relativistic_losses_see_differences_only(values, shift):
    real, fake = tensor(values), tensor(values[::-1]) / 2
    for name in RELATIVISTIC:
        for before, after in (
            (LOSSES[name].discriminator(real, fake), LOSSES[name].discriminator(real + shift, fake + shift)),
            (generator(name, fake, real), generator(name, fake + shift, real + shift)),
        ):
            assert after.item() == pytest.approx(before.item(), abs=1e-9)


@pytest.mark.parametrize("name", ["non-saturating", "least-squares", "hinge"])
def test_the_others_see_a_shift(name):
    """Negative control of the law above; the Wasserstein critic's loss is invariant as well, its generator's is not."""
    assert LOSSES[name].discriminator(REAL + 1, FAKE + 1).item() != pytest.approx(
        LOSSES[name].discriminator(REAL, FAKE).item(), abs=1e-3
    )
    assert LOSSES["wasserstein"].discriminator(REAL + 1, FAKE + 1).item() == pytest.approx(-0.475)


@given(st.floats(-20, 20), st.integers(1, 6))
def test_where_the_discriminator_cannot_tell(value, size):
    same = torch.full((size,), value, dtype=torch.float64)
    zero = torch.zeros_like(same)
    for name, expected in (
        ("relativistic", math.log(2)),
        ("relativistic-average", math.log(2)),
        ("relativistic-average-least-squares", 1.0),
        ("relativistic-average-hinge", 1.0),
    ):
        assert LOSSES[name].discriminator(same, same).item() == pytest.approx(expected, abs=1e-9)
        assert generator(name, same, same).item() == pytest.approx(expected, abs=1e-9)
    assert LOSSES["hinge"].discriminator(zero, zero).item() == 2
    assert LOSSES["non-saturating"].discriminator(zero, zero).item() == pytest.approx(2 * math.log(2), abs=1e-12)
    assert LOSSES["non-saturating"].generator(zero).item() == pytest.approx(math.log(2), abs=1e-12)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=6))
def test_a_map_of_outputs_is_averaged_over_all_of_it(values):
    real, fake = tensor(values), tensor(values).flip(0) - 1
    assume(len(values) % 2 == 0)
    for loss in LOSSES.values():
        flat, square = loss.discriminator(real, fake), loss.discriminator(real.view(2, -1), fake.view(2, -1))
        assert flat.item() == pytest.approx(square.item(), abs=1e-12)


def test_confident_rejection_stays_finite_and_keeps_the_non_saturating_gradient():
    fake = torch.tensor([-200.0], requires_grad=True)
    LOSSES["non-saturating"].generator(fake).backward()
    assert fake.grad.item() == pytest.approx(-1.0)
    fake = torch.tensor([-200.0], requires_grad=True)
    LOSSES["saturating"].generator(fake).backward()
    assert fake.grad.item() == pytest.approx(0.0, abs=1e-30)
