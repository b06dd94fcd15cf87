"""Kinds of checkpoints that hold whole games: StyleGAN2 in three implementations, and R3GAN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from organza.errors import OrganzaError
from organza.exchange.authors.inert import Thing
from organza.exchange.authors.kinds import KINDS, Several, StateKind, numbers, tensor
from organza.exchange.authors.modules import flatten
from organza.exchange.authors.reading import Opened, described, keys_of
from organza.exchange.authors.style_sources import Source, Tensors, filters_checked, style_source

SEED = 0  # of what a file lacks and the network needs: noise, and latent vectors to average over
LARGEST = 2048  # pixels a side of a picture
SAMPLES = 10_000  # latent vectors for an average of w that the file lacks


def style(recipe: str, opened: Opened) -> Several:
    """StyleGAN2's generator, with the average of w and its noise, and its discriminator.

    Raises:
        OrganzaError: The file holds another thing.
    """
    source = style_source(opened)
    tensors, notes = dict(source.generator), list(source.notes)
    sides = numbers(tensors, r"synthesis\.b(\d{1,4})\.")
    size = max(sides, default=0)
    if sides != [2**level for level in range(2, size.bit_length())] or not 8 <= size <= LARGEST:
        raise OrganzaError(f"its generator has feature maps of {sides} pixels, not of 4, 8, and so on")
    last = tensor(tensors, f"synthesis.b{size}.torgb.weight")
    layers = numbers(tensors, r"mapping\.fc(\d{1,3})\.weight")
    if not layers or layers != list(range(len(layers))):
        raise OrganzaError("its generator has no layers between z and w")
    embedding = tensors.get("mapping.embed.weight")
    z_dim = tensor(tensors, "mapping.fc0.weight", 2).shape[1] - (0 if embedding is None else embedding.shape[0])
    base, most = channel_rule({side: tensor(tensors, f"synthesis.b{side}.conv1.weight").shape[0] for side in sides})
    changes = {
        "size": size,
        "channels": last.shape[0],
        "classes": 0 if embedding is None else embedding.shape[1],
        "z_dim": z_dim,
        "generator.channel_base": base,
        "generator.channel_max": most,
        "generator.w_dim": tensor(tensors, f"synthesis.b{size}.torgb.affine.weight", 2).shape[1],
        "generator.mapping_layers": len(layers),
        "generator.mapping_rate": source.mapping_rate,
        "generator.w_beta": source.w_beta,
        "generator.condition": "none" if embedding is None else "embedding",
        "generator.label_apart": source.apart,
    }
    complete(tensors, sides, notes)
    weights = {"generator": renamed(tensors, generator_names(sides, len(layers)))}
    for name in ("pictures", "convs"):  # a scalar, and a map in a batch of its own, as the network has them
        weights["generator"] |= {
            key: value.reshape(() if key.endswith(".strength") else (1, 1, *value.shape[-2:]))
            for key, value in weights["generator"].items()
            if key.startswith(name) and key.endswith((".strength", ".noise"))
        }
    if source.discriminator:
        options, weights["discriminator"] = style_discriminator(source, size)
        changes |= options
    else:
        changes |= {
            "discriminator.channel_base": base,
            "discriminator.channel_max": most,
            "discriminator.condition": "none" if embedding is None else "projection" if source.apart else "outputs",
        }
    return Several(recipe, changes, weights, tuple(notes))


def channel_rule(widths: Mapping[int, int]) -> tuple[int, int]:
    """(base, most), with min(base // side, most) channels at every side.

    Raises:
        OrganzaError: There are no such two numbers.
    """
    most = max(widths.values())
    base = max(side * width for side, width in widths.items())
    if any(min(base // side, most) != width for side, width in widths.items()):
        told = ", ".join(f"{width} at {side}x{side}" for side, width in sorted(widths.items()))
        raise OrganzaError(f"its channels follow no rule that organza has: {told}")
    return base, most


def complete(tensors: dict[str, Tensor], sides: Iterable[int], notes: list[str]) -> None:
    """Put in what a file may lack: noise, which some networks do without, and the average of w."""
    generator = torch.Generator().manual_seed(SEED)
    for side in sides:
        for layer in ("conv1",) if side == 4 else ("conv0", "conv1"):
            place = f"synthesis.b{side}.{layer}"
            if f"{place}.noise_strength" not in tensors:
                tensors[f"{place}.noise_strength"] = torch.zeros(())
            if f"{place}.noise_const" not in tensors:
                tensors[f"{place}.noise_const"] = torch.randn(side, side, generator=generator)
                notes.append(f"the file has no noise for {place}: drawn anew, once")
    if "mapping.w_avg" not in tensors:
        notes.append(f"the file has no average of w: that of {SAMPLES:,} latent vectors is taken")


def renamed(tensors: Tensors, names: Mapping[str, str]) -> dict[str, Tensor]:
    """The tensors under organza's names.

    Raises:
        OrganzaError: One has no name there.
    """
    found = {}
    for name, value in tensors.items():
        layer, _, last = name.rpartition(".")
        layer, last = (name, "") if name in names else (layer, f".{last}")
        if layer not in names:
            raise OrganzaError(f"nothing in organza's network corresponds to its '{name}' {list(value.shape)}")
        found[names[layer] + INNER.get(last, last)] = value
    return found


INNER = {".noise_const": ".noise", ".noise_strength": ".strength"}


def generator_names(sides: list[int], layers: int) -> dict[str, str]:
    """Layers of NVIDIA's generator -> layers of organza's."""
    names = {"mapping.w_avg": "mapping.average", "mapping.embed": "mapping.embedding", "synthesis.b4.const": "constant"}
    names |= {f"mapping.fc{number}": f"mapping.layers.{number}" for number in range(layers)}
    for number, side in enumerate(sides):
        block = f"synthesis.b{side}"
        places = {f"{block}.conv1": f"convs.{2 * number}", f"{block}.torgb": f"pictures.{number}"}
        if number:
            places[f"{block}.conv0"] = f"convs.{2 * number - 1}"
        names |= places | {f"{here}.affine": f"{there}.style" for here, there in places.items()}
    return names


def style_discriminator(source: Source, size: int) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """(Fields of the recipe, weights) of StyleGAN2's discriminator.

    Raises:
        OrganzaError: It is none.
    """
    tensors = source.discriminator
    sides = [side for side in numbers(tensors, r"b(\d{1,4})\.") if side > 4][::-1]
    widths = {side: tensor(tensors, f"b{side}.conv0.weight").shape[0] for side in sides}
    widths[4] = tensor(tensors, "b4.conv.weight").shape[0]
    if max(widths) != size:
        raise OrganzaError(
            f"its generator makes {size}x{size} pixels, its discriminator looks at {max(widths)}x{max(widths)}"
        )
    base, most = channel_rule(widths)
    mapped = tensors.get("mapping.embed.weight")
    layers = len(numbers(tensors, r"mapping\.fc(\d{1,3})\.weight"))
    grouped = tensor(tensors, "b4.conv.weight").shape[1] > widths[4]
    options: dict[str, Any] = {
        "discriminator.channel_base": base,
        "discriminator.channel_max": most,
        "discriminator.architecture": "residual" if f"b{size}.skip.weight" in tensors else "original",
        "discriminator.group": source.group if grouped else 0,
        "discriminator.condition": "projection"
        if mapped is not None
        else "outputs"
        if source.label_outputs
        else "none",
    }
    if mapped is not None:
        options |= {
            "discriminator.label_dim": 0 if mapped.shape[0] == widths[4] else mapped.shape[0],
            "discriminator.mapping_layers": layers,
            "discriminator.mapping_rate": source.label_rate,
        }
    names = {f"b{size}.fromrgb": "entry", "b4.conv": "last", "b4.fc": "dense", "b4.out": "out"}
    names |= {"mapping.embed": "mapping.embedding"}
    names |= {f"mapping.fc{number}": f"mapping.layers.{number}" for number in range(layers)}
    for number, side in enumerate(sides):
        inner = {"conv0": "first", "conv1": "second", "skip": "shortcut.conv"}
        names |= {f"b{side}.{here}": f"blocks.{number}.{there}" for here, there in inner.items()}
    return options, renamed(tensors, names)


def r3gan(opened: Opened) -> Several:
    """R3GAN's averaged generator, and its discriminator.

    Raises:
        OrganzaError: The file holds another thing.
    """
    content = opened.content
    if not isinstance(content, Mapping) or not isinstance(content.get("G_ema"), Thing):
        keys = keys_of(content) if isinstance(content, Mapping) else ""
        raise OrganzaError(f"the file holds no networks of R3GAN (G_ema, D), but {keys or described(content)}")
    found = flatten(content["G_ema"], opened)
    tensors = {name.removeprefix("Model."): value for name, value in filters_checked(found).items()}
    stages = stages_of(tensors)
    first = tensor(tensors, "MainLayers.0.Layers.0.LinearLayer.weight", 2)
    embedding = tensors.get("EmbeddingLayer.weight")
    beside = 0 if embedding is None else embedding.shape[0]
    names = {"EmbeddingLayer": "embedding", "AggregationLayer.Layer": "to_picture"}
    names |= {"MainLayers.0.Layers.0.Basis": "basis", "MainLayers.0.Layers.0.LinearLayer": "weights"}
    for number, (_, blocks, _, _) in enumerate(stages):
        if number:
            names[f"MainLayers.{number}.Layers.0.LinearLayer.Layer"] = f"stages.{number}.resample.change"
        names |= block_names(number, range(1, blocks + 1), number)
    weights = {"generator": renamed(tensors, names)}
    changes = {
        "size": 4 << (len(stages) - 1),
        "channels": tensor(tensors, "AggregationLayer.Layer.weight").shape[0],
        "classes": 0 if embedding is None else embedding.shape[1],
        "z_dim": first.shape[1] - beside,
        **stage_fields("generator", stages, embedding is not None),
    }
    notes: tuple[str, ...] = ()
    if isinstance(content.get("D"), Thing):
        judge = flatten(content["D"], opened)
        inner = {name.removeprefix("Model."): value for name, value in filters_checked(judge).items()}
        seen = stages_of(inner)
        names = {"EmbeddingLayer": "embedding", "ExtractionLayer.Layer": "from_picture"}
        for number, (_, blocks, _, _) in enumerate(seen):
            names |= block_names(number, range(blocks), number)
            names[f"MainLayers.{number}.Layers.{blocks}.LinearLayer.Layer"] = f"stages.{number + 1}.resample.change"
        final = f"MainLayers.{len(seen) - 1}.Layers.{seen[-1][1]}"
        names |= {f"{final}.Basis.weight": "basis", f"{final}.LinearLayer": "dense"}
        weights["discriminator"] = renamed(inner, names)
        changes |= stage_fields("discriminator", seen[::-1], embedding is not None)
    else:
        changes |= stage_fields("discriminator", stages, embedding is not None)
    return Several("r3gan", changes, weights, notes)


Stages = list[tuple[int, int, int, int]]  # width, blocks, width of the groups, expansion; in the order of the file


def stages_of(tensors: Tensors) -> Stages:
    """The shape of a network of R3GAN, stage by stage.

    Raises:
        OrganzaError: It is none.
    """
    count, found = len(numbers(tensors, r"MainLayers\.(\d{1,2})\.")), []
    for number in range(count):
        blocks = numbers(tensors, rf"MainLayers\.{number}\.Layers\.(\d+)\.LinearLayer1\.")
        if not blocks:
            raise OrganzaError(
                f"the file holds another network: it has no blocks 'MainLayers.{number}.Layers.N.LinearLayer1'"
            )
        place = f"MainLayers.{number}.Layers.{blocks[0]}"
        inner = tensor(tensors, f"{place}.LinearLayer2.Layer.weight")
        width = tensor(tensors, f"{place}.LinearLayer3.Layer.weight").shape[0]
        if inner.shape[2:] != (3, 3):
            raise OrganzaError(f"its blocks have kernels of {inner.shape[2]}x{inner.shape[3]}, where organza has 3x3")
        found.append((width, len(blocks), inner.shape[1], inner.shape[0] // width))
    if not found:
        raise OrganzaError(f"the file holds another network: it begins with '{next(iter(tensors), 'nothing')}'")
    return found


def stage_fields(player: str, stages: Stages, conditional: bool) -> dict[str, Any]:
    """The fields of a player's network, from 4x4 on."""
    expansions = {expansion for *_, expansion in stages}
    if len(expansions) != 1:
        raise OrganzaError("its blocks widen differently from size to size, which organza's do not")
    return {
        f"{player}.width": tuple(width for width, *_ in stages),
        f"{player}.blocks": tuple(blocks for _, blocks, _, _ in stages),
        f"{player}.group_width": tuple(group for _, _, group, _ in stages),
        f"{player}.expansion": expansions.pop(),
        f"{player}.condition": "embedding" if conditional else "none",
    }


def block_names(stage: int, layers: Iterable[int], place: int) -> dict[str, str]:
    """The residual blocks of a stage: layers of the file -> layers of organza's."""
    names: dict[str, str] = {}
    for number, layer in enumerate(layers):
        here, there = f"MainLayers.{stage}.Layers.{layer}", f"stages.{place}.blocks.{number}"
        names |= {f"{here}.LinearLayer{index}.Layer": f"{there}.{inner}" for index, inner in BLOCK.items()}
        names |= {f"{here}.NonLinearity{index}.Bias": f"{there}.{BLOCK[index]}.bias" for index in (1, 2)}
    return names


BLOCK = {1: "widen", 2: "spatial", 3: "narrow"}

KINDS.add("stylegan2", StateKind(partial(style, "stylegan2")))
KINDS.add("stylegan2-ada", StateKind(partial(style, "stylegan2-ada")))
KINDS.add("stylegan3-sg2", StateKind(partial(style, "stylegan2-ada")))
KINDS.add("rosinality", StateKind(partial(style, "stylegan2")))
KINDS.add("r3gan", StateKind(r3gan))
