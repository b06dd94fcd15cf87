"""The authors' networks: how each is recognised by its tensors, what options it was made with, which layer goes where.

Names of tensors are facts of the authors' code: junyanz/pytorch-CycleGAN-and-pix2pix, KupynOrest/DeblurGAN,
VITA-Group/DeblurGANv2, leftthomas/SRGAN, xinntao/ESRGAN and its successor BasicSR. What cannot be read off the tensors
(whether the output is added to the input, whether dropout goes on) is as in the authors' own commands, and can be
overridden.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from torch import Tensor

from organza.errors import OrganzaError
from organza.exchange.authors.layers import Pair, layers_of, paired, sorted_layers
from organza.exchange.authors.reading import Opened
from organza.networks import unit_pixels as unit_pixels
from organza.registry import Registry

Tensors = Mapping[str, Tensor]
Pairing = Callable[[Sequence[str]], list[Pair]]  # layers of the network -> pairs


@dataclass(frozen=True)
class Found:
    """A network recognised in a file.

    Attributes:
        recipe: Name of the published recipe that it is a case of.
        network: Name of its architecture in `NETWORKS`.
        options: Of the architecture, as read off the tensors.
        pairs: Layers of the network -> which layer of the file goes where.
        tensors: Those of the file that are to find a place.
        unused: How many others there are, known to have none.
        changes: Further fields of the recipe, by dotted name.
        notes: What could not be read off, and other remarks, a line each.
    """

    recipe: str
    network: str
    options: dict[str, Any]
    pairs: Pairing
    tensors: Tensors
    unused: int = 0
    changes: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """Whose checkpoints.

    Attributes:
        read: Tensors, without statistics of instance normalisations -> what they are.
        direction: Whether the network is one of two, for translations there and back.
    """

    read: Callable[[Tensors], Found]
    direction: bool = False


@dataclass(frozen=True)
class Several:
    """The networks of a whole game, recognised in a file.

    Attributes:
        recipe: Name of the published recipe that they are a case of.
        changes: Fields of the recipe, by dotted name, as read off the file.
        weights: Player -> all weights and buffers of its network, by organza's names.
        notes: What could not be read off, and other remarks, a line each.
    """

    recipe: str
    changes: dict[str, Any]
    weights: dict[str, dict[str, Tensor]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StateKind:
    """Whose checkpoints, where one file holds several networks, with their classes.

    Attributes:
        read: The file -> what its networks are.
    """

    read: Callable[[Opened], Several]


KINDS: Registry[Kind | StateKind] = Registry("kind of checkpoint")


def tensor(tensors: Tensors, name: str, dimensions: int = 4) -> Tensor:
    """The tensor of this name.

    Raises:
        OrganzaError: There is none, or it has other dimensions.
    """
    found = tensors.get(name)
    if found is None or found.ndim != dimensions:
        first = next(iter(tensors), "nothing")
        told = f"it has no tensor '{name}', and begins with '{first}'" if found is None else (
            f"its '{name}' has the shape {list(found.shape)}"
        )  # fmt: skip
        raise OrganzaError(f"the file holds another network: {told}")
    return found


def numbers(tensors: Tensors, pattern: str) -> list[int]:
    """The different numbers that the pattern's group catches in the names of tensors, ascending."""
    return sorted({int(match[1]) for name in tensors if (match := re.match(pattern, name))})


# CycleGAN, pix2pix, DeblurGAN: one family of generators.


def residual_generator(tensors: Tensors) -> Found:
    """`ResnetGenerator`: one sequence 'model', blocks as 'model.N.conv_block'."""
    first = tensor(tensors, "model.1.weight")
    blocks = numbers(tensors, r"model\.(\d+)\.conv_block\.")
    if not blocks:
        raise OrganzaError("the file holds another network: it has no residual blocks 'model.N.conv_block'")
    # Of each place in a block: whether a convolution or a normalisation with gains is there.
    inner = numbers(tensors, rf"model\.{blocks[0]}\.conv_block\.(\d+)\.weight$")
    shapes = {place: tensors[f"model.{blocks[0]}.conv_block.{place}.weight"].ndim for place in inner}
    batch, convolutions = 1 in shapes.values(), [place for place, dimensions in shapes.items() if dimensions == 4]
    if not convolutions:
        raise OrganzaError(f"the file holds another network: 'model.{blocks[0]}.conv_block' has no convolutions")
    if convolutions[0] != 1:
        raise OrganzaError(
            "its residual blocks pad with zeros; organza's reflect the picture, as the published ones do"
        )
    # Padding, convolution, normalisation, ReLU, perhaps dropout, padding, convolution: at 5, or at 6.
    dropout = 0.5 if convolutions[-1] == 6 else 0.0
    options = {
        "width": first.shape[0],
        "blocks": len(blocks),
        "norm": "batch" if batch else "instance",
        "dropout": dropout,
        "residual": False,
        "upsampling": "transposed",
    }
    layers = sorted_layers(tensors)
    changes = {"channels": first.shape[1]}
    return Found("", "resnet-generator", options, lambda network: paired(layers, network), tensors, changes=changes)


