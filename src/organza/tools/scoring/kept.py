"""What is known of real samples, kept in the cache folder, so that no source is decoded and looked at twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load as load_tensors
from torch import Tensor

from organza.exchange.tensors import save_tensors
from organza.files import cache_folder

FOLDER = "references"
Key = Mapping[str, str | int | None]


def kept_path(key: Key) -> Path:
    """Where what is known under a key lies, or will lie."""
    digest = hashlib.blake2b(json.dumps(key, sort_keys=True).encode(), digest_size=16).hexdigest()
    return cache_folder() / FOLDER / f"{digest}.safetensors"


def read_kept(key: Key) -> tuple[dict[str, Tensor] | None, str | None]:
    """What is kept under a key, and a note for the user if it is there and damaged."""
    path = kept_path(key)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None, None
    except OSError as error:
        return None, f"{path} cannot be read ({error.strerror or error}): the real samples are looked at again"
    try:
        tensors = load_tensors(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
        if json.loads(header["key"]) == dict(key) and header["digest"] == _digest(tensors):
            return tensors, None
    except (ValueError, KeyError, TypeError, safetensors.SafetensorError):
        pass
    return None, f"{path} was damaged: the real samples are looked at again"


def keep(key: Key, tensors: Mapping[str, Tensor]) -> str | None:
    """Keep tensors under a key; returns a note for the user if that cannot be."""
    path = kept_path(key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_tensors(path, tensors, {"key": json.dumps(key, sort_keys=True), "digest": _digest(tensors)})
    except OSError as error:
        return (
            f"cannot keep what is known of the real samples in {path.parent} ({error.strerror or error}): they are looked at"
            " again next time; $ORGANZA_CACHE names another folder"
        )
    return None


def _digest(tensors: Mapping[str, Tensor]) -> str:
    """Over names, shapes and bytes."""
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
