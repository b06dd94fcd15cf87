"""directions in latent space along which something changes: organza directions MODEL --by sefa --out sefa.npz"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, option, print_json
from organza.cli.picturing import ModelPath


def directions(
    model: ModelPath,
    /,
    *,
    by: Annotated[str, tyro.conf.arg(metavar="svm|sefa|pca")],
    out: Annotated[Path, tyro.conf.arg(metavar="FILE.npz")],
    space: Annotated[str | None, option("w|z")] = None,
    label: Annotated[str, option("L1,L2,..")] = "",
    classifier: Annotated[str | None, option("CLASSIFIER|measures|labels", name="with")] = None,
    keep: Annotated[str, option("L1,L2,..")] = "",
    layers: Annotated[str | None, option("coarse|middle|fine|A-B")] = None,
    count: Whole = 10,
    n: Annotated[Whole, tyro.conf.arg(aliases=["-n"])] = 5000,
    seed: Whole = 0,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Find directions in a model's latent space, for `organza edit`.

    svm: towards attributes, by planes between samples that have one and samples that do not (InterFaceGAN). sefa: those that the
    weights move by most, in closed form, in a second (SeFa). pca: those in which w differs most or, in z, those that go with what
    differs most between pictures (GANSpace).

    Args:
        out: For `edit` and for NumPy: directions [k, d] of length 1, their names, and the deviation of samples along each.
        space: Default: w for models with styles, else z.
        label: svm: attributes. Default: all that enough samples have and enough have not.
        classifier: svm: who tells them: features with classes (`organza list features`); measures, which are brightness,
            contrast, area, across and down; or labels, those that samples were asked for. Default: whoever knows them.
        keep: svm: attributes that shall stay, so the directions of the others are made to lie across theirs.
        layers: sefa: style inputs that count. Default: all.
        count: sefa, pca: how many.
        n: svm, pca: samples.
        seed: Of the samples.
    """
    from organza import api

    found = api.directions(
        model, by=by, out=out, space=space, label=label, classifier=classifier, keep=keep, layers=layers, count=count, n=n,
        seed=seed, device=device,
    )  # fmt: skip
    weights = [round(float(weight), 6) for weight in found.weights]
    if json:
        print_json(
            {
                "model": str(model),
                "file": str(out),
                "space": found.space,
                "how": found.how,
                "names": list(found.names),
                "deviations": [float(deviation) for deviation in found.deviations],
                "weights": weights,
            }
        )
        return 0
    print(out)
    print(f"{found.how}, in {found.space}")
    what = "right on samples put aside" if by == "svm" else "share"
    for number, (name, weight) in enumerate(zip(found.names, weights, strict=True)):
        print(f"  {number:>2}  {name:<16}{weight:7.1%} {what}")
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(directions, "directions", words)
