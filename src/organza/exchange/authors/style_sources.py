"""StyleGAN2's networks in the files of its three implementations, brought to the names of NVIDIA's PyTorch code.

Names and arithmetic are facts of NVlabs/stylegan2, NVlabs/stylegan2-ada-pytorch, NVlabs/stylegan3 and
rosinality/stylegan2-pytorch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import torch
from torch import Tensor

from organza.errors import OrganzaError
from organza.exchange.authors.inert import Thing
from organza.exchange.authors.kinds import numbers
from organza.exchange.authors.modules import NETWORK, Flat, flatten, flatten_tensorflow
from organza.exchange.authors.reading import Opened, described, keys_of, tensors_of, without_prefixes

Tensors = Mapping[str, Tensor]
WHOLE_BATCH = 1024  # samples over which deviations are taken where the file says "all": no batch is larger
TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8


@dataclass(frozen=True)
class Source:
    """StyleGAN2's networks under the names of NVIDIA's PyTorch code, without the filters.

    Attributes:
        generator: The averaged one.
        discriminator: Empty where the file has none.
        apart: Whether latent vector and label are normalised each on its own.
        mapping_rate: Multiple of the learning rate of the mapping.
        label_rate: The same of the discriminator's mapping of labels.
        w_beta: Share of the old average of w that stays in each step.
        group: Samples over which the discriminator takes deviations; 0: it does not.
        label_outputs: Whether the discriminator has an output for each class.
        notes: Remarks for the user.
    """

    generator: Tensors
    discriminator: Tensors
    apart: bool = True
    mapping_rate: float = 0.01
    label_rate: float = 0.01
    w_beta: float = 0.995
    group: int = 4
    label_outputs: bool = False
    notes: tuple[str, ...] = ()


def style_source(opened: Opened) -> Source:
    """Whichever of the three forms a file has.

    Raises:
        OrganzaError: It has none.
    """
    content = opened.content
    if isinstance(content, tuple) and len(content) == 3 and all(_is_tensorflow(each) for each in content):
        return tensorflow_source(content, opened)
    if isinstance(content, Mapping) and "g_ema" in content:
        return rosinality_source(content, opened)
    if isinstance(content, Mapping) and isinstance(content.get("G_ema"), Thing):
        return nvidia_source(content, opened)
    keys = keys_of(content) if isinstance(content, Mapping) else ""
    raise OrganzaError(
        f"the file holds neither NVIDIA's networks (G, D, G_ema; or a pickle of three networks of TensorFlow) nor "
        f"rosinality's (g_ema), but {keys or described(content)}"
    )


def _is_tensorflow(value: Any) -> bool:
    return isinstance(value, Thing) and value.name == NETWORK


# NVIDIA's PyTorch code: stylegan2-ada-pytorch, and stylegan3's networks_stylegan2.


def nvidia_source(content: Mapping[str, Any], opened: Opened) -> Source:
    """A training state of stylegan2-ada-pytorch or stylegan3."""
    generator = flatten(content["G_ema"], opened)
    if any(name.startswith("synthesis.input.") for name in generator.tensors):
        raise OrganzaError("its generator is an alias-free one of StyleGAN3, which organza does not have")
    if "synthesis.b4.const" not in generator.tensors:
        raise OrganzaError(f"its generator is no StyleGAN2: it begins with '{next(iter(generator.tensors))}'")
    only(generator, "architecture", {"skip"}, "its generator's architecture")
    notes = []
    if {value for value in generator.all("conv_clamp") if value is not None}:
        notes.append("its feature maps were kept within bounds for float16; in float32 they are not")
    settings = generator.settings
    source = Source(
        filters_checked(generator),
        {},
        mapping_rate=float(settings.get("mapping.fc0.bias_gain", 0.01)),
        w_beta=float(settings.get("mapping.w_avg_beta") or 0.995),
    )
    if not isinstance(content.get("D"), Thing):
        return with_notes(source, notes)
    discriminator = flatten(content["D"], opened)
    reason = unlike(discriminator)
    if reason:
        return with_notes(source, [*notes, f"its discriminator is left out: {reason}"])
    group = (
        discriminator.settings.get("b4.mbstd.group_size", 0) if "b4.mbstd.num_channels" in discriminator.settings else 0
    )
    return with_notes(
        source,
        notes,
        discriminator=filters_checked(discriminator),
        label_rate=float(discriminator.settings.get("mapping.fc0.bias_gain", 0.01)),
        group=WHOLE_BATCH if group is None else int(group),
    )


def with_notes(source: Source, notes: list[str], **changes: Any) -> Source:
    """The source with these, too."""
    return replace(source, notes=tuple(notes), **changes)


def unlike(discriminator: Flat) -> str:
    """Why organza has no such discriminator; empty where it has."""
    others = discriminator.all("architecture") - {"resnet", "orig"}
    if others:
        return f"organza has no architecture '{sorted(map(str, others))[0]}'"
    if not discriminator.all("num_channels") <= {1}:
        return "it takes deviations of more than one kind"
    if "mapping.embed.weight" in discriminator.tensors and "mapping.fc0.weight" not in discriminator.tensors:
        return "its labels are not mapped"
    return ""


def only(network: Flat, attribute: str, allowed: set[Any], what: str) -> None:
    """Check an attribute of all modules.

    Raises:
        OrganzaError: It has another value somewhere.
    """
    others = network.all(attribute) - allowed
    if others:
        raise OrganzaError(
            f"{what} is {sorted(map(str, others))[0]!r}, where organza has {', '.join(map(repr, sorted(allowed)))}"
        )


def filters_checked(network: Flat) -> dict[str, Tensor]:
    """The tensors without filters, all of which must be the published one.

    Raises:
        OrganzaError: Filters or activations are others.
    """
    only(network, "activation", {"lrelu", "linear"}, "its activation")
    square = torch.outer(TAPS, TAPS)
    for name, tensor in network.tensors.items():
        if name.endswith(("resample_filter", ".kernel", ".Kernel")):
            same = tensor.shape == square.shape and torch.allclose(tensor / tensor.sum(), square, atol=1e-6)
            if not same and not name.startswith("b4."):  # ADA's last block has one that it never uses
                raise OrganzaError(f"its filter '{name}' is not [1, 3, 3, 1], as published")
    return {
        name: tensor
        for name, tensor in network.tensors.items()
        if not name.endswith(("resample_filter", ".kernel", ".Kernel"))
    }


# NVIDIA's TensorFlow code. Kernels there are [height, width, inputs, outputs], and correlate where sides are doubled, too.


def kernel(tensor: Tensor) -> Tensor:
    """A kernel as PyTorch has it."""
    return tensor.permute(3, 2, 0, 1)


def mirrored(tensor: Tensor) -> Tensor:
    """The kernel of a layer that doubles the sides, as PyTorch has it."""
    return kernel(tensor).flip(2, 3)


LAYERS = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb"}
OUTER = {"FromRGB": "fromrgb", "Conv0": "conv0", "Conv1_down": "conv1", "Skip": "skip", "Conv": "conv", "Dense0": "fc"}


def generator_of_tensorflow(variables: Tensors) -> dict[str, Tensor]:
    """The generator's tensors under PyTorch names.

    Raises:
        OrganzaError: A variable is none of StyleGAN2's.
    """
    found: dict[str, Tensor] = {}
    for name, value in variables.items():
        if name in ("lod", "synthesis/lod"):
            continue
        if name == "dlatent_avg":
            found["mapping.w_avg"] = value
        elif match := re.fullmatch(r"mapping/Dense(\d{1,3})/(weight|bias)", name):
            found[f"mapping.fc{match[1]}.{match[2]}"] = value.mT if match[2] == "weight" else value
        elif match := re.fullmatch(r"mapping/Label(?:Concat|Embed)/(weight|bias)", name):
            found[f"mapping.embed.{match[1]}"] = value.mT if match[1] == "weight" else value
        elif match := re.fullmatch(r"synthesis/noise(\d{1,2})", name):
            level = (int(match[1]) + 5) // 2  # 0: 4x4; 1 and 2: 8x8
            layer = "conv0" if int(match[1]) % 2 else "conv1"
            found[f"synthesis.b{2**level}.{layer}.noise_const"] = value[0, 0]
        elif name == "synthesis/4x4/Const/const":
            found["synthesis.b4.const"] = value[0]
        elif match := re.fullmatch(r"synthesis/(\d+)x\1/(Conv|Conv0_up|Conv1|ToRGB)/(\w+)", name):
            found |= layer_of_tensorflow(f"synthesis.b{match[1]}.{LAYERS[match[2]]}", match[2], match[3], value)
        else:
            raise OrganzaError(f"its generator is no StyleGAN2 of configurations E and F: it has a variable '{name}'")
    return found


def layer_of_tensorflow(layer: str, kind: str, variable: str, value: Tensor) -> dict[str, Tensor]:
    """One variable of a modulated convolution."""
    if variable == "weight":
        converted = mirrored(value) if kind == "Conv0_up" else kernel(value)
        # They are multiplied by He's constant when used; where demodulation follows, that matters to its epsilon only.
        return {f"{layer}.weight": converted if kind == "ToRGB" else converted / sqrt(converted[0].numel())}
    if variable == "mod_weight":
        return {f"{layer}.affine.weight": value.mT}
    if variable == "mod_bias":
        return {f"{layer}.affine.bias": value + 1}
    if variable not in ("bias", "noise_strength"):
        raise OrganzaError(f"its layer {layer} has a variable '{variable}'")
    return {f"{layer}.{variable}": value}


def discriminator_of_tensorflow(variables: Tensors) -> dict[str, Tensor]:
    """The discriminator's tensors under PyTorch names.

    Raises:
        OrganzaError: A variable is none of StyleGAN2's.
    """
    found: dict[str, Tensor] = {}
    for name, value in variables.items():
        last = name.rpartition("/")[2]
        if name == "lod":
            continue
        if match := re.fullmatch(r"(\d+)x\1/(FromRGB|Conv0|Conv1_down|Skip|Conv|Dense0)/(weight|bias)", name):
            converted = value if last == "bias" else value.mT if value.ndim == 2 else kernel(value)
            found[f"b{match[1]}.{OUTER[match[2]]}.{last}"] = converted
        elif match := re.fullmatch(r"(?:Output|LabelEmbed|Mapping(\d+))/(weight|bias)", name):
            place = (
                "b4.out" if name.startswith("O") else "mapping.embed" if match[1] is None else f"mapping.fc{match[1]}"
            )
            found[f"{place}.{last}"] = value.mT if last == "weight" else value
        else:
            raise OrganzaError(f"it has a variable '{name}'")
    return found


def tensorflow_source(content: tuple[Any, ...], opened: Opened) -> Source:
    """A training state of NVlabs/stylegan2, or of stylegan2-ada of TensorFlow: the live generator, discriminator, average."""
    _, live, average = content
    generator = flatten_tensorflow(average, opened)
    settings = generator.settings
    for name, known in (("mapping_nonlinearity", "lrelu"), ("nonlinearity", "lrelu"), ("architecture", "skip")):
        if settings.get(name, known) != known:
            raise OrganzaError(f"its {name} is '{settings[name]}', where organza has '{known}'")
    for name in ("resample_kernel", "normalize_latents", "use_noise"):
        if name in settings and settings[name] not in ([1, 3, 3, 1], True):
            raise OrganzaError(f"its {name} is {settings[name]}, which organza does not have")
    tensors = generator_of_tensorflow(generator.tensors)
    notes: list[str] = []
    discriminator, group, outputs = {}, 4, False
    try:
        network = flatten_tensorflow(live, opened)
        discriminator = discriminator_of_tensorflow(network.tensors)
        group = network.settings.get("mbstd_group_size", 4) if network.settings.get("mbstd_num_features", 1) else 0
        outputs = "mapping.embed.weight" not in discriminator and discriminator["b4.out.bias"].numel() > 1
    except (OrganzaError, KeyError) as error:
        discriminator = {}
        notes.append(f"its discriminator is left out: {error}")
    return Source(
        tensors,
        discriminator,
        apart="mapping.embed.bias" in tensors,
        mapping_rate=float(settings.get("mapping_lrmul", 0.01)),
        label_rate=0.1,
        w_beta=float(settings.get("dlatent_avg_beta") or settings.get("w_avg_beta") or 0.995),
        group=WHOLE_BATCH if group is None else int(group),
        label_outputs=outputs,
        notes=tuple(notes),
    )


# rosinality's code.


def rosinality_source(content: Mapping[str, Any], opened: Opened) -> Source:
    """A training state of rosinality/stylegan2-pytorch, or what its convert_weight.py makes of NVIDIA's."""
    parts = {name: content.get(name) for name in ("g_ema", "d")}
    named = {
        name: Flat(without_prefixes(tensors_of(part, opened)), {})
        for name, part in parts.items()
        if isinstance(part, Mapping)
    }
    if "g_ema" not in named or "input.input" not in named["g_ema"].tensors:
        raise OrganzaError("its 'g_ema' is no generator of rosinality's: it has no 'input.input'")
    notes: list[str] = []
    generator = rosinality_generator(filters_checked(named["g_ema"]))
    average = content.get("latent_avg")
    if average is not None:
        generator["mapping.w_avg"] = tensors_of({"latent_avg": average}, opened)["latent_avg"].flatten()
    discriminator: dict[str, Tensor] = {}
    if "d" in named:
        try:
            discriminator = rosinality_discriminator(filters_checked(named["d"]))
        except (OrganzaError, KeyError) as error:
            notes.append(f"its discriminator is left out: {error}")
    return Source(generator, discriminator, notes=tuple(notes))


