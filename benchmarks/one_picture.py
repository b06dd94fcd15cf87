"""SinGAN and ConSinGAN, each trained on one picture with the same number of steps for each scale, on one CPU thread.

    python benchmarks/one_picture.py PICTURE... [--size 64] [--iterations 100] [--systems singan consingan]

Scores are those of `organza evaluate`: how near the reconstruction comes to the picture, how much samples differ, how far their
patches are from the picture's and how far those of a picture of shuffled pixels are. Seconds are of the processor, without those
of the scores. A row that is in `results/one_picture.json` already is not measured again. Pictures go into docs/images.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

import organza
from organza.console import Console
from organza.files import write_text

ROOT = Path(__file__).parent
SAMPLES = 4  # shown beside picture and reconstruction


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--iterations", type=int, default=100, help="steps of each scale")
    parser.add_argument("--systems", nargs="*", default=["singan", "consingan"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", nargs="*", default=[], metavar="FIELD=VALUE", help="fields to change")
    parser.add_argument("--tag", default="", help="added to the name of the system in the rows")
    parser.add_argument("--work", type=Path, help="folder for the runs, kept")
    parser.add_argument("--images", type=Path, default=ROOT.parent / "docs" / "images" / "one-picture")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "one_picture.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    work = options.work or Path(tempfile.mkdtemp())
    for picture in options.pictures:
        for system in options.systems:
            rows = json.loads(options.out.read_text()) if options.out.exists() else {}
            name = system + options.tag
            key = f"{name} {picture.stem} {options.size} {options.iterations} {options.seed}"
            if key in rows:
                continue
            target = options.images / f"{picture.stem}-{name}-{options.size}.png"
            row = measure(system, picture, options, work / key.replace(" ", "-"), target)
            rows = (
                json.loads(options.out.read_text()) if options.out.exists() else {}
            )  # another process may have added some
            write_text(options.out, json.dumps(dict(sorted((rows | {key: row}).items())), indent=2) + "\n")
            print(key, json.dumps(row), flush=True)


def measure(system: str, picture: Path, options: argparse.Namespace, folder: Path, target: Path) -> dict[str, Any]:
    """One training, and its scores."""
    changes = dict(text.split("=", 1) for text in options.set)
    overrides = {"size": options.size, "iterations": options.iterations, **changes}
    began = time.process_time()
    run = organza.train(
        system,
        data=str(picture),
        out=folder,
        seed=options.seed,
        overrides=overrides,
        device="cpu",
        console=Console(quiet=True),
    )
    seconds = time.process_time() - began
    scores = organza.evaluate(run, data=str(picture), console=Console(quiet=True))
    model = organza.load(run)
    generator = model.networks["generator"]
    target.parent.mkdir(parents=True, exist_ok=True)
    organza.save_images(torch.cat([generator.reconstruct().clamp(-1, 1), model.sample(SAMPLES)]), target, model=model)
    height, width = generator.sizes[-1]
    return {
        "scales": len(generator.sizes),
        "height": height,
        "width": width,
        "parameters": sum(parameter.numel() for parameter in generator.parameters()),
        "steps": run.images,
        "cpu_seconds": round(seconds, 1),
        "verdict": run.verdict,
        **{name: round(value, 4) for name, value in scores.values.items()},
    }


if __name__ == "__main__":
    main()
