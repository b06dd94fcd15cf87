"""From "this recipe, over these values of these fields, with so many seeds" to a list of cells, and the folder's record."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from organza.data import Source
from organza.errors import OrganzaError, UnknownError, UsageError
from organza.files import write_text
from organza.recipes import Recipe, find_recipe, resolve
from organza.tools.cells import Cell, CellResult, threads_of_each, train_cells

if TYPE_CHECKING:
    from organza.tools.comparison import Comparison

FORMAT = 1
RECORD = "sweep.json"
RECIPE = "recipe"  # the one name in --over that is no field: it sweeps over recipes
LONGEST = 160  # characters of a cell's name: file systems take 255 bytes, and names of temporary files are longer
Over = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Question:
    """What a sweep is to find out: all that decides what its cells are.

    Attributes:
        recipe: Name or YAML file; None where `over` names recipes.
        data: Source.
        over: Field -> values, as written.
        seeds: How many, from 0.
        images: Budget in images of each cell.
        minutes: Budget in minutes of each cell.
        fields: What all cells have in common.
    """

    recipe: str | None
    data: str
    over: Over
    seeds: int = 1
    images: int | None = None
    minutes: float | None = None
    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        recipe: str | None,
        data: str,
        over: Mapping[str, Sequence[Any]],
        seeds: int,
        images: int | None,
        minutes: float | None,
        overrides: Mapping[str, Any],
    ) -> Question:
        """The same with values of Python, which become what one would write on the command line."""
        texts = {name: tuple(_text(value) for value in values) for name, values in over.items()}
        return cls(
            recipe, data, texts, seeds, images, minutes, {name: _text(value) for name, value in overrides.items()}
        )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"({','.join(map(_text, value))})" if isinstance(value, (list, tuple)) else str(value)


def parse_over(words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read FIELD=V1,V2 of the command line; a value in brackets may hold commas, as betas=(0.5,0.9),(0,0.9).

    Raises:
        UsageError: There is no field or no value, or a field comes twice.
    """
    over: dict[str, tuple[str, ...]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name = name.strip().removeprefix("--").replace("-", "_")
        values = tuple(value.strip() for value in re.split(r",(?![^(\[]*[)\]])", text))
        if not (name and equals and all(values)):
            raise UsageError(f"--over {word}: write it as FIELD=VALUE,VALUE, as generator.lr=1e-4,1e-3")
        if name in over:
            raise UsageError(f"--over {name} comes twice: write all of its values in one list")
        over[name] = values
    return over


def make_cells(question: Question, source: Source, device: str = "auto", data_dir: str | None = None) -> list[Cell]:
    """Every combination of the values, times the seeds; all of them are tried on the recipe first.

    Args:
        question: What is asked.
        source: Opened.
        device: For every cell.
        data_dir: For every cell.

    Returns:
        Cells in the order of the lists, the seeds of a combination beside each other.

    Raises:
        UsageError: A recipe, field or value does not exist or does not fit, or two combinations are the same.
    """
    fields = dict(question.fields)
    _check(question)
    names = list(question.over)
    cells: list[Cell] = []
    seen: dict[Recipe, str] = {}
    for values in itertools.product(*question.over.values()):
        varied = dict(zip(names, values, strict=True))
        title = ",".join(f"{name}={Path(value).stem if name == RECIPE else value}" for name, value in varied.items())
        own = fields | {name: value for name, value in varied.items() if name != RECIPE}
        recipe = varied.get(RECIPE, question.recipe or "")
        try:
            resolved = resolve(find_recipe(recipe), own, source)
        except UnknownError:  # says itself what nobody knows
            raise
        except UsageError as error:
            raise UsageError(f"{title}: {error}" if title else str(error)) from None
        if resolved in seen:
            raise UsageError(f"--over asks for the same training twice: {seen[resolved]} and {title}")
        seen[resolved] = title
        for seed in range(question.seeds):
            name = file_name(",".join(part for part in (title, f"seed={seed}") if part))
            cells.append(
                Cell(name, recipe, question.data, seed, own, question.images, question.minutes, device, data_dir)
            )
    if len({cell.name for cell in cells}) < len(cells):  # values that differ in signs that no file name may have
        cells = [replace(cell, name=_told_apart(cell)) for cell in cells]
    return cells


def _check(question: Question) -> None:
    """Refuse what contradicts itself."""
    over = question.over
    if question.seeds < 1:
        raise UsageError(f"--seeds must be at least 1, not {question.seeds}")
    if question.images is not None and question.images < 1:
        raise UsageError(f"--images must be at least 1, not {question.images}")
    if question.minutes is not None and not question.minutes > 0:
        raise UsageError(f"--minutes must be more than 0, not {question.minutes}")
    if question.recipe is None and RECIPE not in over:
        raise UsageError("name a recipe, or several with --over recipe=gan,dcgan (`organza list` shows them)")
    if question.recipe is not None and question.recipe not in over.get(RECIPE, (question.recipe,)):
        raise UsageError(f"--over recipe={','.join(over[RECIPE])} names the recipes: leave out '{question.recipe}'")
    if "seed" in over:
        raise UsageError("--seeds K says how many seeds each combination is trained with: leave out --over seed")
    if "images" in over and (question.images is not None or question.minutes is not None):
        raise UsageError("--over images sets the budgets: leave out --images and --minutes")
    both = sorted(set(over) & set(question.fields))
    if both:
        raise UsageError(f"--over {both[0]} sets that field: leave out --{both[0]}")


def file_name(title: str) -> str:
    """A title as the name of a file on any system: other signs become '-', and a long one ends in a digest."""
    name = re.sub(r"[^\w.,=+-]+", "-", title, flags=re.ASCII).lstrip(".-") or "cell"
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 9]}-{_digest(title)}"


