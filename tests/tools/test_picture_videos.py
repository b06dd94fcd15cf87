"""Videos: every frame, at its time, upright, with its sound, and a mark."""

import numpy as np
import pytest
import torch
from torch import nn

import organza
from organza.console import Console
from organza.errors import OrganzaError
from organza.games import Translation
from organza.marks import Mark, read_mark
from organza.tools.pictures.networks import Way
from organza.tools.pictures.video import remake_video
from picture_models import save_picture_model
from videos import frames, read_video, turn, write_video

QUIET = Console(quiet=True)


class Same(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Parameter(torch.ones(()))

    def forward(self, pictures):
        return pictures * self.one


def unchanged(source, target, **settings):
    """Through a network that changes nothing."""
    translation = Translation(lambda networks, pictures: networks["generator"](pictures), **settings)
    told = []
    remake_video(
        source, target, Way(translation, {"generator": Same()}, 3), True, Mark("same", "", 0), 0,
        lambda done, total: told.append((done, total)),
    )  # fmt: skip
    return told


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_frames_times_and_colours_are_kept(tmp_path, suffix):
    source, target = write_video(tmp_path / "in.mp4"), tmp_path / f"out{suffix}"
    assert unchanged(source, target) == [(done, 6) for done in range(1, 7)]
    before, times, _ = read_video(source)
    after, later, _ = read_video(target)
    assert before.shape == after.shape == (6, 48, 64, 3)
    assert later == pytest.approx(times, abs=2e-3)
    assert np.abs(before.astype(int) - after).mean() < 3
    assert read_mark(target) == Mark("same", "", 0)
    assert organza.verify(target) == Mark("same", "", 0)


def test_sound_is_copied_bit_for_bit(tmp_path):
    source = write_video(tmp_path / "in.mp4", sound=True)
    unchanged(source, tmp_path / "out.mp4")
    _, _, sound = read_video(source)
    frames_made, _, copied = read_video(tmp_path / "out.mp4")
    assert len(frames_made) == 6
    assert len(sound) > 3
    assert copied == sound


def test_odd_sizes_get_their_last_row_and_column_twice(tmp_path):
    source = write_video(tmp_path / "in.mp4", height=47, width=63)
    unchanged(source, tmp_path / "out.mp4")
    before, _, _ = read_video(source)
    after, _, _ = read_video(tmp_path / "out.mp4")
    assert after.shape[1:] == (48, 64, 3)
    assert np.abs(before.astype(int) - after[:, :47, :63]).mean() < 6
    assert np.abs(after[:, 46].astype(int) - after[:, 47]).mean() < 6


def test_rotation_is_applied(tmp_path):
    source = turn(write_video(tmp_path / "in.mp4", height=48, width=80))
    unchanged(source, tmp_path / "out.mp4")
    after, _, _ = read_video(tmp_path / "out.mp4")
    wanted = np.stack([np.rot90(frame, -1) for frame in frames(6, 48, 80)])
    assert after.shape == wanted.shape
    assert np.abs(after.astype(int) - wanted).mean() < 8


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_picture_model(tmp_path_factory.mktemp("model") / "deblur")


@pytest.fixture(scope="module")
def enlarger(tmp_path_factory):
    return save_picture_model(tmp_path_factory.mktemp("model") / "enlarge", "enlarges")


def test_the_verbs_take_videos(model, enlarger, tmp_path):
    source = write_video(tmp_path / "in.mp4", sound=True)
    organza.enlarge(enlarger, source, tmp_path / "out.mkv", console=QUIET)
    after, _, sound = read_video(tmp_path / "out.mkv")
    assert after.shape == (6, 96, 128, 3)
    assert sound
    (tmp_path / "in").mkdir()
    write_video(tmp_path / "in" / "a.mp4")
    (tmp_path / "in" / "b.mp4").write_bytes((tmp_path / "in" / "a.mp4").read_bytes()[:200])
    done = organza.deblur(model, tmp_path / "in", tmp_path / "out", console=QUIET)
    assert [file.name for file in done.files] == ["a.mp4"]
    assert [failure.file for failure in done.failed] == ["b.mp4"]
    assert organza.verify(done.files[0]).model == "painter"


@pytest.mark.parametrize("name", ["no-frames.mp4", "no-frames.mkv", "cut.mp4"])
def test_videos_that_are_none(model, tmp_path, name):
    path = write_video(tmp_path / name, count=6 if name == "cut.mp4" else 0)
    if name == "cut.mp4":
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(OrganzaError, match=name) as raised:
        organza.deblur(model, path, tmp_path / "out.mp4", console=QUIET)
    assert "\n" not in str(raised.value)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_video_does_not_become_a_picture(model, tmp_path):
    source = write_video(tmp_path / "in.mp4")
    with pytest.raises(OrganzaError, match=r"OUTPUT for a video must end in \.mp4"):
        organza.deblur(model, source, tmp_path / "out.png", console=QUIET)
