"""scores of a model, or of pictures in a folder, with what they depend on: organza evaluate RUN --data SOURCE"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, number_or_none, option, print_json, whole


def evaluate(
    model: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL|FOLDER")],
    /,
    *,
    data: Annotated[str, tyro.conf.arg(metavar="SOURCE")],
    metrics: Annotated[str | None, option("A,B")] = None,
    features: Annotated[str | None, option("NAME|FILE")] = None,
    n: Annotated[str | None, option("N", aliases=["-n"])] = None,
    split: Annotated[str, tyro.conf.arg(metavar="train|test")] = "test",
    seed: Whole = 0,
    intervals: Annotated[bool, option("")] = False,
    real: Annotated[str | None, option("N")] = None,
    device: Device = "auto",
    data_dir: Annotated[Path | None, option("DIR")] = None,
    json: Json = False,
) -> int:
    """Hold samples of a model, or pictures that anybody has generated, against real ones.

    Without --metrics: fd, kid, precision, recall, density, coverage and memorisation; of features that are a classifier's
    also is, entropy, classes and smallest_class; of a model with labels also accuracy and diversity; of points modes,
    high_quality and kl. On demand: fd_inf and ppl_z; of a model with styles ppl_w and separability; for two folders of
    pictures with equal names psnr, ssim and lpips. A model that has learnt one picture is held against it, by sifd, patch_swd,
    patch_swd_noise, pixel_diversity and psnr_reconstruction; an analogy against its A.png,B.png, by style, structure and, of a
    video, warp_error.
    `organza list metrics` says what each means. Two scores compare only where the line below the table, with features, n
    and seed, is the same.

    Args:
        model: A model, a run, or a folder or zip of generated pictures; one of a built-in name is written ./mnist.
        data: The real ones: a folder or zip of pictures, or a built-in name (`organza list sources`).
        metrics: Only these, with commas between.
        features: The network in which pictures are compared (`organza list features`), or a TorchScript or ONNX file.
            Default: one that is made for the data, else random-conv.
        n: Samples to generate, or pictures or pairs to take at most. Default: 5,000; of a model of one picture 50.
        split: Part of the data that samples are held against; the distance from the other part is told, too.
        seed: Of the samples, and of which real ones are taken.
        intervals: Compute confidence intervals, too.
        real: Real samples at most. Default: 10,000.
        data_dir: Where to look for built-in data sets first.
    """
    from organza import api
    from organza.tools import listing

    scores = api.evaluate(
        model, data=data, features=features, n=number_or_none(n, whole, "-n"), split=split, seed=seed, intervals=intervals,
        metrics=None if metrics is None else [key.strip() for key in metrics.split(",") if key.strip()],
        real=number_or_none(real, whole, "--real"), device=device, data_dir=data_dir,
    )  # fmt: skip
    if json:
        print_json({"model": model, **scores.record()})
    else:
        print(listing(scores))
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(evaluate, "evaluate", words)