def nested_generator(tensors: Tensors) -> Found:
    """`UnetGenerator`: every depth lies within the one before, as 'model.model.1.model.3.model.3...'."""
    first = tensor(tensors, "model.model.0.weight")
    depths = [
        len(match[1]) for name in tensors if (match := re.match(r"model\.model\.1((\.model\.3)*)\.model\.1\.", name))
    ]
    if not depths:
        raise OrganzaError("the file holds another network: its U-Net has no 'model.model.1.model.1.weight'")
    downs = 2 + max(depths) // len(".model.3")
    options = {
        "width": first.shape[0],
        "downs": downs,
        # Before a batch normalisation convolutions have no bias; the first one's is the same as those within.
        "norm": "instance" if "model.model.0.bias" in tensors else "batch",
        "upsampling": "transposed",
    }
    layers, size = sorted_layers(tensors), 2**downs
    changes = {"channels": first.shape[1], "size": size}
    return Found("", "unet-generator", options, lambda network: paired(layers, network), tensors, changes=changes)


def generator(tensors: Tensors) -> Found:
    """One of the two, by the names of the tensors."""
    return nested_generator(tensors) if any(name.startswith("model.model.") for name in tensors) else (
        residual_generator(tensors)
    )  # fmt: skip


def cyclegan(tensors: Tensors) -> Found:
    """A generator of CycleGAN: as its authors test it, without dropout."""
    found = generator(tensors)
    if found.options["norm"] == "batch":
        raise OrganzaError(
            "it has batch normalisations, which CycleGAN's authors do not use: import it with --as pix2pix, which keeps "
            "their statistics, or takes those of the picture"
        )
    options = found.options if found.network == "resnet-generator" else found.options | {"dropout": 0.0}
    return replace(found, recipe="cyclegan", options=options)


def pix2pix(tensors: Tensors) -> Found:
    """A generator of pix2pix, which its authors test in training mode: statistics of the picture, and dropout."""
    found = generator(tensors)
    changes = found.changes | {"own_statistics": True, "test_dropout": True}
    if found.network == "resnet-generator":
        return replace(found, recipe="pix2pix", changes=changes)
    note = "dropout leaves no trace in the tensors: 0.5 as published; --generator.dropout 0 if it had none"
    return replace(found, recipe="pix2pix", options=found.options | {"dropout": 0.5}, changes=changes, notes=(note,))


def deblurgan(tensors: Tensors) -> Found:
    """The generator of DeblurGAN, whose output is added to its input."""
    found = residual_generator(tensors)
    notes = ["the output is added to the input, as in all of the authors' commands; --generator.residual false if not"]
    if found.options["dropout"]:
        notes.append("dropout goes on, as in the authors' test; --test_dropout false is their --no_dropout")
    return replace(
        found,
        recipe="deblurgan",
        options=found.options | {"residual": True},
        changes=found.changes | {"own_statistics": True, "test_dropout": bool(found.options["dropout"])},
        notes=tuple(notes),
    )


# DeblurGAN-v2: its backbone is in the file twice, whole and in five parts 'fpn.enc0' to 'fpn.enc4', which are the maps.

INCEPTION = {  # parts of pretrainedmodels' Inception-ResNet-v2 -> place within the five
    "conv2d_1a": "0",
    "conv2d_2a": "1.0",
    "conv2d_2b": "1.1",
    "conv2d_3b": "2.0",
    "conv2d_4a": "2.1",
    "mixed_5b": "3.0",
    "repeat": "3.1",
    "mixed_6a": "3.2",
    "repeat_1": "4.0",
    "mixed_7a": "4.1",
}
FIRST_OF_FIVE = (0, 2, 4, 7, 11, 16)  # blocks of MobileNetV2 with which they begin, and the first that nobody looks at
MOBILENET = {
    str(block): f"{part}.{block - first}"
    for part, (first, end) in enumerate(pairwise(FIRST_OF_FIVE))
    for block in range(first, end)
}
PYRAMID = {
    **{f"fpn.lateral{level}": f"fpn.laterals.{level}" for level in range(5)},
    **{f"fpn.td{level + 1}.0": f"fpn.merges.{level}.0" for level in range(3)},
    **{f"head{level + 1}.block{layer}": f"fpn.heads.{level}.{2 * layer}" for level in range(4) for layer in range(2)},
    "smooth.0": "fpn.smooth.0",
    "smooth2.0": "fpn.smooth2.0",
    "final": "fpn.final",
}


