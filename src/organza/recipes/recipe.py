"""A recipe: one published system as one typed, printable value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from organza.bounds import Natural, Share
from organza.data import Rectangles
from organza.data.fitting import NO_SIDES, sides_of
from organza.errors import UsageError
from organza.games import GAMES, Game, GameOptions, Shape


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how a system trains, apart from the data and the seed.

    Attributes:
        name: Of the system.
        summary: One line on what it is.
        paper: Where it was published.
        cost: What its full budget costs, and where that was measured.
        game: Options of the game that it plays, with the networks, losses and optimisers of the players.
        images: Budget: real images drawn from the source.
        batch: Samples of one turn.
        size: Pixels on each side of a training image.
        channels: 1 grey, 3 colour, 4 colour with alpha.
        classes: Entries of a label vector, for games that take labels: one for each class or attribute of the source.
        flip: Mirror every second training image, at random.
        load: Pixels on each side to which pictures are resized before a square of `size` is cut out at a random place; 0: they
            are resized to `size`.
        native: Cut the squares out of the pictures in their own resolution instead.
        rectangles: What becomes of pictures that are no squares. crop: the square in their middle is taken; pad: they stay whole,
            are resized until the longer side is `size`, and filled up with their outermost pixels on both sides, which
            are taken off again from samples. Then all pictures must have the same proportions.
        sides: Height and width of a training picture of a game that learns a whole picture; (0, 0): `size` x `size`. Filled in
            from the data.
        augment: Turn, scale, shift and bend training images at random, and what they are to be made from alike.
        ema_half_life: Images after which an old weight counts half in the moving average that samples are made with;
            0 keeps no average.
        ema_ramp: The half-life is at most this share of the images seen, so that the average forgets the beginning early in the
            training, too; 0: no such bound.
        log_every: Images between two rows of metrics; 0 lets the budget decide.
        sample_every: Images between two sample grids; 0 lets the budget decide.
        doctor_every: Images between two readings of the doctor; 0: a hundred in a run, or fewer where they
            would take more than 1.5 % of the time.
        hold_out: Samples of the data that are not trained on, by which the doctor sees over-fitting: at most a twentieth of
            the data, and none of fewer than 160.
    """

    name: str
    summary: str
    paper: str
    cost: str
    game: GameOptions = field(metadata={"choice": GAMES})
    images: int
    batch: int = 64
    size: int = 32
    channels: Literal[1, 2, 3, 4] = 3
    classes: Natural = 0
    flip: bool = False
    load: Natural = 0
    native: bool = False
    rectangles: Rectangles = "crop"
    sides: tuple[Natural, Natural] = NO_SIDES
    augment: bool = False
    ema_half_life: int = 10_000
    ema_ramp: Share = 0.0
    log_every: int = 0
    sample_every: int = 0
    doctor_every: int = 0
    hold_out: Natural = 128

    def __post_init__(self) -> None:
        for name in ("images", "batch", "size"):
            if getattr(self, name) < 1:
                raise UsageError(f"--{name} must be at least 1, not {getattr(self, name)}")
        if self.channels == 2 and self.size != 1:
            raise UsageError(f"points of the plane have --size 1, not {self.size}")
        for name in ("ema_half_life", "log_every", "sample_every", "doctor_every"):
            if getattr(self, name) < 0:
                raise UsageError(f"--{name} cannot be negative: {getattr(self, name)}")
        if 0 < self.load < self.size:
            raise UsageError(
                f"no square of {self.size} pixels can be cut out of {self.load}: --load {self.size} or more"
            )
        if self.load and self.native:
            raise UsageError(
                "pictures are cut in their own resolution (--native true) or resized before (--load), not both"
            )
        if self.rectangles == "pad" and (self.load or self.native):
            raise UsageError(
                f"--rectangles pad keeps pictures whole, and {'--native true' if self.native else '--load'} cuts squares out of "
                "them: take one of the two"
            )
        if self.rectangles == "pad" and self.channels == 2:
            raise UsageError("points of the plane are no rectangles: leave out --rectangles pad")
        if self.sides != NO_SIDES:
            self._check_sides()

    @property
    def sample(self) -> tuple[int, int, int]:
        """Shape (C, H, W) of one training sample."""
        return self.channels, *sides_of(self.size, self.sides)

    @property
    def decoded(self) -> int:
        """Pixels on each side of the pictures of which training images are cut."""
        return self.load or self.size

    @property
    def shape(self) -> Shape:
        """What the data prescribe: a sample's shape, and the number of classes."""
        return Shape(self.sample, self.classes)

    def build(self) -> Game:
        """The game for samples of this recipe's shape."""
        return self.game.build(self.shape, self.images)

    def _check_sides(self) -> None:
        """Raise the `UsageError` for a whole picture that is to be cut, filled up, or no picture."""
        if min(self.sides) < 1 or self.channels == 2:
            raise UsageError(
                f"--sides are height and width of a picture, as 48,64, not {self.sides[0]},{self.sides[1]}"
            )
        wrong = {"--native true": self.native, "--load": self.load, "--rectangles pad": self.rectangles == "pad"}
        for option in (option for option, there in wrong.items() if there):
            raise UsageError(f"a picture that is learnt as a whole is not cut or filled up: leave out {option}")
