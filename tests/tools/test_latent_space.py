"""Points of latent spaces: those that samples come from, the ways between them, and truncation towards the middle."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import organza
from organza.errors import UsageError
from organza.exchange.latents import truncated
from organza.tools.latent.space import Space, best_space
from style_models import W, Z, save_point_model, save_style_model

SPACES = ("z", "w", "w+")
CLOSE = {"rtol": 0, "atol": 1e-5}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return organza.load(save_style_model(tmp_path_factory.mktemp("models") / "weaver"))


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    return organza.load(save_style_model(tmp_path_factory.mktemp("models") / "labelled", labelled=True))


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    return organza.load(save_point_model(tmp_path_factory.mktemp("models") / "points"))


@pytest.mark.parametrize("name", SPACES)
def test_points_of_seeds_are_those_of_the_samples(model, name):
    space = Space(model, name)
    found = space.of_seeds([3, 8, 3])
    assert found.points.shape == {"z": (3, Z), "w": (3, W), "w+": (3, 6, W)}[name]
    assert torch.allclose(found.points[0], found.points[2], **CLOSE)
    assert not torch.allclose(found.points[0], found.points[1], **CLOSE)
    samples = torch.cat([model.sample(1, seed) for seed in (3, 8, 3)])
    assert torch.allclose(space.images(*found), samples, **CLOSE)
    assert torch.allclose(space.images(*space.drawn(70, seed=4, first=2)), model.sample(70, 4, 2), **CLOSE)
    assert (space.images(*found).abs() == 1).any()  # or clipping was not seen


@pytest.mark.parametrize("name", SPACES)
def test_labels_are_drawn_as_samples_draw_them_or_given(labelled, name):
    space = Space(labelled, name)
    found = space.of_seeds(range(9))
    assert found.labels.shape == (9, 3)
    assert len(found.labels.unique(dim=0)) > 1
    for label in (None, "b"):
        samples = torch.cat([labelled.sample(1, seed, label=label) for seed in range(9)])
        assert torch.allclose(space.images(*space.of_seeds(range(9), label)), samples, **CLOSE)
    assert not torch.allclose(space.images(*space.of_seeds([1], "a")), space.images(*space.of_seeds([1], "b")), **CLOSE)
    with pytest.raises(UsageError, match="unknown label 'd'"):
        space.of_seeds([1], "d")


@pytest.mark.parametrize("name", SPACES)
def test_gradients_reach_the_points_and_nothing_is_clipped_for_them(model, name):
    space = Space(model, name)
    point = space.of_seeds([5]).points.requires_grad_()
    made = space.render(point)
    made.square().sum().backward()
    assert point.grad.abs().flatten(1).sum() > 0
    assert made.abs().max() > 1
    assert not space.images(point).requires_grad


def test_centres(model, points):
    assert torch.equal(Space(model, "z").centre(), torch.zeros(Z))
    average = model.networks["generator"].mapping.average
    assert torch.equal(Space(model, "w").centre(), average)
    assert torch.equal(Space(model, "w+").centre(), average.expand(6, -1))
    assert torch.equal(Space(points, "z").centre(), torch.zeros(2))


@pytest.mark.parametrize("name", SPACES)
def test_ways_begin_and_end_at_their_ends(model, name):
    space = Space(model, name)
    a, b = space.of_seeds([1]).points, space.of_seeds([2]).points
    assert torch.allclose(space.between(a, b, torch.tensor(0.0)), a, **CLOSE)
    assert torch.allclose(space.between(a, b, torch.tensor(1.0)), b, **CLOSE)
    middle = space.between(a, b, torch.tensor(0.5))
    if name == "z":  # an arc does not come nearer to the middle than both of its ends
        assert middle.norm() >= min(a.norm(), b.norm()) - 1e-5
    else:
        assert torch.allclose(middle, (a + b) / 2, **CLOSE)


def test_other_noise_for_all_points_and_for_each(model):
    space = Space(model, "w")
    spots = space.drawn(70).points
    maps = [torch.randn(70, 1, side, side) for side in space.styles.noises]
    made = space.images(spots, noise=maps)
    for index in (0, 69):
        alone = space.images(spots[index : index + 1], noise=[each[index : index + 1] for each in maps])
        assert torch.allclose(made[index], alone[0], **CLOSE)
    assert not torch.allclose(made, space.images(spots), **CLOSE)


def test_models_without_styles_have_one_space(points):
    space = best_space(points)
    assert space.name == "z"
    found = space.of_seeds([1, 2])
    assert torch.allclose(space.images(*found), torch.cat([points.sample(1, 1), points.sample(1, 2)]), **CLOSE)
    with pytest.raises(UsageError, match="the model 'points' has no styles"):
        Space(points, "w")
    with pytest.raises(UsageError, match="the model 'points' has no styles"):
        space.inputs(found.points)
    with pytest.raises(UsageError, match="unknown space 'x'"):
        Space(points, "x")


def test_the_best_space_of_a_model_with_styles_is_w(model):
    assert best_space(model).name == "w"
    assert best_space(model, "z").name == "z"


def test_pictures_from_pictures_have_no_latent_space(tmp_path):
    from picture_models import save_picture_model

    with pytest.raises(UsageError, match="makes nothing from noise; it is for organza deblur"):
        Space(organza.load(save_picture_model(tmp_path / "painter")), "z")


def test_psi_1_is_no_truncation_to_the_bit(model, labelled, points):
    for each in (model, labelled, points):
        assert torch.equal(each.sample(9, seed=3, truncation=1.0), each.sample(9, seed=3))
    assert torch.equal(model.sample(9, cutoff=2), model.sample(9))
    assert torch.equal(model.sample(9, truncation=0.2, cutoff=0), model.sample(9))
    assert not torch.allclose(model.sample(9, truncation=0.9), model.sample(9), **CLOSE)


def test_psi_0_is_one_picture_for_all_seeds_to_the_bit(model, labelled):
    for each in (model, labelled):
        made = torch.cat([each.sample(5, seed=1, truncation=0.0), each.sample(3, seed=2, truncation=0.0, cutoff=6)])
        assert len(made.unique(dim=0)) == 1
        centre = Space(each, "w").centre()
        assert torch.equal(made[:1], Space(each, "w").images(centre[None]))
    assert len(model.sample(5, truncation=0.0, cutoff=5).unique(dim=0)) == 5


def test_truncation_of_an_ordinary_generator_is_of_z(points):
    z = Space(points, "z").drawn(4, seed=6).points
    made = points.sample(4, seed=6, truncation=-0.5)
    assert torch.allclose(made, Space(points, "z").images(-0.5 * z), **CLOSE)
    assert len(points.sample(4, truncation=0.0).unique(dim=0)) == 1


def test_truncation_is_refused_in_words(model, points):
    with pytest.raises(UsageError, match="--cutoff counts style inputs, and the model 'points' has none: leave it out"):
        points.sample(1, cutoff=1)
    with pytest.raises(UsageError, match="from 0 to 6, not 7"):
        model.sample(1, truncation=0.5, cutoff=7)
    with pytest.raises(UsageError, match="from 0 to 6, not -1"):
        model.sample(1, truncation=0.5, cutoff=-1)
    with pytest.raises(UsageError, match="--truncation is a number, not nan"):
        model.sample(1, truncation=float("nan"))


@given(psi=st.floats(-2, 2), cutoff=st.integers(0, 4), seed=st.integers(0, 99))
def test_truncated_styles(psi, cutoff, seed):
    w, average = torch.randn(3, W, generator=torch.Generator().manual_seed(seed)), torch.linspace(-1, 1, W)
    made = truncated(w, average, psi, 4, cutoff)
    assert made.shape == (3, 4, W)
    assert torch.allclose(made[:, :cutoff], (average + psi * (w - average))[:, None].expand(-1, cutoff, -1), **CLOSE)
    assert torch.equal(made[:, cutoff:], w[:, None].expand(-1, 4 - cutoff, -1))
    assert torch.equal(truncated(w, average, 1.0, 4), w[:, None].expand(-1, 4, -1))
    assert torch.equal(truncated(w, average, 0.0, 4), average.expand(3, 4, -1))
