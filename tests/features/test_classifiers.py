"""The classifiers in the package: how right they are, that their weights are checked, and how pictures become input."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.data import decode, open_source, to_samples
from organza.errors import OrganzaError, UsageError
from organza.features import FEATURES, Classifier, ClassifierFeatures, MapFeatures, SmallClassifier, load_features
from organza.features.pictures import resize, to_grey

COUNT = 2000


@pytest.fixture(scope="module")
def clothes():
    """2,000 test pictures of Fashion-MNIST, on which no classifier was trained, with labels and classes."""
    source = open_source("fashion-mnist-10k")
    dataset = decode(source, 28, 1)
    return to_samples(dataset.read(torch.arange(COUNT))), dataset.labels[:COUNT], dataset.classes


@pytest.fixture(scope="module")
def features():
    return load_features("fashion-classifier")


def accuracy(features, images, labels):
    return (features.probabilities(images).argmax(1) == labels).double().mean().item()


def test_the_classifier_of_clothes_is_right_on_pictures_it_has_not_seen(features, clothes):
    images, labels, classes = clothes
    assert features.classes == classes
    assert accuracy(features, images, labels) >= 0.90


def test_without_its_weights_it_guesses(clothes):
    images, labels, classes = clothes
    torch.manual_seed(0)
    guessing = ClassifierFeatures("guessing", classes, SmallClassifier(len(classes)).eval())
    assert accuracy(guessing, images, labels) < 0.3


@pytest.mark.parametrize(("name", "least"), [("fashion-classifier", 0.91), ("mnist-classifier", 0.99)])
def test_the_weights_say_how_they_were_made(name, least):
    entry = FEATURES[name]
    record = entry.record()
    assert record["test_accuracy"] >= least
    assert f"{100 * record['test_accuracy']:.1f} %" in entry.summary
    assert record["command"].startswith("python scripts/train_classifier.py ")
    assert len(entry.weights.read_bytes()) < 1_000_000
    assert load_features(name).name == entry.name == name


def test_the_classifier_of_digits_reads_digits():
    """Strokes that nobody could take for another digit: a bar is a one, a ring is a zero."""
    features = load_features("mnist-classifier")
    rows, columns = torch.meshgrid(torch.arange(28.0) - 13.5, torch.arange(28.0) - 13.5, indexing="ij")
    bar = (columns.abs() < 1.6) & (rows.abs() < 9.5)
    radius = (rows**2 / 1.8 + columns**2).sqrt()
    ring = (radius > 4.5) & (radius < 7.5)
    digits = torch.stack([ring, bar])[:, None] * 2.0 - 1
    probabilities = features.probabilities(digits)
    assert probabilities.argmax(1).tolist() == [0, 1]
    assert features.classes == tuple("0123456789")


@settings(max_examples=15, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused(place, bit, tmp_path_factory):
    entry = FEATURES["fashion-classifier"]
    data = bytearray(entry.weights.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    damaged = tmp_path_factory.mktemp("weights") / "damaged.safetensors"
    damaged.write_bytes(data)
    with pytest.raises(OrganzaError, match=r"damaged\.safetensors is damaged .*install organza again"):
        replace(entry, weights=damaged).load()


def test_weights_of_another_classifier_and_missing_ones_are_refused(tmp_path):
    entry = FEATURES["fashion-classifier"]
    with pytest.raises(OrganzaError, match="damaged"):
        replace(entry, weights=FEATURES["mnist-classifier"].weights).load()
    with pytest.raises(OrganzaError, match="cannot read the weights of fashion-classifier"):
        replace(entry, weights=tmp_path / "none.safetensors").load()


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="unknown features 'fashion-clasifier': did you mean fashion-classifier"):
        load_features("fashion-clasifier")


def test_embedding_and_probabilities(features, clothes):
    images, _, classes = clothes
    hidden, probabilities = features.look(images[:600].requires_grad_())  # more than one chunk
    assert hidden.shape == (600, features.dim)
    assert probabilities.shape == (600, len(classes))
    assert hidden.dtype == probabilities.dtype == torch.float32
    assert not hidden.requires_grad
    assert torch.allclose(probabilities.sum(1), torch.ones(600))
    assert torch.equal(features.embed(images[:600]), hidden)
    assert torch.equal(features.probabilities(images[:600]), probabilities)
    assert hidden.std(0).max() > 0.1
    # The classifier's last layer reads the embedding and nothing else.
    assert torch.allclose(features.network.head(hidden).softmax(1), probabilities, atol=1e-6)


def test_a_picture_is_seen_alike_whatever_is_beside_it(features, clothes):
    images, _, _ = clothes
    together = features.embed(images[:600])
    assert torch.allclose(features.embed(images[550:553]), together[550:553], atol=1e-4)
    assert features.embed(images[:0]).shape == (0, features.dim)


@pytest.mark.parametrize("channels", [3, 4])
def test_grey_pictures_in_colour_are_the_same_pictures(features, clothes, channels):
    grey = clothes[0][:8]
    colour = grey.expand(-1, 3, -1, -1)
    if channels == 4:
        colour = torch.cat([colour, torch.ones_like(grey)], 1)
    assert torch.allclose(features.embed(colour), features.embed(grey), atol=1e-3)


def test_enlarged_pictures_are_recognised(features, clothes):
    images, labels, _ = clothes
    enlarged = resize(images[:300], 56)
    assert enlarged.shape == (300, 1, 56, 56)
    assert accuracy(features, enlarged, labels[:300]) > 0.8


def test_grey_is_luma_and_transparency_is_white():
    red, green, blue, clear = (
        torch.tensor(colour)[None, :, None, None]
        for colour in ([1.0, -1, -1, 1], [-1.0, 1, -1, 1], [-1.0, -1, 1, 1], [-1.0, -1, -1, -1])
    )
    shades = [((to_grey(colour) + 1) / 2).item() for colour in (red, green, blue)]
    assert shades == pytest.approx([0.299, 0.587, 0.114], abs=1e-6)
    assert ((to_grey(red[:, :3]) + 1) / 2).item() == pytest.approx(0.299, abs=1e-6)
    assert to_grey(clear).item() == 1
    half = clear.clone()
    half[:, 3] = 0
    assert to_grey(half).item() == pytest.approx(0)


def test_a_resize_reads_every_pixel():
    """Antialiased: a fine chequerboard becomes its mean, of which a filter that skips pixels would keep one colour."""
    board = (torch.arange(112)[:, None] + torch.arange(112)) % 2 * 2.0 - 1
    assert resize(board[None, None], 28).abs().max() < 0.1
    assert torch.equal(resize(board[None, None], 112), board[None, None])


def test_samples_that_are_no_pictures_are_refused(features):
    with pytest.raises(UsageError, match=r"1, 3 or 4 channels, not of samples of shape 2x1x1"):
        features.embed(torch.zeros(5, 2, 1, 1))


def test_loading_leaves_the_random_numbers_of_others_alone():
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    load_features("fashion-classifier")
    assert torch.equal(torch.rand(1), expected)


def test_the_licence_lies_beside_the_weights():
    folder = Path(FEATURES["fashion-classifier"].weights.parent)
    text = (folder / "README.md").read_text(encoding="utf-8")
    packaged = [entry.weights.name for entry in FEATURES.values() if isinstance(entry, Classifier)]
    assert len(packaged) == 2
    for word in ("MIT", "CC BY-SA 3.0", *packaged):
        assert word in text


def test_the_maps_are_what_the_embedding_averages(features, clothes):
    assert isinstance(features, MapFeatures)
    images = clothes[0][:520]  # more than one chunk
    maps = features.maps(images)
    assert [tuple(layer.shape[1:]) for layer in maps] == [
        (24, 28, 28),
        (24, 14, 14),
        (48, 14, 14),
        (48, 7, 7),
        (96, 4, 4),
    ]
    assert torch.allclose(maps[-1].mean((2, 3)), features.embed(images), atol=1e-4)
    assert not maps[0].requires_grad


def test_the_digest_is_the_files_or_the_tensors(features):
    assert features.sha256 == FEATURES["fashion-classifier"].sha256
    digests = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        digests.append(ClassifierFeatures("own", ("a", "b"), SmallClassifier(2).eval()).sha256)
    first, again, other = digests
    assert first == again != other
    assert len(first) == 64
