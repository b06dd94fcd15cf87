"""Before a training begins: the session that it will be, and the plan that the user reads."""

from __future__ import annotations

import gc
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from organza.data import Batches, Dataset, Fit, Source, fit
from organza.data.augment import geometric
from organza.errors import OrganzaError, UsageError
from organza.exchange import Model, load_model
from organza.games import Game
from organza.recipes import Recipe, flatten, to_mapping, whole_steps, with_cadence
from organza.recipes import notes as decided
from organza.streams import Streams
from organza.training.devices import describe
from organza.training.folder import RunFolder
from organza.training.inspection import network_facts
from organza.training.plan import Plan
from organza.training.probe import Probe, probe
from organza.training.remedy import FREE, before_remedies, recipe_of
from organza.training.request import Request
from organza.training.session import Session

SMALLEST_BATCH = 8
FROM_DATA = {"sides"}  # fields that are filled in with the shape of a whole picture
HELD_PART, FEWEST_HELD = 20, 8  # one in so many samples at most is held out; fewer than so many would say nothing


def make_session(recipe: Recipe, datasets: Mapping[str, Dataset], streams: Streams, device: torch.device) -> Session:
    """A fresh training of this recipe on these data, by domain."""
    batches = {
        domain: Batches(
            dataset,
            recipe.batch,
            streams,
            device,
            recipe.flip,
            domain,
            left_out=held_out(recipe, dataset.count),
            cut=recipe.size if recipe.load or recipe.native else 0,
            augment=geometric if recipe.augment else None,
        )
        for domain, dataset in datasets.items()
    }
    return Session(recipe.build(), batches, recipe.batch, streams, device, recipe.ema_half_life, recipe.ema_ramp)


