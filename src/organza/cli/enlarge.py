"""make small pictures or videos larger: organza enlarge MODEL small.png large.png"""

from __future__ import annotations

from typing import Annotated

from organza.cli.parse import Device, Json, Whole, call, option
from organza.cli.picturing import Input, ModelPath, Output, Report, Targets, Tile, told


def enlarge(
    model: ModelPath,
    input: Input,
    output: Output,
    /,
    *,
    factor: Annotated[Whole | None, option("N")] = None,
    tile: Tile = "auto",
    targets: Targets = None,
    report: Report = None,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Make small pictures or videos larger, as many times as the model does. Transparency and sound stay.

    Args:
        factor: How many times, 2 to 8, for models of one picture, which take the step from scale to scale again and again.
            Default: as many as the model says, for those 4. They enlarge the picture that they have learnt, in the size that was
            learnt; what they add to one that is much larger does not fit.
    """
    from organza import api

    done = api.enlarge(model, input, output, factor=factor, tile=tile, targets=targets, report=report, device=device)
    return told(done, model, json)


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(enlarge, "enlarge", words)
