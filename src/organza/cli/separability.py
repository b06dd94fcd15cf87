"""how well planes in latent space part attributes: organza separability MODEL --features fashion-classifier"""

from __future__ import annotations

from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, option, print_json
from organza.cli.picturing import ModelPath


def separability(
    model: ModelPath,
    /,
    *,
    features: Annotated[str | None, option("NAME")] = None,
    n: Annotated[Whole, tyro.conf.arg(aliases=["-n"])] = 5000,
    seed: Whole = 0,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Measure separability (Karras et al. 2019): 1 if planes in latent space tell all that a classifier tells, more if not.

    In z, and beside it in w for models with styles. Of the samples with an attribute, and of those without, the surest half
    counts. Take many more samples than the latent vector has numbers: a plane fits few of them by chance. Published figures are
    of 200,000 samples and 40 classifiers of faces; figures compare only with the same classifier and n.

    Args:
        features: A classifier (`organza list features`), of which each class counts as an attribute. Default: the one that is
            made for the data of the training.
        n: Samples.
        seed: Of the samples.
    """
    from organza import api

    found = api.separability(model, features=features, n=n, seed=seed, device=device)
    if json:
        print_json(
            {
                "model": str(model),
                "separability": dict(found.scores),
                "attributes": {space: dict(values) for space, values in found.attributes.items()},
                "worst": found.worst,
                "one_sided": list(found.one_sided),
                "features": found.classifier,
                "n": found.n,
                "kept": found.kept,
                "seed": found.seed,
            }
        )
        return 0
    spaces = list(found.scores)
    print(f"{'':<18}" + "".join(f"{space:>10}" for space in spaces))
    print(f"{'separability':<18}" + "".join(f"{found.scores[space]:10.4g}" for space in spaces))
    for name in found.attributes[spaces[0]]:
        row = "".join(f"{found.attributes[space][name]:10.4f}" for space in spaces)
        print(f"  {name:<16}{row}{'  (all samples are alike)' if name in found.one_sided else ''}")
    print(
        f"by {found.classifier}, each class against all others; n = {found.n:,}, of which the surest {found.kept:,} count"
    )
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(separability, "separability", words)
