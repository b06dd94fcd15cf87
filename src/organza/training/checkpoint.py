"""Checkpoints: one safetensors file each, written whole or not at all, and verified when read.

Nothing in them is code, so a foreign one can do no harm. The header holds the format version, the package's version,
the counters, and a checksum over all tensors.
"""

from __future__ import annotations

import json
import shutil
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import safetensors
import torch
from torch import Tensor

from organza.errors import OrganzaError
from organza.exchange.tensors import save_tensors
from organza.files import written_whole
from organza.version import __version__

FORMAT = 1
KEPT = 2


class Checkpoint(NamedTuple):
    """What a checkpoint holds: tensors by name, and counters that JSON can hold."""

    tensors: dict[str, Tensor]
    counters: dict[str, Any]


class Damaged(OrganzaError):
    """The file is not what was written; an older checkpoint may be."""


def save(folder: Path, images: int, checkpoint: Checkpoint, *, keep_all: bool = False) -> Path:
    """Write `folder/IMAGES.safetensors` so that at every moment a whole checkpoint is there; keep the newest two, or all.

    Raises:
        OSError: The disk is full, or the folder cannot be written; older checkpoints stay.
    """
    folder.mkdir(exist_ok=True)
    header = {
        "format": str(FORMAT),
        "organza": __version__,
        "counters": json.dumps(checkpoint.counters),
        "checksum": checksum(checkpoint.tensors),
    }
    path = folder / f"{images:012d}.safetensors"
    save_tensors(path, checkpoint.tensors, header)
    for old in [] if keep_all else all_checkpoints(folder)[KEPT:]:
        old.unlink()
    return path


def keep(path: Path, folder: Path) -> None:
    """Keep a checkpoint in a folder of its own, instead of the one that was kept there before."""
    folder.mkdir(exist_ok=True)
    with written_whole(folder / path.name) as temporary:
        shutil.copyfile(path, temporary)
    for old in all_checkpoints(folder):
        if old.name != path.name:
            old.unlink()


def load(path: Path) -> Checkpoint:
    """Read one checkpoint.

    Raises:
        Damaged: The file is truncated, altered, or no checkpoint of organza.
        OSError: The disk will not let us read it.
        OrganzaError: It was written by a newer organza, in a format that this one does not know.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            if "counters" not in header:
                raise Damaged(f"{path} was not written by organza")
            if int(header["format"]) > FORMAT:
                raise OrganzaError(
                    f"{path} was written by organza {header['organza']} in format {header['format']}; this is "
                    f"{__version__}, which reads up to format {FORMAT}: upgrade organza"
                )
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except safetensors.SafetensorError as error:
        raise Damaged(f"{path} is damaged ({error})") from None
    if checksum(tensors) != header["checksum"]:
        raise Damaged(f"{path} is damaged (its checksum differs)")
    return Checkpoint(tensors, json.loads(header["counters"]))


def all_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in `folder`, newest first."""
    return sorted(folder.glob("*.safetensors"), reverse=True)


def checksum(tensors: dict[str, Tensor]) -> str:
    """CRC-32 over names, shapes, types and bytes, in the order of the names."""
    value = 0
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        value = zlib.crc32(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode(), value)
        value = zlib.crc32(tensor.reshape(-1).view(torch.uint8).numpy().data, value)
    return f"{value:08x}"
