"""train a GAN on your data, or go on with a training: organza train --data ./pictures"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call_with_fields, number_or_none, option, print_json, whole


def train(
    recipe: Annotated[str | None, tyro.conf.Positional, option("RECIPE")] = None,
    /,
    *,
    data: Annotated[str, tyro.conf.arg(metavar="SOURCE")],
    out: Annotated[Path | None, option("RUN")] = None,
    images: Annotated[str | None, option("N")] = None,
    minutes: Annotated[str | None, option("M")] = None,
    dry_run: Annotated[bool, option("")] = False,
    start: Annotated[Path | None, option("MODEL", name="from")] = None,
    seed: Whole = 0,
    device: Device = "auto",
    data_dir: Annotated[Path | None, option("DIR")] = None,
    save_every: Annotated[float, tyro.conf.arg(metavar="SECONDS")] = 60.0,
    score_every: Annotated[str | None, option("IMAGES")] = None,
    stop_on_failure: Annotated[bool, option("")] = False,
    auto_remedy: Annotated[bool, option("")] = False,
    max_remedies: Annotated[int, tyro.conf.arg(metavar="K")] = 3,
    tensorboard: Annotated[bool, option("")] = False,
    json: Json = False,
) -> Callable[[dict[str, str]], int]:
    """Train a recipe on a source of images, or go on exactly where a run has stopped.

    Any field of the recipe can be set, as --generator.lr 1e-4 --batch 32; `organza show RECIPE` lists them.
    Ctrl-C finishes the step, saves everything, and says how to go on; the same command goes on.

    Args:
        recipe: Name (`organza list`) or YAML file (`organza cp`); without it, chosen from the data.
        data: A folder or zip of images (sub-folders are labels), a picture, a video, or a built-in name (`organza list sources`).
            To make pictures from pictures: A,B, two of them that nothing pairs; or pairs:DIR, with DIR/A given and DIR/B
            wanted, or both side by side in each picture; to deblur, enlarge or complete, any folder will do.
        out: Folder of the run; if a run is there, it is resumed. Default: runs/RECIPE-SOURCE.
        images: Stop after so many images. Where one picture is learnt, --iterations says how many steps each scale takes,
            --quality (draft, normal, full) that as a share of the published number, and --size how large the picture is learnt.
        minutes: Stop after about so many minutes; measured once at the beginning and turned into images.
        dry_run: Print the plan and stop.
        start: Begin with the weights of this model or run.
        seed: Of all randomness.
        data_dir: Where to look for built-in data sets first.
        save_every: Seconds between checkpoints; 0: after every step.
        score_every: Images between two quick scores; the best model so far is then kept in RUN/best.
        stop_on_failure: Stop, with exit status 3, at a collapse or domination that five checks running confirm.
        auto_remedy: At whatever five checks running find amiss, go back to where all was well, and on with the doctor's
            first remedy.
        max_remedies: How often at most.
        tensorboard: Write TensorBoard events into the run folder, too.
    """

    def with_fields(fields: dict[str, str]) -> int:
        from organza import api

        budget = number_or_none(images, whole, "--images")
        scored = number_or_none(score_every, whole, "--score-every")
        span = number_or_none(minutes, lambda words: float(words[0]), "--minutes")
        if dry_run:
            job = api.prepare(
                recipe, data=data, out=out, images=budget, minutes=span, seed=seed, device=device, start=start,
                overrides=fields, data_dir=data_dir,
            )  # fmt: skip
            if json:
                print_json(job.plan.record())
            return 0
        run = api.train(
            recipe, data=data, out=out, images=budget, minutes=span, seed=seed, device=device, start=start,
            overrides=fields, data_dir=data_dir, save_every=save_every, score_every=scored,
            stop_on_failure=stop_on_failure, auto_remedy=auto_remedy, max_remedies=max_remedies, tensorboard=tensorboard,
        )  # fmt: skip
        if json:
            print_json(
                {
                    "run": str(run.folder),
                    "images": run.images,
                    "images_per_second": round(run.images_per_second, 1),
                    "seconds": round(run.seconds, 3),
                    "verdict": run.verdict,
                    "scores": run.scores,
                }
            )
        return 3 if run.stopped else 0

    return with_fields


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call_with_fields(train, "train", words)
