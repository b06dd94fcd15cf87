"""Small classifiers whose last hidden layer is the embedding; their weights are in the package."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable

import torch
from safetensors.torch import load as load_tensors
from torch import Tensor, nn

from organza.errors import OrganzaError
from organza.features.digests import tensors_digest
from organza.features.embedding import Embedding
from organza.features.pictures import resize, to_grey

SIZE = 28  # pixels on each side of the input
DIM = 96


class SmallClassifier(nn.Module):
    """[n, 1, 28, 28] in [-1, 1] -> hidden [n, 96], which is not negative, and logits [n, classes].

    Five 3x3 convolutions with batch normalisation and ReLU, down to 4x4; their average over the picture; a linear layer.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            _convolution(1, 24, 1),
            _convolution(24, 24, 2),
            _convolution(24, 48, 1),
            _convolution(48, 48, 2),
            _convolution(48, DIM, 2),
        )
        self.head = nn.Linear(DIM, classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.convolutions(images).mean((2, 3))
        return hidden, self.head(hidden)


def _convolution(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """3x3, padded; the bias is the normalisation's."""
    convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


@dataclass(frozen=True, eq=False)
class ClassifierFeatures(Embedding):
    """A classifier that is ready to look at pictures.

    Attributes:
        name: Of the features, to be named beside every score.
        classes: What the classifier tells apart.
        network: In evaluation mode.
        sha256: Of its weights file; one without a file gets that of its tensors.
        resize: How pictures become its input.
        dim: Length of the embedding.
    """

    name: str
    classes: tuple[str, ...]
    network: SmallClassifier
    sha256: str = ""
    resize: str = f"{SIZE}x{SIZE} bilinear antialiased, grey"
    dim: int = DIM

    def __post_init__(self) -> None:
        if not self.sha256:
            object.__setattr__(self, "sha256", tensors_digest(self.network.state_dict()))

    @property
    def device(self) -> torch.device:
        return self.network.head.weight.device

    def see(self, images: Tensor) -> tuple[Tensor, Tensor]:
        hidden, logits = self.network(_input(images))
        return hidden, logits

    @torch.no_grad()
    def maps(self, images: Tensor) -> list[Tensor]:
        """The outputs of the five convolutions, float32 [n, C, H, W] from 28x28 down to 4x4.

        Arguments and errors as of `look`.
        """
        chunks = [self._maps(part.to(self.device)) for part in torch.split(images, self.chunk)]
        return [torch.cat(layer) for layer in zip(*chunks, strict=True)]

    def _maps(self, images: Tensor) -> list[Tensor]:
        maps = [_input(images)]
        for convolution in self.network.convolutions:
            maps.append(convolution(maps[-1]))
        return maps[1:]


def _input(images: Tensor) -> Tensor:
    """What the network sees of pictures: float32 [n, 1, 28, 28], channels last."""
    return resize(to_grey(images), SIZE).contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class Classifier:
    """Where the weights of a classifier lie, and what they must be.

    Attributes:
        name: Of its features.
        summary: One line.
        classes: What it tells apart.
        weights: A safetensors file.
        sha256: Of that file.
    """

    name: str
    summary: str
    classes: tuple[str, ...]
    weights: Traversable
    sha256: str

    def load(self, device: torch.device | str = "cpu") -> ClassifierFeatures:
        """The classifier with its weights, in float32.

        Raises:
            OrganzaError: The file is missing, or is not the one that it must be.
        """
        with torch.device("meta"):  # initialising would draw random numbers that are others'
            network = SmallClassifier(len(self.classes))
        tensors = {name: tensor.float() for name, tensor in load_tensors(self._bytes()).items()}
        network.load_state_dict(tensors, assign=True)
        network.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
        return ClassifierFeatures(self.name, self.classes, network, self.sha256)

    def record(self) -> Mapping[str, object]:
        """What the weights file says about its training: the command, and the share of test pictures it has right.

        Raises:
            OrganzaError: As of `load`.
        """
        data = self._bytes()
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        record: Mapping[str, object] = json.loads(header["__metadata__"]["organza"])
        return record

    def _bytes(self) -> bytes:
        try:
            data = self.weights.read_bytes()
        except OSError as error:
            raise OrganzaError(
                f"cannot read the weights of {self.name} ({error.strerror or error}: {self.weights}): install organza again"
            ) from None
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise OrganzaError(f"{self.weights} is damaged or from another version: install organza again")
        return data
