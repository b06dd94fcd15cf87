"""VGG-19 up to one of its layers, the network of perceptual losses (Simonyan and Zisserman 2014, arXiv:1409.1556).

DeblurGAN and DeblurGAN-v2 compare conv3_3 before its rectifier, SRGAN conv5_4 after it, and ESRGAN conv5_4 before it. The
weights are torchvision's, learnt on ImageNet. They are brought, never fetched: 550 MB are nothing to download unasked.
"""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from organza.errors import OrganzaError, UsageError
from organza.features.digests import read_whole
from organza.features.inception import FOLDER
from organza.files import cache_folder
from organza.foreign import reason

FILE = "vgg19-dcbb9e9d.pth"  # torchvision's name; it ends with the first eight digits of the file's SHA-256
DIGITS = "dcbb9e9d"
BLOCKS = (
    (64, 64),
    (128, 128),
    (256, 256, 256, 256),
    (512, 512, 512, 512),
    (512, 512, 512, 512),
)  # a pooling after each
LAYERS = {"conv3_3": 15, "conv5_4": 36, "conv5_4-pre": 35}  # name -> how many of torchvision's `features` lead there
SMALLEST = {"conv3_3": 4, "conv5_4": 16, "conv5_4-pre": 16}  # pixels on each side that survive the poolings
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, in [0, 1]


class VGG19Map(nn.Module):
    """[n, 3, H, W] in [-1, 1] -> one layer's map, as a list of one: [n, 256, H/4, W/4] or [n, 512, H/16, W/16].

    Args:
        layer: conv3_3 (before its rectifier), conv5_4 (after it) or conv5_4-pre (before it).

    Raises:
        UsageError: A picture is too small for the layer.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, layer: str) -> None:
        super().__init__()
        self.layer = layer
        with torch.device("meta"):  # initialising would draw random numbers that are others'
            self.features = nn.Sequential(*_modules()[: LAYERS[layer]])
        with torch.device("cpu"):
            self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
            self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> list[Tensor]:
        least = SMALLEST[self.layer]
        if min(images.shape[2:]) < least:
            raise UsageError(
                f"{self.layer} of VGG-19 needs pictures of at least {least}x{least} pixels, not "
                f"{images.shape[2]}x{images.shape[3]}: choose another layer, or random-conv"
            )
        # Every sample is normalised. The code of DeblurGAN-v2 normalises the first of a batch only, the others being fed to
        # the network as they are; that of DeblurGAN, none.
        normalised = ((images + 1) / 2 - self.mean) / self.deviation
        return [self.features(normalised.contiguous(memory_format=torch.channels_last))]


def _modules() -> list[nn.Module]:
    """All of the `features` of torchvision's VGG-19, in their order, which is what the names in the file count."""
    modules: list[nn.Module] = []
    inputs = 3
    for block in BLOCKS:
        for width in block:
            # In place, a rectifier overwrites the map of the convolution before it; nothing else reads that.
            modules += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(inplace=True)]
            inputs = width
        modules.append(nn.MaxPool2d(2))
    return modules


@dataclass(frozen=True)
class VGG19:
    """VGG-19 with the weights in a file.

    Attributes:
        path: torchvision's file, or a state dict with the same names and shapes.
        digits: With which the file's SHA-256 must begin.
    """

    path: Path
    digits: str = DIGITS

    def load(self, layer: str, device: torch.device | str = "cpu") -> VGG19Map:
        """The network up to this layer, frozen, in evaluation mode. The whole file is in memory for a moment: 1.2 GB.

        Raises:
            OrganzaError: The file cannot be read, has another digest, or is not such weights.
        """
        data, found = read_whole(self.path, "the weights of VGG-19")
        if not found.startswith(self.digits):
            raise OrganzaError(
                f"{self.path} is damaged or another file: its sha256 begins with {found[:8]}, not with {self.digits}; remove it"
            )
        network = VGG19Map(layer)
        try:
            tensors = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
            if not isinstance(tensors, Mapping):
                raise TypeError(f"it holds a {type(tensors).__name__}")
            # One at a time, because the file has more than is needed, and float32, whatever it was saved in.
            wanted = {name: tensors[name].to(torch.float32) for name in network.state_dict()}
            network.load_state_dict(wanted, assign=True)
        except KeyError as error:
            raise OrganzaError(f"{self.path} is no state dict of torchvision's VGG-19 (it has no {error})") from None
        except (RuntimeError, ValueError, TypeError, AttributeError, EOFError, pickle.UnpicklingError) as error:
            raise OrganzaError(f"{self.path} is no state dict of torchvision's VGG-19 ({reason(error)})") from None
        return network.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)


def blank_vgg(layer: str) -> VGG19Map:
    """The network up to this layer on the meta device: shapes alone, for which no weights are needed."""
    return VGG19Map(layer).to("meta").requires_grad_(False)


def vgg_places() -> tuple[Path, ...]:
    """Where the weights may lie: the folder $ORGANZA_WEIGHTS, organza's cache, torch hub's cache; in this order."""
    brought = os.environ.get(FOLDER)
    folders = [Path(brought).expanduser()] if brought else []
    folders += [cache_folder() / "weights", Path(torch.hub.get_dir()) / "checkpoints"]
    return tuple(folder / FILE for folder in folders)


def find_vgg() -> Path | None:
    """The weights file, or None if it is in none of the places. It is verified when it is loaded."""
    return next((path for path in vgg_places() if path.is_file()), None)
