import pytest
import torch

from organza.data import decode, mixture_centres, mixture_sigma, open_source
from organza.errors import UsageError


@pytest.mark.parametrize(("name", "modes", "sigma"), [("ring8", 8, 0.02), ("grid25", 25, 0.05)])
def test_points_lie_around_their_centres(name, modes, sigma):
    found = open_source(name)
    assert (found.kind, found.channels, found.height, found.width, found.uniform) == ("points", 2, 1, 1, True)
    assert (found.count, len(found.classes), mixture_sigma(name)) == (100_000, modes, sigma)
    data = decode(found, 64, 3)
    assert (data.count, data.shape) == (100_000, (2, 1, 1))
    points = data.read(torch.arange(100_000))
    assert (points.shape, points.dtype) == ((100_000, 2), torch.float32)
    centres = mixture_centres(name)
    assert (centres.shape, centres.dtype) == ((modes, 2), torch.float32)
    away = points - centres[found.labels]
    assert away.std(dim=0).tolist() == pytest.approx([sigma, sigma], rel=0.02)
    assert torch.cdist(points, centres).argmin(1).equal(found.labels)
    assert torch.bincount(found.labels).min() > 0.9 * 100_000 / modes


def test_where_the_centres_are():
    ring, grid = mixture_centres("ring8"), mixture_centres("grid25")
    assert ring.norm(dim=1).tolist() == pytest.approx([2.0] * 8)
    assert {tuple(centre) for centre in grid.tolist()} == {(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)}


def test_centres_are_the_callers_own():
    mixture_centres("ring8").zero_()
    assert mixture_centres("ring8").norm() > 1


def test_the_points_are_always_the_same_and_those_for_testing_are_others():
    first, again, test = open_source("ring8"), open_source("ring8"), open_source("ring8", split="test")
    assert first.fingerprint == again.fingerprint
    assert first.labels.equal(again.labels)
    assert test.split == "test"
    assert test.fingerprint != first.fingerprint


def test_other_mixtures_do_not_exist():
    with pytest.raises(UsageError, match="did you mean ring8"):
        mixture_centres("ring9")