def held_out(recipe: Recipe, count: int) -> Tensor:
    """Indices of the samples that are not trained on, int64: the same ones for every seed, so that seeds compare."""
    kept_away = min(recipe.hold_out, count // HELD_PART)
    order = torch.randperm(count, generator=Streams(0).generator("held out"))
    return order[: kept_away if kept_away >= FEWEST_HELD else 0]


def make_plan(
    request: Request,
    recipe: Recipe,
    source: Source,
    datasets: Mapping[str, Dataset],
    folder: RunFolder,
    settled: Collection[str] = (),
) -> Plan:
    """What is going to happen: from the run that is already in the folder, or by a short try.

    Args:
        request: What the user asks for.
        recipe: What will train: the request's, or that of the run in the folder.
        source: Opened.
        datasets: In the recipe's shape, by domain.
        folder: Of the run.
        settled: What was decided for this machine, one note each.

    Raises:
        OrganzaError: The device's memory is too small for the batch, or there is nothing to learn from a picture.
    """
    refuse_one_colour(recipe, source, datasets)
    notes = [*settled, *source.notes, *dict.fromkeys(note for dataset in datasets.values() for note in dataset.notes)]
    resumes = folder.exists
    status = folder.read_record().get("status", {}) if resumes else {}
    if status.get("images_per_second"):
        tried = Probe(
            status["images_per_second"], 0, tuple((end, cost) for end, cost in folder.read_record().get("costs", []))
        )
    else:
        recipe, tried = fitting_batch(recipe, datasets, request, notes, fixed=resumes or "batch" in request.pinned)
    if not resumes:
        if request.images is not None:
            recipe = replace(recipe, images=request.images)
        elif request.minutes is not None:
            recipe = replace(recipe, images=whole_steps(recipe, tried.images_per_second * 60 * request.minutes))
        recipe = with_cadence(recipe)
        notes += decided(recipe)
    return Plan(
        recipe=recipe,
        source=source,
        fit=fit_sentence(source, recipe),
        networks=network_facts(recipe.build(), recipe.shape),
        device=str(describe(request.device)["device"]),
        images_per_second=tried.images_per_second,
        memory=tried.memory,
        out=folder.path,
        done=int(status.get("images", 0)),
        resumes=resumes,
        notes=tuple(notes),
        costs=tried.costs,
    )


def refuse_one_colour(recipe: Recipe, source: Source, datasets: Mapping[str, Dataset]) -> None:
    """Raise the `OrganzaError` for pictures that are learnt as a whole and show nothing, one of which would be enough."""
    if recipe.build().needs == "many":
        return
    for domain, dataset in zip(source.domains or (source,), datasets.values(), strict=True):
        pictures = (dataset.read(torch.tensor([index])).flatten(0, 2) for index in range(dataset.count))
        if all(bool((pixels == pixels[0]).all()) for pixels in pictures):
            raise OrganzaError(f"{domain.name} has one colour only: there is nothing to learn from it")


def fit_of(source: Source, recipe: Recipe) -> Fit:
    """How a picture of the source becomes one of the recipe's size."""
    uniform = source.uniform and not recipe.load
    return fit(
        source.height, source.width, recipe.decoded, uniform=uniform, rectangles=recipe.rectangles, sides=recipe.sides
    )


def fit_sentence(source: Source, recipe: Recipe) -> str:
    """What is done to the pictures of the source, in words."""
    if source.kind != "images":
        return "as they are"
    if recipe.native:
        return f"squares of {recipe.size}x{recipe.size} cut out at random places, in their own resolution"
    whole = fit_of(source, recipe).sentence
    return f"{whole}, then cut to {recipe.size}x{recipe.size} at random places" if recipe.load else whole


def continued(request: Request, folder: RunFolder, source: Source) -> Recipe:
    """The recipe of the run in the folder, with another budget if the user asks for one.

    Raises:
        UsageError: The user asks for something else than what the run is.
    """
    stored, record, path = recipe_of(folder), folder.read_record(), folder.path
    asked = flatten(to_mapping(request.recipe))
    began = before_remedies(flatten(to_mapping(stored)), record.get("remedies", []))
    compared = request.pinned if request.chosen else set(asked) | set(began)
    # By the files of the machine, once; and by the data, of which is said below whether they are others.
    decided = (set(getattr(request.recipe.game, "decided", ())) | FROM_DATA) - request.pinned
    for name in sorted(compared - FREE - decided):
        if asked.get(name) != began.get(name):
            raise UsageError(
                f"the run in {path} was begun with {name} {began.get(name)}, not {asked.get(name)}: "
                "leave that out to go on, or name another folder with --out"
            )
    if record and record["source"]["fingerprint"] != source.fingerprint:
        raise UsageError(
            f"the run in {path} was begun on other data ({record['source']['name']}, "
            f"{record['source']['count']:,} items): name another folder with --out"
        )
    for option, asks, had in (
        ("seed", request.seed, record.get("seed", request.seed)),
        ("from", request.start, record.get("from")),
        ("minutes", request.minutes, record.get("minutes")),
    ):
        if asks is not None and asks != had and record and not (option == "minutes" and request.chosen):
            instead = "--images sets another budget" if option == "minutes" else "name another folder with --out"
            raise UsageError(f"the run in {path} was begun with --{option} {had}, not {asks}: {instead}")
    if request.images is not None and request.images != stored.images and len(stored.build().stages) > 1:
        raise UsageError(
            f"the stages of the run in {path} share its budget of {stored.images:,} images: begin another run with --from {path}"
        )
    return stored if request.images is None else replace(stored, images=request.images)


def fitting_batch(
    recipe: Recipe, datasets: Mapping[str, Dataset], request: Request, notes: list[str], *, fixed: bool
) -> tuple[Recipe, Probe]:
    """Try the recipe; if memory is short and the batch is not fixed, try half of it, and so on."""
    first = first_stage(recipe.build(), load_model(Path(request.start))) if request.start else 0
    while True:
        try:
            session = make_session(recipe, datasets, Streams(request.seed), request.device)
            return recipe, probe(session, recipe.images, first)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        gc.collect()  # the failed try still holds what it had got
        if request.device.type == "cuda":
            torch.cuda.empty_cache()
        if fixed or recipe.batch // 2 < SMALLEST_BATCH:
            raise OrganzaError(
                f"{request.device} has too little memory for a batch of {recipe.batch} at {recipe.size} pixels: "
                "take a smaller --batch, --size or --generator.width"
            )
        notes.append(f"a batch of {recipe.batch} does not fit into the memory of {request.device}: halved")
        recipe = replace(recipe, batch=recipe.batch // 2)


def first_stage(game: Game, model: Model) -> int:
    """The stage in which a model was left: what those before it are for, it has behind it."""
    names = [plan.name for plan in game.stages]
    return names.index(model.config["stage"]) if model.config["stage"] in names else 0


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether torch has run out of memory; only CUDA has an exception of its own for it."""
    text = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in text or "can't allocate memory" in text
