"""From a recipe, a source and a folder to a plan, and from the plan to a finished run."""

from __future__ import annotations

import gc
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from organza.data import Batches, Dataset, Fit, Source, fit, to_samples
from organza.errors import OrganzaError, TrainingStopped, UsageError
from organza.exchange import Model, load_model
from organza.exchange.model import fill, flat_weights, picture_pixels
from organza.marks import Mark, grid, save_picture, scatter
from organza.recipes import Recipe, flatten, to_mapping, whole_steps, with_cadence
from organza.streams import Streams
from organza.training.devices import describe
from organza.training.folder import RunFolder
from organza.training.inspection import network_facts
from organza.training.loop import Watch, train
from organza.training.plan import Plan, memory_text
from organza.training.plane import flat, room_around
from organza.training.probe import Probe, probe
from organza.training.request import Request
from organza.training.session import Session
from organza.training.shown import Shown
from organza.version import __version__

Verdict = Literal["ok", "interrupted", "not-finite"]
FREE = {
    "images",
    "log_every",
    "sample_every",
}  # fields that a run may change when it goes on: no weight depends on them
SMALLEST_BATCH = 8
RECORDED = ("name", "kind", "count", "channels", "height", "width", "split", "fingerprint")  # of the source


def make_session(recipe: Recipe, dataset: Dataset, streams: Streams, device: torch.device) -> Session:
    """A fresh training of this recipe on these data."""
    batches = {"real": Batches(dataset, recipe.batch, streams, device, recipe.flip)}
    return Session(recipe.build(), batches, recipe.batch, streams, device, recipe.ema_half_life)


def make_plan(request: Request, recipe: Recipe, source: Source, dataset: Dataset, folder: RunFolder) -> Plan:
    """What is going to happen: from the run that is already in the folder, or by a short try.

    Args:
        request: What the user asks for.
        recipe: What will train: the request's, or that of the run in the folder.
        source: Opened.
        dataset: In the recipe's shape.
        folder: Of the run.

    Raises:
        OrganzaError: The device's memory is too small for the batch.
    """
    notes = [*source.notes, *dataset.notes]
    resumes = folder.exists
    status = folder.read_record().get("status", {}) if resumes else {}
    if status.get("images_per_second"):
        tried = Probe(status["images_per_second"], 0)
    else:
        recipe, tried = fitting_batch(recipe, dataset, request, notes, fixed=resumes or "batch" in request.pinned)
    if not resumes:
        if request.images is not None:
            recipe = replace(recipe, images=request.images)
        elif request.minutes is not None:
            recipe = replace(recipe, images=whole_steps(recipe, tried.images_per_second * 60 * request.minutes))
        recipe = with_cadence(recipe)
    return Plan(
        recipe=recipe,
        source=source,
        fit=fit_of(source, recipe).sentence if source.kind == "images" else "as they are",
        networks=network_facts(recipe.build(), recipe.shape),
        device=str(describe(request.device)["device"]),
        images_per_second=tried.images_per_second,
        memory=tried.memory,
        out=folder.path,
        done=int(status.get("images", 0)),
        resumes=resumes,
        notes=tuple(notes),
    )


def fit_of(source: Source, recipe: Recipe) -> Fit:
    """How a picture of the source becomes one of the recipe's size."""
    return fit(source.height, source.width, recipe.size, uniform=source.uniform)


def continued(request: Request, folder: RunFolder, source: Source) -> Recipe:
    """The recipe of the run in the folder, with another budget if the user asks for one.

    Raises:
        UsageError: The user asks for something else than what the run is.
    """
    stored, record, path = folder.read_recipe(), folder.read_record(), folder.path
    asked, began = flatten(to_mapping(request.recipe)), flatten(to_mapping(stored))
    compared = request.pinned if request.chosen else set(asked) | set(began)
    for name in sorted(compared - FREE):
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
    return stored if request.images is None else replace(stored, images=request.images)


