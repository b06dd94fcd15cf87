"""Train one of the small classifiers in `organza.features` and write its weights.

    python scripts/train_classifier.py fashion-mnist --out WEIGHTS/fashion-classifier.safetensors
    python scripts/train_classifier.py mnist --epochs 5 --data-dir DATA --out WEIGHTS/mnist-classifier.safetensors

WEIGHTS is `src/organza/features/weights`. It prints the share of the test pictures that the written weights have right,
and their sha256, which goes into the table in `organza.features`. The same seed gives the same file, on one machine, with
one version of PyTorch.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import sys
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from organza.data import decode, open_source, to_samples
from organza.exchange.tensors import save_tensors
from organza.features.classifier import SIZE, ClassifierFeatures, SmallClassifier

BATCH = 128
LEARNING_RATE = 4e-3
WEIGHT_DECAY = 2e-2
SHIFT = 1  # pixels by which a picture is moved at most
MIRRORED = frozenset({"fashion-mnist"})  # a mirrored shoe is a shoe; a mirrored digit is none


def read(name: str, data_dir: Path | None, split: str) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """All pictures of one part of a set, float32 [n, 1, 28, 28] in [-1, 1], their labels, and the classes."""
    source = open_source(name, data_dir=data_dir, split=split)
    dataset = decode(source, SIZE, 1)
    if dataset.labels is None or source.split != split:
        sys.exit(f"{name} has no labelled {split} part")
    return to_samples(dataset.read(torch.arange(dataset.count))), dataset.labels, dataset.classes


def vary(images: Tensor, mirror: bool, generator: torch.Generator) -> Tensor:
    """The batch moved by up to `SHIFT` pixels, each picture its own way, and half of it mirrored if `mirror`."""
    count = len(images)
    padded = functional.pad(images[:, 0], (SHIFT,) * 4, value=-1.0)
    down, right = torch.randint(2 * SHIFT + 1, (2, count, 1), generator=generator)
    rows, columns = down + torch.arange(SIZE), right + torch.arange(SIZE)
    moved = padded[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
    if mirror:
        moved = torch.where((torch.rand(count, generator=generator) < 0.5)[:, None, None], moved.flip(2), moved)
    return moved[:, None]


def train(images: Tensor, labels: Tensor, classes: int, epochs: int, seed: int, mirror: bool) -> SmallClassifier:
    """A classifier trained with AdamW and one cycle of the learning rate; prints the loss of each epoch."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network = SmallClassifier(classes).to(memory_format=torch.channels_last)
    steps = epochs * (len(images) // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps)
    for epoch in range(epochs):
        total = torch.zeros(())
        batches = torch.randperm(len(images), generator=generator).split(BATCH)[: len(images) // BATCH]
        for chosen in batches:
            batch = vary(images[chosen], mirror, generator).contiguous(memory_format=torch.channels_last)
            loss = nn.functional.cross_entropy(network(batch)[1], labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.detach()
        print(f"epoch {epoch + 1} of {epochs}: loss {total.item() / len(batches):.4f}", flush=True)
    return network


def stored(network: nn.Module) -> dict[str, Tensor]:
    """The state as it is written: what is large in float16; the counters of batch normalisation are of no use."""
    state = {name: tensor for name, tensor in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    return {name: tensor.half() if tensor.ndim > 1 else tensor for name, tensor in state.items()}


def main() -> None:
    """Train, write, read again, score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="the data set: fashion-mnist or mnist")
    parser.add_argument("--data-dir", type=Path, help="where to look for it first")
    parser.add_argument("--out", type=Path, required=True, help="the safetensors file to write")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    torch.set_num_threads(1)  # sums come out the same whatever the machine has
    images, labels, classes = read(arguments.name, arguments.data_dir, "train")
    network = train(images, labels, len(classes), arguments.epochs, arguments.seed, arguments.name in MIRRORED)

    images, labels, _ = read(arguments.name, arguments.data_dir, "test")
    tensors = stored(network)
    network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    features = ClassifierFeatures(arguments.out.stem, classes, network.eval())
    right = (features.probabilities(images).argmax(1) == labels).double().mean().item()
    words = ["python", "scripts/train_classifier.py", arguments.name]
    words += ["--epochs", str(arguments.epochs), "--seed", str(arguments.seed), "--out", arguments.out.name]
    record = {"test_accuracy": round(right, 4), "command": shlex.join(words), "torch": torch.__version__}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    save_tensors(arguments.out, tensors, {"organza": json.dumps(record)})
    print(f"{right:.2%} of {len(images):,} test pictures right")
    print(f"sha256 {hashlib.sha256(arguments.out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
