"""Stages of a training in words: run folders keep short names, as "to-16" for the stage in which 16x16 pixels fade in."""

from __future__ import annotations

import re


def words(name: str) -> str:
    """What a stage is called: "8x8" of "at-8", "to 16x16" of "to-16"; other names say enough themselves."""
    grown = re.fullmatch(r"(at|to)-(\d+)", name)
    if not grown:
        return name
    return f"{'to ' if grown[1] == 'to' else ''}{grown[2]}x{grown[2]}"


def growing(name: str) -> bool:
    """Whether it is a stage of a training that grows, but not the last one."""
    return words(name) != name
