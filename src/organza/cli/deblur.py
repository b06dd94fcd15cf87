"""make blurred pictures or videos sharp: organza deblur MODEL blurred.jpg sharp.png"""

from __future__ import annotations

from organza.cli.parse import Device, Json, call
from organza.cli.picturing import Input, ModelPath, Output, Report, Targets, Tile, told


def deblur(
    model: ModelPath,
    input: Input,
    output: Output,
    /,
    *,
    tile: Tile = "auto",
    targets: Targets = None,
    report: Report = None,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Make blurred pictures or videos sharp. The size stays; transparency and sound stay; grey stays grey."""
    from organza import api

    done = api.deblur(model, input, output, tile=tile, targets=targets, report=report, device=device)
    return told(done, model, json)


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(deblur, "deblur", words)
