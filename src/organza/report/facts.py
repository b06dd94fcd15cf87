"""A tolerant view of what a file says: a key that is missing, or of another type, is None and never an error."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping


class Facts:
    """Nested mappings, asked by path."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values

    def __bool__(self) -> bool:
        return bool(self.values)

    def __iter__(self) -> Iterator[tuple[str, object]]:
        return iter(self.values.items())

    def get(self, *path: str) -> object:
        """What lies at the end of `path`, or None."""
        found: object = self.values
        for key in path:
            if not isinstance(found, Mapping):
                return None
            found = found.get(key)
        return found

    def at(self, *path: str) -> Facts:
        """The mapping at the end of `path`; an empty one where there is none."""
        found = self.get(*path)
        return Facts({str(key): value for key, value in found.items()} if isinstance(found, Mapping) else {})

    def text(self, *path: str) -> str | None:
        """The words at the end of `path`; a number counts as words."""
        found = self.get(*path)
        if found is None or isinstance(found, (Mapping, list)):
            return None
        return str(found).strip() or None

    def texts(self, *path: str) -> list[str]:
        """The list of words at the end of `path`; empty where there is none."""
        found = self.get(*path)
        return [str(word) for word in found] if isinstance(found, list) else []

    def each(self, *path: str) -> list[Facts]:
        """The mappings in the list at the end of `path`; what is none is left out."""
        found = self.get(*path)
        return (
            [Facts({str(key): value for key, value in one.items()}) for one in found if isinstance(one, Mapping)]
            if isinstance(found, list)
            else []
        )

    def number(self, *path: str) -> float | None:
        """The finite number at the end of `path`."""
        return finite(self.get(*path))


def finite(value: object) -> float | None:
    """`value` as a float if it is a finite number (a bool is none), else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
