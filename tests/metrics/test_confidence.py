"""The inception score of classifiers whose answers are known."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from organza.errors import UsageError
from organza.metrics import entropy, inception_score


@given(st.integers(2, 12))
def test_sure_and_balanced_is_the_number_of_classes(classes):
    assert inception_score(torch.eye(classes).repeat(3, 1)) == (pytest.approx(classes), 0)


def test_unsure_or_always_the_same_is_one():
    assert inception_score(torch.full((50, 4), 0.25))[0] == pytest.approx(1)
    assert inception_score(torch.eye(4)[:1].repeat(50, 1))[0] == pytest.approx(1)


def test_two_answers_by_hand():
    """Rows (.75, .25) and (.25, .75): the divergence of each from (.5, .5) is ln 2 - H(.25)."""
    probabilities = torch.tensor([[0.75, 0.25], [0.25, 0.75]], dtype=torch.float64)
    expected = 2 / torch.tensor(entropy(probabilities[0])).exp().item()
    assert inception_score(probabilities)[0] == pytest.approx(expected, rel=1e-6)


def test_parts_are_scored_apart():
    parts = torch.cat([torch.eye(3).repeat(2, 1), torch.eye(3)[:1].repeat(6, 1)])  # 3, then 1
    assert inception_score(parts, splits=2) == pytest.approx((2, 1))
    assert inception_score(parts)[0] != pytest.approx(2)


def test_what_is_no_probability_is_refused():
    with pytest.raises(ValueError, match="softmax of logits"):
        inception_score(torch.randn(5, 3))
    with pytest.raises(ValueError, match="softmax of logits"):
        inception_score(torch.full((5, 3), float("nan")))
    with pytest.raises(UsageError, match="10 splits need as many samples, and got 5"):
        inception_score(torch.full((5, 2), 0.5), splits=10)
    with pytest.raises(UsageError, match="got 0"):
        inception_score(torch.empty(0, 2))
    with pytest.raises(ValueError, match=r"\[n, K\]"):
        inception_score(torch.full((5,), 0.5))
