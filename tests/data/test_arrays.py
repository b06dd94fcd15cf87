import gzip

import numpy as np
import pytest
import torch

from organza.data import decode
from organza.data.arrays import CIFAR_RECORD, array_source, read_cifar, read_idx
from organza.errors import OrganzaError

from .making import idx, write

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
LABELS = np.array([0, 1, 1, 0, 2], np.uint8)


def source(images=IMAGES[..., None], labels=LABELS, classes=("a", "b", "c")):
    return array_source("set", "train", images, labels, classes, ())


@pytest.mark.parametrize("packed", [False, True])
def test_an_idx_file_comes_back(tmp_path, packed):
    assert np.array_equal(read_idx(write(tmp_path / "x", idx(IMAGES, packed)), 3), IMAGES)
    assert np.array_equal(read_idx(write(tmp_path / "y.gz", idx(LABELS, packed)), 1), LABELS)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (idx(IMAGES)[:-1], "it announces 5x28x28 bytes and holds 3,919"),
        (idx(IMAGES) + b"x", "it announces 5x28x28 bytes and holds 3,921"),
        (idx(LABELS), "no IDX file of bytes in 3 dimensions"),
        (b"\0\0\x0d" + idx(IMAGES)[3:], "no IDX file"),
        (b"", "no IDX file"),
        (idx(IMAGES)[:10], "no IDX file"),
        (idx(IMAGES, packed=True)[:-20], "cannot read"),
        (b"\x1f\x8b" + bytes(50), "cannot read"),
        (gzip.compress(idx(IMAGES)[:-1]), "holds 3,919"),
    ],
)
def test_a_damaged_idx_file_is_named(tmp_path, data, message):
    path = write(tmp_path / "images", data)
    with pytest.raises(OrganzaError, match=message) as error:
        read_idx(path, 3)
    assert str(path) in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(OrganzaError, match=r"nowhere \(No such file"):
        read_idx(tmp_path / "nowhere", 3)


def test_images_and_labels_must_fit_together():
    with pytest.raises(OrganzaError, match="5 images and 4 labels"):
        source(labels=LABELS[:4])
    with pytest.raises(OrganzaError, match="the label 2, but 2 classes"):
        source(classes=("a", "b"))
    with pytest.raises(OrganzaError, match="1 images"):
        source(IMAGES[:1, ..., None], LABELS[:1])


def test_what_a_source_of_arrays_says():
    found = source()
    assert (found.kind, found.count, found.channels, found.height, found.width) == ("images", 5, 1, 28, 28)
    assert (found.uniform, found.classes, found.labels.dtype) == (True, ("a", "b", "c"), torch.int64)
    assert found.labels.tolist() == LABELS.tolist()


def test_the_fingerprint_depends_on_images_and_labels():
    other = IMAGES.copy()
    other[3, 3, 3] ^= 1
    prints = {source().fingerprint, source(other[..., None]).fingerprint, source(labels=LABELS[::-1]).fingerprint}
    assert len(prints) == 3
    assert source().fingerprint == source(IMAGES.copy()[..., None]).fingerprint


def test_decoding_pads_and_keeps_the_order():
    data = decode(source(), 32, 1)
    assert (data.count, data.shape, data.classes, data.notes) == (5, (1, 32, 32), ("a", "b", "c"), ())
    read = data.read(torch.tensor([4, 0, 4]))
    assert read.dtype == torch.uint8
    assert np.array_equal(read[:, 2:30, 2:30, 0].numpy(), IMAGES[[4, 0, 4]])
    assert read.sum() == IMAGES[[4, 0, 4]].sum(dtype=int)


def test_decoding_does_not_change_the_source():
    data = decode(source(), 28, 1)
    data.read(torch.tensor([0])).zero_()
    assert np.array_equal(data.read(torch.arange(5))[..., 0].numpy(), IMAGES)


def test_arrays_too_large_for_memory_are_fitted_as_they_are_read(monkeypatch):
    at_once = decode(source(), 40, 3)
    monkeypatch.setattr("organza.data.arrays.RESIDENT", 100)
    one_by_one = decode(source(), 40, 3)
    assert "fitted as they are read" in one_by_one.notes[0]
    assert (one_by_one.count, one_by_one.shape) == (at_once.count, at_once.shape) == (5, (3, 40, 40))
    indices = torch.tensor([3, 1])
    assert torch.equal(one_by_one.read(indices), at_once.read(indices))


def test_cifar_batches(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (4, 32, 32, 3), np.uint8)
    records = np.concatenate(
        [np.arange(4, dtype=np.uint8)[:, None], pixels.transpose(0, 3, 1, 2).reshape(4, -1)], axis=1
    )
    paths = [write(tmp_path / f"{part}.bin", records[2 * part : 2 * part + 2].tobytes()) for part in (0, 1)]
    images, labels = read_cifar(paths)
    assert np.array_equal(images, pixels)
    assert labels.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("length", [0, CIFAR_RECORD - 1, CIFAR_RECORD + 1])
def test_a_truncated_cifar_batch_is_named(tmp_path, length):
    with pytest.raises(OrganzaError, match=r"data_batch_1\.bin is truncated"):
        read_cifar([write(tmp_path / "data_batch_1.bin", bytes(length))])


def test_without_padding_digits_are_resized():
    padded, resized = (decode(source(), 32, 1, pad=pad).read(torch.arange(5)) for pad in (True, False))
    assert padded.shape == resized.shape
    assert not padded[:, 0].any()
    assert resized[:, 0].any()
    assert torch.equal(
        decode(source(), 40, 1, pad=False).read(torch.arange(5)), decode(source(), 40, 1).read(torch.arange(5))
    )
