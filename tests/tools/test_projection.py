"""The point of a latent space that makes a picture."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import organza
from latent_models import linear_model
from organza.errors import OrganzaError, UnknownError, UsageError
from organza.tools.latent.editing import scene_of_projection
from organza.tools.latent.fitting import fitted_picture
from organza.tools.latent.projection import (
    autocorrelation,
    load_projection,
    open_eye,
    project,
    pull,
    ramp,
)
from organza.tools.latent.space import Space
from style_models import save_point_model, save_style_model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return organza.load(save_style_model(tmp_path_factory.mktemp("models") / "style"))


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    return organza.load(save_style_model(tmp_path_factory.mktemp("models") / "labelled", labelled=True))


def far(model):
    """A picture of the model's that is unlike its samples: three times as far from the middle as one of them."""
    w = Space(model, "w")
    return w.images(w.centre() + 3 * (w.drawn(1, 2000).points - w.centre()))[0]


@pytest.mark.parametrize(("space", "gain"), [("w", 6), ("w+", 6), ("z", 3)])
def test_a_picture_that_the_model_made_is_found_again(model, space, gain):
    image = model.sample(1, seed=2000)[0] if space == "z" else far(model)  # which no z makes
    found = project(Space(model, space), image, 120)
    assert found.psnr > found.start_psnr + gain
    assert (found.space, found.features, found.steps) == (space, "random-conv", 120)
    assert found.latent.shape == Space(model, space).centre().shape
    (again,) = Space(model, space).images(found.latent[None])
    torch.testing.assert_close(again, found.image)
    assert project(Space(model, space), image, 0).psnr == pytest.approx(found.start_psnr)


def test_it_never_ends_with_less_than_it_began(model):
    assert project(Space(model, "z"), far(model), 30).psnr >= project(Space(model, "z"), far(model), 0).psnr - 0.5


def test_in_a_linear_generator_it_finds_the_point_itself():
    weight = torch.linalg.qr(torch.randn(64, 5, generator=torch.Generator().manual_seed(0)))[0]
    model = linear_model(weight, 8)
    space = Space(model, "z")
    point = space.drawn(1, 77).points
    found = project(space, space.images(point)[0], 300)
    assert found.psnr > 35
    torch.testing.assert_close(found.latent, point[0], atol=0.15, rtol=0)


def test_w_plus_comes_nearer_to_what_no_w_makes(model):
    pictures = [Space(model, "w+").images(Space(model, "w+").drawn(6, seed).points) for seed in (1, 2)]
    assert pictures[0].shape == pictures[1].shape
    points = Space(model, "w+").drawn(6, 1).points
    mixed = torch.where(torch.arange(6)[:, None] < 3, points[0], points[1])  # two styles in one picture
    image = Space(model, "w+").images(mixed[None])[0]
    one, each = (project(Space(model, name), image, 150) for name in ("w", "w+"))
    assert each.psnr > one.psnr + 1


def test_the_same_seed_gives_the_same_point(model):
    image = model.sample(1, seed=5)[0]
    some, others = (project(Space(model, "w"), image, 10, seed=3) for _ in range(2))
    assert torch.equal(some.latent, others.latent)
    assert not torch.equal(some.latent, project(Space(model, "w"), image, 10, seed=4).latent)


def test_the_networks_stay_as_they_are(model):
    before = {key: value.clone() for key, value in model.networks["generator"].state_dict().items()}
    project(Space(model, "w+"), model.sample(1, seed=5)[0], 5, with_noise=True)
    assert all(torch.equal(before[key], value) for key, value in model.networks["generator"].state_dict().items())
    assert all(each.grad is None for each in model.networks["generator"].parameters())


def test_noise_is_looked_for_only_when_asked(model, tmp_path):
    space = Space(model, "w")
    other = [torch.randn(1, 1, side, side, generator=torch.Generator().manual_seed(1)) for side in space.styles.noises]
    image = space.images(space.drawn(1, 9).points, noise=other)[0]
    own, found = (project(space, image, 80, with_noise=asked) for asked in (False, True))
    assert own.noise is None
    assert found.noise is not None
    assert [each.shape[-1] for each in found.noise] == list(space.styles.noises)
    for each in found.noise:
        assert float(each.mean()) == pytest.approx(0, abs=1e-5)
        assert float(each.std(correction=0)) == pytest.approx(1, abs=1e-4)
    found.save(tmp_path / "p.npz")
    scene = scene_of_projection(space, load_projection(tmp_path / "p.npz"))
    again = scene.space.images(scene.drawn.points, scene.drawn.labels, scene.noise)[0]
    torch.testing.assert_close(again, found.image)


def test_a_label_goes_with_the_point(labelled, tmp_path):
    image = labelled.sample(1, seed=3, label="b")[0]
    found = project(Space(labelled, "z"), image, 5, label="b")
    assert found.label.tolist() == [0, 1, 0]
    assert project(Space(labelled, "z"), image, 0).label.sum() == 1
    found.save(tmp_path / "p.npz")
    assert torch.equal(load_projection(tmp_path / "p.npz").label, found.label)
    (again,) = Space(labelled, "z").images(found.latent[None], found.label[None])
    torch.testing.assert_close(again, found.image)


def test_white_noise_is_white_and_smooth_noise_is_not():
    white = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.avg_pool2d(torch.nn.functional.pad(white, (1, 1, 1, 1), mode="circular"), 3, 1)
    smooth = smooth / smooth.std()
    assert float(autocorrelation([white])) < 0.1
    assert float(autocorrelation([smooth])) > 0.5
    flat = torch.ones(1, 1, 16, 16)  # 1 * 1 along both axes; halved it is 2, so 4 * 4
    assert float(autocorrelation([flat])) == pytest.approx(1 + 1 + 16 + 16)
    assert float(autocorrelation([])) == 0
    chess = ((torch.arange(8)[:, None] + torch.arange(8)) % 2 * 2.0 - 1)[None, None]
    assert float(autocorrelation([chess])) == pytest.approx(2)  # each neighbour is the opposite


