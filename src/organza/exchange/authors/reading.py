"""Authors' checkpoints, read as tensors and as nothing else: files of PyTorch, old and new, and safetensors.

A checkpoint of PyTorch is a pickle, and a pickle may name any function to be called when it is opened. Here only those
that put tensors together are called; a file that names another is refused. What a file says of the sizes of its tensors is
not believed before it has been held against the size of the file.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Literal, cast

import torch
from safetensors.torch import load_file
from torch import Tensor

from organza.errors import OrganzaError

LARGEST = 4 << 30  # bytes of tensors: the largest checkpoint that is read here has 240 MB
Form = Literal["zip", "pickle", "safetensors"]

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


def read_checkpoint(path: Path) -> Checkpoint:
    """The tensors of a checkpoint. Executes nothing that is in the file.

    Raises:
        OrganzaError: The file cannot be read, is no checkpoint, is damaged, wants to run code, or holds no single network's
            weights.
    """
    try:
        if path.is_file() and path.stat().st_size > LARGEST:
            raise OrganzaError(f"{path} is larger than {LARGEST >> 30} GiB, as no checkpoint is: refused")
        with open(path, "rb") as file:
            beginning = file.read(64)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise OrganzaError(f"cannot read the checkpoint {path}: {error.strerror or error}") from None
    content = _load(path, form_of(path, beginning))
    return Checkpoint(without_prefixes(state_dict(content, path)), digest, path)


def form_of(path: Path, beginning: bytes) -> Form:
    """In which form a checkpoint was written, by its first 64 bytes: its name says nothing about that.

    Raises:
        OrganzaError: In none that is read here.
    """
    if not beginning:
        raise OrganzaError(f"{path} is empty: download or copy it again")
    if beginning.startswith(b"\x89HDF\r\n\x1a\n"):
        raise OrganzaError(
            f"{path} is an HDF5 file, as Keras writes it: the checkpoints that are read here are PyTorch's (DeblurGAN-v2's "
            "*.h5 are, whatever their name says)"
        )
    old = re.match(rb"c([\w.]+)\n([\w.]+)\n", beginning)
    if old:  # a pickle of the oldest form, whose first word is the function to call
        raise _refused(path, f"GLOBAL {old[1].decode()}.{old[2].decode()}")
    if tarfile.is_tarfile(path):
        raise OrganzaError(
            f"{path} is an archive of PyTorch before 0.2, or another tar: save it anew with a later PyTorch"
        )
    if beginning.startswith(b"PK\x03\x04"):
        return "zip"
    if beginning.startswith(tuple(bytes((0x80, protocol)) for protocol in range(2, 6))):
        return "pickle"
    if beginning[8:9] == b"{" and int.from_bytes(beginning[:8], "little") < path.stat().st_size:
        return "safetensors"
    raise OrganzaError(
        f"{path} is no checkpoint: it is neither a file of PyTorch (.pth, .pt, DeblurGAN-v2's .h5) nor safetensors"
    )


def _load(path: Path, form: Form) -> Any:
    """What the file holds; tensors are on the CPU."""
    if form == "zip":
        _check_archive(path)
    try:
        if form == "safetensors":
            return load_file(path)
        with warnings.catch_warnings(action="ignore"):  # of storages that are typed, in all files before 2023
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a stranger's bytes can make the readers fail in any way
        text = " ".join(str(error).split())
        if isinstance(error, UnpicklingError) and "eights" in text:  # and not, say, "pickle data was truncated"
            raise _refused(path, text) from None
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> OrganzaError:
    """The error for a file that its reader has given up."""
    reason = " ".join(str(error).split()).partition(". ")[0][:160] or type(error).__name__
    return OrganzaError(f"{path} is damaged or cut short ({reason}): download or copy it again")


def _refused(path: Path, text: str) -> OrganzaError:
    """The error for a pickle that is more than tensors, from what PyTorch says of it."""
    name = re.search(r"GLOBAL ([\w.]+)|(?:instantiate|build) class ([\w.]+)", text)
    called = f" ({name[1] or name[2]})" if name else ""
    return OrganzaError(
        f"{path} wants to run code when it is opened{called}: refused; a checkpoint to import holds tensors only, as "
        "torch.save(network.state_dict(), FILE) writes them"
    )


def _check_archive(path: Path) -> None:
    """Refuse archives that are none of a checkpoint's, or that unpack to more than any checkpoint has."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except Exception as error:  # as below
        raise _damaged(path, error) from None
    names = [part.filename.partition("/")[2] for part in parts]
    if "constants.pkl" in names or any(name.startswith("code/") for name in names):
        raise OrganzaError(
            f"{path} is a TorchScript program and would run its own code: refused; a state dict is imported"
        )
    if "data.pkl" not in names:
        raise OrganzaError(f"{path} is an archive, but no checkpoint of PyTorch")
    if sum(part.file_size for part in parts) > LARGEST:
        raise OrganzaError(f"{path} unpacks to more than {LARGEST >> 30} GiB, as no checkpoint does: refused")


def state_dict(content: Any, path: Path) -> dict[str, Tensor]:
    """The tensors of one network by name: the content itself, or what lies in it under a usual name.

    Raises:
        OrganzaError: There are none, or some are not plain numbers in memory.
    """
    inner = content
    for _ in range(3):
        if not isinstance(inner, Mapping):
            break
        if any(isinstance(value, Tensor) for value in inner.values()):
            return {str(name): _checked(str(name), value, path) for name, value in inner.items() if _is_tensor(value)}
        found = next((name for name in WRAPPINGS if isinstance(inner.get(name), Mapping)), None)
        inner = None if found is None else inner[found]
    if isinstance(content, Mapping) and content:
        keys = ", ".join(str(name) for name in list(content)[:6])
        raise OrganzaError(
            f"{path} holds no network's weights: its entries are {keys}; they are looked for there, and under "
            f"{', '.join(WRAPPINGS)}"
        )
    raise OrganzaError(f"{path} holds no network's weights, but {_described(content)}")


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


def _described(content: Any) -> str:
    return "nothing" if isinstance(content, Mapping) else f"a {type(content).__name__}"


def _checked(name: str, value: Any, path: Path) -> Tensor:
    """A tensor that takes no more room than the file gave it, as finite float32."""
    tensor = cast(Tensor, value).detach()
    if tensor.layout is not torch.strided or tensor.dtype not in PLAIN or tensor.device.type != "cpu":
        raise OrganzaError(f"the tensor '{name}' of {path} is no plain array of numbers: refused")
    # Strides of 0 let one number fill any shape, on paper: it would be filled by the first copy.
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise OrganzaError(
            f"the tensor '{name}' of {path} claims {list(tensor.shape)} numbers, which the file does not hold: refused"
        )
    tensor = tensor.to(torch.float32).contiguous()
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
