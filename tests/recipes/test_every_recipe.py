"""Every recipe that makes pictures from noise, narrow: it trains, resumes to the bit, is saved, and obeys."""

import pytest
import torch

from organza.data import decode, open_source
from organza.errors import UsageError
from organza.exchange import load_model, save_model
from organza.exchange.folder import weights_digest
from organza.recipes import RECIPES, fit_to, override
from organza.streams import Streams
from organza.training import checkpoint
from organza.training.planning import make_session
from organza.training.run import label_facts

CPU = torch.device("cpu")
SAMPLED_WITH = 3
FROM_NOISE = [name for name, recipe in RECIPES.items() if recipe.build().abilities.from_noise]


def narrow(name):
    """The recipe at a width and batch for tests; nothing else of it is changed."""
    changes = {"batch": 4, "ema_half_life": 0, "generator.width": 4, "discriminator.width": 4}
    if name.startswith("style"):
        channels = {f"{player}.channel_max": 4 for player in ("generator", "discriminator")}
        changes = {"batch": 4, "ema_half_life": 0, "size": 32, "generator.w_dim": 8, "z_dim": 8, **channels}
        changes |= {"growing_phase": 0.02}
    if name.startswith("r3gan"):
        for player in ("generator", "discriminator"):
            changes |= {f"{player}.width": (8,), f"{player}.group_width": (8,), f"{player}.full_to": 32, "size": 32}
    if name.startswith("cgan"):
        changes["generator.dense_width"] = 4
    if name == "wgan":
        changes["n_critic_boost"] = 7  # 100 turns in one step take too long here
    return override(RECIPES[name], changes)


def begin(name):
    recipe = narrow(name)
    source = open_source("ring8" if recipe.channels == 2 else "fashion-mnist-10k")
    recipe = fit_to(recipe, source)
    dataset = decode(source, recipe.size, recipe.channels)
    return recipe, dataset, make_session(recipe, {"real": dataset}, Streams(3), CPU)


def everything(session):
    return {name: tensor.clone() for name, tensor in session.tensors().items()}


@pytest.mark.parametrize("name", FROM_NOISE)
def test_a_stop_and_a_start_change_nothing(name, tmp_path):
    """Two steps straight, against one step, a checkpoint's file, and one more: the same bits in all that there is."""
    _, _, straight = begin(name)
    before = everything(straight)
    for _ in range(2):
        straight.play()
    assert straight.culprit(thorough=True) is None
    _, _, first = begin(name)
    first.play()
    checkpoint.save(tmp_path, 1, checkpoint.Checkpoint(first.tensors(), first.counters()))
    stored = checkpoint.load(checkpoint.all_checkpoints(tmp_path)[0])
    _, _, second = begin(name)
    second.restore(stored.tensors, stored.counters)
    second.play()
    expected, got = everything(straight), everything(second)
    assert expected.keys() == got.keys()
    assert all(torch.equal(expected[key], got[key]) for key in expected)
    for player in ("generator", "discriminator"):  # both have learnt something in two steps
        moved = [key for key in before if key.startswith(f"network/{player}/") and "weight" in key]
        assert any(not torch.equal(before[key], expected[key]) for key in moved)


@pytest.mark.parametrize("name", FROM_NOISE)
def test_a_saved_model_makes_the_same_samples(name, tmp_path):
    recipe, dataset, session = begin(name)
    session.play()
    averages = session.entered.averages.networks
    opponents = {"discriminator": session.entered.networks["discriminator"]}
    facts = {"crop": 0, "classes": list(dataset.classes), "stage": session.entered.name, "images": 4}
    facts |= label_facts(dataset.labels, len(dataset.classes))
    save_model(tmp_path, recipe, averages, opponents, facts)
    model = load_model(tmp_path)
    assert weights_digest(model.networks) == weights_digest(averages)
    ability, game = model.abilities.from_noise, recipe.build()
    latents = [ability.latent(Streams(0).generator("sample", index), 1) for index in range(SAMPLED_WITH)]
    labels = torch.eye(recipe.classes)[:SAMPLED_WITH] if game.labelled else None
    with torch.no_grad():
        expected = ability.images(averages, torch.cat(latents), labels)
    got = model.sample(SAMPLED_WITH, label=torch.arange(SAMPLED_WITH) if game.labelled else None)
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=0)
    assert got.shape == (SAMPLED_WITH, *recipe.sample)


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if recipe.build().labelled])
def test_samples_by_label(name, tmp_path):
    recipe, dataset, session = begin(name)
    for _ in range(10):  # until the labels that are asked for have come
        session.play()
    facts = {"crop": 0, "classes": list(dataset.classes), "stage": "main", "images": 4}
    facts |= label_facts(dataset.labels, len(dataset.classes))
    save_model(tmp_path, recipe, session.entered.averages.networks, {}, facts)
    model = load_model(tmp_path)
    assert model.labels == dataset.classes
    by_name, by_number = model.sample(3, label="bag"), model.sample(3, label=8)
    assert torch.equal(by_name, by_number)
    assert not torch.equal(by_name, model.sample(3, label="dress"))
    drawn = model.sample_labels(5, seed=2)
    assert torch.equal(model.sample(5, seed=2), model.sample(5, seed=2, label=drawn))
    assert torch.equal(model.sample_labels(3, seed=2, first=2), drawn[2:])
    for label in ("hat", "10", "-1", torch.tensor([1, 2]), torch.tensor([0, 1, 10])):
        with pytest.raises(UsageError, match="label"):
            model.sample(3, label=label)


