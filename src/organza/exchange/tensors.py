"""Tensor files, written whole."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import safetensors
from safetensors.torch import save_file
from torch import Tensor

from organza.files import written_whole


def save_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> None:
    """Write named tensors, from any device and in any layout, as one safetensors file.

    Raises:
        OSError: The disk is full, or the folder cannot be written; `path` is as before.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with written_whole(path) as temporary:
        try:
            save_file(plain, temporary, dict(header))
        except safetensors.SafetensorError as error:  # which is how its writer tells what the disk has said
            raise OSError(str(error)) from error
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # the writer makes files for the owner alone; models are there to be shared
