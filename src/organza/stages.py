"""Stages of a training in words: run folders keep short names, as "to-16" for the stage in which 16x16 pixels fade in."""

from __future__ import annotations

import re

GROWN = re.compile(r"(at|to)-(\d+)")
SCALE = re.compile(r"scale-(\d+)")


def words(name: str) -> str:
    """What a stage is called: "8x8" of "at-8", "to 16x16" of "to-16", "scale 3" of "scale-3"; others say enough themselves."""
    if grown := GROWN.fullmatch(name):
        return f"{'to ' if grown[1] == 'to' else ''}{grown[2]}x{grown[2]}"
    if scale := SCALE.fullmatch(name):
        return f"scale {scale[1]}"
    return name


def growing(name: str) -> bool:
    """Whether it is a stage of a training that grows, but not the last one."""
    return GROWN.fullmatch(name) is not None


def scale(name: str) -> bool:
    """Whether it is a scale of a training that learns one picture scale by scale."""
    return SCALE.fullmatch(name) is not None
