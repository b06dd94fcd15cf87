"""Analogies of two plain textures, where what should come out is known: stripes in the looks of dots.

    python benchmarks/analogy_textures.py [--iterations 150] [--systems analogy-plus structural-analogy analogy-6]

48x48 pixels, four scales, one CPU thread. Reported are how near each side's reconstruction comes (dB), by how much the cycle
term falls within each scale, how far the translation is from B and from A in style, and, with stripes that move in eight frames,
how the changes from frame to frame go with those of the video. Results: `results/analogy_textures.json`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from PIL import Image

import organza
from organza.console import Console
from organza.data import to_samples
from organza.data.sources import decode_domains, open_source
from organza.features import load_features
from organza.files import write_text
from organza.metrics import single_frechet

ROOT = Path(__file__).parent
SIZE, SCALES, FRAMES, STEP = 48, 4, 8, 1  # pixels, scales, frames, pixels that the stripes move in each
STRIPES = ((40, 60, 160), (230, 210, 120))
DOTS = ((250, 240, 235), (180, 30, 40))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--iterations", type=int, default=150, help="steps of each scale")
    parser.add_argument("--systems", nargs="*", default=["analogy-plus", "structural-analogy", "analogy-6"])
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "analogy_textures.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    work = Path(tempfile.mkdtemp())
    (work / "frames").mkdir()
    for number in range(FRAMES):
        Image.fromarray(stripes(number * STEP)).save(work / "frames" / f"{number}.png")
    Image.fromarray(dots()).save(work / "dots.png")
    for system in options.systems:
        for kind, source in (("picture", "frames/0.png"), ("video", "frames")):
            row = measure(system, f"{work / source},{work / 'dots.png'}", options.iterations, work / f"{system}-{kind}")
            rows = json.loads(options.out.read_text()) if options.out.exists() else {}
            rows[f"{system} {kind} {options.iterations}"] = row
            write_text(options.out, json.dumps(dict(sorted(rows.items())), indent=2) + "\n")
            print(system, kind, json.dumps(row), flush=True)


def stripes(shift: int) -> np.ndarray:
    """Slanted stripes, uint8 [SIZE, SIZE, 3]."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return coloured((columns + rows // 2 - shift) % 12 < 6, *STRIPES)


def dots() -> np.ndarray:
    """Dots in a square grid, uint8 [SIZE, SIZE, 3]."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return coloured((rows % 12 - 5.5) ** 2 + (columns % 12 - 5.5) ** 2 > 12, *DOTS)


def coloured(mask: np.ndarray, yes: tuple[int, ...], no: tuple[int, ...]) -> np.ndarray:
    return np.where(mask[..., None], yes, no).astype(np.uint8)


def measure(system: str, data: str, iterations: int, folder: Path) -> dict[str, Any]:
    """One training, and what came of it."""
    overrides = {"size": SIZE, "scales": SCALES, "smallest": 16, "iterations": iterations, "log_every": 5}
    began = time.process_time()
    run = organza.train(system, data=data, out=folder, overrides=overrides, device="cpu", console=Console(quiet=True))
    seconds = time.process_time() - began
    model, features = organza.load(run), load_features("random-conv")
    pictures = {
        domain: to_samples(dataset.read(torch.arange(dataset.count)))
        for domain, dataset in decode_domains(open_source(data), SIZE, 3).items()
    }
    made = model.translate(pictures["a"], to="b")
    places = {side: features.places(each[:1])[0] for side, each in {**pictures, "made": made}.items()}
    row: dict[str, Any] = {"cpu_seconds": round(seconds, 1), "verdict": run.verdict}
    for side, each in pictures.items():
        if len(each) == 1:
            again = model.networks[f"generator_{side}"].reconstruct().clamp(-1, 1)
            row[f"reconstruction_{side}"] = round(float(10 * torch.log10(4 / (again - each).square().mean())), 2)
    row |= {f"cycle_{side}": falls(folder / "metrics.jsonl", f"generator.cycle_{side}") for side in pictures}
    row |= {f"style_to_{side}": round(single_frechet(places[side], places["made"]), 3) for side in pictures}
    if len(made) > 1:
        changes = [each.diff(dim=0).flatten(1) for each in (pictures["a"], made)]
        pairs = zip(*changes, strict=True)
        row["changes"] = round(fmean(float(torch.corrcoef(torch.stack(pair))[0, 1]) for pair in pairs), 3)
    return row


def falls(file: Path, key: str) -> list[float]:
    """By what share a term falls within each scale, from its first row to the mean of its last three; coarse to fine."""
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    scales: dict[str, list[float]] = {}
    for row in rows:
        if key in row:
            scales.setdefault(row.get("stage", ""), []).append(row[key])
    return [round(1 - fmean(values[-3:]) / values[0], 2) for values in scales.values()]


if __name__ == "__main__":
    main()
