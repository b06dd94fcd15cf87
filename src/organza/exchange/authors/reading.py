"""Authors' checkpoints, read as tensors and as nothing else: files of PyTorch, old and new, and safetensors.

A checkpoint of PyTorch is a pickle, and a pickle may name any function to be called when it is opened. Here it is read as data
(`organza.exchange.authors.inert`): nothing that it names is imported or called, and a file that names what no checkpoint needs
is refused. What a file says of the sizes of its tensors is not believed before it has been held against the size of the file.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import load as load_safetensors
from torch import Tensor

from organza.errors import OrganzaError
from organza.exchange.authors.inert import Malformed, Names, Thing, WantsToRun, printable, unpickle
from organza.exchange.authors.rebuilding import (
    MAGIC,
    TENSORS,
    Array,
    Numbers,
    Storage,
    dtype_of,
    key_of,
    read_old,
    whole,
)

LARGEST = 4 << 30  # bytes of a file: the largest checkpoint that is read here has 1.3 GB, with its optimisers
EXPANSION = 16  # times the file's size that its tensors may take in memory: more than float16 as float32, and twice
Form = Literal["zip", "old", "pickle", "safetensors"]

PLAIN = (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64, torch.int32, torch.uint8)
WRAPPINGS = ("model", "state_dict", "params_ema", "params", "generator", "netG", "net_g", "G")
PREFIXES = ("module.", "_orig_mod.")  # of DataParallel, and of torch.compile


@dataclass(frozen=True)
class Checkpoint:
    """The weights of one network, as its authors' code names them.

    Attributes:
        tensors: On the CPU, in the order of the file; prefixes of wrappers are taken off.
        sha256: Of the file, as hexadecimal digits.
        path: Of the file.
    """

    tensors: dict[str, Tensor]
    sha256: str
    path: Path


@dataclass(frozen=True)
class Opened:
    """What a file holds, as data.

    Attributes:
        content: Numbers, strings, containers and stand-ins.
        sha256: Of the file, as hexadecimal digits.
        path: Of the file.
        limit: Bytes that its tensors may take in memory.
    """

    content: Any
    sha256: str
    path: Path
    limit: int


def read_checkpoint(path: Path) -> Checkpoint:
    """The tensors of a checkpoint of one network. Executes nothing that is in the file.

    Raises:
        OrganzaError: The file cannot be read, is no checkpoint, is damaged, wants to run code, or holds no single network's
            weights.
    """
    opened = open_checkpoint(path)
    return Checkpoint(without_prefixes(state_dict(opened)), opened.sha256, path)


def open_checkpoint(path: Path, names: Names = TENSORS) -> Opened:
    """What a checkpoint holds. Executes nothing that is in the file.

    Args:
        path: Of the file.
        names: All that its pickles may name.

    Raises:
        OrganzaError: The file cannot be read, is no checkpoint, is damaged, or wants to run code.
    """
    try:
        if path.is_file() and path.stat().st_size > LARGEST:
            raise OrganzaError(f"{path} is larger than {LARGEST >> 30} GiB, as no checkpoint is: refused")
        data = path.read_bytes()
    except OSError as error:
        raise OrganzaError(f"cannot read the checkpoint {path}: {error.strerror or error}") from None
    digest = hashlib.sha256(data).hexdigest()
    return Opened(_load(path, data, names), digest, path, EXPANSION * len(data))


def form_of(path: Path, data: bytes) -> Form:
    """In which form a checkpoint was written, by its bytes: its name says nothing about that.

    Raises:
        OrganzaError: In none that is read here.
    """
    if not data:
        raise OrganzaError(f"{path} is empty: download or copy it again")
    if data.startswith(b"\x89HDF\r\n\x1a\n"):
        raise OrganzaError(
            f"{path} is an HDF5 file, as Keras writes it: the checkpoints that are read here are PyTorch's (DeblurGAN-v2's "
            "*.h5 are, whatever their name says)"
        )
    if tarfile.is_tarfile(io.BytesIO(data)):
        raise OrganzaError(
            f"{path} is an archive of PyTorch before 0.2, or another tar: save it anew with a later PyTorch"
        )
    if data.startswith(b"PK\x03\x04"):
        return "zip"
    if data.startswith(tuple(bytes((0x80, protocol)) for protocol in range(2, 6))):
        return "old" if MAGIC.to_bytes(10, "little") in data[:20] else "pickle"
    if re.match(rb"[(\]}c][\w.(\]}\n]", data[:2]):  # pickles of the oldest forms: (dp0, (lp0, }q, ]q, cmodule
        return "pickle"
    if data[8:9] == b"{" and int.from_bytes(data[:8], "little") < len(data):
        return "safetensors"
    raise OrganzaError(
        f"{path} is no checkpoint: it is neither a file of PyTorch (.pth, .pt, DeblurGAN-v2's .h5), nor a pickle, nor "
        "safetensors"
    )


def _load(path: Path, data: bytes, names: Names) -> Any:
    """What the file holds."""
    form = form_of(path, data)
    try:
        if form == "safetensors":
            return load_safetensors(data)
        if form == "zip":
            return _read_zip(path, data, names)
        return read_old(memoryview(data), names) if form == "old" else unpickle(memoryview(data), names)[0]
    except OrganzaError:
        raise
    except WantsToRun as error:
        raise OrganzaError(
            f"{path} wants to run code when it is opened ({error}): refused; a checkpoint to import holds tensors and plain "
            "containers only"
        ) from None
    except Exception as error:  # a stranger's bytes can make the readers fail in any way
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> OrganzaError:
    """The error for a file that its reader has given up."""
    reason = printable(" ".join(str(error).split()).partition(". ")[0]) or type(error).__name__
    return OrganzaError(f"{path} is damaged or cut short ({reason}): download or copy it again")


def _read_zip(path: Path, data: bytes, names: Names) -> Any:
    """torch.save's form since 1.6: a pickle, and a part for each storage."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    parts = {part.filename.partition("/")[2]: part for part in archive.infolist()}
    if "constants.pkl" in parts or any(name.startswith("code/") for name in parts):
        raise OrganzaError(
            f"{path} is a TorchScript program and would run its own code: refused; a state dict is imported"
        )
    if "data.pkl" not in parts:
        raise OrganzaError(f"{path} is an archive, but no checkpoint of PyTorch")
    if sum(part.file_size for part in archive.infolist()) > len(data):  # PyTorch never compresses
        raise OrganzaError(f"{path} unpacks to more than its own size, as no checkpoint does: refused")
    if "byteorder" in parts and archive.read(parts["byteorder"]) != b"little":
        raise Malformed("its bytes are in another order than this computer's")
    storages: dict[str, Storage] = {}

    def pointed(identifier: Any) -> Storage:
        kind, named, key, _, count = identifier
        if kind != "storage":
            raise WantsToRun("a pickled object")
        name = key_of(key)
        dtype, part = dtype_of(named), parts[f"data/{name}"]
        if whole([count])[0] * dtype.itemsize > part.file_size:
            raise Malformed("a tensor's numbers are cut short")
        return storages.setdefault(name, Storage(dtype, count, lambda: archive.read(part)))

    return unpickle(memoryview(archive.read(parts["data.pkl"])), names, pointed)[0]


