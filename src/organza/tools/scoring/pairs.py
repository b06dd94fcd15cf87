"""Scores of pictures against the real ones of the same name, each pair in its own size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import PurePosixPath
from statistics import fmean

import numpy as np
import torch
from torch import Tensor

from organza.data import Progress, Source, to_samples
from organza.data.picture import read, to_channels
from organza.data.pictures import PictureContent
from organza.errors import OrganzaError, UsageError
from organza.features import MapFeatures
from organza.metrics import perceptual_distance, psnr, ssim
from organza.tools.scoring.reference import Reference


def measure_pairs(
    keys: Sequence[str], fakes: Source, reference: Reference, limit: int, progress: Progress | None = None
) -> tuple[dict[str, float], int, list[str]]:
    """Means over pairs of pictures.

    Args:
        keys: Of `psnr`, `ssim` and `lpips`.
        fakes: A folder or zip of pictures; those whose name no real picture has are left out.
        reference: Its source is the folder of the real ones.
        limit: How many pairs at most: the first ones by name.
        progress: Told how many pairs have been looked at.

    Returns:
        Scores by key; how many pairs were looked at; notes.

    Raises:
        UsageError: There are no pairs, or two pictures of a pair have different sizes.
        OrganzaError: A picture cannot be read any more.
    """
    ours, theirs = names_of(fakes), names_of(reference.source)
    names = sorted(ours.keys() & theirs.keys())
    if not names:
        raise UsageError(
            f"{', '.join(keys)} needs pictures of equal names, and none in {fakes.name} has the name of one in"
            f" {reference.source.name}"
        )
    notes = [f"{count:,} pictures without a partner in {where} are left out"
             for count, where in ((len(ours) - len(names), reference.source.name), (len(theirs) - len(names), fakes.name))
             if count]  # fmt: skip
    if len(names) > limit:
        notes.append(f"of the first {limit:,} of {len(names):,} pairs by name: -n {len(names)} takes all")
        names = names[:limit]
    found: dict[str, list[float]] = {key: [] for key in keys}
    for index, name in enumerate(names):
        channels = min(fakes.channels, reference.source.channels)
        image, target = (
            picture_of(source, path, channels)
            for source, path in ((fakes, ours[name]), (reference.source, theirs[name]))
        )
        if image.shape != target.shape:
            sizes = [f"{shape[3]}x{shape[2]}" for shape in (image.shape, target.shape)]
            raise UsageError(
                f"the pictures named {name} have the sizes {sizes[0]} and {sizes[1]}: pairs are of one size"
            )
        for key in keys:
            found[key].append(_measure(key, image, target, reference))
        if progress:
            progress(index + 1, len(names), "pairs")
    equal = sum(not math.isfinite(value) for value in found.get("psnr", []))
    if equal:
        notes.append(
            f"{equal:,} of {len(names):,} pictures equal their partners: their PSNR, which is infinite, is left out"
        )
    means = {key: fmean(finite) for key, values in found.items() if (finite := [*filter(math.isfinite, values)])}
    return means, len(names), notes


def names_of(source: Source) -> dict[str, int]:
    """Number of each picture by its path without the ending; empty for what has no files."""
    if not isinstance(source.content, PictureContent):
        return {}
    paths = [PurePosixPath(picture.path) for picture in source.content.pictures]
    return {str(path.with_suffix("")): index for index, path in enumerate(paths)}


def picture_of(source: Source, index: int, channels: int) -> Tensor:
    """One picture in its own size, uint8 [1, C, H, W].

    Raises:
        OrganzaError: It cannot be read any more.
    """
    content = source.content
    assert isinstance(content, PictureContent)  # or it would have no name
    path = content.pictures[index].path
    try:
        with content.container.open(path) as stream:
            picture = read(stream.read(), path).image
    except OSError as error:
        raise OrganzaError(f"{path} in {source.name} cannot be read any more ({error}): run again") from None
    pixels = np.asarray(to_channels(picture, channels)).reshape(1, picture.height, picture.width, channels)
    return torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2)


def _measure(key: str, image: Tensor, target: Tensor, reference: Reference) -> float:
    if key == "psnr":
        return float(psnr(image, target)[0])
    if key == "ssim":
        return float(ssim(image, target)[0])
    features = reference.features
    assert isinstance(features, MapFeatures)  # or the score would not have been asked for
    seen, wanted = (features.maps(to_samples(pixels.permute(0, 2, 3, 1))) for pixels in (image, target))
    return float(perceptual_distance(seen, wanted)[0])
