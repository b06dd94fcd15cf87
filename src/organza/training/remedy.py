"""Going back to where all was well, and on with a changed recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from organza.diagnosis import Diagnosis, prescribe
from organza.errors import UsageError
from organza.recipes import Recipe, flatten, from_mapping, override, to_mapping
from organza.training import checkpoint
from organza.training.checkpoint import Checkpoint, Damaged
from organza.training.folder import RunFolder

FREE = {
    "images",
    "log_every",
    "sample_every",
    "doctor_every",
}  # fields that a run may change when it goes on: no weight depends on them


def apply_remedy(folder: RunFolder, recipe: Recipe, diagnosis: Diagnosis) -> Recipe | None:
    """Change the recipe by the first prescription that was not tried yet, and put the run back to its last good checkpoint.

    If it has failed in the same way as the last time, the last remedy has not helped, and is undone.

    What has been done is added to "remedies" in the run's record: at how many images which verdict was reached, to where the
    run goes back, what is changed from what to what, and why. The number of entries is the attempt, which keys all
    randomness, so that the run does not walk into the same failure again.

    Args:
        folder: Of the run.
        recipe: As it has failed.
        diagnosis: Of the failure.

    Returns:
        The changed recipe; None if there is nothing left to try.
    """
    record = folder.read_record()
    applied: list[dict[str, Any]] = record.get("remedies", [])
    base, undone = recipe, {}
    if applied and applied[-1]["verdict"] == diagnosis.verdict:
        base, undone = from_mapping(Recipe, applied[-1]["base"]), applied[-1]["changes"]
    for prescription in prescribe(diagnosis.verdict, flatten(to_mapping(base))):
        if any(earlier["changes"] == dict(prescription.changes) for earlier in applied):
            continue
        try:
            changed = override(base, prescription.changes)
            fits = same_networks(recipe, changed)
        except UsageError:  # it does not go together with the rest of this recipe
            continue
        attempt = len(applied) + 1
        # Killed before the record is written, the run goes on as if nothing had happened; after that, with the remedy.
        back_to = go_back(folder, attempt, fits=fits)
        entry = {
            "attempt": attempt,
            "images": diagnosis.images,
            "verdict": diagnosis.verdict,
            "back_to": back_to,
            "changes": dict(prescription.changes),
            "undone": undone,
            "before": before(recipe, changed),
            "reason": prescription.reason,
            "base": to_mapping(base),
            "recipe": to_mapping(changed),
        }
        folder.write_record({**record, "remedies": [*applied, entry]})
        folder.write_recipe(changed)
        return changed
    return None


def recipe_of(folder: RunFolder) -> Recipe:
    """The recipe by which a run goes on: that of the last remedy, if there is one, else the one that it has begun with."""
    remedies, recipe = folder.read_record().get("remedies", []), folder.read_recipe()
    if not remedies:
        return recipe
    free = {name: value for name, value in flatten(to_mapping(recipe)).items() if name in FREE}
    return from_mapping(Recipe, nested(flatten(remedies[-1]["recipe"]) | free))


def nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields by dotted name as a tree."""
    tree: dict[str, Any] = {}
    for name, value in fields.items():
        *above, last = name.split(".")
        place = tree
        for part in above:
            place = place.setdefault(part, {})
        place[last] = value
    return tree


def go_back(folder: RunFolder, attempt: int, *, fits: bool) -> int:
    """Make the last good checkpoint the newest, for a new attempt; returns its clock, or 0 where it begins anew.

    Args:
        folder: Of the run.
        attempt: Number of the attempt that begins.
        fits: Whether the changed recipe still has the networks that the checkpoint holds.
    """
    kept = checkpoint.all_checkpoints(folder.good)
    try:
        good = checkpoint.load(kept[0]) if kept and fits else None
    except Damaged:
        good = None
    clock = int(kept[0].stem) if good else 0
    others = [
        path for path in checkpoint.all_checkpoints(folder.checkpoints) if good is None or int(path.stem) != clock
    ]
    if good:
        again = Checkpoint(good.tensors, {**good.counters, "attempt": attempt})
        checkpoint.save(folder.checkpoints, clock, again, keep_all=True)
    else:
        others += kept  # they are of other networks
    for path in others:
        path.unlink()
    return clock


def same_networks(recipe: Recipe, changed: Recipe) -> bool:
    """Whether checkpoints of one recipe can be loaded into the other: networks and optimisers of the same shapes."""
    return shapes(recipe) == shapes(changed)


def shapes(recipe: Recipe) -> dict[str, Any]:
    """What the checkpoints of a recipe look like."""
    with torch.device("meta"):
        stages = {plan.name: plan.build(None) for plan in recipe.build().stages}
    networks = {
        (stage, name, path): tuple(tensor.shape)
        for stage, built in stages.items()
        for name, network in built.networks.items()
        for path, tensor in network.state_dict().items()
    }
    optimisers = {
        (stage, player.name): type(player.optimiser) for stage, built in stages.items() for player in built.players
    }
    return {"networks": networks, "optimisers": optimisers}


def before(recipe: Recipe, changed: Recipe) -> dict[str, Any]:
    """The fields of a recipe that are otherwise, or missing, in the changed one; a field that is new in that is null."""
    was, now = flatten(to_mapping(recipe)), flatten(to_mapping(changed))
    return {name: was.get(name) for name in sorted(was.keys() | now.keys()) if was.get(name) != now.get(name)}


def before_remedies(fields: Mapping[str, Any], remedies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The fields of a recipe as they were before any remedy was applied: what the user has asked for."""
    began = dict(fields)
    for entry in reversed(remedies):
        for name, value in entry["before"].items():
            if value is None:
                began.pop(name, None)
            else:
                began[name] = value
    return began
