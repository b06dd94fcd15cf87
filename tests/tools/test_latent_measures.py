"""Path lengths and separability of models whose values are known, and the same by `organza evaluate`."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

import organza
from latent_models import Disc, DiscJudge, disc_model, linear_model, model_of, normal
from organza.console import Console
from organza.errors import UsageError
from organza.features import load_features
from organza.games import Abilities, FromNoise, Styles
from organza.metrics import trimmed_mean
from organza.streams import Streams
from organza.tools.latent.measures import classifier_name, made_for, measure_paths, measure_separability, surest
from organza.tools.latent.space import Space
from organza.tools.scoring.paths import path_lengths
from style_models import save_style_model

QUIET = Console(quiet=True)


class Pixels:
    """Features whose maps are the pictures themselves."""

    name = "pixels"

    def maps(self, images):
        return [images]


def squared(some, others):
    return (some[0] - others[0]).square().sum((1, 2, 3))


def identity_model(length=4, mapping=2.0):
    """Pictures [n, 1, 2, 2] are w itself, and w is a multiple of z."""
    network = torch.nn.Linear(1, 1)

    def picture(values):
        return values.reshape(-1, 1, 2, 2)

    styles = Styles(
        (2,), (), lambda networks, z, label=None: mapping * z, lambda networks: torch.zeros(length),
        lambda networks, ws, noise=None: picture(ws[:, 0]),
    )  # fmt: skip
    from_noise = FromNoise(
        lambda generator, count: torch.randn(count, length, generator=generator, dtype=torch.float64),
        lambda networks, z, label=None: picture(mapping * z),
    )
    return model_of({"generator": network}, Abilities(from_noise, styles=styles), (1, 2, 2))


def test_the_path_length_of_the_identity_is_the_mean_squared_distance_of_the_ends(monkeypatch):
    monkeypatch.setattr("organza.tools.scoring.paths.perceptual_distance", squared)
    model, generator = identity_model(), Streams(3).generator("paths", 0)
    first, last = (2 * torch.randn(50, 4, generator=generator, dtype=torch.float64) for _ in range(2))
    found = path_lengths(Space(model, "w"), Pixels(), 50, 3, ends=True)
    expected = trimmed_mean((first - last).square().sum(1))
    assert found.full == pytest.approx(expected, rel=1e-4)
    assert found.end == pytest.approx(expected, rel=1e-4)


def test_both_ends_of_a_step_have_the_same_noise_and_other_paths_another(tmp_path, monkeypatch):
    model, seen = organza.load(save_style_model(tmp_path / "model")), []
    images = model.abilities.styles.images
    space = Space(model, "w")

    def watched(networks, styles, noise):
        seen.append([each.clone() for each in noise])
        return images(networks, styles, noise)

    abilities = replace(space.abilities, styles=replace(space.styles, images=watched))
    object.__setattr__(space, "abilities", abilities)
    path_lengths(space, load_features("random-conv"), 70, 0)
    first, second, third, _ = seen
    assert all(torch.equal(some, others) for some, others in zip(first, second, strict=True))
    assert not torch.equal(first[0][:6], third[0])
    assert not torch.equal(first[0][0], first[0][1])
    assert [each.shape for each in third] == [(6, 1, side, side) for side in space.styles.noises]


def test_lengths_depend_on_seed_and_space_alone(tmp_path):
    model = organza.load(save_style_model(tmp_path / "model"))
    found = measure_paths(Space(model, "w"), n=20)
    assert (found.space, found.features, found.n) == ("w", "random-conv", 20)
    assert found == measure_paths(Space(model, "w"), n=20)
    assert found.full != measure_paths(Space(model, "w"), n=20, seed=1).full
    assert found.full != measure_paths(Space(model, "z"), n=20).full
    assert min(found.full, found.end) > 0


def test_planes_tell_what_is_linear_in_w():
    found = measure_separability(disc_model(), DiscJudge(), 1500)
    assert found.scores["w"] == pytest.approx(1, abs=0.1)
    assert found.scores["z"] == pytest.approx(1, abs=0.1)  # w is linear in z
    assert (found.n, found.kept, found.classifier, found.one_sided) == (1500, 750, "disc-judge", ())
    assert set(found.attributes["w"]) == set(DiscJudge().names)


class Coins:
    """Attributes that nothing in a picture tells, the same for the same picture."""

    source = "coins"

    def __init__(self, count):
        self.names = tuple(f"coin-{number}" for number in range(count))

    def probabilities(self, images):
        seeds = (images.double().flatten(1).sum(1) * 1e6).abs().long().tolist()
        return torch.stack(
            [torch.rand(len(self.names), generator=torch.Generator().manual_seed(seed)) for seed in seeds]
        )


@pytest.mark.parametrize("count", [1, 3])
def test_attributes_that_no_plane_tells_count_twofold_each(count):
    found = measure_separability(disc_model(), Coins(count), 1500)
    assert found.scores["w"] == pytest.approx(2**count, rel=0.04 * count)
    assert found.scores["z"] == pytest.approx(2**count, rel=0.04 * count)


def test_an_attribute_of_a_curved_mapping_is_told_in_w_and_not_in_z():
    disc = Disc().requires_grad_(False)

    def bend(z):
        return torch.cat([z[:, :1].abs() * 2 - 1.6, z[:, 1:]], 1)  # large where z is far from the middle, on both sides

    styles = Styles(
        (Disc.SIDE,), (), lambda networks, z, label=None: bend(z), lambda networks: torch.zeros(Disc.W),
        lambda networks, ws, noise=None: disc.paint(ws[:, 0]),
    )  # fmt: skip
    from_noise = FromNoise(normal(Disc.W), lambda networks, z, label=None: disc.paint(bend(z)))
    model = model_of({"generator": disc}, Abilities(from_noise, styles=styles), (1, Disc.SIDE, Disc.SIDE))
    found = measure_separability(model, DiscJudge(), 1500)
    assert found.attributes["w"]["large"] < 1.2 < 1.6 < found.attributes["z"]["large"]


def test_rare_attributes_are_measured_too():
    """One in ten has it and the classifier is surest of the others: a model that tells nothing of it must not score 1."""

    class Rare(Coins):
        def probabilities(self, images):
            drawn = super().probabilities(images)
            return torch.where(drawn < 0.1, 0.9, 0.0)

    found = measure_separability(disc_model(), Rare(1), 1500)
    assert found.worst == pytest.approx(2**0.469, rel=0.05)
    assert found.scores["w"] == pytest.approx(found.worst, rel=0.02)
    assert measure_separability(disc_model(), DiscJudge(), 1500).worst == pytest.approx(8, rel=0.02)


def test_the_surest_of_each_side_count():
    column = torch.tensor([0.9, 0.1, 0.6, 0.4, 0.99, 0.0, 0.45, 0.3])
    assert sorted(surest(column, 0.5).tolist()) == [0, 1, 4, 5]  # 2 of 3 with it (rounded), 2 of 5 without
    assert sorted(surest(column, 1.0).tolist()) == list(range(8))
    assert surest(torch.full((4,), 0.2), 0.5).tolist() == [0, 1]


def test_attributes_that_all_or_none_have_count_as_told_and_are_named():
    never = SimpleNamespace(source="never", names=("never",), probabilities=lambda images: torch.zeros(len(images), 1))
    found = measure_separability(disc_model(), never, 50)
    assert (found.scores["w"], found.one_sided) == (1, ("never",))


def test_ordinary_generators_have_z_alone():
    model = linear_model(torch.eye(16)[:, :5], 4)
    half = SimpleNamespace(
        source="half", names=("half",), probabilities=lambda images: torch.sigmoid(9 * images[:, 0, 0, :1])
    )
    found = measure_separability(model, half, 400)
    assert list(found.scores) == ["z"]
    assert found.scores["z"] == pytest.approx(1, abs=0.1)


def test_classifiers_belong_to_data():
    model = model_of({}, None, (1, 4, 4), source="mnist")
    assert made_for(model) == classifier_name(model, None) == "mnist-classifier"
    assert classifier_name(model, "inception") == "inception"
    with pytest.raises(UsageError, match="no classifier is made for none"):
        classifier_name(model_of({}, None, (1, 4, 4)), None)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(UsageError, match="space z or w"):
        path_lengths(Space(disc_model(), "w+"), load_features("random-conv"), 3, 0)
    with pytest.raises(UsageError, match="needs a path"):
        measure_paths(Space(disc_model(), "w"), n=0)
    with pytest.raises(UsageError, match="needs samples"):
        measure_separability(disc_model(), DiscJudge(), 1)
    with pytest.raises(UsageError, match="above 0 and at most 1"):
        measure_separability(disc_model(), DiscJudge(), 10, keep=0)


def test_evaluate_has_both_for_models_with_styles(tmp_path):
    folder = save_style_model(tmp_path / "model", channels=1)

    def evaluated(**options):
        return organza.evaluate(folder, data="fashion-mnist-10k", n=40, real=50, device="cpu", console=QUIET, **options)

    found = evaluated(metrics=["ppl_z", "ppl_w", "separability"])
    assert list(found.values) == ["ppl_z", "ppl_w", "separability"]
    assert (
        found.values["ppl_w"]
        == organza.pathlength(folder, features="fashion-classifier", n=40, device="cpu", console=QUIET).full
    )
    alone = organza.separability(folder, features="fashion-classifier", n=40, device="cpu", console=QUIET)
    assert found.values["separability"] == alone.scores["w"]
    assert (found.details["separability_z"], found.details["separability_worst"]) == (alone.scores["z"], alone.worst)
    with pytest.raises(UsageError, match="needs a classifier"):
        evaluated(metrics=["separability"], features="random-conv")
