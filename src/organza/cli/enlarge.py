"""make small pictures or videos larger: organza enlarge MODEL small.png large.png"""

from __future__ import annotations

from organza.cli.parse import Device, Json, call
from organza.cli.picturing import Input, ModelPath, Output, Report, Targets, Tile, told


def enlarge(
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
    """Make small pictures or videos larger, as many times as the model does. Transparency and sound stay."""
    from organza import api

    done = api.enlarge(model, input, output, tile=tile, targets=targets, report=report, device=device)
    return told(done, model, json)


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(enlarge, "enlarge", words)
