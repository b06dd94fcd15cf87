"""Data sets with a name of their own: in the package, on this machine, or downloaded with a checksum."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from organza.data.arrays import array_source, read_cifar, read_idx
from organza.data.cache import cache_folder
from organza.data.source import Source
from organza.errors import OrganzaError
from organza.registry import Registry

DEBIAN = Path("/usr/share/datasets")  # where Debian's packages of data sets put them
DIGITS = tuple("0123456789")
CLOTHES = (
    "t-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_IDX = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
_CIFAR = {"train": tuple(f"data_batch_{number}.bin" for number in range(1, 6)), "test": ("test_batch.bin",)}


@dataclass(frozen=True)
class Builtin:
    """A data set that is looked for, and else downloaded.

    Attributes:
        summary: One line with origin and licence.
        classes: What the labels mean.
        files: Names of its files for each split; IDX files may be gzipped.
        download: Name of the torchvision class that fetches it.
        folders: Where it may lie within a folder that is searched, besides that folder itself.
    """

    summary: str
    classes: tuple[str, ...]
    files: Mapping[str, tuple[str, ...]]
    download: str
    folders: tuple[str, ...]


SHIPPED = "fashion-mnist-10k"
SHIPPED_SUMMARY = "the 10,000 test pictures of Fashion-MNIST, in the package (Xiao et al. 2017, arXiv:1708.07747; MIT)"

BUILTINS: Registry[Builtin] = Registry("data set")
BUILTINS.add(
    "fashion-mnist",
    Builtin(
        "60,000 + 10,000 pictures of clothes, 28x28 grey (Xiao et al. 2017, arXiv:1708.07747; MIT)",
        CLOTHES, _IDX, "FashionMNIST", ("fashion-mnist",),
    ),
)  # fmt: skip
BUILTINS.add(
    "mnist",
    Builtin(
        "60,000 + 10,000 handwritten digits, 28x28 grey (LeCun et al. 1998; CC BY-SA 3.0)",
        DIGITS, _IDX, "MNIST", ("mnist",),
    ),
)  # fmt: skip
BUILTINS.add(
    "cifar10",
    Builtin(
        "50,000 + 10,000 small photographs, 32x32 colour (Krizhevsky 2009; no licence stated)",
        THINGS, _CIFAR, "CIFAR10", ("cifar10", "cifar-10-batches-bin"),
    ),
)  # fmt: skip

# MNIST and Fashion-MNIST have the same file names: the pictures themselves tell which is which.
_KNOWN = {
    "7e07c4c58ece76e576f1071d4d33944a": "mnist",
    "b70ae312f9777b9f7603110bd42e5b1c": "mnist",
    "26c384e2db843a311630880f57264250": "fashion-mnist",
    "b59ffad7e66a8ef4ac54dc5788c69f7e": "fashion-mnist",
}


def open_shipped(split: str) -> Source:
    """The pictures in the package. They are one part: asked for the test part, they answer as the training part."""
    folder = files("organza.data") / "fashion_mnist_10k"
    images, labels = (read_idx(folder / f"{stem}.gz", ndim) for stem, ndim in zip(_IDX["test"], (3, 1), strict=True))
    notes = ("there is no test part: the pictures are those of the training",) if split == "test" else ()
    return array_source(SHIPPED, "train", images[..., None], labels, CLOTHES, notes)


def find_builtin(name: str, data_dir: Path | None, split: str) -> Source | Path:
    """A built-in set from where it lies, or downloaded.

    Returns:
        The opened source, or the zip of images that holds the set.

    Raises:
        OrganzaError: It is damaged where it lies, or lies nowhere and cannot be downloaded.
    """
    places = _places(name, data_dir)
    for place in places:
        found = _find_in(place, name, split)
        if found is not None:
            return found
    return _download(name, split, places)


def _places(name: str, data_dir: Path | None) -> list[Path]:
    """The folders in which a set may lie, in the order in which they are searched."""
    named = os.environ.get("ORGANZA_DATA")
    roots = [data_dir, Path(named).expanduser() if named else None, DEBIAN]
    return [root / folder for root in roots if root is not None for folder in (*BUILTINS[name].folders, "")]


def _find_in(place: Path, name: str, split: str) -> Source | Path | None:
    """The set as it lies in one folder; None if it does not, or if the files are those of its twin.

    Raises:
        OrganzaError: Some of its files are there and others are not, or they are damaged.
    """
    builtin = BUILTINS[name]
    wanted = builtin.files[split]
    # A folder of which the user may see nothing is as good as none: the error at the end names it.
    there = [path for stem in wanted for path in (place / stem, place / f"{stem}.gz") if os.path.isfile(path)]
    found = {path.name.removesuffix(".gz"): path for path in there}
    if not found:
        archives = sorted(place.glob(f"{name}*.zip")) if os.path.isdir(place) else []
        return archives[0] if archives else None
    missing = [stem for stem in wanted if stem not in found]
    if missing:
        raise OrganzaError(f"{place} holds only a part of {name}: {', '.join(missing)} is missing")
    paths = [found[stem] for stem in wanted]
    if builtin.files is _CIFAR:
        images, labels = read_cifar(paths)
    else:
        images, labels = read_idx(paths[0], 3)[..., None], read_idx(paths[1], 1)
        if _KNOWN.get(hashlib.blake2b(images.tobytes(), digest_size=16).hexdigest(), name) != name:
            return None
    return array_source(name, split, images, labels, builtin.classes, (f"read from {place}",))


def _download(name: str, split: str, searched: Sequence[Path]) -> Source:
    """The set as torchvision fetches it, with a checksum; once fetched, it is read where it was put.

    Raises:
        OrganzaError: It cannot be fetched.
    """
    builtin, root = BUILTINS[name], cache_folder() / "downloads"
    try:
        from torchvision import datasets

        root.mkdir(parents=True, exist_ok=True)
        with contextlib.redirect_stdout(sys.stderr):
            fetched = getattr(datasets, builtin.download)(str(root), train=split == "train", download=True)
    except Exception as error:  # whatever the network, the disk, the checksum or the installation have to say
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise OrganzaError(
            f"{name} is not on this machine and cannot be downloaded ({reason}): put {', '.join(builtin.files[split])}"
            f"{'' if builtin.files is _CIFAR else ' (or .gz)'} or {name}*.zip into {' or '.join(map(str, searched))}; "
            "--data-dir or $ORGANZA_DATA names another folder"
        ) from error
    images, labels = np.asarray(fetched.data, np.uint8), np.asarray(fetched.targets, np.uint8)
    if images.ndim == 3:
        images = images[..., None]
    return array_source(name, split, images, labels, builtin.classes, (f"downloaded into {root}",))
