"""From single runs to groups of runs that differ in the seed only: pure functions."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from organza.recipes import RECIPES, flatten, to_mapping
from organza.tools.run_record import RunRecord, said

FITTED = frozenset({"channels", "classes", "original", "sides"})  # fields that the data decide
BY_SCALES = frozenset({"images", "scales"})  # and those that follow where every recipe says how long a scale takes
APART = ("recipe", "data", "from")  # parts of a question that are no fields of the recipe


def group_runs(runs: Sequence[RunRecord]) -> list[list[int]]:
    """Indices of the runs of each group, in the order in which groups and runs come."""
    groups: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for index, run in enumerate(runs):
        groups.setdefault(run.key, []).append(index)
    return list(groups.values())


def differences(questions: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """What to tell each group by, besides the name of its recipe: the fields in which the groups differ.

    Two recipes differ in more than anyone wants to read. So a field counts only if groups of one recipe differ in it, or if
    it was changed from what the recipe says.

    Args:
        questions: Of each group, as `RunRecord.question`.

    Returns:
        Of each group the values of these fields, as far as it has them, the recipe left out.
    """
    names = {name: None for question in questions for name in question if name != "recipe"}
    recipes = {question["recipe"] for question in questions}
    published = {
        name: {key: said(value) for key, value in flatten(to_mapping(RECIPES[name])).items()}
        for name in recipes
        if name in RECIPES
    }

    fitted = FITTED | BY_SCALES if all("iterations" in question for question in questions) else FITTED

    def counts(name: str) -> bool:
        if len({question.get(name) for question in questions}) < 2:
            return False
        values = [(question["recipe"], question.get(name)) for question in questions]
        if len(set(values)) > len({recipe for recipe, _ in values}) or name in APART:
            return True
        return name not in fitted and any(
            recipe in published and value is not None and published[recipe].get(name) != value
            for recipe, value in values
        )

    kept = [name for name in names if counts(name)]
    return [{name: question[name] for name in kept if name in question} for question in questions]


def group_names(questions: Sequence[Mapping[str, str]]) -> list[str]:
    """A short name for each group, all different: its recipe, where there are several, and what it differs in."""
    several = len({question["recipe"] for question in questions}) > 1
    names = []
    for question, settings in zip(questions, differences(questions), strict=True):
        parts = [f"{name}={value}" for name, value in settings.items()]
        names.append(" ".join([question["recipe"], *parts] if several or not parts else parts))
    taken = Counter(names)
    numbers: Counter[str] = Counter()
    for index, name in enumerate(names):
        if taken[name] > 1:  # other content under the same name of a source: nothing in the question tells them apart
            numbers[name] += 1
            names[index] = f"{name} ({numbers[name]})"
    return names


def summary(values: Sequence[float]) -> dict[str, Any]:
    """{"mean", "sd", "values"}: the deviation over seeds, divided by n - 1; null for a single value.

    Args:
        values: At least one, finite.
    """
    spread = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.fmean(values), "sd": spread, "values": list(values)}


def summaries(scores: Sequence[Mapping[str, float]], keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """`summary` of each score over the runs of a group that have it; a score that none has is left out."""
    columns = {key: [run[key] for run in scores if key in run] for key in keys}
    return {key: summary(values) for key, values in columns.items() if values}


def group_entry(
    name: str,
    settings: Mapping[str, str],
    indices: Sequence[int],
    runs: Sequence[RunRecord],
    scores: Sequence[Mapping[str, float]],
    keys: Sequence[str],
    picture: str | None,
) -> dict[str, Any]:
    """A group as `compare.json` has it.

    Args:
        name: Of the group.
        settings: What it differs in from the others.
        indices: Which runs are in it.
        runs: All runs.
        scores: Of all runs, by key.
        keys: Of all scores, in their order.
        picture: Path of its samples.
    """
    own = [runs[index] for index in indices]
    rates = [run.images / run.seconds for run in own if run.seconds > 0]
    return {
        "name": name,
        "recipe": own[0].recipe,
        "paper": own[0].paper,
        "settings": dict(settings),
        "runs": list(indices),
        "parameters": dict(own[0].parameters),
        "scores": summaries([scores[index] for index in indices], keys),
        "images": statistics.fmean(run.images for run in own),
        "seconds": statistics.fmean(run.seconds for run in own),
        "images_per_second": statistics.fmean(rates) if rates else None,
        "verdicts": dict(Counter(run.verdict for run in own)),
        "picture": picture,
        "command": own[0].command,
    }


def remarks(names: Sequence[str], groups: Sequence[Sequence[int]], runs: Sequence[RunRecord]) -> list[str]:
    """What a reader of the table must know about its groups, one sentence each."""
    notes = []
    for name, indices in zip(names, groups, strict=True):
        own = [runs[index] for index in indices]
        for count, what in (
            (sum(run.unfinished for run in own), "not finished and counted as it is: its own command goes on with it"),
            (
                sum(run.verdict == "not-finite" for run in own),
                "no longer finite when it stopped; its last good state counts",
            ),
        ):
            if count:
                notes.append(f"{name}: {count} of {len(own)} {'run is' if count == 1 else 'runs are'} {what}")
        if len({run.device for run in own}) > 1:
            notes.append(f"{name}: its runs were on different devices, so their mean speed means little")
        repeated = [seed for seed, count in Counter(run.seed for run in own).items() if count > 1]
        if repeated:
            notes.append(
                f"{name}: several runs have seed {repeated[0]}, so they say nothing about the spread over seeds"
            )
    return notes
