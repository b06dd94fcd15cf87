"""The perceptual distance of maps whose directions are known."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.metrics import perceptual_distance


def maps(seed, count=3, sizes=((4, 5, 6), (7, 2, 3))):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(count, *size, generator=generator, dtype=torch.float64) for size in sizes]


def test_orthogonal_directions_are_two_apart_in_every_layer():
    one = torch.tensor([3.0, 0.0])[None, :, None, None].expand(1, 2, 4, 4)
    other = torch.tensor([0.0, 0.5])[None, :, None, None].expand(1, 2, 4, 4)
    assert perceptual_distance([one], [other]).item() == pytest.approx(2)
    assert perceptual_distance([one, one], [other, other]).item() == pytest.approx(4)
    assert perceptual_distance([one], [-one]).item() == pytest.approx(4)
    # The weights multiply the squares: 3 x 1 + 0.5 x 1.
    assert perceptual_distance([one], [other], [torch.tensor([3.0, 0.5])]).item() == pytest.approx(3.5)


def test_places_are_averaged():
    one = torch.ones(1, 2, 2, 2)
    other = one.clone()
    other[:, :, 0, 0] *= -1
    assert perceptual_distance([one], [other]).item() == pytest.approx(1)  # 4 in one of four places


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.1, 10))
def test_laws(seed, factor):
    some, others = maps(seed), maps(seed + 1)
    distances = perceptual_distance(some, others)
    assert (distances > 0).all()
    torch.testing.assert_close(distances, perceptual_distance(others, some))
    torch.testing.assert_close(distances, perceptual_distance([factor * each for each in some], others))
    assert perceptual_distance(some, some).tolist() == [0, 0, 0]
    # Of unit vectors it is 2 - 2 cos.
    cosines = [2 - 2 * torch.cosine_similarity(a, b, dim=1).mean((1, 2)) for a, b in zip(some, others, strict=True)]
    torch.testing.assert_close(distances, sum(cosines))


def test_where_nothing_answers_there_is_no_difference_and_no_nan():
    nothing = torch.zeros(1, 2, 3, 3, requires_grad=True)
    distance = perceptual_distance([nothing], [torch.zeros(1, 2, 3, 3)])
    distance.sum().backward()
    assert distance.item() == 0
    assert nothing.grad.isfinite().all()


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="maps of 1 layers, targets of 2"):
        perceptual_distance(maps(0)[:1], maps(0))
    with pytest.raises(ValueError, match="maps of 0 layers"):
        perceptual_distance([], [])
    with pytest.raises(ValueError, match="in layer 1, not twice"):
        perceptual_distance(maps(0), [maps(0)[0]] * 2)
    with pytest.raises(ValueError, match="3 weights for 4 channels in layer 0"):
        perceptual_distance(maps(0), maps(1), [torch.ones(3), torch.ones(7)])
