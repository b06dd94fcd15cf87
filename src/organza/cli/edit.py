"""move pictures along a direction: organza edit MODEL --direction sefa:0 --seeds 1-4 --strength -3,3,7 --out edit.png"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.lists import attached
from organza.cli.parse import Device, Json, Whole, call, option, print_json
from organza.cli.picturing import ModelPath
from organza.cli.project import CONSENT


def edit(
    model: ModelPath,
    /,
    *,
    direction: Annotated[str, tyro.conf.arg(metavar="FILE|NAME[:N]")],
    strength: Annotated[str, tyro.conf.arg(metavar="A,B,N")],
    out: Annotated[Path, tyro.conf.arg(metavar="FILE.png")],
    seeds: Annotated[str | None, option("S1,S2,..")] = None,
    latent: Annotated[Path | None, option("FILE.npz")] = None,
    label: Annotated[str | None, option("L")] = None,
    layers: Annotated[str | None, option("coarse|middle|fine|A-B")] = None,
    keep: Annotated[str, option("L1,L2,..")] = "",
    classifier: Annotated[str | None, option("CLASSIFIER|measures", name="with")] = None,
    n: Annotated[Whole, tyro.conf.arg(aliases=["-n"])] = 5000,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Move samples or a projected picture along a direction: a row for each, a column for each strength.

    On editing pictures of people, docs/responsibility.md has a word.

    Args:
        direction: A file of `organza directions`, and which one, as ages.npz:2 or ages.npz:trouser (the first one without); or
            one that is looked for on the spot: sefa:0, pca:0, or an attribute, as trouser or brightness.
        strength: N strengths from A to B, in standard deviations of the model's samples, as -3,3,7.
        out: A file that ends in .png.
        seeds: Samples, with commas between, or a range as 0-7.
        latent: Instead of seeds: a picture that `organza project` has found.
        label: For models with labels: of all samples. Default: what each seed draws.
        layers: Style inputs that move. Default: all.
        keep: Other attributes of the file that shall stay: the direction is made to lie across theirs.
        classifier: Tell what happens to attributes, as this one sees it: features with classes, or measures.
        n: Samples for a direction that is looked for on the spot, and among which measures are ranked.
    """
    from organza import api

    done = api.edit(
        model, direction=direction, strength=strength, out=out, seeds=seeds, latent=latent, label=label, layers=layers,
        keep=keep, classifier=classifier, n=n, device=device,
    )  # fmt: skip
    for note in done.notes:
        print(f"organza: {note}", file=sys.stderr)
    if latent is not None:
        print(CONSENT, file=sys.stderr)
    if json:
        found = {
            "model": str(model), "file": str(done.file), "direction": done.direction, "space": done.space,
            "strengths": list(done.strengths),
        }  # fmt: skip
        print_json({**found, "attributes": {each.name: each.probabilities for each in done.effects}})
        return 0
    print(done.file)
    for each in done.effects:
        print(f"  {each.name:<16}" + " ".join(f"{value:6.1%}" for value in each.probabilities))
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(edit, "edit", attached(words, "--strength"))
