"""The parts of DeblurGAN-v2 one by one: its loss, its two scales, its three backbones.

    python benchmarks/deblurring_parts.py --data-dir DIR

All trainings take the same time of the processor, and are scored as in `deblurring.py`, on photographs that they have not seen,
under every fifth of the kernels. The published sizes of the backbones are counted, and timed on one picture of 1280x720; they are
trained at the small form's widths of the pyramid. Writes `results/deblurring_parts.json`.
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
from deblurring import EXPOSURE, LENGTH, ROOT, held_out, photographs, score, sharp_folder
from organza.console import Console
from organza.data import decode_domains, open_source
from organza.files import write_text
from organza.games.translation import apply, translation_by
from organza.networks import Dims, count_parameters, multiply_adds
from organza.recipes import RECIPES, fit_to, override, settle, whole_steps
from organza.streams import Streams
from organza.training.planning import make_session

PARTS: dict[str, dict[str, Any]] = {
    "RaGAN-LS with a history, two scales": {},
    "without an adversary": {"adversarial": 0.0},
    "WGAN-GP instead": {"loss": "wasserstein", "history": 0, "penalty": "gp"},
    "one scale": {"full_layers": 0},
}
LARGER: dict[str, Any] = {"generator.backbone_width": 1.0, "size": 128, "batch": 2}  # the least that all three can take
BACKBONES: dict[str, dict[str, Any]] = {
    "deblurgan-v2-inception": LARGER | {"generator.backbone": "inception-resnet-v2"},
    "deblurgan-v2-mobilenet": LARGER,
    "deblurgan-v2-dsc": LARGER | {"generator.depthwise": True},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--every", type=int, default=5, help="score under every so many of the 100 kernels")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "deblurring_parts.json")
    options = parser.parse_args()
    targets, blurred = (pictures[:: options.every] for pictures in held_out(photographs(), LENGTH, EXPOSURE))
    rows: list[dict[str, Any]] = [{"part": "input", **score(lambda picture: picture, blurred, targets)}]
    with tempfile.TemporaryDirectory() as work:
        folder = sharp_folder(options.data_dir, Path(work))
        for name, fields in {**PARTS, **BACKBONES}.items():
            for seed in range(options.seeds):
                images, started = images_in(options.minutes * 60, folder, fields), time.process_time()
                run = organza.train(
                    "deblurgan-v2-tiny", data=str(folder), out=Path(work) / f"{name}-{seed}", images=images,
                    overrides=fields, seed=seed, console=Console(),
                )  # fmt: skip
                cpu = round(time.process_time() - started)
                row = {
                    "part": name,
                    "seed": seed,
                    **score(organza.load(run).deblur, blurred, targets),
                    "images": images,
                }
                rows.append({**row, "verdict": run.verdict, "cpu_seconds_of_training": cpu})
                print(json.dumps(rows[-1]), flush=True)
    sizes = [size(name) for name in BACKBONES]
    for row in sizes:
        print(json.dumps(row), flush=True)
    record = {"minutes": options.minutes, "threads": torch.get_num_threads(), "length": LENGTH, "exposure": EXPOSURE}
    write_text(options.out, json.dumps({**record, "parts": rows, "published_sizes": sizes}, indent=2) + "\n")


def images_in(seconds: float, folder: Path, fields: dict[str, Any]) -> int:
    """How many images a training sees in so much time of the processor, whatever else the machine does."""
    source = open_source(str(folder))
    recipe, _ = settle(fit_to(override(RECIPES["deblurgan-v2-tiny"], fields), source))
    datasets = decode_domains(source, recipe.decoded, recipe.channels, native=recipe.native)
    session = make_session(recipe, datasets, Streams(0), torch.device("cpu"))
    session.play()
    before, started = session.clock, time.process_time()
    for _ in range(8):
        session.play()
    return whole_steps(recipe, (session.clock - before) / (time.process_time() - started) * seconds)


def size(name: str) -> dict[str, Any]:
    """Parameters in use, multiplications at 1280x720 (736 lines, as the network wants them), and seconds for one picture."""
    network = RECIPES[name].game.generator.network  # type: ignore[attr-defined]
    generator = network.build(Dims((3, 256, 256))).eval()
    picture = torch.zeros(1, 3, 720, 1280)
    translation = translation_by(network, "generator", own_statistics=True)
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        apply(translation, {"generator": generator}, picture)
        seconds.append(time.perf_counter() - start)
    return {
        "recipe": name,
        "parameters": count_parameters(generator),
        "multiply_adds": multiply_adds(generator, (3, 736, 1280)),
        "seconds_720p": round(min(seconds), 2),
    }


if __name__ == "__main__":
    main()
