"""Checkpoints of others, as models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from organza.api.paths import PathLike
from organza.errors import OrganzaError
from organza.exchange import Model, load_model, save_model
from organza.exchange.authors import convert
from organza.files import disk_errors
from organza.training import pick_device


def import_model(
    file: PathLike,
    *,
    kind: str,
    out: PathLike,
    to: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    force: bool = False,
    device: str = "cpu",
) -> Model:
    """Make a model folder of a checkpoint that authors have released. Nothing in the file is executed.

    The architecture is read off the tensors; what leaves no trace in them is as in the authors' own commands, and the
    model's `config["imported"]["notes"]` say so.

    Args:
        file: As torch.save writes a state dict (.pth, .pt, DeblurGAN-v2's .h5), or safetensors; a training state of rosinality's
            (.pt); NVIDIA's and R3GAN's pickles (.pkl).
        kind: cyclegan, pix2pix, deblurgan, deblurgan-v2, or srgan (also ESRGAN's); stylegan2, stylegan2-ada, stylegan3-sg2 (the
            StyleGAN2 networks of stylegan3's code), rosinality, or r3gan, whose discriminators become the model's opponents.
        out: The model folder to write.
        to: For cyclegan: the domain that the generator leads to, a or b; None: b.
        overrides: Fields of the recipe, by dotted name, where the tensors do not tell, as {"test_dropout": False}.
        force: Write over a model that is there.
        device: For the networks of what is returned: auto, cpu, cuda, cuda:N or mps.

    Raises:
        UsageError: There is no such kind, direction or field.
        OrganzaError: The file is no such checkpoint, is damaged or wants to run code; or the folder exists, and `force` is not
            set, or cannot be written.
    """
    folder, place = Path(out), pick_device(device)
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not force):
        raise OrganzaError(f"{folder} exists: remove it first, name another place with --out, or say --force")
    converted = convert(Path(file), kind, overrides, to)
    with disk_errors(folder):
        save_model(folder, converted.recipe, converted.networks, converted.opponents, converted.facts)
    return load_model(folder, place)
