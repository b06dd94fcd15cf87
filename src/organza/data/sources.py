"""Sources by name: built-in sets, folders and zips of images, mixtures."""

from __future__ import annotations

import contextlib
import difflib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from organza.data.cache import cache_folder
from organza.data.idx import open_arrays, read_cifar, read_idx
from organza.data.mixtures import MIXTURES, open_mixture
from organza.data.parallel import Progress
from organza.data.picture import IMAGE_SUFFIXES
from organza.data.pictures import open_pictures
from organza.data.source import Dataset, Source, Want
from organza.errors import OrganzaError, UsageError, unknown
from organza.registry import Registry

DISK_BUDGET = 10 * 2**30
DEBIAN = Path("/usr/share/datasets")  # where Debian's packages of data sets put them
DIGITS = tuple("0123456789")
CLOTHES = (
    "t-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@dataclass(frozen=True)
class Builtin:
    """A data set with a name of its own.

    Attributes:
        summary: One line with origin and licence.
        classes: What the labels mean.
        download: Name of the torchvision class that fetches it, with a checksum.
        raw: Folder into which that class unpacks.
    """

    summary: str
    classes: tuple[str, ...]
    download: str
    raw: str


BUILTINS: Registry[Builtin] = Registry("data set")
BUILTINS.add(
    "fashion-mnist",
    Builtin(
        "60,000 + 10,000 pictures of clothes, 28x28 grey (Xiao et al. 2017, MIT)",
        CLOTHES,
        "FashionMNIST",
        "FashionMNIST/raw",
    ),
)
BUILTINS.add(
    "mnist", Builtin("60,000 + 10,000 handwritten digits, 28x28 grey (LeCun et al. 1998)", DIGITS, "MNIST", "MNIST/raw")
)
BUILTINS.add(
    "cifar10",
    Builtin(
        "50,000 + 10,000 small photographs, 32x32 colour (Krizhevsky 2009)", THINGS, "CIFAR10", "cifar-10-batches-bin"
    ),
)
SHIPPED = "fashion-mnist-10k"


def source_names() -> dict[str, str]:
    """The names that are no paths, each with one line on it."""
    shipped = {SHIPPED: "the 10,000 test pictures of Fashion-MNIST, in the package (Xiao et al. 2017, MIT)"}
    mixtures = {name: mixture.summary for name, mixture in MIXTURES.items()}
    return shipped | {name: builtin.summary for name, builtin in BUILTINS.items()} | mixtures


def open_source(
    name: str, *, data_dir: Path | None = None, split: str = "train", progress: Progress | None = None
) -> Source:
    """Find a source and look at everything in it.

    Args:
        name: A built-in name, a mixture, or the path of a folder or zip.
        data_dir: Where to look for built-in data sets first.
        split: Of a built-in set: train or test.
        progress: Told how many files have been looked at.

    Raises:
        UsageError: Nothing has that name.
        OrganzaError: It cannot be read, or holds fewer than two samples.
    """
    if name in MIXTURES:
        return open_mixture(name, split)
    if name == SHIPPED:
        with as_file(files("organza.data") / "fashion_mnist_10k") as folder:
            images, labels = (read_idx(folder / f"t10k-{part}-ubyte.gz", dims) for part, dims in IDX_PARTS)
        return open_arrays(name, split, images[..., None], labels, CLOTHES)
    if name in BUILTINS:
        return open_builtin(name, data_dir, split, progress)
    path = Path(name).expanduser()
    if path.is_dir() or (path.suffix.lower() == ".zip" and path.is_file()):
        return open_pictures(name, path, split, cache_folder(), progress)
    raise no_source(name, path)


def decode(
    source: Source,
    size: int,
    channels: int,
    *,
    cache_dir: Path | None = None,
    disk_budget: int = DISK_BUDGET,
    progress: Progress | None = None,
) -> Dataset:
    """The samples of a source in one shape, decoded once.

    Args:
        source: Opened.
        size: Pixels on each side; points have none.
        channels: 1, 3 or 4.
        cache_dir: Where decoded files are kept; without it `cache_folder()`.
        disk_budget: Bytes above which nothing is kept and every picture is decoded when it is needed.
        progress: Told how many pictures are decoded.

    Raises:
        OrganzaError: The cache cannot be written, or a file has changed meanwhile.
    """
    return source.content.dataset(source, Want(size, channels, cache_dir or cache_folder(), disk_budget, progress))


def no_source(name: str, path: Path) -> OrganzaError:
    """Why `name` is no source."""
    if path.is_file():
        if path.suffix.lower() in IMAGE_SUFFIXES:
            return UsageError(f"{name} is one picture: a GAN that learns from noise needs a folder of them")
        return UsageError(
            f"{name} is no source: name a folder or a zip of images, or one of {', '.join(source_names())}"
        )
    beside: list[str] = []
    with contextlib.suppress(OSError):
        start = name.rpartition("/")[0]
        beside = [f"{start}/{entry.name}" if start else entry.name for entry in path.parent.iterdir() if entry.is_dir()]
    near = difflib.get_close_matches(name, [*source_names(), *beside], n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else f"built-in are {', '.join(source_names())}"
    return UsageError(f"no source '{name}': there is no such folder or zip; {hint}")


IDX_PARTS = (("images-idx3", 3), ("labels-idx1", 1))
IDX_SPLITS = {"train": "train", "test": "t10k"}


def open_builtin(name: str, data_dir: Path | None, split: str, progress: Progress | None) -> Source:
    """A built-in set from where it lies, or downloaded.

    Raises:
        UsageError: There is no such split.
        OrganzaError: It lies nowhere and cannot be downloaded.
    """
    if split not in IDX_SPLITS:
        raise unknown("split", split, IDX_SPLITS)
    for folder in places(name, data_dir):
        found = open_in(folder, name, split, progress)
        if found:
            return found
    folder = download(name, data_dir)
    found = open_in(folder, name, split, progress)
    if not found:
        raise OrganzaError(f"{name} was downloaded into {folder}, but is not there: remove that folder and try again")
    return found


def places(name: str, data_dir: Path | None) -> Iterator[Path]:
    """Where a built-in set may lie, in the order in which it is looked for."""
    own = [data_dir] if data_dir else []
    named = os.environ.get("ORGANZA_DATA")
    for folder in [*own, *([Path(named)] if named else []), DEBIAN, cache_folder() / "downloads"]:
        yield from (folder / name, folder, folder / BUILTINS[name].raw)


def open_in(folder: Path, name: str, split: str, progress: Progress | None) -> Source | None:
    """The set as it lies in a folder, as IDX files, binary batches, or a zip with SPLIT/CLASS/*.jpg; None if it does not.

    A folder that holds IDX files without saying whose is taken at its word only if it bears the set's name.
    """
    builtin = BUILTINS[name]
    if not folder.is_dir():
        return None
    ours = folder.name in (name, "raw", builtin.raw)
    if builtin.download != "CIFAR10" and ours:
        parts = [first_that_exists(folder, f"{IDX_SPLITS[split]}-{part}-ubyte", ("", ".gz")) for part, _ in IDX_PARTS]
        if all(parts):
            images, labels = (read_idx(path, dims) for path, (_, dims) in zip(parts, IDX_PARTS, strict=True) if path)
            return open_arrays(name, split, images[..., None], labels, builtin.classes)
    if builtin.download == "CIFAR10":
        batches = sorted(folder.glob("data_batch_?.bin")) if split == "train" else list(folder.glob("test_batch.bin"))
        if batches:
            return open_arrays(name, split, *read_cifar(batches), builtin.classes)
    for archive in sorted(folder.glob(f"{name}*.zip")):
        return open_pictures(name, archive, split, cache_folder(), progress, inside=split)
    return None


def first_that_exists(folder: Path, stem: str, endings: tuple[str, ...]) -> Path | None:
    """The first of these files that is there."""
    return next((folder / (stem + ending) for ending in endings if (folder / (stem + ending)).is_file()), None)


def download(name: str, data_dir: Path | None) -> Path:
    """Fetch a built-in set with torchvision, which checks its checksum; returns the folder with its files.

    Raises:
        OrganzaError: It cannot be fetched.
    """
    import torchvision

    builtin, root = BUILTINS[name], cache_folder() / "downloads"
    fetch: Callable[..., Any] = getattr(torchvision.datasets, builtin.download)
    try:
        root.mkdir(parents=True, exist_ok=True)
        fetch(str(root), download=True)
    except Exception as error:  # whatever the network, the disk or the checksum have to say
        looked = ", ".join(dict.fromkeys(str(folder) for folder in places(name, data_dir)))
        raise OrganzaError(
            f"{name} is not on this machine and cannot be downloaded ({' '.join(str(error).split())[:120]}): put its files "
            f"into one of {looked}, or name their folder with --data-dir"
        ) from None
    return root / builtin.raw
