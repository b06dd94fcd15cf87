import hashlib
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest
import torch
import torchvision

from organza.data import builtin as module
from organza.data import decode, open_source
from organza.errors import OrganzaError

from .making import encoded, idx, image, write, zip_of

GENERATOR = np.random.default_rng(0)


def set_of(folder, seed=0, packed=True, parts=("train", "t10k")):
    """IDX files of 6 images; the first pixel of each is the seed."""
    for part in parts:
        images = np.full((6, 28, 28), seed, np.uint8)
        ending = ".gz" if packed else ""
        write(folder / f"{part}-images-idx3-ubyte{ending}", idx(images, packed))
        write(folder / f"{part}-labels-idx1-ubyte{ending}", idx(np.arange(6), packed))
    return folder


def seed_of(source):
    return decode(source, 28, 1).read(torch.tensor([0]))[0, 0, 0, 0]


def cifar_batch(count=2):
    return GENERATOR.integers(0, 10, (count, 3073)).astype(np.uint8).tobytes()


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Torchvision's classes, as they are where there is no network."""

    def unreachable(root, train, download):
        raise RuntimeError("<urlopen error\nName or service not known>")

    for builtin in module.BUILTINS.values():
        monkeypatch.setattr(torchvision.datasets, builtin.download, unreachable)


def test_the_set_in_the_package():
    found = open_source("fashion-mnist-10k")
    assert (found.count, found.channels, found.height, found.width, found.notes) == (10_000, 1, 28, 28, ())
    assert (found.classes[0], found.classes[9], len(found.classes)) == ("t-shirt/top", "ankle boot", 10)
    assert torch.bincount(found.labels).tolist() == [1000] * 10
    assert found.labels[:5].tolist() == [9, 2, 1, 1, 6]


def test_the_set_in_the_package_has_no_test_part():
    found = open_source("fashion-mnist-10k", split="test")
    assert (found.split, found.fingerprint) == ("train", open_source("fashion-mnist-10k").fingerprint)
    assert "no test part" in found.notes[0]


