"""Images per second of organza's loop against plain PyTorch, interleaved in one run; prints ratios.

Two rivals, for `gan` (batch 64, MNIST shape) and `dcgan` (batch 64, 32x32):

* script: what a tutorial does: torchvision's data set, ToTensor and Normalize, a DataLoader with 0 or 2 workers (the
  better one counts), the same networks and losses, the same optimisers as torch.optim makes them by default, the same
  number of threads;
* bare: forward, backward, step (fused, as organza's) and moving average of the same networks, channels last, on a batch
  that is already a tensor.

Each contender trains in turn for a while, several times over; the median counts, because the machine is never quiet.
"""

from __future__ import annotations

import argparse
import copy
import gzip
import json
import shutil
import statistics
import tempfile
import time
from importlib.resources import files
from pathlib import Path

import torch
from torch.nn.functional import softplus
from torchvision import datasets, transforms

from organza.data import decode, open_source
from organza.games import SGD
from organza.recipes import RECIPES, fit_to, override
from organza.streams import Streams
from organza.training.devices import describe
from organza.training.planning import make_session
from organza.training.window import Window

TARGETS = {("gan", "script"): 4.0, ("dcgan", "script"): 1.15, ("gan", "bare"): 0.85, ("dcgan", "bare"): 0.95}


class Contender:
    """Trains for some steps when asked, and remembers how fast it was."""

    def __init__(self, batch: int) -> None:
        self.batch, self.rates = batch, []

    def step(self) -> None:
        raise NotImplementedError

    def run(self, seconds: float) -> None:
        steps, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            self.step()
            steps += 1
        self.rates.append(steps * self.batch / (time.perf_counter() - start))

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    def ratio(self, rival: Contender) -> float:
        """How many times as fast as the rival: the median over the rounds, each of which saw the same noise."""
        return statistics.median(mine / other for mine, other in zip(self.rates, rival.rates, strict=True))


class Organza(Contender):
    """The loop's own step, with everything that it watches and averages."""

    def __init__(self, recipe, dataset) -> None:
        super().__init__(recipe.batch)
        self.session = make_session(recipe, {"real": dataset}, Streams(0), torch.device("cpu"))

    def step(self) -> None:
        self.session.play()
        assert self.session.culprit() is None  # as the loop looks after every step on a CPU
        if self.session.progress.step % 50 == 0:
            self.session.window = Window()


class Plain(Contender):
    """The textbook loop on the same networks; subclasses say where the batch comes from."""

    def __init__(self, recipe, average: bool) -> None:
        super().__init__(recipe.batch)
        stage = recipe.build().stages[0].build(None)
        self.generator, self.discriminator = stage.networks["generator"], stage.networks["discriminator"]
        self.average = copy.deepcopy(self.generator) if average else None
        self.g_step, self.d_step = (
            self.optimiser(getattr(recipe.game, name).optimiser, stage.networks[name].parameters())
            for name in ("generator", "discriminator")
        )
        self.z_dim = recipe.game.z_dim

    def optimiser(self, options, parameters) -> torch.optim.Optimizer:
        return options.build([{"params": parameters, "lr": options.lr}])

    def batch_of_real(self) -> torch.Tensor:
        raise NotImplementedError

    def step(self) -> None:
        real = self.batch_of_real()
        fake = self.generator(torch.randn(self.batch, self.z_dim)).detach()
        loss = softplus(-self.discriminator(real)).mean() + softplus(self.discriminator(fake)).mean()
        self.d_step.zero_grad()
        loss.backward()
        self.d_step.step()
        loss = softplus(-self.discriminator(self.generator(torch.randn(self.batch, self.z_dim)))).mean()
        self.g_step.zero_grad()
        loss.backward()
        self.g_step.step()
        if self.average is not None:
            with torch.no_grad():
                torch._foreach_lerp_(list(self.average.parameters()), list(self.generator.parameters()), 0.005)


class Bare(Plain):
    """On a resident batch."""

    def __init__(self, recipe) -> None:
        super().__init__(recipe, average=True)
        for network in (self.generator, self.discriminator, self.average):
            network.to(memory_format=torch.channels_last)
        self.real = (torch.rand(recipe.batch, *recipe.sample) * 2 - 1).contiguous(memory_format=torch.channels_last)

    def batch_of_real(self) -> torch.Tensor:
        return self.real


class Script(Plain):
    """With torchvision's data set and a DataLoader."""

    def __init__(self, recipe, folder: Path, workers: int) -> None:
        super().__init__(recipe, average=False)
        steps = [transforms.Resize(recipe.size)] if recipe.size != 28 else []
        chain = transforms.Compose([*steps, transforms.ToTensor(), transforms.Normalize(0.5, 0.5)])
        dataset = datasets.FashionMNIST(str(folder), train=False, transform=chain)
        self.loader = torch.utils.data.DataLoader(
            dataset, recipe.batch, shuffle=True, drop_last=True, num_workers=workers, persistent_workers=workers > 0
        )
        self.batches = iter(self.loader)

    def optimiser(self, options, parameters) -> torch.optim.Optimizer:
        if isinstance(options, SGD):
            return torch.optim.SGD(parameters, options.lr)
        return torch.optim.Adam(parameters, options.lr, options.betas)

    def batch_of_real(self) -> torch.Tensor:
        try:
            return next(self.batches)[0]
        except StopIteration:
            self.batches = iter(self.loader)
            return next(self.batches)[0]


def torchvision_folder(folder: Path) -> None:
    """The package's Fashion-MNIST test images where torchvision's loader looks for all four files."""
    raw = folder / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("images-idx3-ubyte", "labels-idx1-ubyte"):
        with gzip.open(str(files("organza.data") / "fashion_mnist_10k" / f"t10k-{part}.gz")) as packed:
            (raw / f"t10k-{part}").write_bytes(packed.read())
        shutil.copy(raw / f"t10k-{part}", raw / f"train-{part}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=1.5, help="of each contender in each round")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--out", type=Path, help="write the figures as JSON, too")
    options = parser.parse_args()
    source = open_source("fashion-mnist-10k")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        torchvision_folder(Path(folder))
        for name in ("gan", "dcgan"):
            recipe = fit_to(override(RECIPES[name], {"batch": 64}), source)
            dataset = decode(source, recipe.size, recipe.channels)
            contenders = {
                "organza": Organza(recipe, dataset),
                "bare": Bare(recipe),
                "script, 0 workers": Script(recipe, Path(folder), 0),
                "script, 2 workers": Script(recipe, Path(folder), 2),
            }
            for contender in contenders.values():
                contender.step()
            for _ in range(options.rounds):
                for contender in contenders.values():
                    contender.run(options.seconds)
            rates = {title: round(contender.rate, 1) for title, contender in contenders.items()}
            print(f"{name}: " + ", ".join(f"{title} {rate:,.0f} images/s" for title, rate in rates.items()))
            scripts = [contenders["script, 0 workers"], contenders["script, 2 workers"]]
            for rival, contender in (
                ("script", max(scripts, key=lambda each: each.rate)),
                ("bare", contenders["bare"]),
            ):
                ratio, target = contenders["organza"].ratio(contender), TARGETS[name, rival]
                results.append(
                    {"recipe": name, "rival": rival, "ratio": round(ratio, 3), "target": target, "rates": rates}
                )
                print(f"  against {rival}: {ratio:.2f}x (target {target}x, {'' if ratio >= target else 'NOT '}reached)")
    if options.out:
        record = {"environment": describe(torch.device("cpu")), "results": results}
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
