"""What a run folder says about the run, as far as runs can be compared by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from organza.errors import OrganzaError
from organza.recipes import flatten, to_mapping
from organza.tools.cells import FOLDER, UNFINISHED, last_error, log_file
from organza.tools.sweep import RECORD, read_sweep
from organza.training import RunFolder

TOLD = ("name", "summary", "paper", "cost")  # fields of a recipe that say what it is and decide nothing
CADENCE = ("log_every", "sample_every")  # these follow the budget, and no weight depends on them


@dataclass(frozen=True)
class RunRecord:
    """One run.

    Attributes:
        folder: Where it lies.
        name: How it is called in tables and messages.
        recipe: Name of its recipe.
        paper: Of the recipe.
        fields: All fields of the recipe that decide something, by dotted name.
        seed: Of all randomness.
        data: Name of the source.
        fingerprint: Of the source's content.
        minutes: The budget, if it was given so; `fields["images"]` then follows from the speed of the machine.
        start: Model whose weights it began with.
        device: Where it trained.
        verdict: How it ended, or stands.
        reason: Why it stopped, if it had to.
        images: Images seen.
        seconds: Time spent training.
        parameters: Of each network.
        command: That made it.
        clock: What `images` counts: images, or steps.
    """

    folder: Path
    name: str
    recipe: str
    paper: str
    fields: Mapping[str, Any]
    seed: int
    data: str
    fingerprint: str
    minutes: float | None
    start: str | None
    device: str
    verdict: str
    reason: str | None
    images: int
    seconds: float
    parameters: Mapping[str, int] = field(default_factory=dict)
    command: str = ""
    clock: str = "images"

    @property
    def unfinished(self) -> bool:
        """Whether its own command would go on with it."""
        return self.verdict in UNFINISHED

    @property
    def question(self) -> dict[str, str]:
        """All that makes a run what it is, apart from the seed, as text by name."""
        asked = {name: said(value) for name, value in self.fields.items() if name not in CADENCE}
        if self.minutes is not None:
            asked["images"] = f"{self.minutes:g} min"
        return {"recipe": self.recipe, "data": self.data, **asked, **({"from": self.start} if self.start else {})}

    @property
    def key(self) -> tuple[tuple[str, str], ...]:
        """The same for runs that differ in the seed only."""
        return (*sorted(self.question.items()), ("fingerprint", self.fingerprint))


def said(value: object) -> str:
    """A field's value as a person would write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    if isinstance(value, (list, tuple)):
        return f"({','.join(said(entry) for entry in value)})"
    return str(value)


def read_run(folder: Path, name: str) -> RunRecord:
    """The record of the run in a folder.

    Raises:
        OrganzaError: There is no run, or its files are damaged.
    """
    run = RunFolder(folder)
    if not run.recipe_file.exists():
        raise OrganzaError(f"there is no run in {folder}, or its training has not begun")
    recipe, record = run.read_recipe(), run.read_record()
    try:
        status, source = record["status"], record["source"]
        return RunRecord(
            folder=folder,
            name=name,
            recipe=recipe.name,
            paper=recipe.paper,
            fields={key: value for key, value in flatten(to_mapping(recipe)).items() if key not in TOLD},
            seed=int(record["seed"]),
            data=str(source["name"]),
            fingerprint=str(source["fingerprint"]),
            minutes=record["minutes"],
            start=record["from"],
            device=str(record["environment"]["device"]),
            verdict=str(status["verdict"]),
            reason=status["reason"],
            images=int(status["images"]),
            seconds=float(status["seconds"]),
            parameters={key: int(facts["parameters"]) for key, facts in record["networks"].items()},
            command=str(record["command"]),
            clock=recipe.build().clock,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise OrganzaError(f"{run.record_file} is damaged: something in it is missing or of the wrong kind") from None


@dataclass(frozen=True)
class Found:
    """A folder that should hold a run.

    Attributes:
        folder: Which.
        name: How the run is called.
        error: With which its process ended in a sweep, if it did.
    """

    folder: Path
    name: str
    error: str | None = None

    def read(self) -> RunRecord:
        """Its record.

        Raises:
            OrganzaError: It is not there, damaged, or of a training that failed.
        """
        try:
            run = read_run(self.folder, self.name)
        except OrganzaError as error:
            raise OrganzaError(self.error or str(error)) from None
        if self.error and run.unfinished:
            raise OrganzaError(self.error)
        return run


def find_runs(folders: Sequence[Path]) -> list[Found]:
    """The runs that these folders name: a sweep's folder names all of its cells. Each once, in the order given.

    Raises:
        OrganzaError: A folder does not exist, or its record of a sweep is damaged.
    """
    found: dict[Path, Found] = {}
    for folder in folders:
        if not folder.is_dir():
            raise OrganzaError(f"no run at {folder}: name run folders, or the folder of a sweep")
        if (folder / RECORD).exists():
            for name in read_sweep(folder)["cells"]:
                cell = folder / FOLDER / name
                found.setdefault(cell.resolve(), Found(cell, name, last_error(log_file(folder, name))))
        else:
            found.setdefault(folder.resolve(), Found(folder, folder.resolve().name))
    return list(found.values())
