"""Score pictures of which we know what is wrong with them, and put the table into docs/scores.md, between two marks.

    python scripts/golden_table.py --data-dir DIR

Real pictures of Fashion-MNIST, whole and spoilt in one way each, are scored as if a generator had made them: by the functions
that `organza evaluate` calls, with its protocol. The "generator" was trained on the 10,000 training pictures that the training
reference holds; new real pictures are drawn from the other 50,000. The numbers are kept beside the page, as JSON; everything
outside the marks is written by hand and stays.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from organza.data import decode, open_source, to_samples
from organza.tools import METRICS, Fakes, Reference, Scores, open_reference, other_part, score_samples

PAGE = Path(__file__).parents[1] / "docs" / "scores.md"
BEGIN, END = "<!-- begin: written by scripts/golden_table.py -->", "<!-- end -->"
DATA, N, SEED = "fashion-mnist", 5_000, 0
REPEATED = 10  # times that each picture comes where there are too few different ones
SALTED = 0.02  # share of the pixels that are made black or white
SIGMA = 1.0  # pixels: standard deviation of the blur
SCORED = ("fd", "kid", "precision", "recall", "density", "coverage", "is", "classes", "smallest_class", "memorisation")
LABELLED = ("accuracy", "diversity")
WEAK = "random-conv"
TRAIN, RATIO, OTHER = "fd_train", "memorisation_ratio", "fd_random_conv"  # columns that are no keys of METRICS
COLUMNS = (
    ("fd", TRAIN, OTHER, "kid", "precision", "recall", "density", "coverage"),
    ("is", "classes", "smallest_class", "memorisation", RATIO, "accuracy", "diversity"),
)


@dataclass(frozen=True, eq=False)
class Spoilt:
    """Pictures with one thing wrong with them.

    Attributes:
        name: What is wrong.
        pictures: Float [n, C, H, W] in [-1, 1].
        labels: Int64 [n], what they are said to show; None if nothing is said.
    """

    name: str
    pictures: Tensor
    labels: Tensor | None


def spoil(new: Tensor, labels: Tensor, known: Tensor, known_labels: Tensor, n: int, seed: int = SEED) -> list[Spoilt]:
    """Sets of n pictures, each with one thing wrong.

    Args:
        new: Real pictures that nothing was trained on, float [m, C, H, W] in [-1, 1], n of the most frequent class at least.
        labels: Their classes, int64 [m], all of which there are.
        known: Real pictures of the training set, [k, C, H, W] with k >= n.
        known_labels: Their classes, int64 [k].
        n: Divisible by `REPEATED` and by the number of classes.
        seed: Of the noise.

    Raises:
        ValueError: n does not fit.
    """
    counts = labels.bincount()
    classes, usual = len(counts), int(counts.argmax())
    if n % REPEATED or n % classes or counts[usual] < n or len(known) < n:
        raise ValueError(f"{n} pictures cannot be made of {len(new)} in {classes} classes and {len(known)} known ones")
    generator = torch.Generator().manual_seed(seed)
    some, said = new[:n], labels[:n]
    dots = torch.rand(some.shape, generator=generator)
    salted = torch.where(dots < SALTED, (dots < SALTED / 2) * 2.0 - 1, some)
    half = (labels < classes // 2).nonzero()[:n, 0]
    single = (labels == usual).nonzero()[:n, 0]
    few = torch.arange(n // REPEATED).repeat(REPEATED)
    ten = torch.stack([(labels == label).nonzero()[0, 0] for label in range(classes)]).repeat(n // classes)
    return [
        Spoilt("nothing: new real pictures", some, said),
        Spoilt("copies of training pictures", known[:n], known_labels[:n]),
        Spoilt(f"salt and pepper, {SALTED:.0%} of the pixels", salted, said),
        Spoilt(f"blur, sigma {SIGMA:g} pixel", gaussian_blur(some, 7, SIGMA), said),
        Spoilt("mirrored", some.flip(3), said),
        Spoilt(f"only the first {classes // 2} of {classes} classes", new[half], labels[half]),
        Spoilt("only one class", new[single], labels[single]),
        Spoilt(f"{n // REPEATED} pictures, {REPEATED} times each", some[few], said[few]),
        Spoilt(f"1 picture of each class, {n // classes} times each", new[ten], labels[ten]),
        Spoilt("uniform noise", torch.rand(some.shape, generator=generator) * 2 - 1, None),
        Spoilt("shuffled labels", some, said[torch.randperm(n, generator=generator)]),
    ]


def fakes_of(spoilt: Spoilt, classes: tuple[str, ...]) -> Fakes:
    """The same as if a generator had made them, asked for their labels."""
    labels = spoilt.labels
    return Fakes(
        name=spoilt.name,
        n=len(spoilt.pictures),
        shape=tuple(spoilt.pictures.shape[1:]),
        sample=lambda start, count: spoilt.pictures[start : start + count],
        labels=classes if labels is not None else (),
        asked=None if labels is None else lambda start, count: labels[start : start + count],
    )


def row_of(scores: Scores, others: Scores) -> dict[str, float]:
    """What the table shows of a set: its scores in two kinds of features, by column."""
    row = dict(scores.values)
    if scores.also:
        row[TRAIN] = scores.also["fd"]
    return row | {RATIO: scores.details[RATIO], OTHER: others["fd"]}


def titles_of(features: str) -> dict[str, str]:
    """The heading of each column."""
    titles = {key: METRICS[key].of(features) for columns in COLUMNS for key in columns if key in METRICS}
    arrows = {"lower": " ↓", "higher": " ↑", None: ""}
    fd = METRICS["fd"]
    return {key: metric.title + arrows[metric.better] for key, metric in titles.items()} | {
        TRAIN: "the same from train",
        OTHER: f"{fd.of(WEAK).title} ↓",
        RATIO: "distance to train, 1 is usual",
    }


def tables(record: dict) -> str:
    """Markdown of what the JSON holds."""
    parts = []
    for columns in COLUMNS:
        lines = [
            ["what is wrong", *(record["titles"][column] for column in columns)],
            ["---", *["---:"] * len(columns)],
        ]
        for row in record["rows"]:
            values = [row["values"].get(column) for column in columns]
            lines.append([row["name"], *map(shown, values)])
        parts.append("\n".join("| " + " | ".join(cells) + " |" for cells in lines))
    return "\n\n".join([*parts, f"*{record['protocol']}*"])


def shown(value: float | None) -> str:
    """With three digits, of which the fourth after the point is the last: what is below is the chance of n pictures."""
    return "–" if value is None else f"{round(value, 4):.3g}"


def put(page: str, record: dict) -> str:
    """The page with the tables between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"the page has no place for the tables: put '{BEGIN}' and '{END}' on lines of their own")
    return f"{before}{BEGIN}\n\n{tables(record)}\n\n{END}{after}"


