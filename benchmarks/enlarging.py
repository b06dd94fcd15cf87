"""Photographs enlarged twice, by the small form of SRGAN, beside bicubic interpolation.

    python benchmarks/enlarging.py --data-dir DIR

DIR holds photographs for the training in `single-image` and `analogy-images`. Scores are taken on the central squares of
scikit-image's photographs, which the training has not seen, made smaller as the training makes its inputs. The recipe is trained
as it is, and with its first stage alone, which knows no discriminator. Writes `results/enlarging.json` and a picture.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import organza
from deblurring import ROOT, photographs, rounded, score, sharp_folder
from organza.console import Console
from organza.data import to_pixels
from organza.data.degrade import Shrink
from organza.files import write_text
from organza.games.restoring import enlarged

SCALE = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--images", type=int, default=30_000)
    parser.add_argument("--work", type=Path, help="folder for the runs, kept")
    parser.add_argument("--recipe", default="srgan-tiny")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "enlarging.json")
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp())
    targets = photographs()
    generator = torch.Generator()
    small = [rounded(Shrink(SCALE).draw(target, generator)) for target in targets]
    rows: dict[str, dict[str, Any]] = {"bicubic": score(lambda picture: enlarged(picture, SCALE), small, targets)}
    made = [enlarged(small[0], SCALE)]
    folder = sharp_folder(options.data_dir, work)
    for name, first in (("its first stage alone", 0.99), (options.recipe, None)):
        fields = {} if first is None else {"first": first}
        started = time.process_time()
        run = organza.train(
            options.recipe, data=str(folder), out=work / name.replace(" ", "-"), images=options.images, overrides=fields,
            console=Console(),
        )  # fmt: skip
        cpu = round(time.process_time() - started)
        model = organza.load(run)
        made.append(model.enlarge(small[0]))
        rows[name] = score(model.enlarge, small, targets) | {"cpu_seconds_of_training": cpu}
    for name, row in rows.items():
        print(
            f"{name:<24}{row['psnr']:7.2f} dB {row['ssim']:.4f}   {row['psnr'] - rows['bicubic']['psnr']:+.2f} dB",
            flush=True,
        )
    record = {"recipe": options.recipe, "scale": SCALE, "images": options.images, "threads": torch.get_num_threads()}
    write_text(options.out, json.dumps({**record, "scores": rows}, indent=2) + "\n")
    picture = np.concatenate([to_pixels(one)[0].numpy() for one in (*made, targets[0])], 1)
    Image.fromarray(picture).save(ROOT.parent / "docs" / "images" / f"{options.recipe}.jpg", quality=90)


if __name__ == "__main__":
    main()
