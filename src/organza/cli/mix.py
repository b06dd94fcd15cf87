"""a grid of styles swapped between seeds: organza mix MODEL --rows 1,2,3 --columns 4,5 --layers middle --out mix.png"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, call, option, print_json
from organza.cli.picturing import ModelPath


def mix(
    model: ModelPath,
    /,
    *,
    rows: Annotated[str, tyro.conf.arg(metavar="S1,S2,..")],
    columns: Annotated[str, tyro.conf.arg(metavar="S1,S2,..")],
    layers: Annotated[str, tyro.conf.arg(metavar="coarse|middle|fine|A-B")],
    out: Annotated[Path, tyro.conf.arg(metavar="FILE.png")],
    label: Annotated[str | None, option("L")] = None,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Mix the styles of seeds. Top row: the columns' seeds; left column: the rows'; inside: the row with styles of the column.

    Models with styles only. Seed S is what `organza sample MODEL -n 1 --seed S` shows.

    Args:
        rows: Seeds with commas between, or a range as 0-7.
        columns: Seeds with commas between, or a range as 0-7.
        layers: Which style inputs come from the column. coarse, middle, fine: feature maps of 4-8, 16-32, 64 and more pixels
            a side; for pictures below 64 px the first, second and last third of the inputs. A-B: inputs by number, from 0,
            both included.
        out: A file that ends in .png.
        label: For models with labels: of all pictures. Default: what each seed draws.
    """
    from organza import api

    done = api.mix(model, rows=rows, columns=columns, layers=layers, out=out, label=label, device=device)
    if json:
        print_json(
            {"model": str(model), "file": str(done.file), "layers": list(done.layers), "sides": list(done.sides)}
        )
    else:
        print(done.file)
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(mix, "mix", words)
