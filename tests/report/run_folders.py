"""Run folders that look like a training's."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from PIL import Image, ImageDraw, PngImagePlugin

from organza.diagnosis import Diagnosis, Finding, Prescription
from organza.marks import Mark, save_picture, scatter
from organza.marks.plane import CELLS

Row = dict[str, Any]
Side = Literal["above", "below"]

RECIPE: dict[str, Any] = {
    "name": "dcgan",
    "summary": "Convolutional GAN at 32x32",
    "paper": "Radford et al. 2016, arXiv:1511.06434",
    "cost": "25 epochs, about 4 hours on 2 CPU cores",
    "game": "noise-to-image",
    "generator": {"network": "dcgan-generator", "width": 64, "optimiser": "adam", "lr": 2e-4, "betas": [0.5, 0.999]},
    "discriminator": {"network": "dcgan-discriminator", "width": 64, "optimiser": "adam", "lr": 2e-4},
    "loss": "non-saturating",
    "z_dim": 128,
    "n_critic": 1,
    "images": 64_000,
    "batch": 128,
    "size": 32,
    "channels": 1,
    "ema_half_life": 10_000,
}

FACTS: dict[str, Any] = {
    "organza": "0.1.0",
    "command": "organza train dcgan --data fashion-mnist-10k --out runs/one --generator.width 64",
    "seed": 7,
    "environment": {
        "python": "3.12.1",
        "torch": "2.11.0",
        "device": "cpu",
        "processor": "A processor, 2 cores",
        "threads": 2,
        "platform": "Linux x86_64",
    },
    "source": {
        "name": "fashion-mnist-10k",
        "kind": "images",
        "count": 10_000,
        "channels": 1,
        "height": 28,
        "width": 28,
        "classes": ["T-shirt", "trouser", "pullover"],
        "fingerprint": "9f86d081884c7d659a2feaa0c55ad015",
        "fit": "28x28 padded by 2 to 32x32",
        "notes": ["3 pictures appear twice"],
    },
    "networks": {
        "generator": {"parameters": 3_021_123, "output": [1, 32, 32]},
        "discriminator": {"parameters": 2_765_568, "output": [1]},
    },
    "memory": "1.2 GB",
    "status": {
        "verdict": "ok",
        "images": 64_000,
        "budget": 64_000,
        "steps": 500,
        "seconds": 252.0,
        "images_per_second": 254.0,
        "reason": None,
    },
    "model": {"weights_sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"},
}


def rows(count: int, images: int = 64_000) -> list[Row]:
    """What a game that goes well logs: noisy, and closer to a draw towards the end."""
    noise = random.Random(0)
    written = []
    for index in range(1, count + 1):
        done = index / count
        real, fake = 0.5 + 0.35 * math.exp(-2 * done), 0.5 - 0.4 * math.exp(-2 * done)
        wobble = noise.gauss(0, 0.05)
        written.append(
            {
                "images": images * index // count,
                "step": index,
                "seconds": 252 * done,
                "stage": "main",
                "images_per_second": 254 + noise.gauss(0, 8),
                "discriminator.loss": -math.log(real) - math.log(1 - fake) + wobble,
                "discriminator.real": real + wobble / 2,
                "discriminator.fake": fake - wobble / 2,
                "discriminator.gradient": 2.5 * math.exp(noise.gauss(0, 0.4)),
                "generator.loss": -math.log(fake) - wobble,
                "generator.fake": fake - 0.03,
                "generator.gradient": 1.4 * math.exp(noise.gauss(0, 0.3)),
            }
        )
    return written


def finding(
    name: str, verdict: str | None = None, value: float | None = 0.05, threshold: float = 0.1, side: Side = "below"
) -> Finding:
    """What a detector finds; it speaks up if it has a verdict."""
    return Finding(name, verdict, value, threshold, side, 64_000, f"What {name} means.")


def diagnosis(verdict: str = "healthy", *, remedies: int = 2, notices: tuple[str, ...] = ()) -> Row:
    """What `diagnosis.json` holds: one sign speaks up if the verdict is bad, two are calm, one has nothing to measure."""
    calm = (
        finding("gradient-growth", value=2.5, threshold=100.0, side="above"),
        finding("range", value=-0.2, side="above"),
        finding("label", value=None),
    )
    spoken = () if verdict == "healthy" else (finding("the-culprit", verdict),)
    prescriptions = [
        Prescription({"discriminator.lr": 1e-4}, "A slower discriminator."),
        Prescription({"loss": "hinge", "n_critic": 2}, "A softer loss."),
        Prescription({"batch": 256}, "More to look at."),
    ]
    made = tuple(prescriptions[: 0 if verdict == "healthy" else remedies])
    return Diagnosis(verdict, 64_000, (*calm, *spoken), made, notices).record()


def readings(count: int, images: int = 64_000, kinds: int = 4) -> list[Row]:
    """What the doctor reads in a training that collapses half-way."""
    written = []
    for index in range(count):
        done = index / max(1, count - 1)
        shares = [1 / kinds] * kinds if done < 0.5 else [1.0] + [0.0] * (kinds - 1)
        written.append(
            {
                "images": round(images * done),
                "step": index,
                "verdict": "healthy" if done < 0.5 else "complete-collapse",
                "diversity": 1 - 0.9 * done,
                "precision": 0.5 + 0.4 * done,
                "recall": 0.6 * (1 - done),
                "duplicates": 0.9 * done,
                "energy": 0.2 + done,
                "kinds": 1.0 if done < 0.5 else 1 / kinds,
                "largest": max(shares),
                "sensitivity": 1.0,
                "score_real": 1.0,
                "score_fake": -1.0,
                "score_spread": 0.5,
                "score_held": 1.0 - done,
                "shares": shares,
            }
        )
    return written


def save_grid(
    path: Path, *, mode: str = "L", tile: int = 28, across: int = 6, detail: float = 1.0, seed: int = 0
) -> None:
    """A grid of round things, clearer with more `detail`, marked as organza marks its pictures."""
    chance = random.Random(seed)
    grid = Image.new(mode, (tile * across, tile * across))
    draw = ImageDraw.Draw(grid)
    for row in range(across):
        for column in range(across):
            radius = tile * (0.2 + 0.25 * chance.random()) * detail
            centre = ((column + 0.5) * tile, (row + 0.5) * tile)
            shade = tuple(chance.randrange(80, 256) for _ in range(3))
            box = [centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius]
            draw.ellipse(box, fill=shade if mode == "RGB" else shade[0])
    about = PngImagePlugin.PngInfo()
    about.add_text("organza", "ai-generated")
    grid.save(path, pnginfo=about)


def save_plane(path: Path, *, done: float = 1.0, surface: str | None = "log-odds") -> None:
    """A picture of the plane with the mark that the training gives it; the points close in on the real ones when done."""
    corners = np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]], np.float32)
    heights = np.full((CELLS, CELLS), 2 * done - 1, np.float32) if surface else None
    details: dict[str, int | str] = {"grid": 1200, "real": 1500, "extent": "1.3"}
    details |= {"surface": surface} if surface else {}
    save_picture(path, scatter(corners * done, corners, heights, extent=1.3), Mark("ring", "", 0, details))


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes` in it; nested mappings are merged, None removes."""
    result = dict(base)
    for key, value in changes.items():
        nested = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if nested else value
    return {key: value for key, value in result.items() if value is not None or key not in changes}