def measure(data_dir: Path | None) -> dict:
    """Score all sets."""
    test = open_reference(DATA, data_dir=data_dir, seed=SEED)
    train, note = other_part(test, DATA, data_dir)
    if train is None:
        raise SystemExit(note)
    weak = open_reference(DATA, WEAK, data_dir=data_dir, seed=SEED)
    source = open_source(DATA, data_dir=data_dir, split="train")
    new, known = train.order[len(train.chosen) :], train.chosen
    dataset = decode(source, source.height, source.channels, disk_budget=0)
    pictures = [to_samples(dataset.read(indices)) for indices in (new, known)]
    sets = spoil(pictures[0], source.labels[new], pictures[1], source.labels[known], N)
    rows, scores = [], None
    for spoilt in sets:
        scores = scores_of(spoilt, test, train, source.classes)
        others = score_samples(fakes_of(spoilt, ()), weak, ["fd"], seed=SEED)
        rows.append({"name": spoilt.name, "values": row_of(scores, others)})
        print(json.dumps(rows[-1]), flush=True)
    return {
        "data": DATA, "n": N, "seed": SEED, "features": scores.features, "protocol": scores.protocol,
        "titles": titles_of(scores.features), "rows": rows,
    }  # fmt: skip


def scores_of(spoilt: Spoilt, test: Reference, train: Reference, classes: tuple[str, ...]) -> Scores:
    """Scores of a set against the test part, and the distance from the train part."""
    keys = [*SCORED, *(LABELLED if spoilt.labels is not None else ())]
    return score_samples(fakes_of(spoilt, classes), test, keys, other=train, seed=SEED)


def main() -> None:
    """Write the JSON and the marked part of the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, help="where Fashion-MNIST lies; without it, as organza finds it")
    record = measure(parser.parse_args().data_dir)
    PAGE.write_text(put(PAGE.read_text(encoding="utf-8"), record), encoding="utf-8")
    PAGE.with_suffix(".json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