@given(st.floats(0, 1))
@settings(max_examples=30)
def test_the_rate_rises_and_falls(done):
    assert 0 <= ramp(done) <= 1
    if 0.05 <= done <= 0.75:
        assert ramp(done) == pytest.approx(1, abs=0.02)
    assert ramp(1.0) == 0
    assert ramp(0.025) == pytest.approx(0.5, abs=0.03)


def test_pulls(model):
    point = Space(model, "w+").drawn(1, 0).points
    assert float(pull(Space(model, "w+"), point, torch.tensor(1.0))) == pytest.approx(0, abs=1e-8)  # one w for all
    assert float(pull(Space(model, "w+"), point + torch.arange(6.0)[:, None], torch.tensor(1.0))) > 0
    assert float(pull(Space(model, "w"), point[:, 0], torch.tensor(1.0))) == 0
    z = torch.ones(1, 6)
    assert float(pull(Space(model, "z"), z, torch.tensor(1.0))) == 0
    assert float(pull(Space(model, "z"), 2 * z, torch.tensor(1.0))) == pytest.approx(0.01 * 9)


def test_pictures_of_any_size_and_format_are_fitted(model, tmp_path):
    pixels = np.zeros((20, 60, 3), np.uint8)
    pixels[:, 20:40] = 255
    Image.fromarray(pixels).save(tmp_path / "wide.jpg", quality=100)
    image, told = fitted_picture(tmp_path / "wide.jpg", model)
    assert image.shape == (3, 16, 16)
    assert float(image.min()) > 0.9  # the black sides are cut off
    assert told == "60x20 cropped to its middle and resized to 16x16"
    Image.fromarray(pixels[:, 22:38][2:18, :, 0]).save(tmp_path / "grey.png")
    same, told = fitted_picture(tmp_path / "grey.png", model)
    assert told == "as it is"
    assert torch.equal(same, torch.ones(3, 16, 16))
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(OrganzaError, match="cannot be used"):
        fitted_picture(tmp_path / "text.png", model)
    with pytest.raises(OrganzaError, match="cannot read"):
        fitted_picture(tmp_path / "none.png", model)


def test_a_file_comes_back(model, tmp_path):
    found = project(Space(model, "w+"), model.sample(1, seed=1)[0], 2)
    found.save(tmp_path / "p.npz")
    saved = load_projection(tmp_path / "p.npz")
    assert torch.equal(saved.latent, found.latent)
    assert (saved.space, saved.label, saved.noise) == ("w+", None, None)
    assert saved.weights_sha256 == model.config["weights_sha256"]
    arrays = dict(np.load(tmp_path / "p.npz"))
    np.savez(tmp_path / "nan.npz", **arrays | {"latent": np.full((6, 5), np.nan, np.float32)})
    with pytest.raises(OrganzaError, match="is damaged"):
        load_projection(tmp_path / "nan.npz")
    np.savez(tmp_path / "other.npz", directions=np.ones(3))
    with pytest.raises(OrganzaError, match="no projected picture"):
        load_projection(tmp_path / "other.npz")
    np.savez(tmp_path / "pickle.npz", latent=np.array([{}], dtype=object))
    with pytest.raises(OrganzaError, match="no projected picture"):
        load_projection(tmp_path / "pickle.npz")


def test_a_projection_of_another_model_is_refused(model, labelled, tmp_path):
    project(Space(model, "w"), model.sample(1)[0], 1).save(tmp_path / "p.npz")
    saved = load_projection(tmp_path / "p.npz")
    with pytest.raises(UsageError, match="label of the projected picture"):
        scene_of_projection(Space(labelled, "w"), saved)
    other = linear_model(torch.ones(64, 3), 8)
    with pytest.raises(UsageError, match="has no styles"):
        scene_of_projection(Space(other, "z"), saved)


def test_what_cannot_be_projected_is_refused(model, tmp_path):
    space, image = Space(model, "w"), model.sample(1)[0]
    with pytest.raises(UsageError, match=r"float \[3, 16, 16\]"):
        project(space, image[:, :8], 1)
    with pytest.raises(UsageError, match="0 or more"):
        project(space, image, -1)
    with pytest.raises(UnknownError, match="random-conv"):
        project(space, image, 1, features="random-con")
    with pytest.raises(UsageError, match="takes no noise"):
        project(Space(linear_model(torch.ones(64, 3), 8), "z"), torch.zeros(1, 8, 8), 1, with_noise=True)
    points = organza.load(save_point_model(tmp_path / "points"))
    with pytest.raises(UsageError, match="no picture can be one"):
        project(Space(points, "z"), torch.zeros(2, 1, 1), 1)
    with pytest.raises(UsageError, match="no picture can be one"):
        fitted_picture(tmp_path / "none.png", points)
    with pytest.raises(OrganzaError, match="not finite"):
        project(space, torch.full_like(image, torch.nan), 3)


def test_vgg_is_named_and_needs_its_weights(monkeypatch, tmp_path):
    monkeypatch.setenv("ORGANZA_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("organza.features.vgg.vgg_places", lambda: ())
    assert open_eye(None, torch.device("cpu")).name == "random-conv"
    with pytest.raises(OrganzaError, match="VGG-19"):
        open_eye("vgg19-conv3_3", torch.device("cpu"))
