"""The folder that holds a trained model.

`config.json` says which recipe built the networks and what they can do; `model.safetensors` holds the weights that
samples are made with, as `NETWORK.PARAMETER`; `opponents.safetensors`, where it is there, holds those that only
training needs (the discriminator), for those who start from this model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from organza.data import Margins
from organza.errors import OrganzaError
from organza.exchange.model import Model
from organza.exchange.tensors import save_tensors
from organza.files import write_text
from organza.networks.pyramid.generator import PyramidGenerator
from organza.recipes import Recipe, from_mapping, to_mapping
from organza.version import __version__

FORMAT = 1
CONFIG, WEIGHTS, OPPONENTS = "config.json", "model.safetensors", "opponents.safetensors"


def save_model(
    folder: Path,
    recipe: Recipe,
    networks: Mapping[str, nn.Module],
    opponents: Mapping[str, nn.Module],
    facts: Mapping[str, Any],
) -> None:
    """Write a model folder.

    Args:
        folder: Made if it is not there.
        recipe: What builds the networks.
        networks: The ones that samples are made with, in the state in which they make them.
        opponents: The networks that only training needs.
        facts: For `config.json`: crop, classes, images, seed, source.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "format": FORMAT,
        "organza": __version__,
        "abilities": recipe.build().abilities.names(),
        "sample": list(recipe.sample),
        **facts,
        "weights_sha256": weights_digest(networks),
        "recipe": to_mapping(recipe),
    }
    for name, weights in ((WEIGHTS, networks), (OPPONENTS, opponents)):
        save_tensors(folder / name, flat_weights(weights), {"format": "pt"})
    write_text(folder / CONFIG, json.dumps(config, indent=2, ensure_ascii=False) + "\n")


def load_model(path: Path, device: torch.device | str = "cpu") -> Model:
    """Open a model folder, or the model of a run folder. Executes nothing that is in it.

    Raises:
        OrganzaError: There is no model, it is damaged, or a newer organza wrote it.
    """
    folder = path / "model" if (path / "model" / CONFIG).exists() else path
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        weights = load_file(folder / WEIGHTS)
        opponents = load_file(folder / OPPONENTS) if (folder / OPPONENTS).exists() else {}
    except FileNotFoundError:
        hint = (
            "its training has not come to its first checkpoint yet"
            if (path / "recipe.yaml").exists()
            else (f"a model folder holds {CONFIG} and {WEIGHTS}")
        )
        raise OrganzaError(f"no model in {path}: {hint}") from None
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise OrganzaError(f"the model in {folder} is damaged: {error}") from None
    if not isinstance(config, dict) or "recipe" not in config:
        raise OrganzaError(f"{folder / CONFIG} does not describe a model of organza")
    try:
        Margins.read(config.get("crop", 0))
    except ValueError as error:
        raise OrganzaError(f"{folder / CONFIG} is damaged: {error}") from None
    if config["format"] > FORMAT:
        raise OrganzaError(
            f"the model in {folder} was written by organza {config['organza']}, this is {__version__}: upgrade organza"
        )
    recipe = from_mapping(Recipe, config["recipe"])
    used = {name.split(".")[0] for name in weights}
    stage = recipe.build().stage(config["stage"]).build(None)
    networks = {name: network.eval().requires_grad_(False) for name, network in stage.networks.items() if name in used}
    fill(networks, weights, folder / WEIGHTS)
    if weights_digest(networks) != config["weights_sha256"]:
        raise OrganzaError(
            f"the weights in {folder} are not those that its {CONFIG} tells of: the folder was copied or written by halves; "
            "copy it again, or run its training command again"
        )
    for network in networks.values():
        if isinstance(network, PyramidGenerator):
            network.leave_out(config.get("stage_share", 1.0))
    return Model({name: network.to(device) for name, network in networks.items()}, recipe, config, folder, opponents)


def fill(networks: Mapping[str, nn.Module], weights: Mapping[str, Tensor], where: Path) -> None:
    """Load `NETWORK.PARAMETER` weights into networks.

    Raises:
        OrganzaError: Names or shapes differ.
    """
    for name, network in networks.items():
        own = {key.partition(".")[2]: tensor for key, tensor in weights.items() if key.partition(".")[0] == name}
        try:
            network.load_state_dict(own)
        except RuntimeError as error:
            reason = " ".join(str(error).split("\n")[1:3]).strip()
            raise OrganzaError(f"the weights in {where} do not fit the network '{name}': {reason}") from None


def flat_weights(networks: Mapping[str, nn.Module]) -> dict[str, Tensor]:
    """All weights and buffers of the networks as `NETWORK.PARAMETER`, on the CPU."""
    return {
        f"{name}.{key}": tensor.detach().cpu().contiguous()
        for name, network in networks.items()
        for key, tensor in network.state_dict().items()
    }


def weights_digest(networks: Mapping[str, nn.Module]) -> str:
    """SHA-256 over names and bytes of all weights and buffers, as hexadecimal digits."""
    digest = hashlib.sha256()
    for name, tensor in sorted(flat_weights(networks).items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