def test_models_without_labels_say_so(tmp_path):
    recipe, dataset, session = begin("gan")
    facts = {"crop": 0, "classes": list(dataset.classes), "stage": "main"}
    save_model(tmp_path, recipe, session.entered.averages.networks, {}, facts)
    model = load_model(tmp_path)
    assert model.labels == ()
    with pytest.raises(UsageError, match="has no labels"):
        model.sample(2, label="bag")
    with pytest.raises(UsageError, match="has no labels"):
        model.sample_labels(2)


def test_a_conditional_recipe_refuses_a_source_without_labels(tmp_path):
    from PIL import Image

    for index in range(3):
        Image.new("L", (28, 28), index).save(tmp_path / f"{index}.png")
    with pytest.raises(UsageError, match="learns what labels mean, and .* has none"):
        fit_to(RECIPES["cgan"], open_source(str(tmp_path)))
    with pytest.raises(UsageError, match="has 10 classes, not 3"):
        fit_to(override(RECIPES["cgan"], {"classes": 3}), open_source("fashion-mnist-10k"), {"classes": 3})
    assert fit_to(RECIPES["dcgan"], open_source("fashion-mnist-10k")).classes == 0


@pytest.mark.parametrize("name", [name for name in FROM_NOISE if RECIPES[name].size == 32])
@pytest.mark.parametrize(("size", "channels"), [(16, 1), (64, 3), (128, 4)])
def test_convolutional_recipes_at_other_sizes(name, size, channels):
    widths = {"generator.width": 2, "discriminator.width": 2} if "dcgan" in str(RECIPES[name].game.generator) else {}
    recipe = override(narrow(name), {"size": size, "channels": channels, **widths})
    stage = recipe.build().stages[0].build(None)
    z = torch.randn(2, recipe.game.z_dim)
    images = stage.networks["generator"](z)
    assert images.shape == (2, channels, size, size)
    assert stage.networks["discriminator"](images).shape == (2, 1)


def test_attributes_from_the_table_to_the_sample(tmp_path, monkeypatch):
    """A folder with attributes.csv trains a conditional GAN, which is then asked for attributes by name."""
    import numpy as np
    from PIL import Image

    import organza
    from organza.console import Console
    from organza.marks import read_mark
    from organza.training import probe

    monkeypatch.setattr(probe, "SECONDS", 0.0)
    chance, folder = np.random.default_rng(0), tmp_path / "faces"
    folder.mkdir()
    rows = ["file,smiling,hat"]
    for index in range(12):
        Image.fromarray(chance.integers(0, 256, (28, 28), np.uint8)).save(folder / f"{index}.png")
        rows.append(f"{index}.png,{index % 2},{int(index % 3 == 0)}")
    (folder / "attributes.csv").write_text("\n".join(rows) + "\n")
    small = {"generator.width": 4, "generator.dense_width": 4, "discriminator.width": 4, "batch": 4, "ema_half_life": 0}
    quiet = Console(quiet=True)
    run = organza.train("cgan", data=str(folder), images=40, overrides=small, out=tmp_path / "run", console=quiet)
    model = organza.load(run)
    assert model.labels == ("smiling", "hat")
    assert model.config["label_kind"] == "attributes"
    assert model.config["label_shares"] == [0.5, pytest.approx(1 / 3, abs=1e-5)]
    both = model.sample(2, label="smiling,hat")
    assert torch.equal(both, model.sample(2, label=torch.ones(2, 2)))
    assert torch.equal(model.sample(2, label="hat=0.5"), model.sample(2, label=torch.tensor([[0, 0.5], [0, 0.5]])))
    drawn = model.sample_labels(4000)
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(drawn.mean(0), torch.tensor([0.5, 1 / 3]), atol=0.03, rtol=0)
    for label in ("smile", "hat=2", "hat=yes"):
        with pytest.raises(UsageError, match=r"smil|number from 0 to 1"):
            model.sample(2, label=label)
    (file,) = organza.sample(run, 4, label="hat", out=tmp_path / "hats.png", console=quiet)
    assert read_mark(file).details["label"] == "hat"
    assert "Each column is one label: none, smiling, hat." in run.report.read_text(encoding="utf-8")