def rosinality_generator(tensors: Tensors) -> dict[str, Tensor]:
    """The generator's tensors under NVIDIA's names.

    Raises:
        OrganzaError: A tensor is none of rosinality's.
    """
    found: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if match := re.fullmatch(r"style\.(\d{1,3})\.(weight|bias)", name):
            found[f"mapping.fc{int(match[1]) - 1}.{match[2]}"] = value  # after the normalisation, which is number 0
        elif name == "input.input":
            found["synthesis.b4.const"] = value[0]
        elif match := re.fullmatch(r"noises\.noise_(\d{1,2})", name):
            found[f"{rosinality_layer(int(match[1]))}.noise_const"] = value[0, 0]
        elif match := re.fullmatch(r"(?:conv(1)|convs\.(\d{1,2})|to_rgb(1)|to_rgbs\.(\d{1,2}))\.(.+)", name):
            convolution = match[1] or match[2]
            layer = rosinality_layer(int(match[2]) + 1 if match[2] else 0)
            if not convolution:
                layer = f"synthesis.b{4 if match[3] else 8 << int(match[4])}.torgb"
            found |= rosinality_numbers(layer, match[5], value)
        else:
            raise OrganzaError(f"its generator is none of rosinality's: it has a tensor '{name}'")
    return found


def rosinality_layer(number: int) -> str:
    """The number-th convolution: one at 4x4, two at each further resolution."""
    return f"synthesis.b{4 << ((number + 1) // 2)}.{'conv0' if number % 2 else 'conv1'}"


