"""Three systems that give one picture the looks of another, each with the same time of one CPU thread, and the trivial answers.

    python benchmarks/analogies.py DIR VIDEO [--size 64] [--seconds 180] [--seeds 2]

DIR holds the pictures of the pairs below, VIDEO is translated in every fourth of its first frames: as "video" by one model, as
"frames" by one for each frame, which all get the same time. How many steps a system gets
is found out beforehand, from the processor's time for a few steps of each scale. Scores are those of `organza evaluate`: style (a
Fréchet distance in the features of places; the lower, the better), structure (how well the edges agree with those of A; 1 at
best), and of a video the warping error. A row that is in `results/analogies.json` already is not measured again. Pictures go
into docs/images.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import av
import torch
from PIL import Image
from torch import Tensor

import organza
from organza.console import Console
from organza.data import to_samples
from organza.data.sources import decode_domains, open_source
from organza.data.video import frames
from organza.features import load_features
from organza.files import write_text
from organza.metrics import edge_agreement, single_frechet, warp_error
from organza.networks.pyramid.colours import ColourTransport
from organza.recipes import RECIPES, override
from organza.streams import Streams
from organza.tools.pictures.flow import both_ways
from organza.training.planning import make_session

ROOT = Path(__file__).parent
SYSTEMS = ("structural-analogy", "analogy-6", "analogy-plus")
PAIRS = {
    "balls-pumpkins": ("204.jpg", "205.jpg"),
    "pyramids-mountains": ("206.jpg", "207.jpg"),
    "bricks-clay": ("8.png", "9.png"),
    "plant-stones": ("202.png", "203.png"),
}
STYLE_OF_VIDEO, FRAMES, APART = "207.jpg", 8, 4
FOR_VIDEOS = {"structural-analogy": {"self_weight": "1", "smallest": "22"}}  # as published, see docs/analogies.md


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("video", type=Path)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=180, help="of the processor, for each training")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--systems", nargs="*", default=list(SYSTEMS))
    parser.add_argument("--pairs", nargs="*", default=[*PAIRS, "video"])
    parser.add_argument("--set", nargs="*", default=[], metavar="FIELD=VALUE", help="fields to change")
    parser.add_argument("--tag", default="", help="added to the name of the system in the rows")
    parser.add_argument("--work", type=Path, help="folder for the runs, kept")
    parser.add_argument("--images", type=Path, default=ROOT.parent / "docs" / "images" / "analogies")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "analogies.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    work = options.work or Path(tempfile.mkdtemp())
    asked = dict(text.split("=", 1) for text in options.set)
    for pair in options.pairs:
        data = data_of(pair, options, work)
        add(options.out, f"trivial {pair} {options.size}", partial(trivial, data, options.size))
        for seed in range(options.seeds):
            for system in options.systems:
                name = system + options.tag
                changes = (FOR_VIDEOS.get(system, {}) if pair == "video" else {}) | asked
                key = f"{name} {pair} {options.size} {options.seconds:g}s {seed}"
                folder = work / key.replace(" ", "-")
                if pair == "frames":
                    add(options.out, key, partial(measure_apart, system, data, seed, options, changes, folder))
                    continue
                target = None if seed else options.images / f"{pair}-{name}-{options.size}.png"
                add(options.out, key, partial(measure, system, data, seed, options, changes, folder, target))


def add(out: Path, key: str, make: Any) -> None:
    """Add a row to the results, unless it is there."""
    if key in (json.loads(out.read_text()) if out.exists() else {}):
        return
    row = make()
    rows = json.loads(out.read_text()) if out.exists() else {}  # another process may have added some meanwhile
    write_text(out, json.dumps(dict(sorted((rows | {key: row}).items())), indent=2) + "\n")
    print(key, json.dumps(row), flush=True)


def data_of(pair: str, options: argparse.Namespace, work: Path) -> str:
    """The source of a pair; for the video some of its frames, as a video or as a folder, and a style."""
    if pair in PAIRS:
        return ",".join(str(options.folder / name) for name in PAIRS[pair])
    kept = list(islice(frames(options.video), 0, FRAMES * APART, APART))
    if pair == "video":
        write_lossless(work / "frames.mkv", kept)
        return f"{work / 'frames.mkv'},{options.folder / STYLE_OF_VIDEO}"
    folder = work / "frames"
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(kept):
        Image.fromarray(frame).save(folder / f"{number:03d}.png")
    return f"{folder},{options.folder / STYLE_OF_VIDEO}"


def write_lossless(file: Path, kept: list[Any]) -> None:
    """Frames, uint8 [H, W, 3], as a video that has them to the bit."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(file), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width = kept[0].shape[:2]
        stream.pix_fmt = "bgr0"
        for frame in kept:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def pictures_of(data: str, size: int) -> dict[str, Tensor]:
    """The pictures of both domains as the trainings see them."""
    datasets = decode_domains(open_source(data), size, 3)
    return {domain: to_samples(dataset.read(torch.arange(dataset.count))) for domain, dataset in datasets.items()}


