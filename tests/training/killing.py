"""Train in a process that kills itself with SIGKILL when the training's code reaches its N-th line.

Counting lines makes "killed at any moment" reproducible: in the middle of a step, of a checkpoint's write, between the
renaming of one file and of the next.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from pathlib import Path

WATCHED = tuple(os.path.join("organza", part) for part in ("training", "exchange", "files.py", "marks", "data"))

SIZES = {"stylegan-tiny": 16, "dcgan": 32, "cyclegan-tiny": 32, "srgan-tiny": 32}
OWN = {  # fields that make a system small
    "cgan": {"generator.dense_width": 4},  # it has labels and dropout
    "cyclegan-tiny": {"generator.blocks": 1, "pool": 5},
    "srgan-tiny": {"generator.blocks": 1, "first": 0.5, "native": False},
    # Everything that the style games may remember: stages, a fade, path lengths, an adaptive strength, the mean of w.
    "stylegan-tiny": {
        "augmentation": "adaptive",
        "path_length_weight": 1.0,
        "growing_phase": 0.2,
        "generator.w_dim": 8,
    },
}
WIDTHS = {"stylegan-tiny": "channel_max"}


def train(name: str, folder: str) -> None:
    import torch

    from organza import api
    from organza.console import Console
    from organza.recipes import RECIPES, override
    from organza.training import probe
    from throwaway import THROWAWAY

    torch.set_num_threads(1)
    os.fsync = lambda handle: None  # a process that is killed leaves its files to the system, written or not
    probe.SECONDS = 0.0  # speed is of no interest here
    common = {"images": 96, "batch": 8, "log_every": 24, "sample_every": 64, "doctor_every": 48}
    if name in THROWAWAY:
        recipe, data = override(THROWAWAY[name](), {"doctor_every": 48}), "ring8"
    else:
        width = WIDTHS.get(name, "width")
        narrow = {f"generator.{width}": 4, f"discriminator.{width}": 4, "size": SIZES.get(name, 28)}
        recipe = override(RECIPES[name], common | narrow | OWN.get(name, {}))
        data = ",".join(["fashion-mnist-10k"] * len(recipe.build().domains))
    api.train(recipe, data=data, out=folder, save_every=0.0, console=Console(quiet=True))


def child(name: str, folder: str, lines: int, counted) -> None:
    seen = 0

    def line(frame, event, argument):
        nonlocal seen
        if event == "line":
            seen += 1
            if seen == lines:
                os.kill(os.getpid(), signal.SIGKILL)
        return line

    def call(frame, event, argument):
        return line if any(part in frame.f_code.co_filename for part in WATCHED) else None

    sys.settrace(call)
    train(name, folder)
    sys.settrace(None)
    counted.value = seen


def run_in_child(name: str, folder: Path, lines: int = 0) -> tuple[int, int]:
    """Train in a child process; returns its exit code and how many lines it ran, if it came to its end."""
    context = multiprocessing.get_context("forkserver")
    # Optimisers import torch._dynamo, which takes longer than all the rest of a child.
    context.set_forkserver_preload(["organza.api", "torch._dynamo"])
    counted = context.Value("q", 0)
    process = context.Process(target=child, args=(name, str(folder), lines, counted))
    process.start()
    process.join(120)
    if process.is_alive():
        process.kill()
        raise TimeoutError(f"{name} hangs when it is killed at line {lines}")
    return process.exitcode, counted.value
