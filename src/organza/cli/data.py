"""look at data before training on them: organza data check ./pictures; organza data blur SRC DEST"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, number_or_none, option, print_json, whole
from organza.errors import unknown

if TYPE_CHECKING:
    from organza.data import Check


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
        source: A folder or zip of images, a built-in name, A,B for two unpaired domains, or pairs:DIR for pairs.
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
    for part in found.domains or (found,):
        if found.domains:
            print(f"{part.source}:")
        print_contents(part)
    if found.fitness:
        print("what it is enough for:")
        for sentence in found.fitness["sentences"]:
            print(f"  {sentence}")
    return 0


def print_contents(found: Check) -> None:
    """What is in one source, and what is wrong with it, a line each."""
    print(f"  usable     {found.usable:,} of {found.files:,}, {found.channels} channels")
    if found.pairs is not None:
        print(f"  pairs      {found.pairs:,}")
    print("  sizes      " + ", ".join(f"{width}x{height} ({count:,})" for width, height, count in found.sizes))
    if found.classes:
        print("  classes    " + ", ".join(f"{name} ({count:,})" for name, count in found.classes.items()))
    if found.duplicates:
        print(f"  duplicates {found.duplicates:,} files repeat another byte for byte")
    for problem in found.problems:
        more = "" if problem.count <= 3 else f" and {problem.count - 3} more"
        print(f"  {problem.kind}: {', '.join(problem.files[:3])}{more} -> {problem.action}")


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


def blur(
    source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SRC")],
    dest: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DEST")],
    /,
    *,
    count: Annotated[Whole, tyro.conf.arg(metavar="N")] = 1,
    length: Annotated[float, tyro.conf.arg(metavar="PIXELS")] = 60.0,
    exposure: Annotated[str | None, option("PART")] = None,
    linear_light: Annotated[bool, option("")] = False,
    seed: Whole = 0,
    json: Json = False,
) -> int:
    """Make pairs out of sharp pictures, to train a deblurrer with: DEST/A/*.png, blurred by random motion, DEST/B/*.png, sharp.

    Afterwards `--data pairs:DEST` names them. Files that give no picture are passed over and listed, and the exit status is 1.

    Args:
        source: A folder or zip of pictures of any size, or one picture.
        dest: A folder that is empty or not there yet.
        count: Blurred pictures made of each sharp one.
        length: Of the path of the shaken camera, in pixels.
        exposure: The part of the path during which the shutter is open, above 0 and up to 1. Default: a tenth, a half or all
            of it, at random.
        linear_light: Add light, as a sensor does, instead of the values of the picture (gamma 2.2).
        seed: The same seed gives the same bytes.
    """
    from organza import api

    part = number_or_none(exposure, lambda words: float(words[0]), "--exposure")
    done = api.data_blur(
        source, dest, count=count, length=length, exposure=part, linear_light=linear_light, seed=seed
    )  # fmt: skip
    if json:
        print_json({
            "out": str(done.out), "source": f"pairs:{done.out}", "pictures": done.pictures, "pairs": done.pairs, "count": count,
            "length": length, "exposure": part, "linear_light": linear_light, "seed": seed,
            "problems": [asdict(problem) for problem in done.problems],
        })  # fmt: skip
    else:
        print(f"{done.pairs:,} pairs of {done.pictures:,} pictures: --data pairs:{done.out}")
    for problem in done.problems:
        print(problem.sentence, file=sys.stderr)
    return 1 if done.problems else 0


VERBS: dict[str, Callable[..., int]] = {"check": check, "blur": blur, "features": features_of}
USAGE = """usage: organza data check SOURCE                              what is in a source, and what it is enough for
       organza data blur SRC DEST                             sharp pictures into pairs of blurred and sharp ones
       organza data features SOURCE --out FILE.safetensors    what a network sees in its pictures, as a file
all take --json; organza data check --help and so on tell more"""


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    if not words or words[0] in ("-h", "--help"):
        print(USAGE)
        return 0 if words else 2
    if words[0] not in VERBS:
        raise unknown("verb of organza data", words[0], VERBS)
    return call(VERBS[words[0]], f"data {words[0]}", words[1:])
