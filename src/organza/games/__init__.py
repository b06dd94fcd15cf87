"""Games: players and turns, one file per published game.

Importing this package enters every game into `GAMES` and every optimiser into `OPTIMISERS`.
"""

from organza.games.game import (
    GAMES,
    OPTIMISERS,
    Abilities,
    Batch,
    Before,
    FromNoise,
    Game,
    GameOptions,
    Group,
    Judges,
    Losses,
    Networks,
    OptimiserOptions,
    Player,
    Round,
    Shape,
    Stage,
    StagePlan,
    Tensors,
    Turn,
)
from organza.games.noise_to_image import NoiseToImage
from organza.games.optimisers import SGD, Adam, PlayerOptions, RMSprop

__all__ = [
    "GAMES",
    "OPTIMISERS",
    "SGD",
    "Abilities",
    "Adam",
    "Batch",
    "Before",
    "FromNoise",
    "Game",
    "GameOptions",
    "Group",
    "Judges",
    "Losses",
    "Networks",
    "NoiseToImage",
    "OptimiserOptions",
    "Player",
    "PlayerOptions",
    "RMSprop",
    "Round",
    "Shape",
    "Stage",
    "StagePlan",
    "Tensors",
    "Turn",
]
