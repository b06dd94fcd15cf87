"""Inception v3 as the FID has it: the network of torch-fidelity, the weights that Google published on 2015-12-05.

Heusel et al. 2017, arXiv:1706.08500. Its Fréchet distance may be called FID only with just these weights and just this
resizing, which is why the file is verified before anything in it is read, and why every other file needs a name of its own.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from organza.errors import OrganzaError, UsageError
from organza.features.digests import read_whole
from organza.features.embedding import Embedding
from organza.features.pictures import check_pictures, check_sides, to_colour
from organza.files import cache_folder, written_whole
from organza.foreign import need, reason

NAME = "inception"
FILE = "weights-inception-2015-12-05-6726825d.pth"
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"  # as published; the file's name begins it
FOLDER = "ORGANZA_WEIGHTS"  # names a folder with weights that somebody has brought
LAYERS = ("2048", "logits_unbiased")
SMALLEST = 23  # pixels on each side of a picture in which there are two places at least on each side
CLASSES = tuple(str(number) for number in range(1008))  # of the published network; they have numbers, no names


@dataclass(frozen=True, eq=False)
class InceptionFeatures(Embedding):
    """The 2048 pooled features of Inception v3, and the probabilities of its classes.

    Pictures are rounded to uint8, grey ones repeated in three channels, and the network's own resizer, which is TensorFlow
    1's, brings them to 299x299: it is not antialiased, but published scores were computed with it. Probabilities are of the
    logits without bias, as the Inception Score takes them (Salimans et al. 2016, arXiv:1606.03498, in its reference code).

    Attributes:
        name: Of the features.
        network: torch-fidelity's, in evaluation mode.
        sha256: Of the weights file.
    """

    name: str
    network: Any
    sha256: str
    resize: str = "299x299 bilinear as in TensorFlow 1 (not antialiased), from uint8"
    dim: int = 2048
    classes: tuple[str, ...] = CLASSES
    chunk: int = 32

    @property
    def standard_inception(self) -> bool:  # type: ignore[override]
        return self.sha256 == SHA256

    @property
    def device(self) -> torch.device:
        device: torch.device = self.network.fc.weight.device
        return device

    def see(self, images: Tensor) -> tuple[Tensor, Tensor]:
        embedded, logits = self.network(_pixels(images))
        return embedded, logits

    @torch.no_grad()
    def places(self, images: Tensor) -> Tensor:
        """The convolution before the second pooling, of pictures in their own size: float32 [n, 192, about H / 4, about W / 4].

        The features of the SIFID (Shaham et al. 2019, arXiv:1905.01164).

        Raises:
            UsageError: These are no pictures, or some of fewer than 23 pixels on a side.
        """
        check_pictures(images)
        check_sides(images, SMALLEST, self.name)
        return torch.cat([self._places(part.to(self.device)) for part in torch.split(images, self.chunk)])

    def _places(self, images: Tensor) -> Tensor:
        network = self.network
        seen = (_pixels(images).to(torch.float32) - 128) / 128
        for layer in (
            network.Conv2d_1a_3x3, network.Conv2d_2a_3x3, network.Conv2d_2b_3x3, network.MaxPool_1,
            network.Conv2d_3b_1x1, network.Conv2d_4a_3x3,
        ):  # fmt: skip
            seen = layer(seen)
        return seen


def _pixels(images: Tensor) -> Tensor:
    return to_colour(images).add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)


@dataclass(frozen=True)
class Inception:
    """Inception v3 with the weights in a file of yours, for instance your own conversion; never called inception.

    Attributes:
        name: Of its features; "inception" is the standard weights' name.
        path: The file: a state dict saved with torch.save, with the names and shapes that torch-fidelity gives them.
        sha256: That the file must have.

    Raises:
        UsageError: Other weights than the standard ones are to be called inception.
    """

    name: str
    path: Path
    sha256: str

    def __post_init__(self) -> None:
        if self.name.lower() in (NAME, "fid") and self.sha256 != SHA256:
            raise UsageError(
                f"only the standard weights are called {self.name}: give features of other weights another name"
            )

    @property
    def summary(self) -> str:
        return f"pooled features of Inception v3 with the weights of {self.path.name} (sha256 {self.sha256[:8]})"

    def load(self, device: torch.device | str = "cpu") -> InceptionFeatures:
        """The network with these weights.

        Raises:
            OrganzaError: torch-fidelity is not installed; the file cannot be read, has another digest, or is not such weights.
        """
        module = _library(self.name)
        data, found = read_whole(self.path, f"the weights of {self.name}")
        _check(self.path, found, self.sha256)
        try:
            network = _network(module, torch.load(io.BytesIO(data), map_location="cpu", weights_only=True))
        except (RuntimeError, ValueError, TypeError, AttributeError, EOFError, pickle.UnpicklingError) as error:
            raise OrganzaError(
                f"{self.path} is no state dict of torch-fidelity's Inception v3 ({reason(error)})"
            ) from None
        return InceptionFeatures(self.name, network.to(device).eval(), self.sha256)


def _library(name: str) -> Any:
    return need("torch_fidelity.feature_extractor_inceptionv3", "torch-fidelity", "scores", f"features '{name}'")


def _network(module: Any, tensors: Mapping[str, Tensor]) -> Any:
    """torch-fidelity's network with these tensors.

    It reads its weights by itself, from a file that may execute code; here it reads what we have just written from tensors.
    """
    written = io.BytesIO()
    torch.save(tensors, written)
    written.seek(0)
    with torch.random.fork_rng(devices=[]):  # its layers are initialised before they are loaded
        return module.FeatureExtractorInceptionV3(NAME, list(LAYERS), feature_extractor_weights_path=written)


@dataclass(frozen=True)
class StandardInception:
    """The entry of the table: the published weights, found or downloaded.

    Attributes:
        summary: One line.
        sha256: Of the published file.
    """

    summary: str = "2048 pooled features of Inception v3, weights of 2015-12-05 (verified): FD in them is the FID"
    sha256: str = SHA256

    def load(self, device: torch.device | str = "cpu") -> InceptionFeatures:
        """The network with the published weights.

        Raises:
            OrganzaError: As of `Inception.load` and `find_weights`.
        """
        module = _library(NAME)
        return Inception(NAME, find_weights(module.URL_INCEPTION_V3, self.sha256), self.sha256).load(device)


def find_weights(address: str, sha256: str = SHA256) -> Path:
    """The weights file: in the folder $ORGANZA_WEIGHTS, in organza's cache, or else downloaded into the latter.

    Args:
        address: To download it from.
        sha256: That a download must have; a file that is there already is verified when it is loaded.

    Raises:
        OrganzaError: It cannot be downloaded, or is another file.
    """
    brought, cached = os.environ.get(FOLDER), cache_folder() / "weights" / FILE
    for path in ([Path(brought).expanduser() / FILE] if brought else []) + [cached]:
        if path.is_file():
            return path
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(cached) as temporary:
            torch.hub.download_url_to_file(address, str(temporary), progress=sys.stderr.isatty())
            _check(Path(address), read_whole(temporary, "the download of")[1], sha256)
    except OSError as error:
        raise OrganzaError(
            f"cannot download the weights of {NAME} ({error}): bring {FILE} from elsewhere and name its folder in ${FOLDER},"
            " or choose other features (organza list features)"
        ) from None
    return cached


def _check(path: Path, found: str, wanted: str) -> None:
    """OrganzaError unless the digests are equal."""
    if found != wanted:
        raise OrganzaError(
            f"{path} is damaged or another file: its sha256 begins with {found[:8]}, not with {wanted[:8]}; remove it"
        )
