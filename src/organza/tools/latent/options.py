"""Lists, numbers and layers as people write them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from organza.errors import UsageError

GROUPS = ("coarse", "middle", "fine")
BY_SIDE = 64
"""From pictures of so many pixels a side on, coarse, middle and fine go by the sides of feature maps; below, by thirds."""
COARSE, MIDDLE = 8, 32
"""The largest sides of feature maps that are coarse, and that are middle (Karras et al. 2019, arXiv:1812.04948, section 3.1)."""
MOST = 1000
"""Seeds in a list: more are a mistake in writing."""
DIGITS = 18
"""Of a seed: it is a number of 64 bits."""

Seeds = str | Sequence[int]


def read_seeds(seeds: Seeds, option: str = "--seeds") -> tuple[int, ...]:
    """Seeds written as 1,5,9 or 0-7, or as numbers.

    Args:
        seeds: What was written, or the numbers themselves.
        option: Where, for the errors.

    Returns:
        At least one, in their order.

    Raises:
        UsageError: They cannot be read, or are too many.
    """
    if not isinstance(seeds, str):
        found = [int(seed) for seed in seeds]
    else:
        found = []
        for part in seeds.split(","):
            first, dash, last = (word.strip() for word in part.partition("-"))
            if not first.isdecimal() or (dash and not last.isdecimal()) or max(len(first), len(last)) > DIGITS:
                raise UsageError(f"{option} are whole numbers with commas between, as 1,5,9 or 0-7, not '{seeds}'")
            if dash and not 0 <= int(last) - int(first) < MOST:
                raise UsageError(f"{option} {part.strip()}: a range goes up, over at most {MOST:,} seeds")
            found += range(int(first), int(last if dash else first) + 1)
    if not 1 <= len(found) <= MOST:
        raise UsageError(f"{option}: take 1 to {MOST:,} seeds, not {len(found):,}")
    return tuple(found)


def read_numbers(text: str | float | Sequence[float], option: str) -> tuple[float, ...]:
    """Finite numbers written as -1,0,0.5, or as numbers.

    Args:
        text: What was written, or the numbers themselves.
        option: Where, for the errors.

    Returns:
        At least one, in their order.

    Raises:
        UsageError: They cannot be read, or are not finite.
    """
    parts: Sequence[str | float] = (
        text.split(",") if isinstance(text, str) else [text] if isinstance(text, int | float) else text
    )
    try:
        found = tuple(float(part) for part in parts)
    except ValueError:
        found = ()
    if not found or not all(math.isfinite(number) for number in found):
        raise UsageError(f"{option} is a number, or numbers with commas between, not '{text}'")
    return found


def read_layers(text: str, sides: Sequence[int], option: str = "--layers") -> range:
    """Layers by a word or by their numbers.

    Args:
        text: coarse, middle or fine; or A-B, from input A to input B, both included, counted from 0; or A alone.
        sides: Pixels a side of the feature map of each input, the smallest first.
        option: Where, for the errors.

    Returns:
        The numbers of the inputs, at least one.

    Raises:
        UsageError: They cannot be read, or there are no such inputs.
    """
    count = len(sides)
    if text in GROUPS:
        bounds = boundaries(sides)
        index = GROUPS.index(text)
        if bounds[index] == bounds[index + 1]:
            raise UsageError(
                f"{option} {text}: the model has no such inputs; name them by numbers, from 0 to {count - 1}"
            )
        return range(bounds[index], bounds[index + 1])
    first, dash, last = (word.strip() for word in text.partition("-"))
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise UsageError(f"{option} are coarse, middle, fine, or numbers from 0 to {count - 1} as 2-5, not '{text}'")
    start, end = int(first), int(last if dash else first)
    if not start <= end < count:
        raise UsageError(f"{option} {text}: the model has inputs 0-{count - 1}, and a range goes up")
    return range(start, end + 1)


def boundaries(sides: Sequence[int]) -> tuple[int, int, int, int]:
    """Where coarse, middle and fine inputs begin, and where the fine ones end.

    Below 64 pixels a side they are thirds, the earlier ones larger where they cannot be equal; from there on 4 to 8 pixels, 16 to
    32, and 64 or more.

    Args:
        sides: Pixels a side of the feature map of each input, the smallest first.
    """
    count = len(sides)
    if max(sides) < BY_SIDE:
        return 0, (count + 2) // 3, (2 * count + 2) // 3, count
    coarse, middle = (sum(side <= most for side in sides) for most in (COARSE, MIDDLE))
    return 0, coarse, middle, count