def _told_apart(cell: Cell) -> str:
    return f"{cell.name}-{_digest(json.dumps([cell.recipe, dict(cell.fields)], sort_keys=True))}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Sweep:
    """Trainings over all combinations of some values.

    Attributes:
        folder: Where they lie, with their comparison.
        cells: How each stands.
        comparison: Of all that can be compared; None if nothing can, or if the sweep was interrupted.
    """

    folder: Path
    cells: tuple[CellResult, ...]
    comparison: Comparison | None = None

    @property
    def failed(self) -> tuple[CellResult, ...]:
        return tuple(result for result in self.cells if result.state == "failed")

    @property
    def interrupted(self) -> bool:
        return any(result.state in ("waiting", "interrupted") for result in self.cells)


def train_all(question: Question, cells: Sequence[Cell], out: Path, jobs: int, say: Callable[[str], None]) -> Sweep:
    """Begin a sweep, or go on with the one in the folder.

    Args:
        question: What is asked.
        cells: That answer it.
        out: Folder of the sweep.
        jobs: How many train at once.
        say: Told how far it is, in lines.

    Raises:
        UsageError: Another sweep is there.
        OrganzaError: Another process sweeps there, something else lies there, or the record is damaged.
        OSError: The folder cannot be written.
    """
    with locked(out):
        threads = begin(out, question, cells, threads_of_each(jobs))
        return Sweep(out, tuple(train_cells(cells, out, jobs, threads, say)))


def begin(out: Path, question: Question, cells: Sequence[Cell], threads: int) -> int:
    """Write the record of a sweep into its folder, or find that the same is there already.

    Returns:
        Threads of each cell: those that the sweep was begun with, because other numbers of threads round otherwise.

    Raises:
        UsageError: Another sweep is there.
        OrganzaError: The record is damaged.
        OSError: The folder cannot be written.
    """
    asked = json.loads(json.dumps(asdict(question)))
    path = out / RECORD
    if path.exists():
        record = read_sweep(out)
        for name, value in asked.items():
            if record["question"].get(name) != value:
                raise UsageError(
                    f"the sweep in {out} was begun with {name} {_said(record['question'].get(name))}, not {_said(value)}: "
                    "ask the same to go on, or name another folder with --out"
                )
        return int(record["threads"])
    record = {"format": FORMAT, "question": asked, "threads": threads, "cells": [cell.name for cell in cells]}
    write_text(path, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    return threads


def read_sweep(folder: Path) -> dict[str, Any]:
    """The record of the sweep in a folder: format, question, threads, and cells, the names of its runs.

    Raises:
        OrganzaError: It is damaged, or of a newer organza.
    """
    path = folder / RECORD
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        whole = isinstance(record["question"], dict) and all(isinstance(name, str) for name in record["cells"])
        known = record["format"] <= FORMAT and int(record["threads"]) > 0
    except (OSError, ValueError, TypeError, KeyError):
        whole = known = False
    if not (whole and known):
        raise OrganzaError(f"{path} is damaged or from a newer organza: name another folder with --out")
    return record


def _said(value: object) -> str:
    if isinstance(value, dict):
        parts = [f"{name}={','.join(entry) if isinstance(entry, list) else entry}" for name, entry in value.items()]
        return " ".join(parts) or "none"
    return "none" if value is None else str(value)


@contextmanager
def locked(out: Path, record: str = RECORD, kind: str = "sweep") -> Iterator[None]:
    """Hold the folder of a sweep, or of another kind of work with a record of its own, against another process.

    Raises:
        OrganzaError: Another process is at work there, or something else lies there.
        OSError: The folder cannot be made.
    """
    if out.exists() and not out.is_dir():
        raise OrganzaError(f"{out} is a file: name a folder with --out")
    if out.exists() and not (out / record).exists() and any(entry.name != ".lock" for entry in out.iterdir()):
        raise OrganzaError(f"{out} holds no {kind}, but other things: name another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    with open(out / ".lock", "w") as lock:
        with suppress(ImportError):  # not a Unix: no lock
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OrganzaError(f"another {kind} is at work in {out}: wait for it, or stop it first") from None
        yield
