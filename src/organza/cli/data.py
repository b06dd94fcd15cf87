"""look at data before training on them: organza data check ./pictures; organza data features SOURCE --out FILE"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, number_or_none, option, print_json, whole
from organza.errors import unknown


def check(
    source: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE")],
    /,
    *,
    quick: Annotated[bool, option("")] = False,
    features: Annotated[str | None, option("NAME|FILE")] = None,
    data_dir: Annotated[Path | None, option("DIR")] = None,
    json: Json = False,
) -> int:
    """Look through a source and say everything that is wrong with it at once, what training does about it, what it is enough for.

    Args:
        source: A folder or zip of images, or a built-in name.
        quick: Do not say what the samples are enough for, which takes a look at 2,000 of them.
        features: The network with which they are looked at. Default: one that is made for the data, else random-conv.
        data_dir: Where to look for built-in data sets first.
    """
    from organza import api

    found = api.check(source, quick=quick, features=features, data_dir=data_dir)
    if json:
        print_json(asdict(found))
        return 0
    print(found.sentence)
    print(f"  usable     {found.usable:,} of {found.files:,}, {found.channels} channels")
    print("  sizes      " + ", ".join(f"{width}x{height} ({count:,})" for width, height, count in found.sizes))
    if found.classes:
        print("  classes    " + ", ".join(f"{name} ({count:,})" for name, count in found.classes.items()))
    if found.duplicates:
        print(f"  duplicates {found.duplicates:,} files repeat another byte for byte")
    for problem in found.problems:
        more = "" if problem.count <= 3 else f" and {problem.count - 3} more"
        print(f"  {problem.kind}: {', '.join(problem.files[:3])}{more} -> {problem.action}")
    if found.fitness:
        print("what it is enough for:")
        for sentence in found.fitness["sentences"]:
            print(f"  {sentence}")
    return 0


def features_of(
    source: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE")],
    /,
    *,
    out: Annotated[Path, tyro.conf.arg(metavar="FILE.safetensors")],
    features: Annotated[str | None, option("NAME|FILE")] = None,
    split: Annotated[str, tyro.conf.arg(metavar="train|test")] = "train",
    n: Annotated[str | None, option("N", aliases=["-n"])] = None,
    seed: Whole = 0,
    device: Device = "auto",
    data_dir: Annotated[Path | None, option("DIR")] = None,
    json: Json = False,
) -> int:
    """Write what a network sees in real pictures as one file: an embedding of each picture, and its label.

    The file holds `features`, `indices` in the source and, where there are any, `labels`; its header says what they are.

    Args:
        source: A folder or zip of images, or a built-in name.
        out: The file.
        features: The network (`organza list features`), or a TorchScript or ONNX file. Default: one that is made for the
            data, else random-conv.
        split: Part of the data.
        n: How many pictures. Default: all.
        seed: Decides which, if not all.
        data_dir: Where to look for built-in data sets first.
    """
    from organza import api

    facts = api.data_features(
        source, out=out, features=features, split=split, n=number_or_none(n, whole, "-n"), seed=seed, device=device,
        data_dir=data_dir,
    )  # fmt: skip
    if json:
        print_json({"out": str(out), **facts})
    else:
        print(out)
        print(f"{facts['n']:,} embeddings [{facts['dim']}] in {facts['features']}, of {source} ({facts['split']})")
        for note in facts["notes"]:
            print(f"note: {note}")
    return 0


VERBS: dict[str, Callable[..., int]] = {"check": check, "features": features_of}
USAGE = """usage: organza data check SOURCE                              what is in a source, and what it is enough for
       organza data features SOURCE --out FILE.safetensors    what a network sees in its pictures, as a file
both take --json; organza data check --help and organza data features --help tell more"""


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    if not words or words[0] in ("-h", "--help"):
        print(USAGE)
        return 0 if words else 2
    if words[0] not in VERBS:
        raise unknown("verb of organza data", words[0], VERBS)
    return call(VERBS[words[0]], f"data {words[0]}", words[1:])
