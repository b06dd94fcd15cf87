"""The doctor of a running training: reads it when a reading is due, and says what all of its readings mean."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from organza.diagnosis import HEALTHY, Conditions, Diagnosis, History, diagnose
from organza.diagnosis.detectors import warm
from organza.errors import UsageError
from organza.games import Game
from organza.recipes import Recipe, flatten, override, to_mapping, whole_steps
from organza.training.folder import RunFolder
from organza.training.patient import Patient
from organza.training.remedy import recipe_of

READINGS = 100  # in a whole run, if they are cheap
SHARE = 0.015  # of the time at most goes into readings whose cadence nobody has pinned
ALLOWANCE = 0.1  # seconds that they may take besides, so that short runs are read, too
CONFIRMED = 5  # checks running that must agree before a training is stopped


class Doctor:
    """Readings, and what they mean.

    Args:
        patient: The training to read.
        recipe: What trains.
        folder: Where readings and diagnosis are kept; earlier readings and rows are taken from there.
        changed_at: Clock at which the last remedy changed the recipe: what was before says nothing any more.
        thrifty: Whether readings wait where they would take too much time; not where it is decided by them what happens.
    """

    def __init__(
        self, patient: Patient, recipe: Recipe, folder: RunFolder, changed_at: int = -1, thrifty: bool = True
    ) -> None:
        self.patient, self.recipe, self.folder = patient, recipe, folder
        self.every = recipe.doctor_every or whole_steps(recipe, recipe.images / READINGS)
        self.changed_at, self.thrifty = changed_at, thrifty and not recipe.doctor_every
        self.rows, self.readings = folder.rows(), folder.readings()
        self.checks = [(int(reading["images"]), str(reading["verdict"])) for reading in self.readings]
        self.diagnosis = self.diagnose()
        self.began, self.spent = time.perf_counter(), 0.0

    def due(self, before: int, now: int) -> bool:
        """Whether a reading falls between these two clocks, and its time is not better spent on training."""
        if now // self.every == before // self.every:
            return False
        if not self.thrifty:
            return True
        return self.spent <= SHARE * (time.perf_counter() - self.began) + ALLOWANCE

    def look(self) -> Diagnosis:
        """Take a reading, and say what it means with those before."""
        start = time.perf_counter()
        reading = self.patient.read()
        if reading is not None:
            self.readings.append(reading)
        self.diagnosis = self.diagnose()
        self.checks.append((self.patient.session.clock, self.diagnosis.verdict))
        if reading is not None:
            reading["verdict"] = self.diagnosis.verdict
            self.folder.add_reading(reading)
        self.spent += time.perf_counter() - start
        return self.diagnosis

    def diagnose(self, culprit: str | None = None) -> Diagnosis:
        """What everything so far means."""
        return diagnose(self.history(culprit), flatten(to_mapping(self.recipe)), partial(takes, self.recipe))

    def history(self, culprit: str | None = None) -> History:
        """All that is known of the training."""
        conditions = conditions_of(self.patient.session.game, self.patient.kinds)
        return History(conditions, self.recipe.images, self.readings, self.rows, culprit).after(self.changed_at)

    def running(self) -> int:
        """How many of the last checks agree in their verdict; of games without readings, those of this sitting."""
        verdicts = [verdict for images, verdict in reversed(self.checks) if images > self.changed_at]
        return next((number for number, verdict in enumerate(verdicts) if verdict != verdicts[0]), len(verdicts))

    @property
    def sure_of_health(self) -> bool:
        """Whether nothing is amiss, and that is no wonder: the training has not begun, or has gone on long enough to tell."""
        history = self.history()
        return self.diagnosis.verdict == HEALTHY and (history.images == 0 or warm(history))


def conditions_of(game: Game, kinds: int) -> Conditions:
    """What a game is like, as far as the signs of failure depend on it."""
    judges = game.abilities.judges
    besides: Literal["nothing", "cycle", "targets"] = "cycle" if len(game.domains) > 1 else "nothing"
    reconstructs = bool(game.abilities.pyramids) and besides == "nothing"
    if reconstructs or (game.exhibit and game.exhibit.columns[-1] == "target"):
        besides = "targets"
    read = game.abilities.from_noise is not None
    if judges is None:
        return Conditions(kinds=kinds, read=read, besides=besides)
    return Conditions(judges.draw, judges.least, kinds, read, besides, judges.signed, judges.augmented)


def takes(recipe: Recipe, changes: Mapping[str, Any]) -> bool:
    """Whether a recipe can be changed so."""
    try:
        override(recipe, changes).build()
    except UsageError:
        return False
    return True


def diagnosis_of(folder: RunFolder, culprit: str | None) -> Diagnosis:
    """What the readings and rows in a run folder mean, by the detectors of this organza."""
    remedies = folder.read_record().get("remedies", [])
    recipe, readings = recipe_of(folder), folder.readings()
    kinds = len(readings[-1].get("shares", ())) if readings else 0
    history = History(conditions_of(recipe.build(), kinds), recipe.images, readings, folder.rows(), culprit)
    since = remedies[-1]["back_to"] if remedies else -1
    return diagnose(history.after(since), flatten(to_mapping(recipe)), partial(takes, recipe))