def state_dict(opened: Opened) -> dict[str, Tensor]:
    """The tensors of one network by name: the content itself, or what lies in it under a usual name.

    Raises:
        OrganzaError: There are none, or some are not plain numbers in memory.
    """
    inner = content = opened.content
    for _ in range(3):
        if not isinstance(inner, Mapping):
            break
        if any(_is_tensor(value) for value in inner.values()):
            return tensors_of(inner, opened)
        found = next((name for name in WRAPPINGS if isinstance(inner.get(name), Mapping)), None)
        inner = None if found is None else inner[found]
    path = opened.path
    if isinstance(content, Mapping) and content:
        raise OrganzaError(
            f"{path} holds no network's weights: its entries are {keys_of(content)}; they are looked for there, and under "
            f"{', '.join(WRAPPINGS)}"
        )
    raise OrganzaError(f"{path} holds no network's weights, but {described(content)}")


def tensors_of(named: Mapping[Any, Any], opened: Opened) -> dict[str, Tensor]:
    """The tensors among these values, as finite float32.

    Raises:
        OrganzaError: Some are not plain numbers in memory, or they are together far more than the file holds.
    """
    found, room = {}, opened.limit
    for name, value in named.items():
        if _is_tensor(value):
            found[str(name)] = _checked(str(name), value, opened.path)
            room -= found[str(name)].nbytes
            if room < 0:
                raise OrganzaError(f"the tensors of {opened.path} are far larger than the file: refused")
    return found


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor | Numbers | Array) or (isinstance(value, Thing) and "sparse" in value.name)


def described(content: Any) -> str:
    """What it is, in two words."""
    if isinstance(content, Mapping):
        return "nothing" if not content else "a dict"
    return "an object" if isinstance(content, Thing) else f"a {type(content).__name__}"


def keys_of(content: Mapping[Any, Any]) -> str:
    """Some keys, for a message."""
    return ", ".join(printable(str(name)) for name in list(content)[:6])


def _checked(name: str, value: Any, path: Path) -> Tensor:
    """A tensor that takes no more room than the file gave it, as finite float32."""
    name = printable(name)
    if isinstance(value, Numbers) and value.claims_too_much:
        raise OrganzaError(
            f"the tensor '{name}' of {path} claims {list(value.size)} numbers, which the file does not hold: refused"
        )
    if isinstance(value, Numbers | Array):
        try:
            value = value.tensor()
        except Exception as error:  # as in _load: the bytes are read only now
            raise _damaged(path, error) from None
    if not isinstance(value, Tensor) or value.dtype not in PLAIN:
        raise OrganzaError(f"the tensor '{name}' of {path} is no plain array of numbers: refused")
    tensor = value.detach().to(torch.float32).contiguous()
    if not torch.isfinite(tensor).all():
        raise OrganzaError(f"the tensor '{name}' of {path} holds numbers that are not finite: its training has failed")
    return tensor


def without_prefixes(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors without the prefixes that wrappers of a network put before all names."""
    stripped = dict(tensors)
    while prefix := next((prefix for prefix in PREFIXES if all(name.startswith(prefix) for name in stripped)), None):
        stripped = {name.removeprefix(prefix): tensor for name, tensor in stripped.items()}
        if "" in stripped:
            break
    return stripped


def without_statistics(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors without what never enters an output: counts of batches, and averages of instance normalisations.

    Old versions of PyTorch kept averages for instance normalisations too. They are those whose layer has no gain: the authors'
    instance normalisations have none, and their batch normalisations always have one.
    """

    def kept(name: str) -> bool:
        layer, _, last = name.rpartition(".")
        running = last in ("running_mean", "running_var")
        return last != "num_batches_tracked" and not (running and f"{layer}.weight" not in tensors)

    return {name: tensor for name, tensor in tensors.items() if kept(name)}
