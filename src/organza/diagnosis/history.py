"""What is known of a training: its figures, the doctor's readings, and under which conditions they were taken."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Record = Mapping[str, Any]

RECENT = 3  # readings whose median counts as the present: one that is out of the ordinary is no diagnosis


@dataclass(frozen=True)
class Conditions:
    """What the game is like, as far as the signs of failure depend on it.

    Attributes:
        draw: The discriminator's loss where it can tell nothing apart; None if its loss has no such value.
        least: Its loss where it is never wrong.
        kinds: How many kinds of samples readings tell apart; 0 if there are no readings.
    """

    draw: float | None = None
    least: float = 0.0
    kinds: int = 0


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

    def series(self, name: str) -> list[float]:
        """All values of a reading, the oldest first; where one is missing it is left out."""
        return [float(reading[name]) for reading in self.readings if reading.get(name) is not None]

    def recent(self, name: str) -> float | None:
        """The median of the last readings; None without any."""
        values = self.series(name)[-RECENT:]
        return statistics.median(values) if values else None

    def column(self, name: str) -> list[float]:
        """All values of a figure of the training, the oldest first; where one is missing it is left out."""
        return [float(row[name]) for row in self.rows if row.get(name) is not None]

    def lately(self, name: str, share: float = 0.1) -> float | None:
        """The median of a figure over the last tenth of the rows, at least 3; None without any."""
        values = self.column(name)
        return statistics.median(values[-max(3, round(share * len(values))) :]) if values else None
