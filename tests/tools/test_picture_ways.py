"""Pictures through networks whole and in tiles, and what the tiles cost."""

import numpy as np
import pytest
import torch

from organza.errors import UsageError
from organza.games import Translation
from organza.tools.pictures import networks as ways
from organza.tools.pictures.memory import LiveBytes, bytes_per_pixel, work_before
from organza.tools.pictures.networks import Way
from picture_models import Painter


def scene(height, width):
    """Smooth, with a bright side and a dark one, so that no part has the statistics of the whole."""
    down, across = np.mgrid[0:height, 0:width]
    waves = [np.sin(down / (5 + k)) * np.cos(across / (9 - k)) + 2 * across / width - 1 for k in range(3)]
    return ((np.stack(waves, 2) + 2) / 4 * 255).astype(np.uint8)


def way(norm="instance", own=False, tile=None, budget=1e12, scale=1, dropout=0.0, channels=3):
    torch.manual_seed(3)
    painter = Painter(channels, scale, norm, dropout).eval().requires_grad_(False)
    translation = Translation(
        lambda networks, pictures: networks["generator"](pictures),
        multiple=4, smallest=8, scale=scale, own_statistics=own, dropout=dropout > 0,
    )  # fmt: skip
    return Way(translation, {"generator": painter}, channels, tile, budget)


def difference(one, other):
    return np.abs(one.astype(int) - other.astype(int)).max()


@pytest.mark.parametrize(("norm", "own"), [("none", False), ("batch", False), ("batch", True), ("instance", False)])
@pytest.mark.parametrize("scale", [1, 2])
def test_tiles_do_not_show(norm, own, scale):
    picture = scene(150, 203)
    whole = way(norm, own, scale=scale).make(picture)
    tiled = way(norm, own, tile=64, scale=scale).make(picture)
    assert whole.shape == tiled.shape == (150 * scale, 203 * scale, 3)
    assert difference(whole, tiled) <= 1


@pytest.mark.parametrize(("norm", "own"), [("batch", True), ("instance", False)])
def test_without_common_statistics_they_would(norm, own, monkeypatch):
    picture = scene(150, 203)
    whole = way(norm, own).make(picture)
    monkeypatch.setattr(Way, "normalisations", ())
    monkeypatch.setattr(ways, "fixed", lambda network, statistics: ways.suppress())
    run = ways.run
    monkeypatch.setattr(ways, "run", lambda *given, statistics_given=False: run(*given))
    assert difference(whole, way(norm, own, tile=64).make(picture)) > 10


def test_statistics_of_a_part_are_near_and_the_first_ones_exact(monkeypatch):
    monkeypatch.setattr(ways, "PATCH", 48)
    picture = scene(300, 400)
    whole = way().make(picture)
    tight = way(tile=64, budget=way().bytes_per_pixel * 300 * 400 / 3)
    assert tight.joined(picture) is None
    assert list(tight.early)[:1] == ["layers.1"]
    near = difference(whole, tight.make(picture))
    monkeypatch.setattr(ways, "EXACT", 0.0)
    rough = way(tile=64, budget=tight.budget)
    assert not rough.early
    far = difference(whole, rough.make(picture))
    assert near < far
    assert near <= 12
    # And where all of them may be measured one by one, the tiles are the whole again.
    monkeypatch.setattr(ways, "EXACT", 100.0)
    assert difference(whole, way(tile=64, budget=tight.budget).make(picture)) <= 1


def test_auto_takes_the_whole_if_it_fits_and_the_largest_tiles_if_not():
    whole = way()
    assert whole.tile_for(1000, 1000) is None
    tight = way(budget=whole.bytes_per_pixel * 300 * 300)
    assert tight.tile_for(300, 300) is None
    assert tight.tile_for(300, 304) == 300
    assert way(tile=64).tile_for(64, 64) is None
    assert way(tile=65).tile_for(64, 80) == 68
    assert way(budget=1.0).tile_for(500, 500) == 64


def test_tiles_too_small_are_refused():
    with pytest.raises(UsageError, match="at least 64"):
        way(tile=63)


def test_progress_counts_to_its_end():
    told = []
    way(tile=64).make(scene(150, 203), progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] == len(told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_dropout_in_tiles_comes_from_the_seed():
    picture = scene(100, 140)
    one, same, other = (way(dropout=0.4, tile=64).make(picture, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_live_bytes_are_those_of_tensors_alive_at_once():
    with LiveBytes() as live:
        first = torch.zeros(1000)
        second = first + 1
        del first
        third = second.view(10, 100)
        del second
        fourth = third * 2
        del third
    assert live.most == 8000
    assert live.now == fourth.nbytes == 4000


def test_memory_grows_with_the_width_of_a_network():
    def needed(width):
        network = torch.nn.Sequential(torch.nn.Conv2d(3, width, 3, padding=1), torch.nn.Conv2d(width, 3, 1))
        return bytes_per_pixel(network, torch.zeros(1, 3, 64, 64))

    assert needed(64) > needed(16) > 16 * 4
    assert needed(64) < 3 * (64 + 3) * 4


def test_work_is_counted_in_the_order_of_the_layers():
    network = torch.nn.Sequential(*(torch.nn.Conv2d(8, 8, 3, padding=1) for _ in range(4)))
    found = work_before(network, torch.zeros(1, 8, 32, 32), network, ["3", "1", "2"])
    assert list(found) == ["1", "2", "3"]
    assert [round(share, 2) for share in found.values()] == [0.25, 0.5, 0.75]
    assert not any(layer._forward_pre_hooks for layer in network)
