"""Large networks that others have trained, through timm, which fetches, keeps and verifies their weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from organza.errors import OrganzaError
from organza.features.digests import tensors_digest
from organza.features.embedding import Embedding, no_logits
from organza.features.pictures import resize, to_colour
from organza.foreign import need, reason

Build = Callable[[], Any]


@dataclass(frozen=True, eq=False)
class BackboneFeatures(Embedding):
    """What a network of timm's says of a picture.

    Attributes:
        name: Of the features.
        network: In evaluation mode: [n, 3, size, size] -> [n, dim].
        size: Pixels on each side of its input.
        mean: Of each channel, on the scale from 0 to 1; the input is less this.
        deviation: Of each channel; and divided by this.
        dim: Length of the embedding.
        sha256: Of the loaded tensors (see `tensors_digest`), not of the file.
    """

    name: str
    network: Any
    size: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    dim: int
    sha256: str
    classes: tuple[str, ...] = ()
    chunk: int = 64

    @property
    def resize(self) -> str:
        mean, deviation = (", ".join(f"{value:.3f}" for value in values) for values in (self.mean, self.deviation))
        return f"{self.size}x{self.size} bicubic antialiased, less mean ({mean}), divided by deviation ({deviation})"

    @property
    def device(self) -> torch.device:
        device: torch.device = next(self.network.parameters()).device
        return device

    def see(self, images: Tensor) -> tuple[Tensor, Tensor]:
        inputs = (resize(to_colour(images), self.size, "bicubic") + 1) / 2
        mean, deviation = (inputs.new_tensor(values)[:, None, None] for values in (self.mean, self.deviation))
        embedded: Tensor = self.network((inputs - mean) / deviation).float()
        return embedded, no_logits(embedded)


@dataclass(frozen=True)
class Backbone:
    """An entry of the table: a network of timm's.

    Attributes:
        name: Of its features.
        summary: One line.
        model: timm's name of the network and its weights.
        size: Pixels on each side of the input; None: as timm has it.
        build: Makes the network with its weights; None: timm does.
    """

    name: str
    summary: str
    model: str
    size: int | None = None
    build: Build | None = field(default=None, compare=False)

    @cached_property
    def sha256(self) -> str:
        """Of the loaded tensors, so that the network is loaded to know it; errors as of `load`."""
        return self.load().sha256

    def load(self, device: torch.device | str = "cpu") -> BackboneFeatures:
        """The network with its weights, in float32.

        Raises:
            OrganzaError: timm is not installed, or the weights are neither kept nor to be fetched.
        """
        timm = need("timm", "timm", "scores", f"features '{self.name}'")
        config_of = need("timm.data", "timm", "scores", f"features '{self.name}'").resolve_model_data_config
        size = {} if self.size is None else {"img_size": self.size}
        with torch.random.fork_rng(devices=[]):  # its layers are initialised before they are loaded
            try:
                network = self.build() if self.build else timm.create_model(self.model, pretrained=True, **size)
            except (OSError, RuntimeError) as error:
                raise OrganzaError(
                    f"cannot load the weights of {self.name} ({self.model}: {reason(error)}): connect to the"
                    " internet once, or set HF_HOME to a folder where huggingface_hub has kept them"
                ) from None
        config = config_of(network)
        network = network.float().eval().requires_grad_(False)
        digest = tensors_digest(network.state_dict())
        side = self.size or config["input_size"][-1]
        with torch.no_grad():
            dim = network(torch.zeros(1, 3, side, side)).shape[1]
        return BackboneFeatures(
            self.name, network.to(device), side, tuple(config["mean"]), tuple(config["std"]), dim, digest
        )
