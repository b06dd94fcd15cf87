"""Translation without pairs, in worlds where the true partner of every picture is known.

    python benchmarks/unpaired.py [--data-dir DIR]

Red digits are to become blue ones that stand 8 pixels further down and to the right; no digit is in both domains. Told are only
the two folders. Whether a red 3 becomes a blue 3, and not any blue digit, hangs on the cycle: the control is the same training
without it. Scores on digits that neither has seen: how often a classifier takes the translations for pictures of the other
domain, how far the way there and back leads from where it began, and how near the translations come to the true partners.

Two stories of failure are told besides (Zhu et al. 2017, section 5 "limitations"): partners of another geometry, and a domain
that is too uniform. Writes `results/unpaired.json` and pictures into docs/images.
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
from torch import Tensor, nn

import organza
import toys
from organza.console import Console
from organza.data import to_pixels
from organza.files import write_text
from organza.metrics import psnr

ROOT = Path(__file__).parent
TRAINED, TESTED = 4000, 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--images", type=int, default=24_000, help="budget of each training")
    parser.add_argument("--work", type=Path, help="folder for the runs, kept")
    parser.add_argument("--only", nargs="*", default=["pairing", "without-cycle", "geometry", "rider"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", nargs="*", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "unpaired.json")
    options = parser.parse_args()
    options.work = options.work or Path(tempfile.mkdtemp())
    rows = json.loads(options.out.read_text()) if options.out.exists() else {}
    stories = {"pairing": pairing, "without-cycle": without_cycle, "geometry": geometry, "rider": rider}
    for name in options.only:
        rows[name] = stories[name](options)
        print(name, json.dumps(rows[name]), flush=True)
        write_text(options.out, json.dumps(rows, indent=2) + "\n")


def pairing(options: argparse.Namespace) -> dict[str, Any]:
    """The game as it is."""
    return translate_digits(options, "pairing", toys.blue, {})


def without_cycle(options: argparse.Namespace) -> dict[str, Any]:
    """The control: nothing leads back."""
    return translate_digits(options, "without-cycle", toys.blue, {"cycle": 0.0})


def geometry(options: argparse.Namespace) -> dict[str, Any]:
    """Partners that are turned by a quarter: colours are found, the turn is not."""
    return translate_digits(options, "geometry", toys.blue_turned, {})


def translate_digits(
    options: argparse.Namespace, name: str, world: toys.World, fields: dict[str, Any]
) -> dict[str, Any]:
    """One training, and its scores on digits of the test part."""
    first = toys.digits(options.data_dir, 0, TRAINED)
    second = toys.digits(options.data_dir, TRAINED, TRAINED)
    a, b = (
        toys.write(options.work / name / "red", toys.red(first)),
        toys.write(options.work / name / "blue", world(second)),
    )
    started = time.process_time()
    run = train(options, name, a, b, fields)
    cpu = round(time.process_time() - started)
    model = organza.load(run)
    marks = toys.digits(options.data_dir, 0, TESTED, "test")
    given, wanted = to_samples(toys.red(marks)), to_samples(world(marks))
    made = model.translate(given, to="b")
    back = model.translate(made, to="a")
    judge = classifier(to_samples(toys.red(first)), to_samples(world(second)))
    picture = strip(given[:10], made[:10], back[:10], wanted[:10])
    Image.fromarray(picture).resize((picture.shape[1] * 2, picture.shape[0] * 2), 0).save(
        images() / f"unpaired-{name}.png"
    )
    return {
        "domain_accuracy": round(float((judge(made)[:, 0] > 0).float().mean()), 4),
        "cycle_l1": round(float((back - given).abs().mean()), 4),
        "paired_psnr": round(mean_psnr(made, wanted), 2),
        "input_psnr": round(mean_psnr(given, wanted), 2),
        "images": run.images, "cpu_seconds_of_training": cpu, "threads": torch.get_num_threads(), "seed": options.seed,
    }  # fmt: skip


def rider(options: argparse.Namespace) -> dict[str, Any]:
    """Discs without riders become striped ones; then a rider comes along. The control has seen riders on both kinds."""
    rows = {}
    for name, share in (("never-seen", 0.0), ("seen", 0.5)):
        folder = options.work / f"rider-{name}"
        a = toys.write(folder / "plain", toys.animals(2000, 0, False, share)[0])
        b = toys.write(folder / "striped", toys.animals(2000, 1, True, share)[0])
        run = train(options, f"rider-{name}", a, b, {}, options.images // 2)
        pictures, riders = toys.animals(200, 2, False, 1.0)
        given = to_samples(pictures)
        made = organza.load(run).translate(given, to="b")
        changed = (made - given).abs().mean(1)[torch.from_numpy(riders)].mean()
        rows[name] = {
            "rider_changed_by": round(float(changed), 4),
            "images": run.images,
        }
        picture = strip(given[:10], made[:10])
        Image.fromarray(picture).resize((picture.shape[1] * 2, picture.shape[0] * 2), 0).save(
            images() / f"unpaired-rider-{name}.png"
        )
    return rows


def train(
    options: argparse.Namespace, name: str, a: Path, b: Path, fields: dict[str, Any], images: int = 0
) -> organza.Run:
    """The small CycleGAN on two folders."""
    # No colour of one domain is in the other: that the generators leave alone what is theirs already, says nothing.
    changes = {"identity": 0.0, **dict(pair.split("=", 1) for pair in options.set), **fields}
    return organza.train(
        "cyclegan-tiny", data=f"{a},{b}", out=options.work / name / "run", images=images or options.images, seed=options.seed,
        overrides=changes, console=Console(),
    )  # fmt: skip


def classifier(a: Tensor, b: Tensor) -> nn.Module:
    """A small network that tells the domains apart: logit > 0 for the second. It has both right on what it has learnt from."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 64, 1)
    )
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    pictures, truth = torch.cat([a, b]), torch.cat([torch.zeros(len(a)), torch.ones(len(b))])
    for _ in range(200):
        chosen = torch.randint(len(truth), (64,))
        loss = nn.functional.binary_cross_entropy_with_logits(network(pictures[chosen])[:, 0], truth[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.requires_grad_(False)


def to_samples(pixels: np.ndarray) -> Tensor:
    """uint8 [n, H, W, 3] as float [n, 3, H, W] in [-1, 1]."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1


def mean_psnr(pictures: Tensor, targets: Tensor) -> float:
    """The mean over pairs, on 8-bit pixels."""
    made, wanted = (to_pixels(one).permute(0, 3, 1, 2) for one in (pictures, targets))
    return float(psnr(made, wanted).clamp(max=100).mean())


def strip(*rows: Tensor) -> np.ndarray:
    """Rows of pictures below each other."""
    return np.concatenate([np.concatenate(list(to_pixels(row).numpy()), 1) for row in rows])


def images() -> Path:
    """Where the docs keep pictures."""
    folder = ROOT.parent / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    main()
