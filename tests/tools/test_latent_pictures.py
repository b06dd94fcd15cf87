"""Mixing, walking and other noise: what is in the pictures, and what the files say."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

import organza
from organza.console import Console
from organza.errors import OrganzaError, UsageError
from organza.exchange.model import picture_pixels
from organza.tools.latent import animation
from organza.tools.latent.interpolation import schedule
from organza.tools.latent.mixing import mixed
from organza.tools.latent.noise import deviation_map, noisy_images, own_noise
from organza.tools.latent.options import boundaries, read_layers, read_numbers, read_seeds
from organza.tools.latent.space import Space
from style_models import save_point_model, save_style_model
from videos import read_video

QUIET = Console(quiet=True)
SIDE = 16


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return organza.load(save_style_model(tmp_path_factory.mktemp("models") / "weaver"))


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    return organza.load(save_point_model(tmp_path_factory.mktemp("models") / "points"))


def cells(path):
    """The pictures of a grid, uint8 [rows, columns, H, W, C]."""
    pixels = np.atleast_3d(np.asarray(Image.open(path)))
    rows, columns = pixels.shape[0] // SIDE, pixels.shape[1] // SIDE
    return pixels.reshape(rows, SIDE, columns, SIDE, -1).swapaxes(1, 2)


def of_seed(model, seed, **options):
    return picture_pixels(model.sample(1, seed, **options))[0].astype(int)


def same(one, other):
    """Within the rounding of one level, which may fall differently in another batch."""
    return np.abs(one.astype(int) - other).max() <= 1


def test_a_mix_has_its_seeds_at_the_edges_and_takes_the_layers_from_the_columns(model, tmp_path):
    done = organza.mix(
        model, rows="1,2", columns=[3, 4, 5], layers="middle", out=tmp_path / "a" / "m.png", console=QUIET
    )
    assert (list(done.layers), done.sides) == ([2, 3], (8, 8))
    found = cells(done.file)
    assert found.shape[:2] == (3, 4)
    assert not found[0, 0].any()
    for row, seed in enumerate((1, 2)):
        assert same(found[row + 1, 0], of_seed(model, seed))
    for column, seed in enumerate((3, 4, 5)):
        assert same(found[0, column + 1], of_seed(model, seed))
    space = Space(model, "w+")
    styles = space.of_seeds([2]).points
    styles[:, 2:4] = space.of_seeds([4]).points[:, 2:4]
    assert same(found[2, 2], picture_pixels(space.images(styles))[0])
    assert not same(found[2, 2], found[2, 0])
    mark = organza.verify(done.file)
    assert mark.details == {"verb": "mix", "rows": "1,2", "columns": "3,4,5", "layers": "2-3"}
    assert mark.model == "weaver"


def test_mixing_at_the_ends(model, tmp_path):
    organza.mix(model, rows=[1, 2], columns=[3, 4], layers="0-5", out=tmp_path / "all.png", console=QUIET)
    found = cells(tmp_path / "all.png")
    for row in (1, 2):
        assert same(found[row, 1], found[0, 1])
        assert same(found[row, 2], found[0, 2])
    space = Space(model, "w+")
    rows, columns = space.of_seeds([1, 2]).points, space.of_seeds([3, 4, 5]).points
    assert torch.equal(mixed(rows, columns, range(0)), rows[:, None].expand(-1, 3, -1, -1))
    assert torch.equal(mixed(rows, columns, range(6)), columns[None].expand(2, -1, -1, -1))
    part = mixed(rows, columns, range(1, 3))
    assert torch.equal(part[1, 2, 1:3], columns[2, 1:3])
    assert torch.equal(part[1, 2, [0, 3, 4, 5]], rows[1, [0, 3, 4, 5]])


def test_a_walk_shows_every_seed_as_a_folder_a_gif_and_a_video(model, tmp_path):
    for out in ("frames", "walk.gif", "walk.mp4"):
        done = organza.interpolate(model, seeds=[1, 2, 3], frames=8, out=tmp_path / "o" / out, console=QUIET)
        assert (done.space, done.stops) == ("w", (0, 4, 7))
        for number, file in enumerate(done.files):
            details = organza.verify(file).details
            assert details["seeds"] == "1,2,3"
            assert details.get("frame") == (number if out == "frames" else None)
    files = sorted((tmp_path / "o" / "frames").iterdir())
    assert len(files) == 8
    frames = [np.asarray(Image.open(file)) for file in files]
    for seed, stop in zip((1, 2, 3), (0, 4, 7), strict=True):
        assert same(frames[stop], of_seed(model, seed))
    assert not same(frames[2], frames[0])
    with Image.open(tmp_path / "o" / "walk.gif") as gif:
        assert (gif.n_frames, gif.info["loop"], gif.info["duration"]) == (8, 0, 50)
        for frame, given_pixels in zip(ImageSequence.Iterator(gif), frames, strict=True):
            assert np.abs(np.asarray(frame.convert("RGB")).astype(int) - given_pixels).mean() < 2
    decoded, times, _ = read_video(tmp_path / "o" / "walk.mp4")
    assert times == pytest.approx([number / 20 for number in range(8)])
    assert np.abs(decoded.astype(int) - np.stack(frames)).mean() < 12


def test_same_seeds_same_bytes(model, tmp_path):
    for suffix in (".gif", ".mp4"):
        for name in ("a", "b"):
            organza.interpolate(model, seeds="1,2", frames=4, loop=True, out=tmp_path / (name + suffix), console=QUIET)
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_videos_with_odd_sides_grey_and_transparent(tmp_path):
    mark = lambda number: animation.Mark("m", "", 0)  # noqa: E731
    for channels in (1, 3, 4):
        frames = [np.full((7, 9, channels), 40 * number, np.uint8) for number in range(3)]
        (file,) = animation.write_animation(tmp_path / f"{channels}.mp4", frames, 10, mark)
        decoded, _, _ = read_video(file)
        assert decoded.shape == (3, 8, 10, 3)
        (file,) = animation.write_animation(tmp_path / f"{channels}.gif", frames, 10, mark)
        with Image.open(file) as gif:
            assert gif.n_frames == 3
            assert gif.size == (9, 7)
        if channels < 4:
            assert np.abs(decoded[2].astype(int) - 80).max() < 4
        else:
            assert decoded[0].min() > 250  # clear: white


def test_points_of_the_plane_walk_too(points, tmp_path):
    done = organza.interpolate(points, seeds="1,2", frames=3, out=tmp_path / "walk", console=QUIET)
    assert done.space == "z"
    assert len({file.read_bytes() for file in done.files}) == 3
    organza.sample(points, 5, out=tmp_path / "grid.png", truncation=[0, 1], console=QUIET)
    assert Image.open(tmp_path / "grid.png").size == (960, 480)


@given(stops=st.integers(2, 9), more=st.integers(0, 30), loop=st.booleans())
def test_schedules(stops, more, loop):
    way, t = schedule(stops, stops + more, loop)
    assert len(way) == len(t) == stops + more
    assert t.min() >= 0
    assert t.max() <= 1
    place = way + t
    assert (place.diff() > 0).all()
    assert place[0] == 0
    assert {*range(stops)} <= {number % stops for number in place.tolist()}  # every stop is a frame
    assert place[-1] < stops if loop else place[-1] == stops - 1
    ways = stops if loop else stops - 1
    counts = torch.bincount(way, minlength=ways)
    if not loop:
        counts[-1] -= 1
    assert counts.max() - counts.min() <= 1


def test_noise_changes_what_the_chosen_inputs_change(model, tmp_path):
    done = organza.noise(model, 5, seed=2, out=tmp_path / "n.png", console=QUIET)
    assert list(done.layers) == list(range(6))
    found = cells(done.file)
    assert found.shape[:2] == (2, 3)
    pictures = found.reshape(-1, SIDE, SIDE, 3)
    assert len({picture.tobytes() for picture in pictures[:5]}) == 5
    deviation = np.sqrt(pictures[:5].astype(float).var(0, ddof=1).mean(-1))
    assert done.largest == pytest.approx(deviation.max(), abs=0.5)
    assert done.mean == pytest.approx(deviation.mean(), abs=0.5)
    assert pictures[5].max() == 255
    assert np.abs(pictures[5][..., 0] / 255 * done.largest - deviation).max() < 1
    assert organza.verify(done.file).details == {"verb": "noise", "pictures": 5, "layers": "0-5"}
    moving = organza.noise(model, 5, seed=2, out=tmp_path / "n.gif", console=QUIET)
    assert (moving.mean, moving.largest) == (done.mean, done.largest)
    with Image.open(moving.file) as gif:
        assert gif.n_frames == 5
    assert organza.verify(moving.file).details["verb"] == "noise"


def test_noise_inputs_that_are_not_chosen_keep_the_models_own(model):
    space = Space(model, "w")
    own = own_noise(space)
    point = space.of_seeds([2]).points
    assert torch.equal(space.images(point, noise=own), space.images(point))
    whole, some = noisy_images(space, 2, 3, range(6)), noisy_images(space, 2, 3, range(2, 4))
    assert torch.equal(whole, noisy_images(space, 2, 3, range(6)))
    assert not torch.equal(whole, some)
    alone = deviation_map(some)
    assert 0 < alone.mean() < deviation_map(whole).mean()
    # Noise at the last input, whose weights see 3x3 pixels, leaves no pixel alone; but a network without it has none at all.
    assert torch.equal(noisy_images(space, 2, 1, range(0))[0], space.images(point)[0])


def test_constant_pictures_have_a_black_map():
    from organza.tools.latent.noise import shown

    deviation = deviation_map(torch.zeros(3, 4, 2, 2))
    assert (deviation == 0).all()
    picture = shown(deviation, 4)
    assert (picture[:, :3] == -1).all()
    assert (picture[:, 3] == 1).all()


def test_a_grid_over_psi_and_seeds(model, tmp_path):
    organza.sample(model, 3, out=tmp_path / "g.png", seed=4, truncation="-1,0,1", console=QUIET)
    found = cells(tmp_path / "g.png")
    assert found.shape[:2] == (3, 3)
    samples = picture_pixels(model.sample(3, 4))
    for row in range(3):
        assert same(found[row, 2], samples[row])
        assert (found[row, 1] == found[0, 1]).all()
        assert not same(found[row, 0], found[row, 2])
    assert organza.verify(tmp_path / "g.png").details == {"grid": 3, "truncation": "-1,0,1"}
    for _ in range(2):
        organza.sample(model, 2, out=tmp_path / "one", truncation=0.5, cutoff=2, console=QUIET)
    details = organza.verify(tmp_path / "one" / "00001.png").details
    assert details == {"index": 1, "truncation": "0.5", "cutoff": 2}
    organza.sample(model, 4, out=tmp_path / "plain.png", console=QUIET)
    organza.sample(model, 4, out=tmp_path / "same.png", truncation=1, console=QUIET)
    assert (tmp_path / "plain.png").read_bytes() == (tmp_path / "same.png").read_bytes()


@pytest.mark.parametrize(
    ("text", "sides", "found"),
    [
        ("coarse", (4, 4, 8, 8, 16, 16, 32, 32), (0, 1, 2)),
        ("middle", (4, 4, 8, 8, 16, 16, 32, 32), (3, 4, 5)),
        ("fine", (4, 4, 8, 8, 16, 16, 32, 32), (6, 7)),
        ("coarse", (4, 4, 8, 8, 16, 16, 32, 32, 64, 64), (0, 1, 2, 3)),
        ("middle", (4, 4, 8, 8, 16, 16, 32, 32, 64, 64, 128, 128), (4, 5, 6, 7)),
        ("fine", (4, 4, 8, 8, 16, 16, 32, 32, 64, 64, 128, 128), (8, 9, 10, 11)),
        ("2-3", (4, 4, 8, 8), (2, 3)),
        ("3", (4, 4, 8, 8), (3,)),
    ],
)
def test_layers(text, sides, found):
    assert tuple(read_layers(text, sides)) == found


@given(st.integers(1, 40))
def test_thirds_cover_all_inputs_and_are_as_equal_as_can_be(count):
    bounds = boundaries((4,) * count)
    sizes = np.diff(bounds)
    assert (bounds[0], bounds[3]) == (0, count)
    assert sizes.max() - sizes.min() <= 1
    assert list(sizes) == sorted(sizes, reverse=True)


def test_lists():
    assert read_seeds("1,5, 7-9,5") == (1, 5, 7, 8, 9, 5)
    assert read_seeds([3, -1]) == (3, -1)
    assert read_numbers("-1,0,.5", "--x") == (-1, 0, 0.5)
    assert read_numbers(0.5, "--x") == (0.5,)
    assert read_numbers([1, 2.5], "--x") == (1, 2.5)


@pytest.mark.parametrize("text", ["", "1,", "a", "1.5", "-3", "1-", "5-3", "0-5000", "1,,2"])
def test_seeds_that_cannot_be_read(text):
    with pytest.raises(UsageError, match="--rows"):
        read_seeds(text, "--rows")


@pytest.mark.parametrize("text", ["", "1,", "x", "nan", "1;2"])
def test_numbers_that_cannot_be_read(text):
    with pytest.raises(UsageError, match="--truncation is a number, or numbers with commas between"):
        read_numbers(text, "--truncation")


def test_what_cannot_be_done_is_said_before_anything_is_written(model, points, tmp_path):
    def refused(match, verb, *arguments, **options):
        with pytest.raises(OrganzaError, match=match):
            getattr(organza, verb)(*arguments, console=QUIET, **options)

    out = tmp_path / "a.png"
    refused("has no styles, as those of stylegan", "mix", points, rows="1", columns="2", layers="fine", out=out)
    refused("has no styles.*all its noise is in z", "noise", points, out=out)
    refused(
        "has no styles.*space is z", "interpolate", points, seeds="1,2", frames=4, out=tmp_path / "a.gif", space="w"
    )
    refused("coarse, middle, fine, or numbers from 0 to 5", "mix", model, rows="1", columns="2", layers="fin", out=out)
    refused("the model has inputs 0-5", "mix", model, rows="1", columns="2", layers="4-6", out=out)
    refused("ends in .png", "mix", model, rows="1", columns="2", layers="fine", out=tmp_path / "a.jpg")
    refused("at least two seeds", "interpolate", model, seeds="1", frames=4, out=tmp_path / "a.gif")
    refused(
        "at least the number of seeds, 3, not 2", "interpolate", model, seeds="1-3", frames=2, out=tmp_path / "a.gif"
    )
    refused("space z or w, not 'w\\+'", "interpolate", model, seeds="1-3", frames=5, out=tmp_path / "a.gif", space="w+")
    refused(
        "name a folder, or a file that ends in", "interpolate", model, seeds="1-3", frames=5, out=tmp_path / "a.avi"
    )
    refused("from 1 to 50, not 0", "interpolate", model, seeds="1-3", frames=5, out=tmp_path / "a.gif", rate=0)
    refused("-n is at least 2", "noise", model, 1, out=out)
    refused("ends in .png or .gif", "noise", model, out=tmp_path / "a.mp4")
    refused("several truncations make one grid", "sample", model, 2, out=tmp_path / "d", truncation=[0, 1])
    assert list(tmp_path.iterdir()) == []


def test_styles_without_noise_inputs(tmp_path):
    model = organza.load(save_style_model(tmp_path / "quiet", noisy=False))
    with pytest.raises(UsageError, match="has styles, but no noise inputs"):
        organza.noise(model, out=tmp_path / "a.png", console=QUIET)


def test_labels_change_on_the_way_or_stay(tmp_path):
    model = organza.load(save_style_model(tmp_path / "labelled", labelled=True))
    for label in (None, "b"):
        organza.interpolate(
            model, seeds="0-3", frames=4, space="z", label=label, out=tmp_path / str(label), console=QUIET
        )
        for seed in range(4):
            picture = np.asarray(Image.open(tmp_path / str(label) / f"{seed:05d}.png"))
            assert same(picture, of_seed(model, seed, label=label))
    mark = organza.verify(tmp_path / "b" / "00000.png")
    assert mark.details["label"] == "b"
