"""What the doctor costs: its seconds over the training's, in whole trainings by the command's own code.

    python benchmarks/doctor_cost.py

Each training runs at its default cadence of readings. The share is of the run's own clock, in one process, so noise of the
machine falls on both alike. Writes `results/doctor_cost.json`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import torch

from organza import api
from organza.console import Console
from organza.files import write_text

TARGET = 0.03
DEMO = {"batch": 32, "generator.width": 20, "discriminator.width": 16}
TRAININGS: tuple[tuple[str, str, int, dict[str, Any]], ...] = (
    ("ring", "ring8", 512_000, {}),
    ("gan", "fashion-mnist-10k", 256_000, {}),
    ("dcgan", "fashion-mnist-10k", 20_000, DEMO),
    ("cgan", "fashion-mnist-10k", 20_000, {"generator.width": 32, "discriminator.width": 32}),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "doctor_cost.json")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = []
    for recipe, data, images, fields in TRAININGS:
        with tempfile.TemporaryDirectory() as folder:
            run = api.train(
                recipe, data=data, images=images, overrides=fields, out=Path(folder) / "run", console=Console(True)
            )
            status = json.loads((run.folder / "run.json").read_text())["status"]
            readings = len((run.folder / "readings.jsonl").read_text().splitlines())
        share = status["doctor_seconds"] / status["seconds"]
        row = {"recipe": recipe, "images": images, "readings": readings, "seconds": status["seconds"]}
        rows.append({**row, "doctor_seconds": status["doctor_seconds"], "share": round(share, 4)})
        print(
            f"{recipe:<8}{images:>9,} images  {readings:>4} readings  {status['seconds']:6.1f} s  doctor {share:.2%}",
            flush=True,
        )
    write_text(
        options.out, json.dumps({"threads": options.threads, "target": TARGET, "trainings": rows}, indent=2) + "\n"
    )


if __name__ == "__main__":
    main()
