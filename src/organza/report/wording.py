"""Numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping

LISTED = 24
"""Entries of a list that are written out before the rest is counted."""


def count(value: float) -> str:
    """12800 -> "12,800"."""
    return f"{round(value):,}"


def short(value: float) -> str:
    """3021123 -> "3.02 M"."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}" if value < 999.5 * size else f"{value / size:,.0f} {unit}"
    return f"{value:.3g}"


def rate(value: float) -> str:
    """Images per second: no more digits than mean anything."""
    return count(value) if value >= 100 else f"{value:.3g}"


def figure(value: float | None) -> str:
    """A measured value with three digits that mean something."""
    if value is None or not math.isfinite(value):
        return "–"
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.2e}"
    return count(value) if abs(value) >= 1000 else f"{value:.3g}"


def duration(seconds: float) -> str:
    """252 -> "4 min 12 s": the two largest units."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    units = []
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        amount, whole = divmod(whole, size)
        units.append((amount, name))
    first = next(index for index, (amount, _) in enumerate(units) if amount)
    return " ".join(f"{amount} {name}" for amount, name in units[first : first + 2] if amount)


def value(given: object) -> str:
    """Anything that a file may hold, in words."""
    if given is None:
        return "–"
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, (list, tuple)):
        listed = ", ".join(value(entry) for entry in given[:LISTED])
        return f"{listed} and {len(given) - LISTED} more" if len(given) > LISTED else listed or "–"
    if isinstance(given, Mapping):
        return ", ".join(f"{label(key)} {value(entry)}" for key, entry in given.items()) or "–"
    return str(given)


def label(key: object) -> str:
    """`ema_half_life` -> "ema half life"."""
    return str(key).replace("_", " ")
