"""Folders of comparisons that look like a sweep's."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import yaml
from run_folders import Row, rows, save_grid

METRICS: list[dict[str, Any]] = [
    {"key": "fd", "title": "FD[tiny]", "better": "lower", "meaning": "Distance of two clouds of features."},
    {"key": "recall", "title": "recall", "better": "higher", "meaning": "Part of the real pictures that are reached."},
    {"key": "entropy", "title": "entropy", "better": None, "meaning": "Of the classes."},
]

SCORES: dict[str, dict[str, list[float | None]]] = {
    "hinge": {"fd": [23.1, 23.9, 22.8], "recall": [0.61, 0.58, 0.63], "entropy": [2.2, 2.25, 2.21]},
    "non-saturating": {"fd": [23.5, 24.6, 22.9], "recall": [0.55, 0.49, 0.52], "entropy": [2.1, 2.15, 2.2]},
    "wgan": {"fd": [41.0, 39.2, 44.1], "recall": [0.3, 0.35, 0.28], "entropy": [1.7, 1.9, 1.8]},
}
"""By group and metric: one value for each seed. hinge is best; by fd it cannot be told apart from non-saturating."""


def score(values: Sequence[float | None]) -> dict[str, Any]:
    """Mean and deviation as `compare.json` holds them."""
    finite = [value for value in values if value is not None]
    return {
        "mean": mean(finite) if finite else None,
        "sd": stdev(finite) if len(finite) > 1 else None,
        "values": list(values),
    }


def logged(seed: int, level: float, count: int = 60) -> list[Row]:
    """Rows of one seed of a group whose losses lie at a level of their own."""
    noise = random.Random(seed)
    level += noise.gauss(0, 0.04)
    return [
        {
            key: value + level * (key.endswith("loss")) + noise.gauss(0, 0.05) if "." in key else value
            for key, value in row.items()
        }
        for row in rows(count)
    ]


def make_comparison(
    folder: Path,
    *,
    scores: Mapping[str, Mapping[str, Sequence[float | None]]] | None = None,
    changes: Mapping[str, Any] | None = None,
    group: Mapping[str, Any] | None = None,
    loss: str | None = "non-saturating",
    count: int = 60,
    seeds: int = 3,
) -> Path:
    """Write a comparison and its runs into `folder`.

    Args:
        folder: To be made.
        scores: By group and metric, one value for each seed.
        changes: Keys of `compare.json` that are other than usual.
        group: Keys of every group that are other than usual.
        loss: The loss of all recipes; None writes no recipe.
        count: Rows of metrics of each run.
        seeds: Of each group.
    """
    scores = SCORES if scores is None else scores
    (folder / "pictures").mkdir(parents=True)
    groups, runs = [], []
    for index, (name, measured) in enumerate(scores.items()):
        first = len(runs)
        for seed in range(seeds):
            place = Path("runs") / f"{index}-{seed}"
            (folder / place).mkdir(parents=True)
            text = "".join(json.dumps(row) + "\n" for row in logged(17 * index + seed, 0.2 * index, count))
            (folder / place / "metrics.jsonl").write_text(text, encoding="utf-8")
            if loss:
                (folder / place / "recipe.yaml").write_text(yaml.safe_dump({"loss": loss}), encoding="utf-8")
            runs.append(
                {
                    "run": str(place), "name": f"{name}, seed {seed}", "group": index, "seed": seed, "verdict": "ok",
                    "reason": None, "images": 64_000, "seconds": 250.0 + seed,
                    "scores": {key: values[seed] for key, values in measured.items()},
                }
            )  # fmt: skip
        save_grid(folder / "pictures" / f"{index}.png", seed=3, across=8, detail=0.5 + 0.5 * math.exp(-index))
        groups.append(
            {
                "name": name, "recipe": "dcgan", "paper": "Radford et al. 2016, arXiv:1511.06434", "settings": {"loss": name},
                "runs": list(range(first, len(runs))), "parameters": {"generator": 3_021_123, "discriminator": 2_765_568},
                "scores": {key: score(values) for key, values in measured.items()},
                "images": 64_000, "seconds": 251.0 + 10 * index, "images_per_second": 254.0 - index, "verdicts": {"ok": seeds},
                "picture": f"pictures/{index}.png",
                "command": f"organza train dcgan --data fashion-mnist-10k --loss {name} --seed 0 --out runs/{index}-0",
                **(group or {}),
            }
        )  # fmt: skip
    facts = {
        "format": 1, "title": "Losses of a DCGAN", "data": "fashion-mnist-10k", "features": "tiny", "n": 5000, "split": "test",
        "resize": "28x28", "seed": 0, "notes": ["5,000 samples: FD is biased upwards"], "metrics": METRICS, "groups": groups,
        "runs": runs, "failures": [], "sections": [], **(changes or {}),
    }  # fmt: skip
    (folder / "compare.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder
