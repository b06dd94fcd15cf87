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


def usage(run: RunFolder) -> Html:
    """The section of commands, with the run's own name filled in."""
    name = shlex.quote(run.name)
    ways = [
        ("Make new pictures", f"organza sample {name} -n 16 --out grid.png"),
        ("The same in Python", PYTHON.format(run=json.dumps(run.name, ensure_ascii=False))),
        ("See how a picture was made", "organza verify grid.png"),
        (_onward(run), run.facts.text("command")),
    ]
    return section(
        "Use it",
        element(
            "div",
            *(element("div", element("h3", title), code(text), class_="card") for title, text in ways if text),
            class_="cards",
        ),
    )


def _onward(run: RunFolder) -> str:
    """What the command that trained the run is good for now."""
    seen, budget = run.facts.number("status", "images"), run.facts.number("status", "budget")
    if failed(run.facts.text("status", "verdict")):
        change = "what the doctor prescribes" if run.diagnosis.each("remedies") else "a smaller lr"
        return f"Try again: the same command, with {change} and another --out"
    if seen is not None and budget is not None and seen < budget:
        return "Go on training, from exactly where it stopped"
    return "Train it further: the same command, with a larger --images"
