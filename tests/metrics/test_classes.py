"""Shares of classes, their entropy, the accuracy of conditions, and diversity within classes."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from organza.errors import UsageError
from organza.metrics import class_shares, conditional_accuracy, diversity_by_class, effective_classes, entropy


def certain(labels, classes):
    """Probabilities of a classifier that is sure of these labels."""
    return torch.nn.functional.one_hot(torch.tensor(labels), classes).float()


def test_shares_count_the_most_probable_class():
    probabilities = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.5, 0.4], [0.6, 0.4, 0.0], [0.9, 0.1, 0.0]])
    assert class_shares(probabilities).tolist() == [0.75, 0.25, 0]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_shares_sum_to_one_and_effective_classes_lie_between_one_and_all(labels):
    shares = class_shares(certain(labels, 5))
    assert shares.sum().item() == pytest.approx(1)
    assert 1 - 1e-9 <= effective_classes(shares) <= len(set(labels)) + 1e-9


@given(st.integers(1, 20), st.integers(0, 5))
def test_equal_shares_of_k_classes_are_k_effective_ones(classes, empty):
    shares = torch.tensor([1 / classes] * classes + [0.0] * empty)
    assert effective_classes(shares) == pytest.approx(classes, rel=1e-6)


def test_the_entropy_is_in_nats():
    assert entropy(torch.tensor([0.5, 0.25, 0.25, 0.0])) == pytest.approx(1.5 * math.log(2))
    assert entropy(torch.tensor([0.0, 1.0])) == 0


def test_effective_classes_of_unequal_shares():
    assert effective_classes(torch.tensor([0.5, 0.25, 0.25, 0.0])) == pytest.approx(2**1.5)  # H = 1.5 bits


def test_conditional_accuracy():
    assert conditional_accuracy(certain([0, 1, 2, 2], 3), torch.tensor([0, 1, 2, 0])) == 0.75
    assert conditional_accuracy(certain([1, 2, 0], 3), torch.tensor([0, 1, 2])) == 0


def test_diversity_is_the_ratio_of_standard_deviations():
    generator = torch.Generator().manual_seed(0)
    real_labels = torch.arange(3).repeat(20)
    noise = torch.randn(60, 1, 4, 4, generator=generator, dtype=torch.float64)
    real = noise + real_labels[:, None, None, None] * 5  # classes lie far apart, which must not count
    factor = torch.tensor([1.0, 0.5, 0.0])[real_labels][:, None, None, None]
    # Another order of the classes, and another brightness, are no diversity.
    order = torch.randperm(60, generator=generator)
    ratio = diversity_by_class((noise * factor - 3)[order], real_labels[order], real, real_labels, 3)
    assert ratio.tolist() == pytest.approx([1, 0.5, 0], abs=1e-9)


def test_a_generator_that_ignores_its_noise_has_no_diversity_whatever_its_classes_look_like():
    labels = torch.arange(4).repeat(5)
    images = labels[:, None, None, None] * torch.ones(1, 2, 2)
    real = torch.randn(20, 1, 2, 2)
    assert diversity_by_class(images, labels, real, labels, 4).tolist() == [0, 0, 0, 0]


def test_the_spread_of_real_images_is_divided_by_n_minus_one():
    labels = torch.zeros(2, dtype=torch.int64)
    pair = torch.tensor([0.0, 1.0])[:, None, None, None]
    triple = torch.tensor([-1.0, 0.0, 1.0])[:, None, None, None]
    ratio = diversity_by_class(triple, torch.zeros(3, dtype=torch.int64), pair, labels, 1)
    assert ratio.item() == pytest.approx(math.sqrt(2))


def test_a_class_that_cannot_be_judged_is_not_a_number():
    labels = torch.tensor([0, 0, 1, 2, 2])
    images, real = torch.randn(5, 1, 2, 2), torch.randn(5, 1, 2, 2)
    real[3:] = 0
    ratio = diversity_by_class(images, labels, real, labels, 4)
    assert ratio.isnan().tolist() == [False, True, True, True]  # well; one image; real ones alike; none at all


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(UsageError, match="got none"):
        class_shares(torch.empty(0, 3))
    with pytest.raises(UsageError, match="got none"):
        conditional_accuracy(torch.empty(0, 3), torch.empty(0))
    with pytest.raises(ValueError, match="2 samples and labels of shape"):
        conditional_accuracy(torch.eye(2), torch.tensor([1]))
