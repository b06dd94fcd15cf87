"""The documents' experiments: each a file that says what is trained, how it is scored, and what the document reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from organza.errors import OrganzaError, unknown
from organza.tools.cells import Cell
from organza.tools.sweep import file_name

STRICT = ConfigDict(extra="forbid")


@checked(frozen=True, config=STRICT)
class StudyCell:
    """One setting of a study.

    Attributes:
        name: In tables.
        fields: Of the recipe, by dotted name.
        small: Fields at every size but the full one: narrow networks with rates for them.
        recipe: Another one than the study's.
        times: The study's budget so many times.
        reported: What the document says of it.
        only_small: Whether it is left out at full size, where it would be the same as another one.
    """

    name: str
    fields: dict[str, Any] = field(default_factory=dict)
    small: dict[str, Any] = field(default_factory=dict)
    recipe: str | None = None
    times: float = 1.0
    reported: str | None = None
    only_small: bool = False


@checked(frozen=True, config=STRICT)
class Study:
    """One experiment.

    Attributes:
        title: One line.
        document: Which one it is from.
        question: What it is to answer.
        data: Source.
        recipe: That most cells train.
        seeds: How many.
        budgets: Images of each cell: `quick` tries that all of it works, `here` is what the docs' numbers are from, `full`
            is the document's.
        cells: The settings.
        scores: Keys of the metrics that answer the question, in order.
        figures: Keys of rows of metrics whose last value is told, too.
        fields: Of all cells.
        small: Of all cells, at every size but the full one.
        marks: Shares of the budget after which there are scores, the last one being 1.
        analyses: What else is looked at, by name.
    """

    title: str
    document: str
    question: str
    data: str
    recipe: str
    seeds: int
    budgets: dict[str, int]
    cells: tuple[StudyCell, ...]
    scores: tuple[str, ...]
    figures: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    small: dict[str, Any] = field(default_factory=dict)
    marks: tuple[float, ...] = (1.0,)
    analyses: tuple[str, ...] = ()


def study_names() -> dict[str, str]:
    """Names of the studies, each with its title and document."""
    found = sorted(entry.name for entry in (files("organza") / "studies").iterdir() if entry.name.endswith(".yaml"))
    studies = {name.removesuffix(".yaml"): find_study(name.removesuffix(".yaml")) for name in found}
    return {name: f"{study.title} ({study.document})" for name, study in studies.items()}


def find_study(name: str) -> Study:
    """The study of this name.

    Raises:
        UsageError: There is none.
        OrganzaError: Its file does not describe a study.
    """
    folder = files("organza") / "studies"
    file = folder / f"{name}.yaml"
    if not file.is_file():
        raise unknown("study", name, [entry.name.removesuffix(".yaml") for entry in folder.iterdir()])
    return read_study(file.read_text(encoding="utf-8"), str(file))


def read_study(text: str, where: str) -> Study:
    """A study from YAML.

    Raises:
        OrganzaError: It is none; the message says where.
    """
    try:
        study: Study = TypeAdapter(Study).validate_python(yaml.safe_load(text))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise OrganzaError(f"{where}: '{place}': {first['msg']}") from None
    except yaml.YAMLError as error:
        raise OrganzaError(f"{where} is not valid YAML: {' '.join(str(error).split())}") from None
    return study


@dataclass(frozen=True)
class Scale:
    """How large a study is run.

    Attributes:
        budget: Name of the budget: quick, here or full.
        seeds: How many; None: the study's, or 1 when quick.
        data: Another source than the study's; None: the study's.
        images: Another budget; None: the study's.
    """

    budget: str = "here"
    seeds: int | None = None
    data: str | None = None
    images: int | None = None


def settings(study: Study, scale: Scale) -> list[StudyCell]:
    """The settings of a study at this size."""
    return [cell for cell in study.cells if scale.budget != "full" or not cell.only_small]


def study_cells(
    study: Study, scale: Scale, device: str = "auto", data_dir: str | None = None, mark: float = 1.0
) -> list[Cell]:
    """The trainings of a study: every setting with every seed.

    Args:
        study: Which.
        scale: How large.
        device: For every cell.
        data_dir: For every cell.
        mark: Share of the budget after which they stop.
    """
    images = scale.images or study.budgets[scale.budget]
    seeds = scale.seeds or (1 if scale.budget == "quick" else study.seeds)

    def fields(cell: StudyCell) -> dict[str, str]:
        small = {} if scale.budget == "full" else {**study.small, **cell.small}
        return {name: written(value) for name, value in {**study.fields, **cell.fields, **small}.items()}

    return [
        Cell(
            name=file_name(f"{cell.name},seed={seed}"),
            recipe=cell.recipe or study.recipe,
            data=scale.data or study.data,
            seed=seed,
            fields=fields(cell),
            images=round(images * cell.times * mark),
            device=device,
            data_dir=data_dir,
        )
        for cell in settings(study, scale)
        for seed in range(seeds)
    ]


def written(value: object) -> str:
    """A field's value as on a command line."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
