"""What a step takes of ConSinGAN and of SinGAN, at every scale, on one CPU thread.

    python benchmarks/one_picture_steps.py [--sizes 64 128] [--steps 3]

Both learn a square of soft random colours. The sums are of one step at each scale, so they stand to each other as whole trainings
with as many steps a scale. The two take turns. Writes `results/one_picture_steps.json`.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import torch

from organza.data.dataset import ResidentDataset
from organza.files import write_text
from organza.recipes import RECIPES, override
from organza.streams import Streams
from organza.training.planning import make_session
from organza.training.session import Session

ROOT = Path(__file__).parent
SYSTEMS = ("singan", "consingan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[64, 128])
    parser.add_argument("--steps", type=int, default=3, help="that are timed at each scale, after one that is not")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "one_picture_steps.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for size in options.sizes:
        seconds: dict[str, list[float]] = {system: [] for system in SYSTEMS}
        sessions = {system: begin(system, size) for system in SYSTEMS}
        for scale in range(max(len(session.game.stages) for session in sessions.values())):
            for system, session in sessions.items():
                if scale < len(session.game.stages):
                    seconds[system].append(cost(session, scale, options.steps))
        row = {system: [round(one, 3) for one in costs] for system, costs in seconds.items()}
        sums = {f"{system} sum": round(sum(costs), 3) for system, costs in seconds.items()}
        ratio = sum(seconds["consingan"]) / sum(seconds["singan"])
        rows = json.loads(options.out.read_text()) if options.out.exists() else {}
        rows[f"{size}x{size}"] = {**row, **sums, "consingan / singan": round(ratio, 3)}
        write_text(options.out, json.dumps(rows, indent=2) + "\n")
        print(size, json.dumps(rows[f"{size}x{size}"]), flush=True)


def begin(system: str, size: int) -> Session:
    coarse = torch.rand(1, 3, size // 4, size // 4, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.interpolate(coarse, (size, size), mode="bicubic").clamp(0, 1)
    data = ResidentDataset((smooth * 255).byte().permute(0, 2, 3, 1).contiguous(), None, (), ())
    recipe = override(RECIPES[system], {"size": size})
    game, sides, budget = recipe.game.at((size, size), size)
    return make_session(
        replace(recipe, game=game, sides=sides, images=budget), {"real": data}, Streams(0), torch.device("cpu")
    )


def cost(session: Session, scale: int, steps: int) -> float:
    """Seconds of the processor for a step of this scale."""
    if scale:
        session.enter(scale, session.entered)
    session.play()
    began = time.process_time()
    for _ in range(steps):
        session.play()
    return (time.process_time() - began) / steps


if __name__ == "__main__":
    main()
