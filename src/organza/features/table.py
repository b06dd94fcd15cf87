"""The table of features."""

from __future__ import annotations

from importlib.resources import files
from typing import Protocol

import torch
from torch import Tensor

from organza.features.classifier import Classifier
from organza.registry import Registry


class Features(Protocol):
    """An embedding of pictures.

    Attributes:
        name: To be named beside every score.
        resize: How pictures become its input, in words.
        dim: Length of the embedding.
        classes: What its classifier tells apart.
    """

    @property
    def name(self) -> str: ...
    @property
    def resize(self) -> str: ...
    @property
    def dim(self) -> int: ...
    @property
    def classes(self) -> tuple[str, ...]: ...

    def look(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Both of the following in one pass."""
        ...

    def embed(self, images: Tensor) -> Tensor:
        """Pictures, float [n, C, H, W] in [-1, 1] of any size with 1, 3 or 4 channels -> float32 [n, dim].

        Raises:
            UsageError: These are no pictures.
        """
        ...

    def probabilities(self, images: Tensor) -> Tensor:
        """The same pictures -> the probability of each class, float32 [n, K]."""
        ...


class FeaturesEntry(Protocol):
    """How features are loaded.

    Attributes:
        summary: One line that says what they are.
        sha256: Of their weights.
    """

    @property
    def summary(self) -> str: ...
    @property
    def sha256(self) -> str: ...

    def load(self, device: torch.device | str = "cpu") -> Features:
        """The features on a device; OrganzaError if their weights are missing or damaged."""
        ...


FEATURES: Registry[FeaturesEntry] = Registry("features")


def load_features(name: str, device: torch.device | str = "cpu") -> Features:
    """The features of that name, on a device.

    Raises:
        UsageError: There are none of that name.
        OrganzaError: Their weights are missing or damaged.
    """
    return FEATURES[name].load(device)


_WEIGHTS = files("organza.features") / "weights"

FEATURES.add(
    "fashion-classifier",
    Classifier(
        "fashion-classifier",
        "last hidden layer of a small classifier of clothes (Fashion-MNIST; 92.2 % of the test pictures right)",
        ("t-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
        _WEIGHTS / "fashion-classifier.safetensors",
        "372d293ae00c1c0b4d72eca47521bd257c71eb6c910fa5a8af651b3188ca9193",
    ),
)
FEATURES.add(
    "mnist-classifier",
    Classifier(
        "mnist-classifier",
        "last hidden layer of a small classifier of handwritten digits (MNIST; 99.5 % of the test pictures right)",
        tuple("0123456789"),
        _WEIGHTS / "mnist-classifier.safetensors",
        "a7afbd033dfc915342e0eec314b08f6b5018245958d682c8d9dbc9d5ed2765c3",
    ),
)
