"""Deblurring of photographs that were never seen, by the small form of DeblurGAN-v2 and by what stands beside it.

    python benchmarks/deblurring.py --data-dir DIR

DIR holds photographs for the training in `single-image` and `analogy-images`, and true pairs of blurred and sharp ones in
`blur-pairs`. The training sees none of scikit-image's samples, on which the scores are taken: their central squares, blurred by
100 kernels that are fixed by their seeds, 1000 to 1099. Writes `results/deblurring.json`, and pictures into docs/images.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from PIL import Image
from skimage import data as samples
from skimage.filters import unsharp_mask
from torch import Tensor

import organza
from organza.console import Console
from organza.data import to_pixels
from organza.data.blur import blur, kernel_of_seed
from organza.files import write_text
from organza.metrics import psnr, ssim

KERNELS = range(1000, 1100)
LENGTH, EXPOSURE = 60.0, 0.1  # of the camera's path in pixels, as published, and the part of it that the shutter sees
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "camera", "stereo_motorcycle")
SIDE = 256
ROOT = Path(__file__).parent
IMAGES = 34_000  # less than 15 minutes of one core
Restore = Callable[[Tensor], Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--images", type=int, default=IMAGES)
    parser.add_argument("--recipe", default="deblurgan-v2-tiny")
    parser.add_argument("--work", type=Path, help="folder for the runs, kept")
    parser.add_argument("--set", nargs="*", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--only", choices=["with", "without"])
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "deblurring.json")
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp())
    targets, blurred = held_out(photographs(), LENGTH, EXPOSURE)
    rows = {"input": score(lambda picture: picture, blurred, targets), "unsharp mask": score(unsharp, blurred, targets)}
    shown: dict[str, Restore] = {}
    folder = sharp_folder(options.data_dir, work)
    changes = dict(pair.split("=", 1) for pair in options.set)
    for name, fields in (("without the adversarial term", {"adversarial": 0.0}), (options.recipe, {})):
        if options.only and (options.only == "without") != bool(fields):
            continue
        started = time.process_time()
        run = organza.train(
            options.recipe, data=str(folder), out=work / name.replace(" ", "-"), images=options.images,
            overrides={**changes, **fields}, console=Console(),
        )  # fmt: skip
        cpu = round(time.process_time() - started)
        model = organza.load(run)
        shown[name] = model.deblur
        rows[name] = score(model.deblur, blurred, targets) | {"cpu_seconds_of_training": cpu}
    for name, row in rows.items():
        print(f"{name:<30}{row['psnr']:7.2f} dB {row['ssim']:.4f}   gain {row['psnr'] - rows['input']['psnr']:+.2f} dB "
              f"{row['ssim'] - rows['input']['ssim']:+.4f}", flush=True)  # fmt: skip
    pairs = true_pairs(options.data_dir / "blur-pairs", shown)
    for row in pairs:
        print(row)
    write_text(
        options.out,
        json.dumps(
            {
                "photographs": PHOTOGRAPHS, "side": SIDE, "kernels": [KERNELS.start, KERNELS.stop - 1],
                "length": LENGTH, "exposure": EXPOSURE, "threads": torch.get_num_threads(),
                "images": options.images, "changes": changes, "scores": rows, "true_pairs": pairs,
            },
            indent=2,
        ) + "\n",
    )  # fmt: skip
    if options.recipe in shown:
        strips(blurred, targets, shown[options.recipe], ROOT.parent / "docs" / "images" / "deblurring.jpg")


def photographs() -> list[Tensor]:
    """Central squares of scikit-image's photographs, float [1, 3, 256, 256] in [-1, 1]."""
    found = []
    for name in PHOTOGRAPHS:
        picture = getattr(samples, name)()
        picture = picture[0] if isinstance(picture, tuple) else picture
        colour = np.asarray(Image.fromarray(picture).convert("RGB"))
        top, left = ((side - SIDE) // 2 for side in colour.shape[:2])
        found.append(to_input(colour[top : top + SIDE, left : left + SIDE]))
    return found


def held_out(sharp: list[Tensor], length: float, exposure: float) -> tuple[list[Tensor], list[Tensor]]:
    """Targets, and what each is blurred to: one for each of the fixed kernels."""
    kernels = [kernel_of_seed(seed, length=length, exposure=exposure)[None].float() for seed in KERNELS]
    targets = [sharp[index % len(sharp)] for index in range(len(kernels))]
    return targets, [rounded(blur(target, kernel)) for target, kernel in zip(targets, kernels, strict=True)]


def to_input(pixels: np.ndarray) -> Tensor:
    """uint8 [H, W, 3] as float [1, 3, H, W] in [-1, 1]."""
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float() / 127.5 - 1


def rounded(pictures: Tensor) -> Tensor:
    """As they are after they were written to a file."""
    return to_pixels(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1


def unsharp(picture: Tensor) -> Tensor:
    """The best of a few unsharp masks on these very pictures, which flatters it: a baseline must not be made of straw."""
    pixels = to_pixels(picture)[0].numpy()
    sharper = unsharp_mask(pixels, radius=2, amount=0.5, channel_axis=2)
    return to_input((sharper * 255).round().astype(np.uint8))


def score(restore: Restore, blurred: list[Tensor], targets: list[Tensor]) -> dict[str, float]:
    """PSNR and SSIM on 8-bit pixels, the means over all pictures."""
    started, nearness, likeness = time.perf_counter(), [], []
    for picture, target in zip(blurred, targets, strict=True):
        made, wanted = (to_pixels(one).permute(0, 3, 1, 2) for one in (restore(picture), target))
        nearness.append(float(psnr(made, wanted)))
        likeness.append(float(ssim(made, wanted)))
    seconds = (time.perf_counter() - started) / len(blurred)
    return {"psnr": round(fmean(nearness), 3), "ssim": round(fmean(likeness), 4), "seconds_each": round(seconds, 3)}


def sharp_folder(data_dir: Path, work: Path) -> Path:
    """A folder of all photographs for the training, without the masks that lie among them."""
    folder = work / "sharp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("single-image", "analogy-images"):
        for file in sorted((data_dir / name).rglob("*.*")):
            if "mask" not in file.name:
                shutil.copy(file, folder / f"{file.parent.name}-{file.name}")
    return folder


def true_pairs(folder: Path, shown: dict[str, Restore]) -> list[dict[str, Any]]:
    """PSNR of photographs that were blurred by a moving camera, whole."""
    rows = []
    for file in sorted(folder.glob("*_blur1.png")):
        picture, target = (
            to_input(np.asarray(Image.open(path).convert("RGB")))
            for path in (file, file.with_name(file.name.replace("blur", "sharp")))
        )
        for name, restore in {"input": lambda picture: picture, **shown}.items():
            scores = score(restore, [picture], [target])
            rows.append(
                {"pair": file.name.partition("_")[0], "by": name, "psnr": scores["psnr"], "ssim": scores["ssim"]}
            )
    return rows


def strips(blurred: list[Tensor], targets: list[Tensor], restore: Restore, path: Path) -> None:
    """Blurred, restored and sharp beside each other, one photograph a row."""
    lines = []
    for index in range(4):
        pictures = torch.cat([blurred[index], restore(blurred[index]), targets[index]], 3)
        lines.append(to_pixels(pictures)[0].numpy())
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(lines)).save(path, quality=88)


if __name__ == "__main__":
    main()
