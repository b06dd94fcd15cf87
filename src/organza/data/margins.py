"""What is filled around a picture to make it a square, and how it is taken off again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from torch import Tensor


@dataclass(frozen=True)
class Margins:
    """Pixels that were added on each side of a picture.

    Attributes:
        top: Rows above it.
        bottom: Rows below it.
        left: Columns on its left.
        right: Columns on its right.
    """

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    @classmethod
    def around(cls, height: int, width: int, size: int) -> Margins:
        """What makes `size` x `size` of `height` x `width`: the same on both sides, or below and on the right one more."""
        top, left = (size - height) // 2, (size - width) // 2
        return cls(top, size - height - top, left, size - width - left)

    @classmethod
    def read(cls, stored: int | Sequence[int]) -> Margins:
        """The inverse of `record`.

        Raises:
            ValueError: It is none.
        """
        sides = [stored] if isinstance(stored, int) else stored
        whole = isinstance(sides, list | tuple) and all(type(side) is int and side >= 0 for side in sides)
        if not whole or len(sides) not in (1, 4) or isinstance(stored, int) != (len(sides) == 1):
            raise ValueError(f"margins are a whole number or four, not {stored!r}")
        return cls(*(stored,) * 4) if isinstance(stored, int) else cls(*stored)

    @property
    def record(self) -> int | list[int]:
        """As plain values: one number where all four sides have it, else [top, bottom, left, right]."""
        sides = astuple(self)
        return self.top if len(set(sides)) == 1 else list(sides)

    def cropped(self, images: Tensor) -> Tensor:
        """Images [..., H, W] without these pixels; a view of them."""
        height, width = images.shape[-2:]
        return images[..., self.top : height - self.bottom, self.left : width - self.right]


NO_MARGINS = Margins()
