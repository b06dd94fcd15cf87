"""One picture through one network, whole or in tiles."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from organza.errors import UsageError
from organza.games import Networks, Translation
from organza.games.translation import apply, reflected, run, wanted
from organza.networks.statistics import Core, Counted, Moments, Tally, counted, fixed, measured, normalisations
from organza.streams import Streams
from organza.tools.pictures.memory import PROBE, bytes_per_pixel, work_before
from organza.tools.pictures.tiles import OVERLAP, RAMP, Axis, Pixels, as_floats, as_pixels, axis, grid, put_together

BUDGET = 1.2e9
"""Bytes that the tensors of one pass may take."""

LARGEST_TILE = 1024
SMALLEST_TILE = 64
PATCH, RIM = 128, 1 / 8
"""Least pixels on each side of the patches that statistics are measured on, and the share at each border that is not counted."""

EXACT = 1.0
"""Passes over the whole picture that the first normalisations' exact statistics may cost."""

FAR, STEP = 384, 1 / 127.5
"""Pixels beyond which no border is looked for (fewer where memory is short), and the difference that counts: a step of 8 bits."""

Progress = Callable[[int, int], None]


def nothing(_done: int, _total: int) -> None:
    """Progress that nobody wants to see."""


@dataclass(frozen=True)
class Way:
    """How pictures go through a network.

    Attributes:
        translation: What the network does.
        networks: By name.
        channels: Of its input.
        tile: Pixels on each side of a tile; None: the whole picture if it fits the budget, else the largest tiles that do.
        budget: Bytes that the tensors of one pass may take.
    """

    translation: Translation
    networks: Networks
    channels: int
    tile: int | None = None
    budget: float = BUDGET

    def __post_init__(self) -> None:
        if self.tile is not None and self.tile < SMALLEST_TILE:
            raise UsageError(f"--tile must be auto or at least {SMALLEST_TILE} pixels, not {self.tile}")
        if self.tile is not None and self.translation.whole:
            raise UsageError(
                "this model makes a picture as small as it has learnt it, and needs no tiles: leave out --tile"
            )

    @property
    def device(self) -> torch.device:
        return next(self.networks[self.translation.network].parameters()).device

    @property
    def _small(self) -> Tensor:
        """A picture to try the network on."""
        side = wanted(self.translation, PROBE)
        return torch.zeros(1, self.channels, side, side, device=self.device)

    def _try(self, picture: Tensor) -> Tensor:
        return run(self.translation, self.networks, picture)

    @cached_property
    def bytes_per_pixel(self) -> float:
        """Working memory for each pixel of a picture."""
        return bytes_per_pixel(self._try, self._small)

    @property
    def pixels(self) -> float:
        """Pixels that fit the budget at once."""
        return self.budget / self.bytes_per_pixel

    @cached_property
    @torch.no_grad()
    def overlap(self) -> int:
        """Pixels that neighbouring tiles must share: as far as a border is felt, measured with this network's own weights.

        A picture of noise goes through as a whole, and its right part by itself under the same statistics. Beyond the last column
        in which the two differ by more than one step of 8 bits, nobody sees the border.
        """
        translation, network = self.translation, self.networks[self.translation.network]
        side = wanted(translation, PROBE)
        cut = wanted(translation, max(SMALLEST_TILE, min(FAR, int(self.pixels / (2 * side)))))
        noise = torch.rand(1, self.channels, side // 4 + 1, cut // 2 + 1, generator=torch.Generator().manual_seed(0))
        coarse = torch.nn.functional.interpolate(noise, size=(side, 2 * cut), mode="bilinear")
        picture = (coarse * 2 - 1).to(self.device)
        calm = replace(translation, dropout=False)
        with measured(network, translation.own_statistics) as statistics:
            whole = run(calm, self.networks, picture, statistics_given=True)
        with fixed(network, statistics):
            part = run(calm, self.networks, picture[..., cut:], statistics_given=True)
        off = (whole[..., cut * translation.scale :] - part).abs().amax((0, 1, 2)) > STEP
        # The right border of the picture is there in both.
        last = int(off.nonzero().max()) + 1 if bool(off.any()) else 0
        halo = -(-last // translation.scale)
        return max(OVERLAP, 2 * halo + RAMP)

    def tile_for(self, height: int, width: int) -> int | None:
        """Pixels on each side of the tiles for a picture of this size; None: it goes as a whole.

        Two tiles of the network's `multiple` at least, so that there is something to share.
        """
        if self.translation.whole:
            return None
        height, width = wanted(self.translation, height), wanted(self.translation, width)
        multiple, least = self.translation.multiple, max(2 * self.translation.multiple, self.translation.smallest)
        if self.tile is None:
            if height * width <= self.pixels:
                return None
            fitting = min(LARGEST_TILE, int(math.sqrt(self.pixels))) // multiple * multiple
            tile = max(fitting, least, SMALLEST_TILE)
        else:
            tile = max(self.tile, least)
        tile = -(-tile // multiple) * multiple
        return None if height <= tile and width <= tile else tile

    def make(self, pixels: Pixels, seed: int = 0, progress: Progress = nothing) -> Pixels:
        """What the network makes of a picture.

        Args:
            pixels: uint8 [H, W, C].
            seed: Of dropout.
            progress: Told (done, total) tiles.

        Returns:
            uint8 [scale H, scale W, C of the output].
        """
        height, width = pixels.shape[:2]
        tile = self.tile_for(height, width)
        if tile is None:
            made = apply(self.translation, self.networks, as_floats(pixels).to(self.device), seed)[0].cpu()
            progress(1, 1)
            return as_pixels(made)
        return self._tiled(pixels, tile, seed, progress)

    @torch.no_grad()
    def _tiled(self, pixels: Pixels, tile: int, seed: int, progress: Progress) -> Pixels:
        translation, (height, width) = self.translation, pixels.shape[:2]
        rows, columns = (reflected(side, wanted(translation, side)).numpy() for side in (height, width))
        padded = pixels if (len(rows), len(columns)) == (height, width) else pixels[rows[:, None], columns]
        tiles = grid(padded.shape[0], padded.shape[1], tile, translation.multiple, self.overlap)
        early = self.early if self.joined(padded) is None else {}
        total = round(tiles.count * (sum(early.values()) + 1))
        done, share = 0.0, 1.0

        def through(top: int, left: int) -> Tensor:
            nonlocal done
            part = padded[top : top + tiles.rows.tile, left : left + tiles.columns.tile]
            key = Streams(seed).number("tile", top, left) if translation.dropout else 0
            done += share
            progress(min(total, round(done)), total)
            return run(translation, self.networks, as_floats(part).to(self.device), key, statistics_given=True)[0].cpu()

        network, statistics = self.networks[translation.network], dict[str, Moments]()
        for name, share in early.items():  # noqa: B007 (`through` sees it)
            tally = Tally(tiles.tile, ())
            with fixed(network, statistics), counted(network, name, tally):
                for top, left, core in tiles.places():
                    tally.cores = (core,)
                    with suppress(Counted):
                        through(top, left)
            statistics[name] = tally.moments
        statistics, share = self.measured(padded, statistics), 1.0
        with fixed(network, statistics):
            return put_together(tiles, through, height, width, translation.scale)

    @cached_property
    def normalisations(self) -> tuple[str, ...]:
        """Names of those whose statistics must be measured before a picture goes in tiles."""
        return tuple(normalisations(self.networks[self.translation.network], self.translation.own_statistics))

    @cached_property
    def early(self) -> dict[str, float]:
        """Those that are met first, as many as can be measured on all tiles, one by one, for the work of `EXACT` passes.

        What they are off by goes into all that come after them, so that they matter most; and they are cheap. With each goes
        the share of a pass that it costs.
        """
        met = work_before(self._try, self._small, self.networks[self.translation.network], self.normalisations)
        costs = itertools.accumulate(met.values())
        return {name: share for (name, share), cost in zip(met.items(), costs, strict=True) if cost <= EXACT}

    def joined(self, pixels: Pixels) -> tuple[int, int] | None:
        """The size of a picture that fits the budget as a whole."""
        height, width = pixels.shape[:2]
        return (height, width) if height * width <= self.pixels or not self.normalisations else None

    def measured(self, pixels: Pixels, known: Mapping[str, Moments]) -> dict[str, Moments]:
        """Statistics that all tiles of a picture are to use, from one joint pass over as much of it as fits the budget.

        Args:
            pixels: The padded picture.
            known: Those that have been measured before.
        """
        if not self.normalisations:
            return {}
        translation, (height, width) = self.translation, pixels.shape[:2]
        whole = self.joined(pixels)
        if whole:
            side, places = whole, [(0, 0, Core(0, height, 0, width))]
        else:
            least = max(PATCH, min(256, 8 * translation.multiple), 2 * translation.multiple, translation.smallest)
            patch = -(-least // translation.multiple) * translation.multiple
            rows, columns = spread(height, width, patch, translation.multiple, max(1, int(self.pixels / patch**2)))
            side, places = (rows.tile, columns.tile), list(patches(rows, columns))
        batch = torch.cat([as_floats(pixels[top : top + side[0], left : left + side[1]]) for top, left, _ in places])
        network, tally = self.networks[translation.network], Tally(side, [core for *_, core in places])
        with measured(network, translation.own_statistics, tally, known) as found:
            run(translation, self.networks, batch.to(self.device), statistics_given=True)
        return found


def spread(height: int, width: int, patch: int, multiple: int, most: int) -> tuple[Axis, Axis]:
    """A regular grid of at most `most` patches, of which as many lie across as down for each pixel of the sides."""
    full_rows, full_columns = (axis(side, patch, multiple, int(2 * RIM * patch)) for side in (height, width))
    share = min(1.0, math.sqrt(most / (len(full_rows.starts) * len(full_columns.starts))))
    down = min(most, max(1, int(len(full_rows.starts) * share)))
    across = min(most // down, len(full_columns.starts))
    down = min(most // across, len(full_rows.starts))
    return _thinned(full_rows, down, multiple), _thinned(full_columns, across, multiple)


def _thinned(full: Axis, count: int, multiple: int) -> Axis:
    """The same tiles, but only `count` of them, in the middles of as many equal parts of the side."""
    if count >= len(full.starts):
        return full
    last = full.side - full.tile
    starts = (
        round(((index + 0.5) * full.side / count - full.tile / 2) / multiple) * multiple for index in range(count)
    )
    return Axis(full.side, full.tile, tuple(min(max(0, start), last) for start in starts), ())


def patches(rows: Axis, columns: Axis) -> Iterator[tuple[int, int, Core]]:
    """Row, column and core of every patch: all but its rim, which belongs to it only at the picture's own border."""
    for top, first, last in _inner(rows):
        for left, start, end in _inner(columns):
            yield top, left, Core(first, last, start, end)


def _inner(along: Axis) -> Iterator[tuple[int, int, int]]:
    if along.zones or along.side <= along.tile:
        yield from ((start, *core) for start, core in zip(along.starts, along.cores(), strict=True))
        return
    for start in along.starts:
        rim = int(RIM * along.tile)
        first = rim if start else 0
        yield start, first, along.tile - (rim if start + along.tile < along.side else 0)
