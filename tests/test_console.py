"""What a person reads when a training ends: how near the pictures come, and what to do with the model."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from one_picture_models import save_one_picture_model
from organza.console import Console, nearness, scales_done, spoken, use
from organza.diagnosis import Conditions, History, diagnose
from organza.recipes import RECIPES
from organza.training.plan import Plan, count_text

DIAGNOSIS = diagnose(History(Conditions(read=False), 100))


def plan(name, costs=()):
    return Plan(
        recipe=RECIPES[name],
        source=SimpleNamespace(name="photo.jpg", count=1, kind="images", classes=(), domains=()),
        fit="as it is",
        networks={},
        device="cpu",
        images_per_second=1.0,
        memory=0,
        out=Path("runs/one"),
        done=0,
        resumes=False,
        notes=(),
        costs=costs,
    )


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("dcgan", "sample runs/one -n 64 --out samples.png"),
        ("cyclegan-tiny", "translate runs/one input.png output.png --to b"),
        ("ganilla-tiny", "translate runs/one input.png output.png --to b"),
        ("pix2pix-tiny", "translate runs/one input.png output.png"),
        ("deblurgan-tiny", "deblur runs/one input.png output.png"),
        ("deblurgan-v2-tiny", "deblur runs/one input.png output.png"),
        ("srgan-tiny", "enlarge runs/one input.png output.png"),
        ("singan", "vary runs/one -n 16 --out variations"),
        ("analogy-plus", "translate runs/one input.png output.png --to b"),
    ],
)
def test_the_command_to_try_is_one_that_the_model_can(name, command):
    assert use(plan(name)) == command


def test_every_recipe_has_one():
    assert all(use(plan(name)).split()[0] in ("sample", "translate", "deblur", "enlarge", "vary") for name in RECIPES)


def ended(capsys, rows):
    """What is said at the end of a training with these rows of metrics."""
    console, planned = Console(), plan("pix2pix-tiny")
    with console.training(planned) as line:
        for row in rows:
            line.row({"images": 1, **row})
    result = SimpleNamespace(images=100, seconds=1.0, reason=None, verdict="healthy", diagnosis=DIAGNOSIS)
    console.ended(planned, result)
    return capsys.readouterr().err


def test_the_end_says_how_near_the_last_grid_came(capsys):
    rows = [{"shown.psnr": 12.0, "shown.psnr_of_input": 17.25}, {"shown.psnr": 21.5, "shown.psnr_of_input": 17.25}, {}]
    said = ended(capsys, rows)
    assert "PSNR 21.5 dB (inputs 17.2 dB)" in said
    assert "12.0" not in said
    assert "try:    organza translate runs/one" in said
    assert "losses and gradients alone" in said


def test_without_targets_nothing_is_said_of_nearness(capsys):
    assert "PSNR" not in ended(capsys, [{"generator.loss": 1.0}])
    assert nearness({"shown.psnr": 3.0}) == ""


def test_one_training_says_nothing_of_the_one_before(capsys):
    console = Console()
    with console.training(plan("pix2pix-tiny")) as line:
        line.row({"images": 1, "shown.psnr": 12.0, "shown.psnr_of_input": 17.0})
    with console.training(plan("cyclegan-tiny")):
        assert console.near == ""


def test_losses_of_all_turns_are_spoken_and_their_terms_are_not():
    figures = {"generator.loss": 2.5, "generator.cycle_a": 1.0, "discriminator.loss": 0.25, "discriminator.real": 0.5}
    assert spoken(figures) == "generator 2.500  discriminator 0.250  D(real) 0.50"


def test_the_strength_of_the_augmentation_is_spoken():
    assert spoken({"discriminator.augmented": 0.1234, "discriminator.sure": 0.6}) == "augmentation 0.12"
    assert spoken({"penalty.loss": 0.25, "path-length.mean": 3.0}) == "penalty 0.250"


@pytest.mark.parametrize(
    ("name", "stage", "said"),
    [
        ("stylegan-tiny", "to-16", "stage to 16x16  generator 1.000"),
        ("stylegan-tiny", "at-8", "stage 8x8  generator 1.000"),
        ("stylegan-tiny", "main", "stage main  generator 1.000"),
        ("stylegan2-tiny", "main", "  generator 1.000"),
    ],
)
def test_the_live_line_says_at_which_resolution_a_training_is(name, stage, said, capsys, monkeypatch):
    monkeypatch.setattr("organza.console.PLAIN_EVERY", -1.0)
    console = Console()
    with console.training(plan(name)) as line:
        line.entered(stage)
        line.tick(100, {"generator.loss": 1.0})
    shown = capsys.readouterr().err
    assert said in shown
    assert ("stage" in shown) == (name == "stylegan-tiny")


def test_a_plan_of_one_picture_speaks_of_steps_and_scales():
    said = dict(plan("singan").lines())
    assert said["speed"] == "1 steps/s"
    assert said["stops"].startswith("at 20,000 steps (2,000 for each of 10 scales), in about 5 h 33 min")
    assert said["data"].startswith("photo.jpg: 1 image, as it is")
    assert dict(plan("dcgan").lines())["speed"] == "1 images/s"


def test_the_time_to_go_knows_what_each_scale_takes():
    """Half of the steps at a second each, half at three: the mean would be two, wherever the training is."""
    planned = plan("singan", costs=((0.5, 1.0), (1.0, 3.0)))
    assert planned.seconds == 10_000 * 1.0 + 10_000 * 3.0
    assert planned.seconds_from(10_000) == 30_000.0
    assert planned.seconds_from(5_000) == 5_000 + 30_000.0
    assert planned.seconds_from(20_000) == 0.0
    assert dict(planned.lines())["speed"] == "1 steps/s (scale by scale 2 h 47 min, 8 h 20 min)"


def test_two_pictures_are_counted_as_two():
    one = SimpleNamespace(count=1, kind="images", domains=())
    film = SimpleNamespace(count=250, kind="images", domains=())
    assert count_text(SimpleNamespace(count=1, kind="images", domains=(one, one))) == "1 image and 1 image"
    assert count_text(SimpleNamespace(count=250, kind="images", domains=(film, one))) == "250 images and 1 image"


def test_a_stopped_training_says_how_many_scales_can_be_used(tmp_path):
    def said(name, share):
        save_one_picture_model(tmp_path / f"{name}{share}", name, share=share)
        return scales_done(replace(plan(name), out=tmp_path / f"{name}{share}"))

    assert said("singan", 0.3) == "; the model has 2 of 3 scales"
    assert said("singan", 0.7) == "; the model has 3 of 3 scales"
    assert said("consingan", 0.3) == "; the model has begun 3 of 3 scales"
    assert scales_done(plan("dcgan")) == ""


def test_how_near_the_reconstruction_comes_is_said():
    assert nearness({"shown.reconstruction": 26.14}) == "reconstruction 26.1 dB"
    assert (
        nearness({"shown.structure_a": 0.93, "shown.structure_b": 0.4})
        == "A as B has the edges of A by 0.93 (1: in full)"
    )
