"""an authors' checkpoint as a model: organza import latest_net_G.pth --as cyclegan --out horses"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import tyro

from organza.cli.parse import Device, Json, call_with_fields, print_json

Kind = Literal[
    "cyclegan",
    "pix2pix",
    "deblurgan",
    "deblurgan-v2",
    "srgan",
    "stylegan2",
    "stylegan2-ada",
    "stylegan3-sg2",
    "rosinality",
    "r3gan",
]


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
        file: As torch.save writes a state dict (.pth, .pt, DeblurGAN-v2's .h5), or safetensors; a training state of rosinality's
            (.pt); NVIDIA's and R3GAN's pickles (.pkl).
        kind: Whose checkpoint it is; srgan is for ESRGAN's, too; stylegan2 for NVIDIA's TensorFlow pickles, stylegan3-sg2 for
            the StyleGAN2 networks of stylegan3's code.
        out: The model folder to write.
        to: For cyclegan, the domain that the generator leads to; b if it is not said.
        force: Write over a model that is there.
    """

    def with_fields(fields: dict[str, str]) -> int:
        from organza import api
        from organza.networks import count_parameters

        model = api.import_model(file, kind=kind, out=out, to=to, overrides=fields, force=force, device=device)
        parameters = sum(count_parameters(network) for network in model.networks.values())
        opponents = sorted({name.partition(".")[0] for name in model.opponents})
        notes = model.config["imported"]["notes"]
        if json:
            report = {"model": str(out), "kind": kind, "parameters": parameters, "opponents": opponents, "notes": notes}
            print_json(report)
            return 0
        names = ", ".join(model.networks)
        print(f"{out}: {model.recipe.name}, {names}, {parameters:,} parameters")
        for name in opponents:
            print(f"  with the {name}, for training to go on from here")
        for note in notes:
            print(f"  {note}")
        return 0

    return with_fields


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call_with_fields(import_model, "import", words)
