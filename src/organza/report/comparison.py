"""What `compare.json` and the run folders named in it say, read as far as the page of a comparison needs it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import yaml

from organza.errors import OrganzaError
from organza.report.facts import Facts, finite
from organza.report.metrics import Metrics, read_metrics

FORMAT = 1
"""The `format` of `compare.json` that this module reads."""

T = TypeVar("T")


@dataclass(frozen=True)
class Metric:
    """A number that the groups are compared by.

    Attributes:
        key: As in "fd".
        title: As people write it.
        better: Which way is better, None where neither is.
        meaning: In a sentence or two.
    """

    key: str
    title: str
    better: Literal["lower", "higher"] | None
    meaning: str


@dataclass(frozen=True)
class Score:
    """A group's value of a metric.

    Attributes:
        mean: Over the seeds, None where there is no finite one.
        sd: Standard deviation over the seeds, None where there are too few.
        values: The finite values, one for each seed.
    """

    mean: float | None = None
    sd: float | None = None
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class Group:
    """Runs that differ in nothing but their seed; costs are means over them.

    Attributes:
        name: Unique among the groups, as far as the file goes.
        recipe: Its name.
        paper: Of the recipe.
        settings: The fields in which the groups differ.
        runs: Indices of its runs.
        parameters: By network.
        scores: By metric key.
        images: Images seen.
        seconds: Of training.
        speed: Images per second.
        verdicts: How many runs ended in which way.
        picture: A grid of samples, from the same latent vectors in every group.
        command: That makes it.
    """

    name: str
    recipe: str | None
    paper: str | None
    settings: Mapping[str, str]
    runs: tuple[int, ...]
    parameters: Mapping[str, float]
    scores: Mapping[str, Score]
    images: float | None
    seconds: float | None
    speed: float | None
    verdicts: Mapping[str, int]
    picture: Path | None
    command: str | None

    def score(self, key: str) -> Score:
        """Its value of the metric `key`; an empty one where it was not measured."""
        return self.scores.get(key, Score())


@dataclass(frozen=True)
class Training:
    """One run of a group; `loss` is the adversarial loss of its recipe."""

    name: str
    seed: str | None
    verdict: str | None
    reason: str | None
    images: float | None
    seconds: float | None
    scores: Mapping[str, float]
    metrics: Metrics
    loss: str | None


@dataclass(frozen=True)
class Extra:
    """A section that the page shows as it is given."""

    title: str
    paragraphs: tuple[str, ...]
    header: tuple[object, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True)
class Comparison:
    """A whole comparison.

    Attributes:
        title: Of the page.
        facts: What was measured and how: `data`, `features`, `n`, `split`, `resize`, `seed`.
        notes: What a reader should know before believing a number.
        metrics: In the order of the table.
        groups: In the order of the table.
        runs: All runs of all groups.
        failures: Names and reasons of what could not be compared.
        extras: Further sections.
    """

    title: str
    facts: Facts
    notes: tuple[str, ...]
    metrics: tuple[Metric, ...]
    groups: tuple[Group, ...]
    runs: tuple[Training, ...]
    failures: tuple[tuple[str, str], ...]
    extras: tuple[Extra, ...]

    def runs_of(self, group: Group) -> list[Training]:
        """The runs of `group`; an index that leads nowhere is passed over."""
        return [self.runs[index] for index in group.runs if 0 <= index < len(self.runs)]

    @property
    def fields(self) -> list[str]:
        """The fields in which the groups differ, in the order in which they first appear."""
        return list(dict.fromkeys(field for group in self.groups for field in group.settings))

    @property
    def unit(self) -> str:
        """What the runs count: images, steps, or each its own."""
        return self.facts.text("clock") or "images"


def read_comparison(folder: Path) -> Comparison:
    """The comparison in `folder`; keys that are missing leave their part of the page out.

    Raises:
        OrganzaError: `compare.json` is missing, damaged, or of another format.
    """
    facts = _facts(folder / "compare.json")
    return Comparison(
        title=facts.text("title") or "Comparison",
        facts=facts,
        notes=tuple(_texts(facts, "notes")),
        metrics=tuple(_each(facts, "metrics", _metric)),
        groups=tuple(_each(facts, "groups", lambda group: _group(group, folder))),
        runs=tuple(_each(facts, "runs", lambda run: _run(run, folder))),
        failures=tuple(_each(facts, "failures", lambda one: (one.text("name") or "?", one.text("reason") or ""))),
        extras=tuple(_each(facts, "sections", _extra)),
    )


def _facts(path: Path) -> Facts:
    place = os.fspath(path)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise OrganzaError(f"{place} is missing: {path.parent} is not the folder of a comparison") from None
    except (OSError, ValueError, RecursionError) as error:
        raise OrganzaError(f"{place} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise OrganzaError(f"{place} cannot be read: it holds no mapping of names to values")
    if values.get("format") != FORMAT:
        raise OrganzaError(
            f"{place} has the format {values.get('format')!r}, and this organza reads {FORMAT}: compare the runs again"
        )
    return Facts(values)


def _each(facts: Facts, key: str, read: Callable[[Facts], T]) -> list[T]:
    """What `read` makes of the entries of a list; an entry of another kind stands as an empty one, to keep the indices."""
    found = facts.get(key)
    entries = found if isinstance(found, list) else []
    return [read(Facts(entry if isinstance(entry, dict) else {})) for entry in entries]


def _texts(facts: Facts, key: str) -> list[str]:
    found = facts.get(key)
    return [str(entry) for entry in found] if isinstance(found, list) else []


def _numbers(facts: Facts) -> dict[str, float]:
    return {key: number for key, given in facts if (number := finite(given)) is not None}


def _metric(facts: Facts) -> Metric:
    key = facts.text("key") or "?"
    better = facts.text("better")
    return Metric(
        key=key,
        title=facts.text("title") or key,
        better="lower" if better == "lower" else "higher" if better == "higher" else None,
        meaning=facts.text("meaning") or "",
    )


def _group(facts: Facts, folder: Path) -> Group:
    picture, runs = facts.text("picture"), facts.get("runs")
    return Group(
        name=facts.text("name") or "?",
        recipe=facts.text("recipe"),
        paper=facts.text("paper"),
        settings={key: str(given) for key, given in facts.at("settings")},
        runs=tuple(index for index in runs if isinstance(index, int)) if isinstance(runs, list) else (),
        parameters=_numbers(facts.at("parameters")),
        scores={key: _score(facts.at("scores", key)) for key, _ in facts.at("scores")},
        images=facts.number("images"),
        seconds=facts.number("seconds"),
        speed=facts.number("images_per_second"),
        verdicts={name: round(many) for name, many in _numbers(facts.at("verdicts")).items()},
        picture=folder / picture if picture else None,
        command=facts.text("command"),
    )


def _score(facts: Facts) -> Score:
    values = facts.get("values")
    numbers = (finite(value) for value in values) if isinstance(values, list) else ()
    return Score(facts.number("mean"), facts.number("sd"), tuple(number for number in numbers if number is not None))


def _run(facts: Facts, folder: Path) -> Training:
    place = facts.text("run")
    return Training(
        name=facts.text("name") or place or "?",
        seed=facts.text("seed"),
        verdict=facts.text("verdict"),
        reason=facts.text("reason"),
        images=facts.number("images"),
        seconds=facts.number("seconds"),
        scores=_numbers(facts.at("scores")),
        metrics=read_metrics(folder / place / "metrics.jsonl") if place else Metrics(),
        loss=_loss(folder / place / "recipe.yaml") if place else None,
    )


def _loss(path: Path) -> str | None:
    """The loss that a run's recipe names; a run that was moved away has none, which only makes the page say less."""
    try:
        recipe = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return None
    return Facts(recipe).text("loss") if isinstance(recipe, dict) else None


def _extra(facts: Facts) -> Extra:
    header, rows = facts.get("table", "header"), facts.get("table", "rows")
    return Extra(
        title=facts.text("title") or "",
        paragraphs=tuple(_texts(facts, "paragraphs")),
        header=tuple(header) if isinstance(header, list) else (),
        rows=tuple(tuple(row) for row in rows if isinstance(row, list)) if isinstance(rows, list) else (),
    )
