"""The random convolutions: always the same ones, and good for something."""

import pytest
import torch

from organza.data import decode, open_source, to_samples
from organza.errors import UsageError
from organza.features import FEATURES, MapFeatures, PlaceFeatures, load_features
from organza.features.digests import tensors_digest
from organza.features.random_conv import RandomConvolutions
from organza.metrics import frechet_distance


@pytest.fixture(scope="module")
def features():
    return load_features("random-conv")


@pytest.fixture(scope="module")
def clothes(features):
    """1,600 pictures of Fashion-MNIST in random order: themselves, their embedding and their labels."""
    dataset = decode(open_source("fashion-mnist-10k"), 28, 1)
    order = torch.randperm(10_000, generator=torch.Generator().manual_seed(0))[:1600]
    images = to_samples(dataset.read(order))
    return images, features.embed(images), dataset.labels[order]


def test_the_weights_are_these_and_no_others(features):
    expected = "5c05053c4a309c5138ec85c111855eb19d442aff4865c3e101d293e718774301"
    torch.manual_seed(3)
    state = torch.get_rng_state()
    assert FEATURES["random-conv"].sha256 == load_features("random-conv").sha256 == features.sha256 == expected
    assert torch.equal(torch.get_rng_state(), state)  # the random numbers of others are left alone
    assert tensors_digest(RandomConvolutions(seed=1).state_dict()) != expected


def test_the_maps_are_what_the_embedding_pools(features, clothes):
    assert isinstance(features, MapFeatures)
    images = clothes[0][:130]  # more than one chunk
    maps = features.maps(images)
    assert [tuple(layer.shape) for layer in maps] == [(130, 16, 64, 64), (130, 32, 32, 32), (130, 64, 16, 16)]
    means = [layer.mean((2, 3)) for layer in maps]
    deviations = [layer.flatten(2).var(2, correction=0).sqrt() for layer in maps]
    assert torch.allclose(torch.cat(means + deviations, 1), features.embed(images), atol=1e-3)


def test_signals_neither_die_nor_explode(features, clothes):
    """Each layer's maps vary, over places and over pictures, by about the same amount."""
    for layer in features.maps(clothes[0][:100]):
        assert 0.2 < layer.std() < 5
        assert (layer.amax((0, 2, 3)) > 0).float().mean() > 0.9


def test_distances_have_the_right_order(features, clothes):
    """Held-out pictures of the same data are near, half the classes and one alone farther, noise farthest."""
    _, embedded, labels = clothes
    real, held_out = embedded.chunk(2)
    noise = torch.rand(800, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1
    same = frechet_distance(real, held_out)
    half = frechet_distance(real, embedded[labels < 5])
    alone = min(frechet_distance(real, embedded[labels == number]) for number in range(10))
    far = frechet_distance(real, features.embed(noise))
    assert 5 * same < half < alone < far / 10


def test_more_noise_is_farther(features, clothes):
    images, embedded, _ = clothes
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(400, 1, 28, 28, generator=generator)
    distances = [
        frechet_distance(embedded[:400], features.embed((images[400:800] + scale * noise).clamp(-1, 1)))
        for scale in (0.0, 0.2, 0.4)
    ]
    assert distances == sorted(distances)
    assert distances[1] > 2 * distances[0]


def test_colour_counts(features):
    generator = torch.Generator().manual_seed(2)
    images = torch.rand(60, 3, 32, 32, generator=generator) * torch.tensor([1.0, 0.5, 0.1])[:, None, None] * 2 - 1
    halves = frechet_distance(features.embed(images[:30]), features.embed(images[30:]))
    swapped = frechet_distance(features.embed(images[:30]), features.embed(images[30:].flip(1)))
    assert swapped > 10 * halves


def test_places_are_those_of_the_picture_in_its_own_size(features):
    images = torch.rand(2, 3, 20, 34, generator=torch.Generator().manual_seed(3)) * 2 - 1
    places = features.places(images)
    assert isinstance(features, PlaceFeatures)
    assert places.shape == (2, 32, 10, 17)
    changed = images.clone()
    changed[:, :, 10, 20] = 1
    rows, columns = (features.places(changed) - places).abs().amax((0, 1)).gt(1e-6).nonzero(as_tuple=True)
    assert max(abs(int(row) * 2 - 10) for row in rows) <= 3  # each place has seen 7 pixels
    assert max(abs(int(column) * 2 - 20) for column in columns) <= 3
    square = torch.rand(1, 3, 64, 64)
    assert torch.allclose(features.places(square), features.maps(square)[1], atol=1e-5)


def test_pictures_without_places_are_one_line(features):
    with pytest.raises(UsageError, match="pictures of 4 x 4 pixels or more, not of 9 x 3"):
        features.places(torch.zeros(1, 3, 3, 9))
    assert features.places(torch.zeros(1, 1, 4, 4)).shape == (1, 32, 2, 2)
