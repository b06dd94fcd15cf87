"""A video as a source: its frames in order, upright, as many as are wanted, in bounded memory."""

import sys

import numpy as np
import pytest
import torch

from organza.data import check, decode, open_source
from organza.data.dataset import MappedDataset
from organza.data.varied import VariedDataset
from organza.data.video import frames
from organza.errors import OrganzaError
from videos import read_video, turn, write_video

from .making import folder_of, write


def everything(data):
    return data.read(torch.arange(data.count))


def refused(name):
    with pytest.raises(OrganzaError) as error:
        open_source(str(name))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_samples_are_the_frames_in_their_order(tmp_path):
    path = write_video(tmp_path / "clip.MP4", sound=True)
    stored, _, _ = read_video(path)
    found = open_source(str(path))
    assert (found.name, found.kind, found.form, found.count) == (str(path), "images", "single", 6)
    assert (found.channels, found.height, found.width, found.uniform) == (3, 48, 64, True)
    assert found.notes == ()
    assert np.array_equal(np.stack(list(frames(path))), stored)
    assert np.array_equal(everything(decode(found, 64, 3, sides=(48, 64))), stored)
    assert np.array_equal(everything(decode(found, 48, 3)), stored[:, :, 8:56])
    assert decode(found, 16, 1).shape == (1, 16, 16)


def test_a_video_held_upright_is_turned(tmp_path):
    path = write_video(tmp_path / "clip.mp4")
    before = np.stack(list(frames(path)))
    found = open_source(str(turn(path)))
    assert (found.height, found.width) == (64, 48)
    assert np.array_equal(np.stack(list(frames(path))), np.rot90(before, -1, (1, 2)))


def test_squares_are_cut_out_of_frames(tmp_path):
    path = write_video(tmp_path / "clip.mp4")
    data = decode(open_source(str(path)), 20, 3, native=True)
    assert isinstance(data, VariedDataset)
    stored, _, _ = read_video(path)
    assert np.array_equal(data.cut(torch.arange(6), torch.zeros(6, 2)), stored[:, :20, :20])
    large = decode(open_source(str(path)), 96, 3, native=True)
    assert large.shape == (3, 96, 96)
    assert "enlarged" in large.notes[0]


def test_long_videos_are_thinned_evenly(tmp_path, monkeypatch):
    monkeypatch.setattr("organza.data.video.MOST_FRAMES", 3)
    path = write_video(tmp_path / "clip.mp4", count=8)
    stored, _, _ = read_video(path)
    found = open_source(str(path))
    assert found.count == 3
    assert "one frame in 3 is taken" in found.notes[0]
    assert np.array_equal(everything(decode(found, 64, 3, sides=(48, 64))), stored[::3])


def test_large_videos_are_mapped_and_too_large_ones_refused(tmp_path, monkeypatch):
    found = open_source(str(write_video(tmp_path / "clip.mp4")))
    small = everything(decode(found, 16, 3))
    monkeypatch.setattr("organza.data.kept.RESIDENT", 100)
    for _ in ("from the cache", "decoded anew"):
        large = decode(found, 16, 3, cache_dir=tmp_path / "mine")
        assert isinstance(large, MappedDataset)
        assert torch.equal(everything(large), small)
    monkeypatch.setattr("organza.data.video.LARGEST_KEPT", 100)
    with pytest.raises(OrganzaError, match=r"6 frames of .* GB at 16x16: take a smaller --size"):
        decode(found, 16, 3)


def test_a_video_is_looked_at_once(tmp_path, monkeypatch):
    path = write_video(tmp_path / "clip.mp4")
    told = []
    first = open_source(str(path), progress=lambda *progress: told.append(progress))
    assert told == [(done, 6, "checking the frames") for done in range(1, 7)]
    with monkeypatch.context() as patched:
        patched.setattr("organza.data.video.frames", None)
        assert open_source(str(path)).fingerprint == first.fingerprint
    write_video(path, count=4)
    assert open_source(str(path)).fingerprint != first.fingerprint
    with pytest.raises(OrganzaError, match="has changed since"):
        decode(first, 16, 3)


def test_a_video_and_a_style(tmp_path):
    found = open_source(f"{write_video(tmp_path / 'clip.mp4')},{write(tmp_path / 'style.png')}")
    assert (found.form, [domain.count for domain in found.domains]) == ("two", [6, 1])
    both = open_source(f"{tmp_path / 'clip.mp4'},{folder_of(tmp_path / 'b', '1.png', '2.png')}")
    assert [domain.count for domain in both.domains] == [6, 2]


def test_a_check_and_a_part_for_testing(tmp_path):
    path = write_video(tmp_path / "clip.mp4")
    assert check(str(path)).sentence.endswith("is fit for training: 6 frames of 64x48")
    found = open_source(str(path), split="test")
    assert found.split == "train"
    assert "no test part" in found.notes[0]


@pytest.mark.parametrize("data", [b"", b"no video at all"])
def test_files_that_are_no_video(tmp_path, data):
    message = refused(write(tmp_path / "clip.mp4", data))
    assert "cannot be used as a video" in message or "empty or damaged" in message


def test_a_video_that_is_cut_off_says_so(tmp_path):
    whole = write_video(tmp_path / "whole.mkv", count=60)
    assert open_source(str(whole)).notes == ()
    data = whole.read_bytes()
    found = open_source(str(write(tmp_path / "half.mkv", data[: len(data) * 2 // 3])))
    assert 0 < found.count < 54
    assert found.notes == (f"{found.count} frames can be read, of about 60 announced: it may have been cut off",)


def test_a_video_without_frames_and_one_without_an_index(tmp_path):
    assert "has no frames" in refused(write_video(tmp_path / "none.mp4", count=0))
    whole = write_video(tmp_path / "whole.mp4")
    refused(write(tmp_path / "cut.mp4", whole.read_bytes()[:300]))


def test_without_the_library_one_line_says_so(tmp_path, monkeypatch):
    path = write_video(tmp_path / "clip.mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    assert "pip install 'organza[pictures]'" in refused(path)