def deblurgan_v2(tensors: Tensors) -> Found:
    """The generator of DeblurGAN-v2, over either of its backbones, in training mode: statistics of the picture, everywhere."""
    inception = "fpn.lateral4.weight" in tensors and tensor(tensors, "fpn.lateral4.weight").shape[1] == 2080
    whole, places = ("fpn.inception", INCEPTION) if inception else ("fpn.features", MOBILENET)
    used, unused = one_backbone(tensors, whole, places)
    backbone = sorted_layers(name for name in used if name.startswith("fpn.enc"))

    def pairs(network: Sequence[str]) -> list[Pair]:
        pyramid = [
            *PYRAMID.items(),
            *((layer, "") for layer in sorted_layers(used) if layer not in {*backbone, *PYRAMID}),
        ]
        if inception:  # timm's names within the parts are those of pretrainedmodels
            return [(layer, layer.replace("fpn.enc", "backbone.stages.", 1)) for layer in backbone] + pyramid
        return paired(backbone, [layer for layer in network if layer.startswith("backbone.")]) + pyramid

    name = "inception" if inception else "mobilenet"
    options = {
        "backbone": "inception-resnet-v2" if inception else "mobilenet-v2",
        "width": tensor(used, "fpn.td1.0.weight").shape[0],
        "head_width": tensor(used, "head1.block0.weight").shape[0],
        "depthwise": False,
        "weights": "none",  # they are the file's
    }
    changes = {"own_statistics": True, "channels": tensor(used, "final.weight").shape[0]}
    return Found(f"deblurgan-v2-{name}", "fpn-generator", options, pairs, used, unused, changes)


def one_backbone(tensors: Tensors, whole: str, places: Mapping[str, str]) -> tuple[dict[str, Tensor], int]:
    """The tensors with the backbone once, under the names of its five parts, and how many more it had that nobody uses."""
    used: dict[str, Tensor] = {}
    unused = 0
    twice = any(name.startswith(f"{whole}.") for name in tensors)
    for name, content in tensors.items():
        if not name.startswith(f"{whole}."):
            if not (twice and name.startswith("fpn.enc")):
                used[name] = content
            continue
        part, _, rest = name.removeprefix(f"{whole}.").partition(".")
        if part in places:
            used[f"fpn.enc{places[part]}.{rest}"] = content
        else:
            unused += 1
    return used, unused


# SRGAN and ESRGAN: both count pixels from 0 to 1.

SRRESNET_ORDER = ("conv", "conv1", "bn1", "prelu", "conv2", "bn2")  # of the parts of a block, as they work
RRDB_ORDER = (
    *("conv_first", "RRDB_trunk", "body", "trunk_conv", "conv_body"),
    *("upconv1", "conv_up1", "upconv2", "conv_up2", "upconv3", "conv_up3", "HRconv", "conv_hr", "conv_last"),
)
DENSE = re.compile(r"\.(?:RDB|rdb)[123]\.")  # in the names of what is within the blocks


def srgan(tensors: Tensors) -> Found:
    """A generator of SRGAN, or of ESRGAN in any of its three ways of naming."""
    if "block1.0.weight" in tensors:
        return srresnet(tensors)
    if any(DENSE.search(name) for name in tensors):
        return rrdb(tensors)
    first = next(iter(tensors), "nothing")
    raise OrganzaError(
        f"the file holds another network: its first tensor, '{first}', is neither of an SRResNet with batch normalisation "
        "('block1.0.weight', ...) nor of residual dense blocks ('conv_first.weight' or 'model.0.weight', ...)"
    )


def srresnet(tensors: Tensors) -> Found:
    """The SRResNet of leftthomas: the paper's, with fewer blocks and a tanh at the end."""
    first = tensor(tensors, "block1.0.weight")
    doublings = len(numbers(tensors, r"block8\.(\d+)\.conv\."))
    options = {
        "width": first.shape[0],
        "blocks": len(numbers(tensors, r"block(\d+)\.conv1\.")),
        "scale": 2**doublings,
        "bounded": True,
    }
    layers = sorted_layers(tensors, SRRESNET_ORDER)
    changes = {"channels": first.shape[1], "degrade_scale": options["scale"]}
    return Found("srgan", "srresnet-unit", options, lambda network: paired(layers, network), tensors, changes=changes)


def rrdb(tensors: Tensors) -> Found:
    """The generator of ESRGAN: as first published, as published later, and as in BasicSR."""
    layers = sorted_layers(tensors, RRDB_ORDER)
    first = tensor(tensors, f"{layers[0]}.weight")
    dense = [name for name in tensors if DENSE.search(name)]
    inner = next((name for name in dense if re.search(r"1\.conv1(\.0)?\.weight$", name)), "RDB1.conv1.weight")
    growth = tensor(tensors, inner).shape[0]
    blocks = {DENSE.split(name)[0] for name in dense}
    inside = len(layers_of(dense))
    # The first convolution, that after the blocks, one for each doubling, and two at the end.
    doublings = len(layers) - inside - 4
    options = {
        "width": first.shape[0],
        "growth": growth,
        "blocks": len(blocks),
        "scale": 2 ** max(doublings, 0),
    }
    changes = {"channels": first.shape[1], "degrade_scale": options["scale"]}
    return Found("esrgan", "rrdb-unit", options, lambda network: paired(layers, network), tensors, changes=changes)


KINDS.add("cyclegan", Kind(cyclegan, direction=True))
KINDS.add("pix2pix", Kind(pix2pix))
KINDS.add("deblurgan", Kind(deblurgan))
KINDS.add("deblurgan-v2", Kind(deblurgan_v2))
KINDS.add("srgan", Kind(srgan))
