"""What a run folder holds, read as far as the page needs it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import yaml

from organza.errors import OrganzaError
from organza.report.clock import Unit, unit_of
from organza.report.facts import Facts
from organza.report.metrics import Metrics, Row, read_metrics, whole_rows
from organza.report.samples import Samples, read_samples
from organza.report.scales import Scale, scales_of


@dataclass(frozen=True)
class RunFolder:
    """One run.

    Attributes:
        name: How a command names the folder.
        recipe: `recipe.yaml`.
        facts: `run.json`.
        metrics: `metrics.jsonl`.
        samples: `samples/`.
        diagnosis: `diagnosis.json`; empty where there is none, or none that can be read.
        readings: `readings.jsonl`, the rows that can be read.
        model: `model/config.json`, as `diagnosis`.
        scales: Of a training that goes scale by scale, from `metrics.jsonl` and `samples/`.
    """

    name: str
    recipe: Facts
    facts: Facts
    metrics: Metrics
    samples: Samples
    diagnosis: Facts
    readings: tuple[Row, ...]
    model: Facts
    scales: tuple[Scale, ...] = ()

    @property
    def unit(self) -> Unit:
        """What the run counts its budget in."""
        return unit_of(self.facts)


def read_run(folder: Path) -> RunFolder:
    """The run in `folder`, whose recipe and facts have to be there; all else may be missing."""
    facts, samples = _facts(folder / "run.json"), read_samples(folder / "samples")
    metrics = folder / "metrics.jsonl"
    return RunFolder(
        name=_name(folder),
        recipe=_facts(folder / "recipe.yaml"),
        facts=facts,
        metrics=read_metrics(metrics),
        samples=samples,
        diagnosis=_if_readable(folder / "diagnosis.json"),
        readings=tuple(whole_rows(folder / "readings.jsonl")),
        model=_if_readable(folder / "model" / "config.json"),
        scales=scales_of(whole_rows(metrics), samples.every) if unit_of(facts) == "steps" else (),
    )


def _name(folder: Path) -> str:
    """The way to the folder from here; from elsewhere only its name, since a page that is shared tells no home folders."""
    whole, here = folder.resolve(), Path.cwd().resolve()
    return whole.relative_to(here).as_posix() if whole != here and whole.is_relative_to(here) else whole.name


def _if_readable(path: Path) -> Facts:
    """What the doctor has written, which can be had again with `organza diagnose`, or the model: no page is refused for it."""
    try:
        return _facts(path)
    except OrganzaError:
        return Facts({})


def _facts(path: Path) -> Facts:
    try:
        text = path.read_text(encoding="utf-8")
        values = yaml.safe_load(text) if path.suffix == ".yaml" else json.loads(text)
    except FileNotFoundError:
        raise OrganzaError(f"{os.fspath(path)} is missing: {path.parent} is not the folder of a run") from None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise OrganzaError(f"{os.fspath(path)} cannot be read: {reason}") from error
    if not isinstance(values, dict):
        raise OrganzaError(f"{os.fspath(path)} cannot be read: it holds no mapping of names to values")
    return Facts({str(key): value for key, value in values.items()})
