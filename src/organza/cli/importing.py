"""an authors' checkpoint as a model: organza import latest_net_G.pth --as cyclegan --out horses"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import tyro

from organza.cli.parse import Device, Json, call_with_fields, print_json

Kind = Literal["cyclegan", "pix2pix", "deblurgan", "deblurgan-v2", "srgan"]


def import_model(
    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")],
    /,
    *,
    kind: Annotated[Kind, tyro.conf.arg(name="as")],
    out: Annotated[Path, tyro.conf.arg(metavar="MODEL")],
    to: Literal["a", "b"] | None = None,
    force: bool = False,
    device: Device = "cpu",
    json: Json = False,
) -> Callable[[dict[str, str]], int]:
    """Make a model folder of a checkpoint that authors have released. Nothing in the file is executed.

    The architecture is read off the tensors. What leaves no trace in them is as in the authors' own commands, and can be set
    like any field of the recipe: organza import latest_net_G.pth --as pix2pix --out maps --test_dropout false.

    Args:
        file: As torch.save writes a state dict (.pth, .pt, DeblurGAN-v2's .h5), or safetensors.
        kind: Whose checkpoint it is; srgan is for ESRGAN's, too.
        out: The model folder to write.
        to: For cyclegan, the domain that the generator leads to; b if it is not said.
        force: Write over a model that is there.
    """

    def with_fields(fields: dict[str, str]) -> int:
        from organza import api
        from organza.networks import count_parameters

        model = api.import_model(file, kind=kind, out=out, to=to, overrides=fields, force=force, device=device)
        parameters = sum(count_parameters(network) for network in model.networks.values())
        notes = model.config["imported"]["notes"]
        if json:
            print_json({"model": str(out), "kind": kind, "parameters": parameters, "notes": notes})
            return 0
        names = ", ".join(model.networks)
        print(f"{out}: {model.recipe.name}, {names}, {parameters:,} parameters")
        for note in notes:
            print(f"  {note}")
        return 0

    return with_fields


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call_with_fields(import_model, "import", words)
