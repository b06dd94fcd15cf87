"""Games: players and turns, one file per published game.

Importing this package enters every game into `GAMES` and every optimiser into `OPTIMISERS`.
"""

from organza.games.analogy import Analogy
from organza.games.cycle import Cycle
from organza.games.deblur import Deblur
from organza.games.game import (
    GAMES,
    OPTIMISERS,
    Abilities,
    Batch,
    Before,
    Exhibit,
    FromNoise,
    Game,
    GameOptions,
    Group,
    Judges,
    Losses,
    Networks,
    OptimiserOptions,
    Player,
    Pyramid,
    Round,
    Shape,
    Stage,
    StagePlan,
    Styles,
    Tensors,
    Translation,
    Turn,
)
from organza.games.noise_to_image import NoiseToImage
from organza.games.optimisers import SGD, Adam, PlayerOptions, RMSprop
from organza.games.paired import Paired
from organza.games.pyramid import OnePicture
from organza.games.style import Style

__all__ = [
    "GAMES",
    "OPTIMISERS",
    "SGD",
    "Abilities",
    "Adam",
    "Analogy",
    "Batch",
    "Before",
    "Cycle",
    "Deblur",
    "Exhibit",
    "FromNoise",
    "Game",
    "GameOptions",
    "Group",
    "Judges",
    "Losses",
    "Networks",
    "NoiseToImage",
    "OnePicture",
    "OptimiserOptions",
    "Paired",
    "Player",
    "PlayerOptions",
    "Pyramid",
    "RMSprop",
    "Round",
    "Shape",
    "Stage",
    "StagePlan",
    "Style",
    "Styles",
    "Tensors",
    "Translation",
    "Turn",
]
