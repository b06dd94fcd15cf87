"""What a training counts: images, or steps where every step sees the same picture again."""

from __future__ import annotations

from typing import Literal

from organza.games import GAMES
from organza.games.scales import ScaleGame
from organza.report.facts import Facts

Unit = Literal["images", "steps"]

SEEN: dict[str, str] = {"images": "Images seen", "steps": "Steps"}
"""What is counted, as the title of a number or an axis."""


def unit_of(recipe: Facts) -> Unit:
    """What a run of this recipe counts; images for a game that this organza does not know."""
    game = recipe.text("game")
    return "steps" if game in GAMES and issubclass(GAMES[game], ScaleGame) else "images"
