"""What features are: an embedding of pictures, perhaps with the probabilities of classes, perhaps with maps of places."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from organza.features.pictures import check_pictures


class Features(Protocol):
    """An embedding of pictures.

    Attributes:
        name: To be named beside every score.
        resize: How pictures become its input, in words.
        dim: Length of the embedding.
        classes: What its classifier tells apart; empty if it has none.
        sha256: Of the weights with which it was loaded (what of them is hashed, the entry in the table says).
        standard_inception: Whether these are the 2048 pooled features of Inception with the weights of 2015-12-05, their
            file verified: only then is a Fréchet distance the FID, and a score of classes the Inception Score.
    """

    @property
    def name(self) -> str: ...
    @property
    def resize(self) -> str: ...
    @property
    def dim(self) -> int: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def sha256(self) -> str: ...
    @property
    def standard_inception(self) -> bool: ...

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
        """The same pictures -> the probability of each class, float32 [n, K]; [n, 0] if there are no classes."""
        ...


@runtime_checkable
class MapFeatures(Protocol):
    """Features that can also be had place by place, for perceptual distances."""

    def maps(self, images: Tensor) -> list[Tensor]:
        """Pictures as of `Features.embed` -> one map for each layer, float32 [n, C, H, W], first layers first."""
        ...


@runtime_checkable
class PlaceFeatures(Protocol):
    """Features of the places of a picture in its own size, for scores that hold one picture against one other."""

    def places(self, images: Tensor) -> Tensor:
        """Pictures as of `Features.embed`, not resized -> what is at each place, float32 [n, C, h, w].

        Raises:
            UsageError: These are no pictures, or too small ones.
        """
        ...


class FeaturesEntry(Protocol):
    """How features are loaded.

    Attributes:
        summary: One line that says what they are.
        sha256: Of their weights, as the loaded features have it. May have to load them, with the errors of `load`.
    """

    @property
    def summary(self) -> str: ...
    @property
    def sha256(self) -> str: ...

    def load(self, device: torch.device | str = "cpu") -> Features:
        """The features on a device; OrganzaError if their weights are missing or damaged."""
        ...


class Embedding(ABC):
    """Features by a network, through which pictures go in chunks, without gradient.

    A subclass has the attributes of `Features`, and these.

    Attributes:
        chunk: Pictures that go through the network at once.
        device: Where the network is.
    """

    chunk: int = 512
    dim: int
    classes: tuple[str, ...]
    standard_inception: bool = False

    @property
    @abstractmethod
    def device(self) -> torch.device: ...

    @abstractmethod
    def see(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """One chunk of pictures on the device, one or more -> embedding [n, dim] and logits [n, K]."""

    @torch.no_grad()
    def look(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Embedding and probabilities in one pass.

        Args:
            images: Float [n, C, H, W] in [-1, 1] of any size, with 1, 3 or 4 channels, on any device. Pictures that
                were padded for a recipe must be cropped to what they were: the frame would be a feature.

        Returns:
            Float32 [n, dim] and [n, K], on the device of the network, without gradient; K is 0 without classes.

        Raises:
            UsageError: These are no pictures.
        """
        check_pictures(images)
        if not len(images):  # which not every network takes
            empty = torch.zeros(0, device=self.device)
            return empty.reshape(0, self.dim), empty.reshape(0, len(self.classes))
        embedded, logits = zip(
            *(self.see(part.to(self.device)) for part in torch.split(images, self.chunk)), strict=True
        )
        return torch.cat(embedded), torch.cat(logits).softmax(1)

    def embed(self, images: Tensor) -> Tensor:
        """The embedding, float32 [n, dim]; arguments and errors as of `look`."""
        return self.look(images)[0]

    def probabilities(self, images: Tensor) -> Tensor:
        """The probability of each class, float32 [n, K]; arguments and errors as of `look`."""
        return self.look(images)[1]


def no_logits(embedded: Tensor) -> Tensor:
    """What features without classes say of them: [n, 0]."""
    return embedded.new_zeros(len(embedded), 0)
