"""The folder that a training leaves, and everything that is written into it.

recipe.yaml     the resolved recipe
run.json        seed, source, environment, networks, status
metrics.jsonl   one row each so many images
readings.jsonl  what the doctor has seen, each so many images
diagnosis.json  what the doctor says
samples/        grids of the same latent vectors over time, and `real.png`
checkpoints/    the two newest
model/          what the training has made so far, to be shared
best/           the model that scored best on the way, where scores were taken
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from organza.errors import OrganzaError
from organza.files import remove_partial, write_text
from organza.marks import Mark, save_picture
from organza.marks.pictures import Pixels
from organza.recipes import Recipe, read_recipe, recipe_text
from organza.training import checkpoint
from organza.training.checkpoint import Checkpoint, Damaged

Row = dict[str, Any]


class RunFolder:
    """Paths and files of one run. Opening it for writing locks it against another process.

    Args:
        path: The folder; made by `begin`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recipe_file = path / "recipe.yaml"
        self.record_file = path / "run.json"
        self.metrics_file = path / "metrics.jsonl"
        self.readings_file = path / "readings.jsonl"
        self.diagnosis_file = path / "diagnosis.json"
        self.samples = path / "samples"
        self.checkpoints = path / "checkpoints"
        self.model = path / "model"
        self.best = path / "best"
        self.good = self.checkpoints / "good"
        self._lock: TextIO | None = None

    @property
    def exists(self) -> bool:
        """Whether a run has begun here.

        Raises:
            OrganzaError: Something else lies here.
        """
        if self.recipe_file.exists():
            return True
        own = {"samples", "checkpoints", "model", "tensorboard", "run.json", "metrics.jsonl", "report.html", ".lock"}
        own |= {"readings.jsonl", "diagnosis.json", "best"}
        try:
            foreign = [
                entry.name for entry in self.path.iterdir() if entry.name not in own and entry.suffix != ".partial"
            ]
        except FileNotFoundError:
            return False
        except NotADirectoryError:
            raise OrganzaError(f"{self.path} is a file: name a folder with --out") from None
        if foreign:
            raise OrganzaError(f"{self.path} holds no run, but '{foreign[0]}': name another folder with --out")
        return False

    def open(self) -> None:
        """Make the folder and take its lock.

        Raises:
            OrganzaError: Another process trains here.
            OSError: The folder cannot be made.
        """
        for folder in (self.path, self.samples, self.checkpoints):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = open(self.path / ".lock", "w")  # noqa: SIM115 (held as long as the training lasts)
        with suppress(ImportError):  # not a Unix: no lock
            import fcntl

            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.close()
                raise OrganzaError(
                    f"another process is training in {self.path}: wait for it, or stop it first"
                ) from None
        for folder in (
            self.path,
            self.samples,
            self.checkpoints,
            self.good,
            self.model,
            self.best,
        ):  # only now: they may be another's work
            remove_partial(folder)

    def close(self) -> None:
        """Give the lock back."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def write_recipe(self, recipe: Recipe) -> None:
        write_text(self.recipe_file, recipe_text(recipe))

    def read_recipe(self) -> Recipe:
        return read_recipe(self.recipe_file)

    def write_record(self, record: Mapping[str, Any]) -> None:
        write_text(self.record_file, json.dumps(record, indent=2, ensure_ascii=False) + "\n")

    def write_diagnosis(self, diagnosis: Mapping[str, Any]) -> None:
        write_text(self.diagnosis_file, json.dumps(diagnosis, indent=2, ensure_ascii=False, allow_nan=False) + "\n")

    def read_record(self) -> dict[str, Any]:
        """The content of `run.json`; empty before the run has got so far.

        Raises:
            OrganzaError: It was altered and is no JSON any more.
        """
        try:
            record: dict[str, Any] = json.loads(self.record_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError:
            raise OrganzaError(
                f"{self.record_file} is damaged: remove it, and the run goes on from its checkpoint"
            ) from None
        return record

    def add_row(self, row: Row) -> None:
        """Append one row of metrics; what is not finite becomes null."""
        append(self.metrics_file, row)

    def add_reading(self, reading: Row) -> None:
        """Append one of the doctor's readings; what is not finite becomes null."""
        append(self.readings_file, reading)

    def rows(self) -> list[Row]:
        """All whole rows of metrics; a last one that was cut short by a crash is left out."""
        return whole_lines(self.metrics_file)

    def readings(self) -> list[Row]:
        """All whole readings of the doctor; a last one that was cut short by a crash is left out."""
        return whole_lines(self.readings_file)

    def cut(self, clock: int) -> None:
        """Forget rows, readings and samples from beyond this clock: they will come again."""
        for path in (self.metrics_file, self.readings_file):
            kept = [line for line in whole_lines(path) if line["images"] <= clock]
            write_text(path, "".join(json.dumps(line) + "\n" for line in kept))
        for picture in self.samples.glob("[0-9]*.png"):
            if int(picture.stem) > clock:
                picture.unlink()

    def save_samples(self, clock: int, pixels: Pixels, mark: Mark) -> None:
        save_picture(self.samples / f"{clock:012d}.png", pixels, mark)

    def newest_checkpoint(self) -> tuple[Checkpoint | None, list[str]]:
        """The newest checkpoint that is whole, and one sentence for each that is not.

        A damaged file is put aside, not removed, once an older one has taken its place.

        Raises:
            OrganzaError: Checkpoints are there, but none can be read; or a newer organza wrote them.
            OSError: The disk will not let us read.
        """
        damaged: list[tuple[Path, Damaged]] = []
        for path in checkpoint.all_checkpoints(self.checkpoints):
            try:
                found = checkpoint.load(path)
            except Damaged as error:
                damaged.append((path, error))
                continue
            for bad, _ in damaged:
                bad.rename(bad.with_name(bad.name + ".damaged"))
            return found, [f"{error}: put aside; going on from the one before" for _, error in damaged]
        if damaged:
            raise OrganzaError(
                f"no checkpoint in {self.checkpoints} can be read: {damaged[0][1]}; nothing was changed: put back a copy, or "
                "begin anew in another folder with --out"
            )
        return None, []


def append(path: Path, line: Row) -> None:
    """Append one JSON object as a line; what is not finite becomes null."""
    clean = {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in line.items()
    }
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(clean) + "\n")


def whole_lines(path: Path) -> list[Row]:
    """The JSON objects of a file, one a line, up to the first that is damaged; none if there is no file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found
