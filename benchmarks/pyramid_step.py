"""A step of a SinGAN scale against the paper's schedule written plainly: the same networks, the same updates, the same results.

    python benchmarks/pyramid_step.py [--size 64] [--rounds 5]

Both train the same scale from the same weights with the same noise (`tests/games/test_pyramid.py` holds their weights
together). They take turns, a few steps each, on one CPU thread; the ratio is of the medians of the processor's time. "Authors"
is the same schedule with the one thing kept that the authors' code keeps. Writes `results/pyramid_step.json`.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

import plain_singan
from organza.data.dataset import ResidentDataset
from organza.files import write_text
from organza.recipes import RECIPES, override
from organza.streams import Streams
from organza.training.planning import make_session
from organza.training.session import Session

ROOT = Path(__file__).parent
STEPS = 3  # of one of them before it is the other's turn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scales", type=int, nargs="*", help="which; without it all")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "pyramid_step.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    session = begin(options.size)
    rows: dict[str, Any] = {}
    for scale in range(len(session.game.stages)):
        if scale:
            session.enter(scale, session.entered)
        if options.scales is None or scale in options.scales:
            name = "x".join(str(side) for side in reversed(session.entered.state["real"].shape[2:]))
            rows[f"scale {scale}, {name}"] = row = race(session, options.rounds)
            print(f"scale {scale}, {name}", json.dumps(row), flush=True)
            write_text(options.out, json.dumps(rows, indent=2) + "\n")


def begin(size: int) -> Session:
    """A training of SinGAN on a picture of soft random colours."""
    coarse = torch.rand(1, 3, size // 4, size // 4, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.interpolate(coarse, (size, size), mode="bicubic").clamp(0, 1)
    data = ResidentDataset((smooth * 255).byte().permute(0, 2, 3, 1).contiguous(), None, (), ())
    recipe = override(RECIPES["singan"], {"size": size, "original": (size, size)})
    recipe = replace(recipe, sides=(size, size), images=100_000)
    return make_session(recipe, {"real": data}, Streams(0), torch.device("cpu"))


def race(session: Session, rounds: int) -> dict[str, float]:
    """Seconds of a step of ours and of the plain schedule, in turns."""
    networks = session.entered.networks
    rival = copy.deepcopy(networks["generator"]).requires_grad_(True)
    rival.scales[:-1].requires_grad_(False)
    critic = copy.deepcopy(networks["discriminator"]).scales[-1].requires_grad_(True)
    shapes = [rival.noise_shape(index, rival.sizes[index]) for index in range(rival.built)]
    generator = torch.Generator().manual_seed(0)

    def draw(_step: int, _turn: int) -> tuple[list[torch.Tensor], torch.Tensor]:
        return [torch.randn(1, *shape, generator=generator) for shape in shapes], torch.rand(1, generator=generator)

    def plainly(keeps_way: bool) -> None:
        plain_singan.train_scale(
            list(rival.scales),
            critic,
            rival.amplitudes,
            rival.sizes,
            session.entered.state["real"],
            rival.anchor,
            draw,
            STEPS,
            keeps_way,
        )

    def ours() -> None:
        for _ in range(STEPS):
            session.play()

    racers = {"ours": ours, "plain": lambda: plainly(False), "authors": lambda: plainly(True)}
    times: dict[str, list[float]] = {name: [] for name in racers}
    for number in range(rounds + 1):
        for name, play in racers.items():
            began = time.process_time()
            play()
            if number:  # the first round warms up
                times[name].append((time.process_time() - began) / STEPS)
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {
        **{name: round(value, 4) for name, value in medians.items()},
        "ratio": round(medians["plain"] / medians["ours"], 3),
    }


if __name__ == "__main__":
    main()
