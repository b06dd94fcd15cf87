"""What a training counts: images, or steps where every step sees the same picture again."""

from __future__ import annotations

from typing import Literal

from organza.report.facts import Facts

Unit = Literal["images", "steps"]


def counted(unit: str) -> str:
    """What is counted, as the title of a number or an axis."""
    return unit.replace("images", "images seen").capitalize()


def unit_of(facts: Facts) -> Unit:
    """What the run counts whose `run.json` this is; those of before that was written counted images."""
    return "steps" if facts.text("clock") == "steps" else "images"
