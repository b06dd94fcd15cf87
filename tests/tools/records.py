"""Records of runs and models that are made up."""

from pathlib import Path
from types import SimpleNamespace

import torch

from organza.games import Abilities
from organza.tools.run_record import RunRecord


def record(seed=0, recipe="ring", data="ring8", verdict="healthy", **changes):
    """A run; `fields` are added to a few of a recipe."""
    fields = {"generator.lr": 1e-3, "batch": 64, "images": 640, "log_every": 64, **changes.pop("fields", {})}
    standard = {
        "folder": Path(f"runs/{recipe}-{seed}"),
        "name": f"{recipe}-{seed}",
        "paper": "of somebody",
        "fingerprint": f"content of {data}",
        "minutes": None,
        "start": None,
        "device": "cpu",
        "reason": None,
        "images": 640,
        "seconds": 2.0,
        "parameters": {"generator": 10},
        "command": f"organza train {recipe}",
    }
    return RunRecord(recipe=recipe, data=data, seed=seed, verdict=verdict, fields=fields, **(standard | changes))


class MadeUpModel:
    """What scoring and pictures ask of a model, with samples of one's own.

    Args:
        samples: [n, C, H, W]; sample i is samples[i].
        labels: Names of classes, if it takes any.
        asked: int64 [n], the label of each sample.
    """

    device = "cpu"
    abilities = Abilities()

    def __init__(self, samples, labels=(), asked=None):
        self.samples, self.labels, self.asked, self.drawn = samples, labels, asked, 0
        shape = tuple(samples.shape[1:])
        self.recipe = SimpleNamespace(channels=shape[0], sample=shape, name="made-up", rectangles="crop")
        self.config = {"weights_sha256": "0" * 64}

    def sample(self, n, seed=0, first=0, label=None):
        assert n <= 512, "so many at once need too much memory"
        self.drawn += n
        return self.samples[first : first + n] if label is None else self.samples[:n] + self.labels.index(label)

    def sample_labels(self, n, seed=0, first=0):
        return self.asked[first : first + n]


def cloud(centres, spread, n):
    """Points [n, 2, 1, 1] around the centres in turn."""
    generator = torch.Generator().manual_seed(0)
    points = centres[torch.arange(n) % len(centres)] + spread * torch.randn(n, 2, generator=generator)
    return points[:, :, None, None]