def steps_for(system: str, data: str, options: argparse.Namespace, changes: dict[str, str]) -> int:
    """Steps of each scale that the processor gets through in the time."""
    recipe = override(RECIPES[system], {"size": options.size, **changes})
    game, _, budget = recipe.game.at((options.size, options.size), options.size)
    recipe = replace(recipe, game=game, images=budget)
    session = make_session(recipe, decode_domains(open_source(data), options.size, 3), Streams(0), torch.device("cpu"))
    costs = []
    for stage in range(len(session.game.stages)):
        if stage:
            session.enter(stage, session.entered)
        session.play()
        began, steps = time.process_time(), 0
        while steps < 2 or time.process_time() - began < 1:
            session.play()
            steps += 1
        costs.append((time.process_time() - began) / steps)
    return max(1, round(options.seconds / sum(costs)))


def measure(
    system: str,
    data: str,
    seed: int,
    options: argparse.Namespace,
    changes: dict[str, str],
    folder: Path,
    target: Path | None,
) -> dict[str, Any]:
    """One training, and its scores."""
    iterations = steps_for(system, data, options, changes)
    overrides = {"size": options.size, "iterations": iterations, **changes}
    began = time.process_time()
    run = organza.train(
        system, data=data, out=folder, seed=seed, overrides=overrides, device="cpu", console=Console(quiet=True)
    )
    seconds = time.process_time() - began
    model = organza.load(run)
    scores = organza.evaluate(run, data=data, console=Console(quiet=True))
    if target:
        pictures = pictures_of(data, options.size)
        target.parent.mkdir(parents=True, exist_ok=True)
        organza.save_images(model.translate(pictures["a"], to="b"), target, model=model)
    return {
        **counts(model),
        "iterations": iterations,
        "cpu_seconds": round(seconds, 1),
        "verdict": run.verdict,
        **{name: round(value, 4) for name, value in scores.values.items()},
        **{name: round(value, 4) for name, value in scores.details.items()},
    }


def measure_apart(
    system: str, data: str, seed: int, options: argparse.Namespace, changes: dict[str, str], folder: Path
) -> dict[str, Any]:
    """A training for every frame, and the scores of the frames together, as `organza evaluate` has them."""
    frame_folder, style = data.split(",")
    names = sorted(Path(frame_folder).iterdir())
    iterations = steps_for(system, f"{names[0]},{style}", options, changes)
    overrides = {"size": options.size, "iterations": iterations, **changes}
    pictures, features, quiet = pictures_of(data, options.size), load_features("random-conv"), Console(quiet=True)
    given, made, began = pictures["a"], list[Tensor](), time.process_time()
    for number, name in enumerate(names):
        run = organza.train(
            system,
            data=f"{name},{style}",
            out=folder / str(number),
            seed=seed,
            overrides=overrides,
            device="cpu",
            console=quiet,
        )
        model = organza.load(run)
        made.append(model.translate(given[number, None], to="b"))
    seconds = time.process_time() - began
    answer, wanted = torch.cat(made), features.places(pictures["b"])[0]
    flows = [both_ways(given[index - 1, None], given[index, None]) for index in range(1, len(given))]
    errors = [warp_error(answer[i, None], answer[i + 1, None], *one) for i, one in enumerate(flows)]
    return {
        **counts(model),
        "iterations": iterations,
        "cpu_seconds": round(seconds, 1),
        "style": round(mean([single_frechet(wanted, features.places(one[None])[0]) for one in answer]), 4),
        "structure": round(mean([edge_agreement(one, own) for one, own in zip(answer, given, strict=True)]), 4),
        "warp_error": round(mean(errors), 4),
    }


def counts(model: organza.Model) -> dict[str, int]:
    """Parameters of both generators, and scales."""
    generators = [network for name, network in model.networks.items() if name.startswith("generator")]
    parameters = sum(parameter.numel() for network in generators for parameter in network.parameters())
    return {"parameters": parameters, "scales": len(generators[0].sizes)}


def trivial(data: str, size: int) -> dict[str, Any]:
    """The scores of A itself, of B itself, and of A with its colours moved linearly to those of B, which learns nothing."""
    pictures, features = pictures_of(data, size), load_features("random-conv")
    wanted = features.places(pictures["b"])[0]
    moved = ColourTransport(3)
    moved.measure(pictures["a"], pictures["b"])
    answers = {
        "copy of A": pictures["a"],
        "copy of B": pictures["b"].expand_as(pictures["a"]),
        "A in the colours of B": moved(pictures["a"], 1).clamp(-1, 1),
    }
    return {
        name: {
            "style": round(mean([single_frechet(wanted, features.places(one[None])[0]) for one in answer]), 4),
            "structure": round(
                mean([edge_agreement(one, own) for one, own in zip(answer, pictures["a"], strict=True)]), 4
            ),
        }
        for name, answer in answers.items()
    }


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    main()
