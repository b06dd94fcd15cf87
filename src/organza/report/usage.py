"""What to do with the run next: commands and a few lines of Python."""

from __future__ import annotations

import json
import shlex

from organza.report.folder import RunFolder
from organza.report.markup import Html, element
from organza.report.page import code, section
from organza.report.verdicts import failed

PYTHON = """\
import organza

model = organza.load({run})
images = model.sample(16, seed=0)
organza.save_images(images, "grid.png")"""

FROM_PICTURES = """\
import numpy
import organza
import torch
from PIL import Image

model = organza.load({run})
picture = Image.open("input.png").convert("{mode}")
pixels = torch.tensor(numpy.array(picture))
images = {axes} / 127.5 - 1
made = model.{call}
organza.save_images(made, "output.png", model=model)"""

VARIED = """\
import organza

model = organza.load({run})
variations = model.sample(16, seed=0)
organza.save_images(variations, "grid.png", model=model)"""

VERBS = {"translates": "translate", "deblurs": "deblur", "enlarges": "enlarge"}
"""By the abilities that the model declares."""

TITLES = {
    "translate": "Translate a picture, a folder or a video",
    "deblur": "Sharpen a picture, a folder or a video",
    "enlarge": "Enlarge a picture, a folder or a video",
}


def usage(run: RunFolder) -> Html:
    """The section of commands, with the run's own name filled in."""
    own = _of_one_picture(run) or _from_pictures(run) or _from_noise(run)
    ways = [*own, (_onward(run), run.facts.text("command"))]
    return section(
        "Use it",
        element(
            "div",
            *(element("div", element("h3", title), code(text), class_="card") for title, text in ways if text),
            class_="cards",
        ),
    )


def _from_noise(run: RunFolder) -> list[tuple[str, str]]:
    return [
        ("Make new pictures", f"organza sample {shlex.quote(run.name)} -n 16 --out grid.png"),
        ("The same in Python", PYTHON.format(run=_written(run))),
        ("See how a picture was made", "organza verify grid.png"),
    ]


def _of_one_picture(run: RunFolder) -> list[tuple[str, str]]:
    """Ways to use a model that knows one picture; none for others."""
    abilities = run.model.texts("abilities")
    if "pyramids" not in abilities or "translates" in abilities:
        return []
    name = shlex.quote(run.name)
    return [
        ("Variations of the picture", f"organza vary {name} -n 16 --out variations"),
        ("Other proportions: twice as wide", f"organza retarget {name} wide.png --scale 2x1"),
        ("Make what was pasted in belong there", f"organza harmonize {name} pasted.png mask.png harmonized.png"),
        ("A picture from strokes of paint", f"organza paint {name} strokes.png painted.png"),
        ("Make it move", f"organza animate {name} --out moving.gif"),
        *(
            [("Enlarge the picture", f"organza enlarge {name} picture.png large.png")]
            if "enlarges" in abilities
            else []
        ),
        ("Variations in Python", VARIED.format(run=_written(run))),
        ("See how a picture was made", "organza verify harmonized.png"),
    ]


def _from_pictures(run: RunFolder) -> list[tuple[str, str]]:
    """Ways to use a model that makes pictures from pictures; none for others."""
    verb = next((VERBS[ability] for ability in run.model.texts("abilities") if ability in VERBS), None)
    if verb is None:
        return []
    two_ways = verb == "translate" and "B as A" in run.facts.texts("exhibit")
    channels = run.recipe.number("channels")
    grey = channels == 1
    python = FROM_PICTURES.format(
        run=_written(run),
        mode="L" if grey else "RGBA" if channels == 4 else "RGB",
        axes="pixels[None, None]" if grey else "pixels.permute(2, 0, 1)[None]",
        call=f'{verb}(images, to="b")' if two_ways else f"{verb}(images)",
    )
    command = f"organza {verb} {shlex.quote(run.name)} input.png output.png" + (" --to b" if two_ways else "")
    return [
        (TITLES[verb], command),
        *([("The other way round", command.removesuffix("b") + "a")] if two_ways else []),
        ("The same in Python", python),
        *(_variations(run) if "pyramids" in run.model.texts("abilities") else []),
        ("See how a picture was made", "organza verify output.png"),
    ]


def _variations(run: RunFolder) -> list[tuple[str, str]]:
    """Of each of the two pictures that the model knows."""
    name = shlex.quote(run.name)
    return [
        (f"Variations of {side.upper()}", f"organza vary {name} -n 16 --side {side} --out variations-{side}")
        for side in ("a", "b")
    ]


def _written(run: RunFolder) -> str:
    return json.dumps(run.name, ensure_ascii=False)


def _onward(run: RunFolder) -> str:
    """What the command that trained the run is good for now."""
    seen, budget = run.facts.number("status", "images"), run.facts.number("status", "budget")
    if failed(run.facts.text("status", "verdict")):
        change = "what the doctor prescribes" if run.diagnosis.each("remedies") else "a smaller lr"
        return f"Try again: the same command, with {change} and another --out"
    if seen is not None and budget is not None and seen < budget:
        return "Go on training, from exactly where it stopped"
    if run.unit == "steps":
        return "Train it longer: the same command, with more steps (--iterations, or --images) and another --out"
    return "Train it further: the same command, with a larger --images"
