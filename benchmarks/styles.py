"""The small style recipes and R3GAN's against dcgan, at equal time of the processor, on Fashion-MNIST at 32 pixels.

    python benchmarks/styles.py [--data-dir DIR]

Each recipe trains in a process of its own, on one thread, with the budget that it has; dcgan, in its published form, for as long
as the slowest of them took. Told are the time of the processor, FD[fashion-classifier] at each quarter (of 1,000 samples) and in
the end (of 5,000), path lengths in z and w, and separability. Writes `results/styles.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import organza
from organza.console import Console
from organza.files import write_text
from organza.recipes import RECIPES

ROOT = Path(__file__).parent
NAMES = ("stylegan-tiny", "stylegan2-tiny", "r3gan-tiny")
MARKS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--work", type=Path, help="folder for the runs, kept")
    parser.add_argument("--only", nargs="*", default=[*NAMES, "dcgan"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dcgan-images", type=int, help="budget of dcgan instead of that for equal time")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "styles.json")
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp())
    rows: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {}
    for name in options.only:
        images = RECIPES[name].images
        if name == "dcgan":
            images = options.dcgan_images or as_long_as(rows, work, options)
        rows[name] = measured(name, images, work / name, options)
        print(name, json.dumps(rows[name]), flush=True)
        write_text(options.out, json.dumps(rows, indent=2) + "\n")


def as_long_as(rows: dict[str, Any], work: Path, options: argparse.Namespace) -> int:
    """Images that dcgan sees in the time of the slowest other recipe, by a trial."""
    trial = 12_800
    seconds = train("dcgan", trial, work / "dcgan-trial", options)
    wanted = max(rows[name]["cpu_seconds"] for name in NAMES if name in rows)
    return round(trial * wanted / seconds)


def train(name: str, images: int, out: Path, options: argparse.Namespace) -> float:
    """Train; returns seconds of the processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [sys.executable, "-m", "organza", "train", name, "--data", "fashion-mnist", "--images", str(images)]
    words += ["--out", str(out), "--score-every", str(images // MARKS), "--seed", str(options.seed), "--json"]
    words += ["--data-dir", str(options.data_dir)] if options.data_dir else []
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(name: str, images: int, out: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Train and score."""
    quiet = Console(quiet=True)
    seconds = train(name, images, out, options)
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    scores = organza.evaluate(
        out,
        data="fashion-mnist",
        data_dir=str(options.data_dir) if options.data_dir else None,
        metrics=["fd", "precision", "recall"],
        console=quiet,
    )
    row: dict[str, Any] = {
        "images": images,
        "cpu_seconds": round(seconds),
        "images_per_cpu_second": round(images / seconds, 1),
        "fd_on_the_way": [round(found["score.fd"], 2) for found in rows if "score.fd" in found],
        "scores": {key: round(value, 3) for key, value in scores.values.items()},
        "features": scores.features,
        "n": scores.n,
        "seed": options.seed,
    }
    spaces = ("w", "z") if "style" in name else ("z",)
    for space in spaces:
        found = organza.pathlength(out, space=space, n=1000, console=quiet)
        row[f"path_length_{space}"] = {
            "full": round(found.full, 1),
            "end": round(found.end, 1),
            "features": found.features,
        }
    row["separability"] = {
        space: round(value, 2) for space, value in organza.separability(out, n=5000, console=quiet).scores.items()
    }
    return row


if __name__ == "__main__":
    main()
