"""Pairs: a hole that is filled, a picture that becomes the mask of what is in it, and two ways to upsample.

    python benchmarks/paired.py [--images N]

The pictures are those that come with the package. For the hole: PSNR within it, beside that of filling it with the mean of its
rim. For the mask: the share of the pixels that are right, and intersection over union. For upsampling: how far patterns that
repeat every 2 pixels stick out of the spectrum of what an untrained and a trained generator makes (about 1 to 4 in
photographs). Writes `results/paired.json` and pictures into docs/images.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import organza
import toys
from organza.console import Console
from organza.data import decode, open_source, to_pixels, to_samples
from organza.data.degrade import Hole
from organza.diagnosis.probing import checkerboard
from organza.files import write_text
from organza.metrics import psnr
from unpaired import images as docs_images
from unpaired import strip

ROOT = Path(__file__).parent
TESTED = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "paired.json")
    options = parser.parse_args()
    rows: dict[str, Any] = {"images": options.images, "threads": torch.get_num_threads()}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        rows["completion"] = completion(options, work)
        rows["segmentation"] = segmentation(options, work)
        rows["upsampling"] = {kind: upsampling(options, work, kind) for kind in ("transposed", "resize")}
    for name, row in rows.items():
        print(name, json.dumps(row), flush=True)
    write_text(options.out, json.dumps(rows, indent=2) + "\n")


def clothes(split: str, count: int) -> Tensor:
    """Float [n, 1, 32, 32] in [-1, 1]."""
    dataset = decode(open_source("fashion-mnist-10k", split=split), 32, 1)
    return to_samples(dataset.read(torch.arange(count)))


def train(options: argparse.Namespace, recipe: str, data: str, out: Path, **fields: Any) -> organza.Run:
    changes = {"size": 32, "load": 0, "generator.downs": 4, **fields}
    return organza.train(recipe, data=data, out=out, images=options.images, overrides=changes, console=Console())


def completion(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    """The middle of pictures, as the generator fills it."""
    run = train(options, "pix2pix-completion", "fashion-mnist-10k", work / "completion", flip=False)
    wanted = clothes("test", TESTED)
    given = Hole().draw(wanted, torch.Generator())
    made = organza.load(run).translate(given)
    inside = slice(8, 24)
    rim = torch.cat([wanted[..., 7:25:17, 7:25].flatten(1), wanted[..., 7:25, 7:25:17].flatten(1)], 1).mean(1)
    mean = rim.view(-1, 1, 1, 1).expand(-1, 1, 16, 16)
    save("completion", given[:10], made[:10], wanted[:10])
    return {
        "psnr_in_the_hole": near(made[..., inside, inside], wanted[..., inside, inside]),
        "psnr_of_the_mean_of_the_rim": near(mean, wanted[..., inside, inside]),
        "seconds": round(run.seconds, 1),
    }


def segmentation(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    """From discs with riders on a meadow to the mask of the riders."""
    for part, seed in (("A", 0), ("B", 0)):
        pictures, riders = toys.animals(2000, seed, True, 0.7)
        masks = np.repeat(riders[..., None], 3, 3).astype(np.uint8) * 255
        toys.write(work / "pairs" / part, pictures if part == "A" else masks)
    run = train(options, "pix2pix-segmentation", f"pairs:{work / 'pairs'}", work / "segmentation")
    pictures, riders = toys.animals(TESTED, 9, True, 0.7)
    given, truth = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1, torch.from_numpy(riders)
    found = organza.load(run).translate(given)
    mask = found.mean(1) > 0
    save("segmentation", given[:10], found[:10], (truth[:10, None].float() * 2 - 1).expand(-1, 3, -1, -1))
    return {
        "pixels_right": round(float((mask == truth).float().mean()), 4),
        "intersection_over_union": round(float((mask & truth).sum() / (mask | truth).sum()), 4),
        "share_of_riders": round(float(truth.float().mean()), 4),
        "seconds": round(run.seconds, 1),
    }


def upsampling(options: argparse.Namespace, work: Path, kind: str) -> dict[str, Any]:
    """Patterns of 2 pixels in what a generator makes before and after its training."""
    run = train(
        options, "pix2pix-completion", "fashion-mnist-10k", work / kind, flip=False, **{"generator.upsampling": kind}
    )
    wanted = clothes("test", TESTED)
    made = organza.load(run).translate(Hole().draw(wanted, torch.Generator()))
    middle = slice(8, 24)
    untrained = Image.open(sorted((run.folder / "samples").glob("0*.png"))[0])
    first = torch.from_numpy(np.asarray(untrained).copy())[None, None].float()
    rows = [first[..., top : top + 32, 32:64] for top in range(0, first.shape[2], 32)]
    return {
        "real": round(checkerboard(wanted[..., middle, middle]), 2),
        "untrained": round(checkerboard(torch.cat(rows)), 2),
        "trained": round(checkerboard(made[..., middle, middle]), 2),
        "psnr_in_the_hole": near(made[..., middle, middle], wanted[..., middle, middle]),
    }


def near(pictures: Tensor, targets: Tensor) -> float:
    """The mean PSNR on 8-bit pixels."""
    made, wanted = (to_pixels(one).permute(0, 3, 1, 2) for one in (pictures, targets))
    return round(float(psnr(made, wanted).clamp(max=100).mean()), 2)


def save(name: str, *rows: Tensor) -> None:
    pixels = strip(*rows)
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    picture.resize((picture.width * 2, picture.height * 2), 0).save(docs_images() / f"{name}.png")


if __name__ == "__main__":
    main()
