"""Pictures of any size through networks that take only some."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from organza.games import Translation
from organza.games.translation import apply, pad, reflected, wanted


def through(network, **settings):
    return Translation(lambda networks, pictures: networks["generator"](pictures), **settings), {
        "generator": network.eval()
    }


class Strict(nn.Module):
    """Refuses what is not divisible by 8 or below 16 pixels, and gives back its input, each pixel `scale` times."""

    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def forward(self, pictures):
        assert all(side % 8 == 0 and side >= 16 for side in pictures.shape[2:])
        return pictures.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 3), st.integers(0, 3))
def test_every_size_goes_in_and_comes_out_exactly(height, width, scale, count):
    translation, networks = through(Strict(scale), multiple=8, smallest=16, scale=scale)
    pictures = torch.randn(count, 3, height, width)
    found = apply(translation, networks, pictures)
    assert torch.equal(found, pictures.repeat_interleave(scale, 2).repeat_interleave(scale, 3))


@given(st.integers(1, 12), st.integers(1, 60))
def test_reflection_is_numpys(length, side):
    import numpy as np

    if side >= length:
        assert reflected(length, side).tolist() == np.pad(np.arange(length), (0, side - length), "reflect").tolist()


def test_padding_reflects_at_the_bottom_and_on_the_right():
    picture = torch.arange(6.0).reshape(1, 1, 2, 3)
    assert pad(picture, 3, 5)[0, 0].tolist() == [[0, 1, 2, 1, 0], [3, 4, 5, 4, 3], [0, 1, 2, 1, 0]]


@given(st.integers(1, 500), st.integers(1, 70), st.integers(1, 300))
def test_wanted_sides(side, multiple, smallest):
    translation, _ = through(nn.Identity(), multiple=multiple, smallest=smallest)
    found = wanted(translation, side)
    assert found % multiple == 0
    assert found >= max(side, smallest) > found - multiple


def batch_normalised():
    network = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.Conv2d(2, 1, 1))
    network[1].running_mean.fill_(3.0)
    return network


@pytest.mark.parametrize("own", [True, False])
def test_pictures_of_a_batch_do_not_influence_each_other(own):
    translation, networks = through(batch_normalised(), own_statistics=own)
    pictures = torch.randn(3, 1, 9, 7) * torch.tensor([1.0, 5.0, 0.1])[:, None, None, None]
    together = apply(translation, networks, pictures)
    alone = torch.cat([apply(translation, networks, picture[None]) for picture in pictures])
    torch.testing.assert_close(together, alone)


def test_own_statistics_are_used_only_where_they_are_asked_for_and_never_kept():
    torch.manual_seed(0)
    network = batch_normalised()
    picture = torch.randn(1, 1, 8, 8)
    ways = [apply(*through(network, own_statistics=own), picture) for own in (True, False, True)]
    assert torch.equal(ways[0], ways[2])
    assert not torch.allclose(ways[0], ways[1], atol=0.1)
    assert float(network[1].running_mean[0]) == 3.0


def test_dropout_comes_from_the_seed_and_leaves_the_generators_alone():
    network = nn.Sequential(nn.Conv2d(1, 8, 1), nn.Dropout(0.5), nn.Conv2d(8, 1, 1))
    translation, networks = through(network, dropout=True)
    pictures = torch.randn(2, 1, 8, 8)
    torch.manual_seed(5)
    first, after = apply(translation, networks, pictures, seed=1), torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(after, torch.rand(3))
    assert torch.equal(first, apply(translation, networks, pictures, seed=1))
    assert torch.equal(first[1:], apply(translation, networks, pictures[1:], seed=1))
    assert not torch.equal(first, apply(translation, networks, pictures, seed=2))
    calm, _ = through(network)
    assert not torch.equal(first, apply(calm, networks, pictures))
