"""What tells one set of weights from another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from organza.errors import OrganzaError


def tensors_digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of names, types, shapes and values, in the order of the names: the same on every device."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def read_whole(path: Path, what: str) -> tuple[bytes, str]:
    """A file's bytes and their SHA-256: what was hashed is what is then loaded, whatever happens to the file meanwhile.

    Args:
        path: Of the file.
        what: What the file is, for the error.

    Raises:
        OrganzaError: It cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OrganzaError(f"cannot read {what} {path}: {error.strerror or error}") from None
    return data, hashlib.sha256(data).hexdigest()
