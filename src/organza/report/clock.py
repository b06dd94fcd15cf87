"""What a training counts: images, or steps where every step sees the same picture again."""

from __future__ import annotations

from typing import Literal

from organza.report.facts import Facts

Unit = Literal["images", "steps"]

OF_SCALES = "iterations"
"""The field of a recipe that says how many steps each scale takes: only trainings that count them have it."""


def counted(unit: str) -> str:
    """What is counted, as the title of a number or an axis."""
    return unit.replace("images", "images seen").capitalize()


def unit_of(recipe: Facts) -> Unit:
    """What a run of this recipe counts."""
    return "images" if recipe.number(OF_SCALES) is None else "steps"
