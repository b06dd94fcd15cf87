"""What is known of a training: its figures, the doctor's readings, and under which conditions they were taken."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from organza import stages

Record = Mapping[str, Any]

RECENT = 3  # readings whose median counts as the present: one that is out of the ordinary is no diagnosis


@dataclass(frozen=True)
class Conditions:
    """What the game is like, as far as the signs of failure depend on it.

    Attributes:
        draw: The discriminator's loss where it can tell nothing apart; None if its loss has no such value.
        least: Its loss where it is never wrong.
        kinds: How many kinds of samples readings tell apart; 0 if there are no readings.
        read: Whether readings can be taken: of games that make samples from noise. Without them, losses and gradients are
            all that there is to go by.
        besides: What the generator is told besides what the discriminator thinks of it: nothing; by a cycle, that its pictures
            must lead back; or the very targets. Where it is anything, its gradient may fade because it has learnt; with
            targets, a discriminator that is never wrong leaves it enough to learn.
        signed: Whether the sign of the discriminator's outputs says if it takes a sample for real.
        augmented: The strength at which the augmentation of what it sees grows no further; 0: there is none.
    """

    draw: float | None = None
    least: float = 0.0
    kinds: int = 0
    read: bool = True
    besides: Literal["nothing", "cycle", "targets"] = "nothing"
    signed: bool = False
    augmented: float = 0.0


@dataclass(frozen=True)
class History:
    """A training so far.

    Attributes:
        conditions: Of the game.
        budget: Images after which it ends.
        readings: Of the doctor, the oldest first.
        rows: Of metrics, the oldest first.
        culprit: What is not finite any more, in words; None if all is well.
    """

    conditions: Conditions
    budget: int
    readings: Sequence[Record] = ()
    rows: Sequence[Record] = ()
    culprit: str | None = None

    def after(self, images: int) -> History:
        """Only what was seen later: of a training that was changed then."""
        readings, rows = (
            [record for record in records if record["images"] > images] for records in (self.readings, self.rows)
        )
        return replace(self, readings=readings, rows=rows)

    @property
    def images(self) -> int:
        """How far the training is."""
        return int(max((record["images"] for record in (*self.rows[-1:], *self.readings[-1:])), default=0))

    @property
    def stage(self) -> Sequence[Record]:
        """The rows of the stage that the training is in: before it, players, losses and networks were others."""
        return [row for row in self.rows if row.get("stage") == self.rows[-1].get("stage")]

    @property
    def by_scales(self) -> bool:
        """Whether it learns one picture, or two, scale by scale, as its stages say."""
        return bool(self.rows) and stages.scale(str(self.rows[-1].get("stage")))

    @property
    def begun(self) -> tuple[int, int]:
        """Images and steps after which the present stage began: 0 and 0 of the first one."""
        earlier = [row for row in self.rows if row.get("stage") != self.rows[-1].get("stage")]
        return (int(earlier[-1]["images"]), int(earlier[-1]["step"])) if earlier else (0, 0)

    def series(self, name: str) -> list[float]:
        """All values of a reading, the oldest first; where one is missing it is left out."""
        return [float(reading[name]) for reading in self.readings if reading.get(name) is not None]

    def recent(self, name: str) -> float | None:
        """The median of the last readings; None without any."""
        values = self.series(name)[-RECENT:]
        return statistics.median(values) if values else None

    def column(self, name: str) -> list[float]:
        """All values of a figure of the training in its present stage, the oldest first; where one is missing it is left out."""
        return [float(row[name]) for row in self.stage if row.get(name) is not None]

    def lately(self, name: str, share: float = 0.1) -> float | None:
        """The median of a figure over the last tenth of the rows, at least 3; None without any."""
        values = self.column(name)
        return statistics.median(values[-max(3, round(share * len(values))) :]) if values else None