def rosinality_numbers(layer: str, name: str, value: Tensor) -> dict[str, Tensor]:
    """One tensor of a modulated convolution."""
    if name == "conv.weight":
        weight = value[0]
        return {f"{layer}.weight": weight if layer.endswith("torgb") else weight / sqrt(weight[0].numel())}
    places = {
        "conv.modulation.weight": "affine.weight",
        "conv.modulation.bias": "affine.bias",
        "noise.weight": "noise_strength",
        "activate.bias": "bias",
        "bias": "bias",
    }
    if name not in places:
        raise OrganzaError(f"its generator is none of rosinality's: it has a tensor '{name}'")
    shape = () if name == "noise.weight" else (-1,) if name == "bias" else value.shape
    return {f"{layer}.{places[name]}": value.reshape(shape)}


def rosinality_discriminator(tensors: Tensors) -> dict[str, Tensor]:
    """The discriminator's tensors under NVIDIA's names.

    Raises:
        OrganzaError: A tensor is none of rosinality's.
    """
    blocks = max(numbers(tensors, r"convs\.(\d{1,2})\."), default=0)
    size = 4 << blocks
    places = {
        "convs.0.0.weight": f"b{size}.fromrgb.weight",
        "convs.0.1.bias": f"b{size}.fromrgb.bias",
        "final_conv.0.weight": "b4.conv.weight",
        "final_conv.1.bias": "b4.conv.bias",
        **{
            f"final_linear.{number}.{last}": f"b4.{('fc', 'out')[number]}.{last}"
            for number in (0, 1)
            for last in ("weight", "bias")
        },
    }
    for number in range(1, blocks + 1):
        there, here = f"convs.{number}", f"b{size >> (number - 1)}"
        places |= {
            f"{there}.conv1.0.weight": f"{here}.conv0.weight",
            f"{there}.conv1.1.bias": f"{here}.conv0.bias",
            f"{there}.conv2.1.weight": f"{here}.conv1.weight",
            f"{there}.conv2.2.bias": f"{here}.conv1.bias",
            f"{there}.skip.1.weight": f"{here}.skip.weight",
        }
    stray = next((name for name in tensors if name not in places), None)
    if stray:
        raise OrganzaError(f"it has a tensor '{stray}'")
    return {places[name]: value for name, value in tensors.items()}