def make_run_folder(
    run: Path,
    *,
    recipe: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    metrics: Iterable[Row] | None = None,
    grids: int = 6,
    real: bool = True,
    mode: str = "L",
    plane: bool = False,
    surface: str | None = "log-odds",
    diagnosis: object = None,
    readings: Iterable[Row] = (),
) -> Path:
    """Write the folder `run`; whatever the arguments do not say is as after a training that went well."""
    samples = run / "samples"
    samples.mkdir(parents=True)
    (run / "recipe.yaml").write_text(yaml.safe_dump(merged(RECIPE, recipe or {}), sort_keys=False), encoding="utf-8")
    (run / "run.json").write_text(json.dumps(merged(FACTS, facts or {})), encoding="utf-8")
    written = rows(200) if metrics is None else metrics
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in written), encoding="utf-8")
    if diagnosis is not None:
        (run / "diagnosis.json").write_text(json.dumps(diagnosis), encoding="utf-8")
    if seen := "".join(json.dumps(reading) + "\n" for reading in readings):
        (run / "readings.jsonl").write_text(seen, encoding="utf-8")
    for index in range(grids):
        images = 64_000 * index // max(1, grids - 1)
        path = samples / f"{images:012d}.png"
        if plane:
            save_plane(path, done=index / max(1, grids - 1), surface=surface)
        else:
            save_grid(path, mode=mode, detail=(index + 1) / grids)
    if real:
        save_grid(samples / "real.png", mode=mode, seed=1)
    return run
