"""Small networks of NVlabs/stylegan2, which is written for TensorFlow, and of rosinality/stylegan2-pytorch."""

import math
from collections import OrderedDict
from itertools import pairwise

import torch
from style_references import FILTER, SOURCE, active, deviating, modulated, resampled, twice, unit
from torch import nn
from torch.nn.functional import conv2d, conv_transpose2d

# NVIDIA's TensorFlow code: variables by name, and what is computed with them.


class Network:
    """What is pickled of a dnnlib.tflib.Network."""

    def __init__(self, name, variables, static_kwargs=None, components=None):
        self.name, self.variables = name, variables
        self.static_kwargs, self.components = static_kwargs or {}, components or {}

    def __getstate__(self):
        return {
            "version": 4,
            "name": self.name,
            "static_kwargs": dict(self.static_kwargs),
            "components": dict(self.components),
            "build_module_src": SOURCE,
            "build_func_name": self.name,
            "variables": [(name, value.numpy()) for name, value in self.variables.items()],
        }

    def __setstate__(self, state):
        raise AssertionError("a network of TensorFlow was rebuilt")

    def all(self):
        inner = {
            f"{name}/{key}": value for name, other in self.components.items() for key, value in other.all().items()
        }
        return self.variables | inner


def tf_generator(size=16, z=12, w=12, base=128, most=24, layers=3, classes=0, embed="LabelConcat"):
    widths = {2**level: min(base // 2**level, most) for level in range(2, size.bit_length())}
    variables, number = OrderedDict(), 0

    def layer(place, inputs, outputs, kernel=3):
        variables[f"{place}/weight"] = torch.randn(kernel, kernel, inputs, outputs)
        variables[f"{place}/mod_weight"] = torch.randn(w, inputs)
        variables[f"{place}/mod_bias"] = 0.1 * torch.randn(inputs)
        if kernel == 3:
            variables[f"{place}/noise_strength"] = torch.randn([])
        variables[f"{place}/bias"] = 0.1 * torch.randn(outputs)

    for side in widths:
        for _ in range(1 if side == 4 else 2):
            variables[f"noise{number}"] = torch.randn(1, 1, side, side)
            number += 1
    for side, width in widths.items():
        if side == 4:
            variables["4x4/Const/const"] = torch.randn(1, width, 4, 4)
            layer("4x4/Conv", width, width)
        else:
            layer(f"{side}x{side}/Conv0_up", widths[side // 2], width)
            layer(f"{side}x{side}/Conv1", width, width)
        layer(f"{side}x{side}/ToRGB", width, 3, 1)
    mapping = OrderedDict()
    if classes:
        mapping[f"{embed}/weight"] = torch.randn(classes, w)
        if embed == "LabelEmbed":
            mapping[f"{embed}/bias"] = 0.1 * torch.randn(w)
    for index in range(layers):
        mapping[f"Dense{index}/weight"] = 100 * torch.randn(w if index else z + (w if classes else 0), w)
        mapping[f"Dense{index}/bias"] = 10 * torch.randn(w)
    options = {"resolution": size, "num_channels": 3, "fmap_base": base // 2, "fmap_max": most, "latent_size": z}
    options |= {"dlatent_size": w, "mapping_layers": layers, "mapping_fmaps": w, "label_size": classes}
    own = OrderedDict(lod=torch.zeros([]), dlatent_avg=torch.randn(w))
    parts = {"synthesis": Network("G_synthesis", variables), "mapping": Network("G_mapping", mapping)}
    return Network("G_main", own, options, parts)


def tf_dense(variables, place, x, rate=1.0, act=True):
    weight = variables[f"{place}/weight"]
    x = x @ weight * (rate / math.sqrt(weight.shape[0])) + variables[f"{place}/bias"] * rate
    return active(x) if act else x


def tf_kernel(variables, place):
    weight = variables[f"{place}/weight"]
    return weight.permute(3, 2, 0, 1) / math.sqrt(weight[..., 0].numel())


def tf_images(network, z, label=None, psi=1.0):
    v = network.all()
    if "mapping/LabelConcat/weight" in v:
        x = unit(torch.cat([z, label @ v["mapping/LabelConcat/weight"]], 1))
    elif "mapping/LabelEmbed/weight" in v:
        x = torch.cat([unit(z), unit(tf_dense(v, "mapping/LabelEmbed", label, act=False))], 1)
    else:
        x = unit(z)
    number = 0
    while f"mapping/Dense{number}/weight" in v:
        x = tf_dense(v, f"mapping/Dense{number}", x, 0.01)
        number += 1
    w = v["dlatent_avg"].lerp(x, psi)

    def layer(place, x, noise=None, up=False):
        here = f"synthesis/{place}"
        scale = v[f"{here}/mod_weight"]
        styles = w @ scale / math.sqrt(scale.shape[0]) + v[f"{here}/mod_bias"] + 1
        kernel = tf_kernel(v, here)
        if noise is None:
            return modulated(x, kernel, styles, demodulate=False) + v[f"{here}/bias"][:, None, None]
        x = modulated(x, kernel.flip(2, 3) if up else kernel, styles, up=up)
        return active(x + v[f"synthesis/noise{noise}"] * v[f"{here}/noise_strength"], v[f"{here}/bias"])

    x = layer("4x4/Conv", v["synthesis/4x4/Const/const"].repeat(len(z), 1, 1, 1), 0)
    image, side, noise = layer("4x4/ToRGB", x), 8, 1
    while f"synthesis/{side}x{side}/Conv1/weight" in v:
        place = f"{side}x{side}"
        x = layer(f"{place}/Conv1", layer(f"{place}/Conv0_up", x, noise, up=True), noise + 1)
        image = twice(image) + layer(f"{place}/ToRGB", x)
        side, noise = 2 * side, noise + 2
    return image


def tf_discriminator(size=16, base=128, most=24, classes=0):
    v, sides = OrderedDict(lod=torch.zeros([])), [2**level for level in range(size.bit_length() - 1, 2, -1)]
    widths = {side: min(base // side, most) for side in [*sides, 4]}

    def layer(place, inputs, outputs, kernel, bias=True):
        v[f"{place}/weight"] = torch.randn(*([kernel, kernel] if kernel else []), inputs, outputs)
        if bias:
            v[f"{place}/bias"] = 0.1 * torch.randn(outputs)

    layer(f"{size}x{size}/FromRGB", 3, widths[size], 1)
    for side in sides:
        layer(f"{side}x{side}/Conv0", widths[side], widths[side], 3)
        layer(f"{side}x{side}/Conv1_down", widths[side], widths[side // 2], 3)
        layer(f"{side}x{side}/Skip", widths[side], widths[side // 2], 1, False)
    layer("4x4/Conv", widths[4] + 1, widths[4], 3)
    layer("4x4/Dense0", 16 * widths[4], widths[4], 0)
    layer("Output", widths[4], classes or 1, 0)
    return Network("D_stylegan2", v, {"resolution": size, "label_size": classes})


def tf_scores(network, images, label=None):
    v = network.all()
    side = images.shape[-1]
    x = active(conv2d(images, tf_kernel(v, f"{side}x{side}/FromRGB")), v[f"{side}x{side}/FromRGB/bias"])
    while side > 4:
        place = f"{side}x{side}"
        y = active(conv2d(x, tf_kernel(v, f"{place}/Conv0"), padding=1), v[f"{place}/Conv0/bias"])
        y = conv2d(resampled(y, pads=(2, 2)), tf_kernel(v, f"{place}/Conv1_down"), stride=2)
        y = active(y, v[f"{place}/Conv1_down/bias"])
        x = (y + conv2d(resampled(x, pads=(1, 1)), tf_kernel(v, f"{place}/Skip"), stride=2)) / math.sqrt(2)
        side //= 2
    x = active(conv2d(deviating(x, 4), tf_kernel(v, "4x4/Conv"), padding=1), v["4x4/Conv/bias"])
    x = tf_dense(v, "Output", tf_dense(v, "4x4/Dense0", x.flatten(1)), act=False)
    return x if label is None else (x * label).sum(1, keepdim=True)


# rosinality's code.


def kernel(factor=1):
    return FILTER * factor


class Blur(nn.Module):
    def __init__(self, pads, factor=1):
        super().__init__()
        self.register_buffer("kernel", kernel(factor))
        self.pads, self.factor = pads, factor

    def forward(self, x):
        return resampled(x, pads=self.pads, gain=self.factor)


class EqualConv2d(nn.Module):
    def __init__(self, inputs, outputs, size, stride=1, padding=0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.stride, self.padding = stride, padding

    def forward(self, x):
        weight = self.weight / math.sqrt(self.weight[0].numel())
        return conv2d(x, weight, stride=self.stride, padding=self.padding)


class EqualLinear(nn.Module):
    def __init__(self, inputs, outputs, bias=0.0, rate=1.0, activation=False):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full([outputs], bias) + 0.1 * torch.randn(outputs))
        self.rate, self.activation = rate, activation

    def forward(self, x):
        x = x @ (self.weight * self.rate / math.sqrt(self.weight.shape[1])).T + self.bias * self.rate
        return active(x) if self.activation else x


class FusedLeakyReLU(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.bias = nn.Parameter(0.1 * torch.randn(channels))

    def forward(self, x):
        return active(x, self.bias)


class ModulatedConv2d(nn.Module):
    def __init__(self, inputs, outputs, size, style, demodulate=True, upsample=False):
        super().__init__()
        if upsample:
            self.blur = Blur((1, 1), 4)
        self.weight = nn.Parameter(torch.randn(1, outputs, inputs, size, size))
        self.modulation = EqualLinear(style, inputs, bias=1.0)
        self.demodulate, self.upsample = demodulate, upsample

    def forward(self, x, style):
        weight = self.weight / math.sqrt(self.weight[0, 0].numel()) * self.modulation(style)[:, None, :, None, None]
        if self.demodulate:
            weight = weight * torch.rsqrt(weight.square().sum((2, 3, 4), keepdim=True) + 1e-8)
        if self.upsample:
            made = [conv_transpose2d(a[None], b.transpose(0, 1), stride=2) for a, b in zip(x, weight, strict=True)]
            return self.blur(torch.cat(made))
        padding = self.weight.shape[-1] // 2
        return torch.cat([conv2d(a[None], b, padding=padding) for a, b in zip(x, weight, strict=True)])


class NoiseInjection(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1))

    def forward(self, x, noise):
        return x + self.weight * noise


class StyledConv(nn.Module):
    def __init__(self, inputs, outputs, style, upsample=False):
        super().__init__()
        self.conv = ModulatedConv2d(inputs, outputs, 3, style, upsample=upsample)
        self.noise, self.activate = NoiseInjection(), FusedLeakyReLU(outputs)

    def forward(self, x, style, noise):
        return self.activate(self.noise(self.conv(x, style), noise))


class ToRGB(nn.Module):
    def __init__(self, inputs, style, upsample=True):
        super().__init__()
        if upsample:
            self.upsample = nn.Module()
            self.upsample.register_buffer("kernel", kernel(4))
        self.conv = ModulatedConv2d(inputs, 3, 1, style, demodulate=False)
        self.bias = nn.Parameter(0.1 * torch.randn(1, 3, 1, 1))

    def forward(self, x, style, image=None):
        x = self.conv(x, style) + self.bias
        return x if image is None else x + twice(image)


class ConstantInput(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.input = nn.Parameter(torch.randn(1, channels, 4, 4))


class PixelNorm(nn.Module):
    def forward(self, x):
        return unit(x)


class RosinalityGenerator(nn.Module):
    def __init__(self, widths, style=12, layers=3):
        super().__init__()
        inner = [EqualLinear(style, style, rate=0.01, activation=True) for _ in range(layers)]
        self.style = nn.Sequential(PixelNorm(), *inner)
        self.input = ConstantInput(widths[0])
        self.conv1 = StyledConv(widths[0], widths[0], style)
        self.to_rgb1 = ToRGB(widths[0], style, upsample=False)
        self.convs, self.upsamples, self.to_rgbs = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        self.noises = nn.Module()
        for number in range(2 * len(widths) - 1):
            side = 2 ** ((number + 5) // 2)
            self.noises.register_buffer(f"noise_{number}", torch.randn(1, 1, side, side))
        for before, width in pairwise(widths):
            self.convs.append(StyledConv(before, width, style, upsample=True))
            self.convs.append(StyledConv(width, width, style))
            self.to_rgbs.append(ToRGB(width, style))

    def forward(self, z, psi=1.0, average=0.0):
        w = average + psi * (self.style(z) - average)
        noises = [getattr(self.noises, f"noise_{number}") for number in range(len(self.convs) + 1)]
        x = self.conv1(self.input.input.repeat(len(z), 1, 1, 1), w, noises[0])
        image = self.to_rgb1(x, w)
        for first, second, noise1, noise2, to_rgb in zip(
            self.convs[::2], self.convs[1::2], noises[1::2], noises[2::2], self.to_rgbs, strict=True
        ):
            x = second(first(x, w, noise1), w, noise2)
            image = to_rgb(x, w, image)
        return image


def conv_layer(inputs, outputs, size, downsample=False, activate=True):
    layers = [Blur((size // 2 + 1, size // 2 + 1))] if downsample else []
    stride, padding = (2, 0) if downsample else (1, size // 2)
    layers.append(EqualConv2d(inputs, outputs, size, stride, padding))
    return nn.Sequential(*layers, *([FusedLeakyReLU(outputs)] if activate else []))


class ResBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1, self.conv2 = conv_layer(inputs, inputs, 3), conv_layer(inputs, outputs, 3, True)
        self.skip = conv_layer(inputs, outputs, 1, True, False)

    def forward(self, x):
        return (self.conv2(self.conv1(x)) + self.skip(x)) / math.sqrt(2)


class RosinalityDiscriminator(nn.Module):
    def __init__(self, widths):
        super().__init__()
        pairs = zip(widths[::-1], widths[-2::-1], strict=False)
        self.convs = nn.Sequential(conv_layer(3, widths[-1], 1), *(ResBlock(*pair) for pair in pairs))
        self.final_conv = conv_layer(widths[0] + 1, widths[0], 3)
        dense = EqualLinear(widths[0] * 16, widths[0], activation=True)
        self.final_linear = nn.Sequential(dense, EqualLinear(widths[0], 1))

    def forward(self, images):
        return self.final_linear(self.final_conv(deviating(self.convs(images), 4)).flatten(1))
