"""Labels as people write them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from organza.errors import UsageError, unknown


def read_label(text: str, names: Sequence[str], kind: str) -> Tensor:
    """A label as people write it, as a vector [classes].

    Args:
        text: Name or number of a class; or attributes with commas between, each a name or name=value, others being 0.
        names: Of the classes or attributes.
        kind: classes or attributes.

    Raises:
        UsageError: There is no such label.
    """
    vector = torch.zeros(len(names))
    for part in [text] if kind == "classes" else text.split(","):
        name, equals, value = (part, "", "1") if kind == "classes" else part.strip().partition("=")
        if name not in names and not (name.isdecimal() and int(name) < len(names)):
            raise unknown("label", name, names)
        try:
            number = float(value) if equals else 1.0
        except ValueError:
            number = -1.0
        if not 0 <= number <= 1:
            raise UsageError(f"the attribute '{name}' is a number from 0 to 1, not '{value}'")
        vector[names.index(name) if name in names else int(name)] = number
    return vector
