"""make pictures of one kind into another: organza translate MODEL photos/ paintings/ --to b"""

from __future__ import annotations

from typing import Annotated

from organza.cli.parse import Device, Json, Whole, call, option
from organza.cli.picturing import Input, ModelPath, Output, Report, Targets, Tile, told


def translate(
    model: ModelPath,
    input: Input,
    output: Output,
    /,
    *,
    to: Annotated[str | None, option("a|b")] = None,
    seed: Whole = 0,
    tile: Tile = "auto",
    targets: Targets = None,
    report: Report = None,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Make pictures or videos of one domain into another. The size stays; transparency and sound stay.

    Args:
        to: Domain to get into. Default: b, or the only one there is.
        seed: Of models whose dropout goes on, which is their only noise.
    """
    from organza import api

    done = api.translate(
        model, input, output, to=to, seed=seed, tile=tile, targets=targets, report=report, device=device
    )
    return told(done, model, json)


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(translate, "translate", words)
