"""What is told apart in pictures: the classes of a classifier, or simple things that can be measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import torch
from torch import Tensor

from organza.errors import UsageError, unknown
from organza.features import FEATURES, Features, load_features
from organza.features.pictures import to_grey

MEASURES_NAME = "measures"


class Attributes(Protocol):
    """Attributes that a picture may have.

    Attributes:
        source: Who says so, for people.
        names: One for each.
    """

    @property
    def source(self) -> str: ...
    @property
    def names(self) -> tuple[str, ...]: ...

    def probabilities(self, images: Tensor) -> Tensor:
        """Pictures, float [n, C, H, W] in [-1, 1] -> whether each attribute is there, float [n, attributes] in [0, 1]."""
        ...


@dataclass(frozen=True, eq=False)
class Classes:
    """The classes of a classifier, each against all others.

    Attributes:
        features: With classes.
    """

    features: Features

    @property
    def source(self) -> str:
        return self.features.name

    @property
    def names(self) -> tuple[str, ...]:
        return self.features.classes

    def probabilities(self, images: Tensor) -> Tensor:
        return self.features.probabilities(images).cpu()


@dataclass(frozen=True, eq=False)
class Measured:
    """Things that are measured. How much of one a picture has is its rank among others: 0.5 for as much as half of them have.

    Attributes:
        names: Keys of `MEASURES`.
        others: What was measured in pictures to compare with, sorted: float64 [attributes, m].
    """

    names: tuple[str, ...]
    others: Tensor
    source: str = MEASURES_NAME

    @classmethod
    def among(cls, blocks: Iterable[Tensor], names: Sequence[str] | None = None) -> Measured:
        """Compared with pictures that come in blocks, float [m, C, H, W].

        Raises:
            UsageError: There is no such measure.
        """
        names = tuple(names or MEASURES)
        values = torch.cat([measured(images, names) for images in blocks])
        return cls(names, values.T.sort(dim=1).values.contiguous())

    def probabilities(self, images: Tensor) -> Tensor:
        values = measured(images, self.names).T.contiguous()
        # Halfway between those that have less and those that have no more, so that equal pictures have 0.5.
        less, no_more = (torch.searchsorted(self.others, values, right=right) for right in (False, True))
        return ((less + no_more).double() / 2 / self.others.shape[1]).T


def measured(images: Tensor, names: Sequence[str]) -> Tensor:
    """Measures of pictures, float [n, C, H, W] in [-1, 1] -> float64 [n, names].

    Raises:
        UsageError: There is no such measure.
    """
    light = (to_grey(images)[:, 0].double().cpu() + 1) / 2
    for name in names:
        if name not in MEASURES:
            raise unknown("measure", name, MEASURES)
    return torch.stack([MEASURES[name](light) for name in names], 1)


def _centre(light: Tensor, axis: int) -> Tensor:
    """Where the light's centre of mass is along an axis of [n, H, W], from 0 to 1; the middle of a black picture."""
    mass = light.clamp(min=0).sum(3 - axis) + 1e-12
    places = torch.linspace(0, 1, mass.shape[1], dtype=mass.dtype)
    return (mass * places).sum(1) / mass.sum(1)


MEASURES: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {
        "brightness": lambda light: light.mean((1, 2)),
        "contrast": lambda light: light.flatten(1).std(1, correction=0),
        "area": lambda light: (light > 0.25).double().mean((1, 2)),  # of what is there, on a dark ground
        "across": lambda light: _centre(light, 2),
        "down": lambda light: _centre(light, 1),
    }
)
"""Name -> grey pictures [n, H, W] in [0, 1] -> [n]."""


def open_classifier(name: str, device: torch.device | str = "cpu") -> Classes:
    """A classifier among the features.

    Raises:
        UsageError: There are no features of that name, or they have no classes.
        OrganzaError: They cannot be loaded.
    """
    features = load_features(name, device)
    if not features.classes:
        raise UsageError(
            f"attributes are told by a classifier, and the features {name} are none: {known_classifiers()}"
        )
    return Classes(features)


def known_classifiers() -> str:
    """Which classifiers there are, for the end of a sentence."""
    return f"there are {', '.join(name for name in FEATURES if 'classifier' in name)} and inception"