def fitting_batch(
    recipe: Recipe, dataset: Dataset, request: Request, notes: list[str], *, fixed: bool
) -> tuple[Recipe, Probe]:
    """Try the recipe; if memory is short and the batch is not fixed, try half of it, and so on."""
    while True:
        try:
            return recipe, probe(make_session(recipe, dataset, Streams(request.seed), request.device))
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


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether torch has run out of memory; only CUDA has an exception of its own for it."""
    text = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in text or "can't allocate memory" in text


@dataclass(frozen=True)
class Job:
    """A training that is ready to begin or to go on."""

    plan: Plan
    request: Request
    dataset: Dataset
    folder: RunFolder


@dataclass(frozen=True)
class Result:
    """How a run ended.

    Attributes:
        verdict: ok, interrupted, or not-finite.
        images: Images seen.
        steps: Rounds played.
        seconds: Time spent training.
        reason: Why it stopped, if it had to.
    """

    verdict: Verdict
    images: int
    steps: int
    seconds: float
    reason: str | None = None


def execute(job: Job, watch: Watch, save_every: float) -> Result:
    """Train as planned: begin, or go on from the newest checkpoint, exactly.

    Raises:
        OrganzaError: No checkpoint can be read, or another process trains in the folder.
        OSError: The disk is full, or the folder cannot be written; the run goes on from its last checkpoint later.
    """
    plan, request, folder = job.plan, job.request, job.folder
    recipe, source = plan.recipe, plan.source
    folder.open()
    try:
        if folder.exists != plan.resumes:
            raise OrganzaError(
                f"another process has begun a run in {folder.path} meanwhile: run the same command again"
            )
        stored, warnings = folder.newest_checkpoint()
        counters: dict[str, Any] = {"seed": request.seed, "attempt": 0, "fingerprint": source.fingerprint}
        if stored:
            counters = stored.counters
        for name, asks in (("seed", request.seed), ("fingerprint", source.fingerprint)):
            if counters[name] != asks:
                raise UsageError(f"the checkpoints in {folder.path} are of {name} {counters[name]}, not {asks}")
        session = make_session(recipe, job.dataset, Streams(counters["seed"], counters["attempt"]), request.device)
        earlier = folder.read_record()
        start = request.start or earlier.get("from")
        if stored:
            session.restore(stored.tensors, stored.counters)
        elif start:
            begin_from(session, load_model(Path(start)))
        folder.cut(session.clock if stored else -1)
        crop = fit_of(source, recipe).pad if source.kind == "images" else 0
        about: dict[str, Any] = {
            "organza": __version__,
            "command": request.command,
            "seed": request.seed,
            "from": start,
            "minutes": earlier.get("minutes", request.minutes),
            "environment": describe(request.device),
            "source": {
                **{name: getattr(source, name) for name in RECORDED},
                "classes": list(source.classes),
                "fit": plan.fit,
                "notes": [*plan.notes, *warnings],
            },
            "columns": Shown(recipe, has_attributes(job.dataset)).names(source.classes),
            "networks": plan.networks,
            "memory": memory_text(plan.memory) if plan.memory else earlier.get("memory"),
        }
        facts = {
            "crop": crop,
            "classes": list(source.classes),
            **label_facts(job.dataset.labels, len(source.classes)),
            "seed": request.seed,
            "source": source.name,
            "fingerprint": source.fingerprint,
        }

        def record(verdict: str, reason: str | None = None) -> None:
            progress = session.progress
            status = {
                "verdict": verdict,
                "images": session.clock,
                "budget": recipe.images,
                "steps": progress.step,
                "seconds": round(progress.seconds, 3),
                "images_per_second": round(session.clock / progress.seconds, 1) if progress.seconds else None,
                "reason": reason,
            }
            folder.write_record({**about, "status": status})

        def saved() -> None:
            record("running")
            watch.saved()

        if not stored:
            save_real(folder, job.dataset, source, recipe, crop, request.seed)
        record("running")
        folder.write_recipe(recipe)  # last, because with it the run has begun: whoever finds it finds the record, too
        verdict: Verdict
        try:
            verdict, reason = train(session, recipe, folder, facts, replace(watch, saved=saved), save_every), None
        except TrainingStopped as error:
            verdict, reason = "not-finite", str(error)
        record(verdict, reason)
        return Result(verdict, session.clock, session.progress.step, session.progress.seconds, reason)
    finally:
        folder.close()


def begin_from(session: Session, model: Model) -> None:
    """Take over the weights of a model, for live networks and averages alike; networks that it lacks begin afresh.

    Raises:
        OrganzaError: The networks have other shapes.
    """
    weights = {**flat_weights(model.networks), **model.opponents}
    known = {name.partition(".")[0] for name in weights}
    for networks in (session.entered.networks, session.entered.averages.networks):
        fill({name: network for name, network in networks.items() if name in known}, weights, model.folder)


def has_attributes(dataset: Dataset) -> bool:
    """Whether the labels are attributes."""
    return dataset.labels is not None and dataset.labels.is_floating_point()


def label_facts(labels: Tensor | None, classes: int) -> dict[str, Any]:
    """What a model must know of the labels of its data to make samples with the same shares."""
    if labels is None:
        return {}
    kind = "attributes" if labels.is_floating_point() else "classes"
    totals = labels.sum(0, dtype=torch.float64) if kind == "attributes" else torch.bincount(labels, minlength=classes)
    shares = totals.double() / len(labels)
    return {"label_kind": kind, "label_shares": [round(share, 6) for share in shares.tolist()]}


def save_real(folder: RunFolder, dataset: Dataset, source: Source, recipe: Recipe, crop: int, seed: int) -> None:
    """A grid of real samples in the layout of the generated ones, to compare with."""
    order = torch.randperm(dataset.count, generator=Streams(seed).generator("shown real"))
    labels = dataset.labels
    layout = Shown(recipe, has_attributes(dataset))
    if layout.labelled and labels is not None:
        shown = layout.labels if layout.attributes else torch.arange(layout.columns)
        own = labels[order].round() if layout.attributes else labels[order]
        columns = [order[(own == label).view(len(own), -1).all(1)][: layout.rows] for label in shown]
        if all(len(column) == layout.rows for column in columns):
            order = torch.stack(columns, 1).flatten()
    chosen = order[: layout.count]
    samples = to_samples(dataset.read(chosen))
    if source.kind == "points":
        picture = scatter(flat(samples[:0]), flat(samples), extent=room_around(samples))
    else:
        picture = grid(picture_pixels(samples[..., crop:-crop, crop:-crop] if crop else samples), layout.columns)
    save_picture(folder.samples / "real.png", picture, Mark(source.name, "", seed, ai_generated=False))