def test_the_files_in_the_package_are_debians():
    folder = files("organza.data") / "fashion_mnist_10k"
    digests = {file.name: hashlib.md5(file.read_bytes()).hexdigest() for file in folder.iterdir() if ".gz" in file.name}
    assert digests == {
        "t10k-images-idx3-ubyte.gz": "f78720b4224f21cce2f2ccf2d7a94c9a",
        "t10k-labels-idx1-ubyte.gz": "0d30e22e447f3c33dab9ed536400ac01",
    }
    licence = (folder / "LICENSE").read_text()
    assert "MIT" in licence
    assert "Zalando" in licence


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("inside", ["", "mnist"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_idx_files_are_found(tmp_path, packed, inside, split):
    place = set_of(tmp_path / inside, packed=packed)
    found = open_source("mnist", data_dir=tmp_path, split=split)
    assert (found.count, found.split, found.labels.tolist()) == (6, split, [0, 1, 2, 3, 4, 5])
    assert found.notes == (f"read from {place}",)
    assert found.classes == tuple("0123456789")


def test_folders_are_searched_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "DEBIAN", set_of(tmp_path / "debian/fashion-mnist", 1).parent)
    assert seed_of(open_source("fashion-mnist")) == 1
    monkeypatch.setenv("ORGANZA_DATA", str(set_of(tmp_path / "named", 2)))
    assert seed_of(open_source("fashion-mnist")) == 2
    own = set_of(tmp_path / "own", 3)
    assert seed_of(open_source("fashion-mnist", data_dir=own)) == 3
    set_of(own / "fashion-mnist", 4)
    assert seed_of(open_source("fashion-mnist", data_dir=own)) == 4


def test_half_a_set_is_an_error(tmp_path):
    set_of(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(OrganzaError, match="holds only a part of mnist: train-labels-idx1-ubyte is missing"):
        open_source("mnist", data_dir=tmp_path)
    assert open_source("mnist", data_dir=tmp_path, split="test").count == 6


def test_a_truncated_set_is_an_error(tmp_path):
    path = set_of(tmp_path, packed=False) / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(OrganzaError, match="train-images-idx3-ubyte is truncated"):
        open_source("mnist", data_dir=tmp_path)


def test_the_files_of_a_twin_are_not_mistaken(tmp_path, monkeypatch):
    set_of(tmp_path, 5)
    digest = hashlib.blake2b(np.full((6, 28, 28, 1), 5, np.uint8).tobytes(), digest_size=16).hexdigest()
    monkeypatch.setattr(module, "_KNOWN", {digest: "fashion-mnist"})
    assert seed_of(open_source("fashion-mnist", data_dir=tmp_path)) == 5
    with pytest.raises(OrganzaError, match="mnist is not on this machine"):
        open_source("mnist", data_dir=tmp_path)


def test_the_digest_of_fashion_mnist_is_known():
    folder = files("organza.data") / "fashion_mnist_10k"
    images = module.read_idx(folder / "t10k-images-idx3-ubyte.gz", 3)
    assert module._KNOWN[hashlib.blake2b(images.tobytes(), digest_size=16).hexdigest()] == "fashion-mnist"


@pytest.mark.parametrize("inside", ["", "cifar10", "cifar-10-batches-bin"])
def test_cifars_binary_batches_are_found(tmp_path, inside):
    for number in range(1, 6):
        write(tmp_path / inside / f"data_batch_{number}.bin", cifar_batch(number))
    write(tmp_path / inside / "test_batch.bin", cifar_batch(3))
    train, test = (open_source("cifar10", data_dir=tmp_path, split=split) for split in ("train", "test"))
    assert (train.count, train.channels, train.height, test.count) == (15, 3, 32, 3)
    (tmp_path / inside / "data_batch_4.bin").unlink()
    with pytest.raises(OrganzaError, match=r"only a part of cifar10: data_batch_4\.bin is missing"):
        open_source("cifar10", data_dir=tmp_path)


def test_cifars_pickles_are_never_opened(tmp_path):
    write(tmp_path / "cifar-10-batches-py/data_batch_1", b"a pickle")
    with pytest.raises(OrganzaError, match="not on this machine"):
        open_source("cifar10", data_dir=tmp_path)


def test_a_zip_of_pictures_is_found(tmp_path):
    names = ["train/cat/1.jpg", "train/dog/1.jpg", "train/dog/2.jpg", "test/cat/2.jpg", "test/dog/3.jpg"]
    path = zip_of(
        tmp_path / "cifar10-small.zip", {name: encoded(image(seed=i), "JPEG") for i, name in enumerate(names)}
    )
    train, test = (open_source("cifar10", data_dir=tmp_path, split=split) for split in ("train", "test"))
    assert (train.name, train.count, train.classes, train.labels.tolist()) == ("cifar10", 3, ("cat", "dog"), [0, 1, 1])
    assert (test.count, test.split) == (2, "test")
    assert train.notes == (f"read from {path}",)


def test_a_set_is_downloaded_where_it_is_nowhere_else(tmp_path, monkeypatch, cache, capsys):
    asked = []

    def fetch(root, train, download):
        print("downloading")
        asked.append((root, train, download))
        fetched = type("Fetched", (), {})()
        fetched.data, fetched.targets = torch.full((4, 28, 28), 9, dtype=torch.uint8), torch.tensor([0, 1, 2, 3])
        return fetched

    monkeypatch.setattr(torchvision.datasets, "MNIST", fetch)
    found = open_source("mnist", split="test")
    assert asked == [(str(cache / "downloads"), False, True)]
    assert (found.count, found.channels, found.labels.tolist(), seed_of(found)) == (4, 1, [0, 1, 2, 3], 9)
    assert capsys.readouterr().out == ""  # standard output is for results


def test_a_download_in_colour(monkeypatch):
    def fetch(root, train, download):
        fetched = type("Fetched", (), {})()
        fetched.data, fetched.targets = np.full((4, 32, 32, 3), 9, np.uint8), [0, 1, 2, 9]
        return fetched

    monkeypatch.setattr(torchvision.datasets, "CIFAR10", fetch)
    found = open_source("cifar10")
    assert (found.count, found.channels, found.labels.tolist()) == (4, 3, [0, 1, 2, 9])


def test_without_files_and_network_one_line_says_everything(tmp_path, monkeypatch):
    monkeypatch.setenv("ORGANZA_DATA", str(tmp_path / "named"))
    with pytest.raises(OrganzaError) as error:
        open_source("mnist", data_dir=tmp_path / "own")
    message = str(error.value)
    assert "\n" not in message
    places = (tmp_path / "own/mnist", tmp_path / "own", tmp_path / "named/mnist", module.DEBIAN / "mnist")
    for part in (
        *map(str, places),
        "train-images-idx3-ubyte",
        ".gz",
        "mnist*.zip",
        "cannot be downloaded",
        "Name or service",
    ):
        assert part in message
    with pytest.raises(OrganzaError, match=r"put data_batch_1\.bin, .*data_batch_5\.bin or cifar10\*\.zip"):
        open_source("cifar10")


def test_torchvision_is_not_imported_before_it_is_needed():
    script = (
        "import sys, organza.data; organza.data.open_source('fashion-mnist-10k'); print('torchvision' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "False"
