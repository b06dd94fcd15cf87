"""Small networks with the names, the nesting and the arithmetic of NVIDIA's PyTorch code, and what all style networks share.

Written after NVlabs/stylegan2-ada-pytorch and stylegan3's networks_stylegan2: what the tensors are called, how large they are,
and what is computed with them, from the definitions: zeros between pixels, a filter, weights of its own for every sample.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn.functional import conv2d, leaky_relu, pad

FILTER = torch.outer(torch.tensor([1.0, 3.0, 3.0, 1.0]), torch.tensor([1.0, 3.0, 3.0, 1.0])) / 64


def resampled(x, up=1, down=1, pads=(0, 0), gain=1.0):
    """Zeros between the pixels, zeros around them, the filter on every channel, every so-manieth pixel."""
    batch, channels, height, width = x.shape
    if up > 1:
        spread = x.new_zeros(batch, channels, height * up, width * up)
        spread[:, :, ::up, ::up] = x
        x = spread
    x = pad(x, (*pads, *pads))
    weight = (FILTER * gain).flip(0, 1)[None, None].repeat(channels, 1, 1, 1)
    return conv2d(x, weight, groups=channels)[:, :, ::down, ::down]


def twice(image):
    return resampled(image, up=2, pads=(2, 1), gain=4)


def unit(x):
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


def active(x, bias=None, gain=2**0.5):
    if bias is not None:
        x = x + bias.reshape(1, -1, *[1] * (x.ndim - 2))
    return leaky_relu(x, 0.2) * gain


def modulated(x, weight, styles, up=False, demodulate=True):
    """Every sample convolved with weights of its own; to double the sides, the kernel is mirrored."""
    own = weight[None] * styles[:, None, :, None, None]
    if demodulate:
        own = own * (own.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    made = []
    for sample, kernels in zip(x, own, strict=True):
        if up:
            made.append(conv2d(resampled(sample[None], up=2, pads=(3, 2), gain=4), kernels.flip(2, 3)))
        else:
            made.append(conv2d(sample[None], kernels, padding=weight.shape[-1] // 2))
    return torch.cat(made)


def deviating(x, group, channels=1):
    """The features, and one that says how much groups of samples vary."""
    size = min(group, len(x)) if group else len(x)
    y = x.reshape(size, -1, channels, x.shape[1] // channels, *x.shape[2:])
    y = ((y - y.mean(0)).square().mean(0) + 1e-8).sqrt().mean((2, 3, 4)).reshape(-1, channels, 1, 1)
    return torch.cat([x, y.repeat(size, 1, *x.shape[2:])], 1)


# NVIDIA's persistence: a module is pickled as a dict with the source of its class. The source is never needed here.

SOURCE = "raise RuntimeError('the source of a network was run')\n"


def _reconstruct_persistent_obj(meta):
    raise AssertionError(f"{meta['class_name']} was rebuilt")


class EasyDict(dict):
    def __getattr__(self, name):
        return self[name]

    def __setattr__(self, name, value):
        self[name] = value


class Persistent(nn.Module):
    source = SOURCE

    def keep(self, *args, **kwargs):
        self._init_args, self._init_kwargs = args, EasyDict(kwargs)

    def __reduce__(self):
        meta = {"type": "class", "version": 6, "module_src": self.source, "class_name": type(self).__name__}
        return (_reconstruct_persistent_obj, (meta | {"state": self.__dict__},), None, None, None)


class FullyConnectedLayer(Persistent):
    def __init__(self, inputs, outputs, activation="linear", lr_multiplier=1.0, bias_init=0.0):
        super().__init__()
        self.activation = activation
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / lr_multiplier)
        self.bias = nn.Parameter(torch.full([outputs], bias_init) + 0.1 * torch.randn(outputs) / lr_multiplier)
        self.weight_gain, self.bias_gain = lr_multiplier / np.sqrt(inputs), lr_multiplier

    def forward(self, x):
        y = x @ (self.weight * float(self.weight_gain)).T + self.bias * self.bias_gain
        return active(y) if self.activation == "lrelu" else y


class Conv2dLayer(Persistent):
    def __init__(self, inputs, outputs, kernel, bias=True, activation="linear", down=1, conv_clamp=None, last=False):
        super().__init__()
        self.activation, self.up, self.down, self.conv_clamp = activation, 1, down, conv_clamp
        self.register_buffer("resample_filter", FILTER.clone())
        self.padding, self.weight_gain = kernel // 2, 1 / np.sqrt(inputs * kernel**2)
        self.act_gain = np.sqrt(2) if activation == "lrelu" else 1
        form = torch.channels_last if last else torch.contiguous_format
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel).to(memory_format=form))
        self.bias = nn.Parameter(0.1 * torch.randn(outputs)) if bias else None

    def forward(self, x, gain=1.0):
        weight = self.weight * float(self.weight_gain)
        if self.down == 2 and self.padding:
            x = conv2d(resampled(x, pads=(3 - 1, 3 - 1)), weight, stride=2)
        elif self.down == 2:
            x = conv2d(resampled(x, down=2, pads=(1, 1)), weight)
        else:
            x = conv2d(x, weight, padding=self.padding)
        clamp = self.conv_clamp * gain if self.conv_clamp else math.inf
        x = active(x, self.bias, math.sqrt(2) * gain) if self.activation == "lrelu" else x * gain
        return x.clamp(-clamp, clamp)


class MappingNetwork(Persistent):
    def __init__(self, z_dim, c_dim, w_dim, num_ws, num_layers=8, lr_multiplier=0.01, w_avg_beta=0.995):
        super().__init__()
        self.z_dim, self.c_dim, self.w_dim, self.num_ws = z_dim, c_dim, w_dim, num_ws
        self.num_layers, self.w_avg_beta = num_layers, w_avg_beta
        if c_dim:
            self.embed = FullyConnectedLayer(c_dim, w_dim)
        first = z_dim + (w_dim if c_dim else 0)
        for number in range(num_layers):
            layer = FullyConnectedLayer(w_dim if number else first, w_dim, "lrelu", lr_multiplier)
            setattr(self, f"fc{number}", layer)
        if num_ws is not None and w_avg_beta is not None:
            self.register_buffer("w_avg", torch.randn(w_dim))

    def forward(self, z, c=None, psi=1.0):
        parts = ([unit(z)] if self.z_dim else []) + ([unit(self.embed(c))] if self.c_dim else [])
        x = torch.cat(parts, 1)
        for number in range(self.num_layers):
            x = getattr(self, f"fc{number}")(x)
        if self.num_ws is not None:
            x = self.w_avg.lerp(x[:, None].repeat(1, self.num_ws, 1), psi)
        return x


class SynthesisLayer(Persistent):
    def __init__(self, inputs, outputs, w_dim, resolution, up=1, use_noise=True, conv_clamp=None, last=False):
        super().__init__()
        self.resolution, self.up, self.use_noise, self.activation = resolution, up, use_noise, "lrelu"
        self.conv_clamp, self.padding, self.act_gain = conv_clamp, 1, np.sqrt(2)
        self.register_buffer("resample_filter", FILTER.clone())
        self.affine = FullyConnectedLayer(w_dim, inputs, bias_init=1.0)
        form = torch.channels_last if last else torch.contiguous_format
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3).to(memory_format=form))
        if use_noise:
            self.register_buffer("noise_const", torch.randn(resolution, resolution))
            self.noise_strength = nn.Parameter(torch.randn([]))
        self.bias = nn.Parameter(0.1 * torch.randn(outputs))

    def forward(self, x, w):
        x = modulated(x, self.weight, self.affine(w), up=self.up == 2)
        if self.use_noise:
            x = x + self.noise_const * self.noise_strength
        clamp = self.conv_clamp or math.inf
        return active(x, self.bias).clamp(-clamp, clamp)


class ToRGBLayer(Persistent):
    def __init__(self, inputs, channels, w_dim, conv_clamp=None):
        super().__init__()
        self.conv_clamp = conv_clamp
        self.affine = FullyConnectedLayer(w_dim, inputs, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(channels, inputs, 1, 1))
        self.bias = nn.Parameter(0.1 * torch.randn(channels))
        self.weight_gain = 1 / np.sqrt(inputs)

    def forward(self, x, w):
        styles = self.affine(w) * float(self.weight_gain)
        return modulated(x, self.weight, styles, demodulate=False) + self.bias[:, None, None]


class SynthesisBlock(Persistent):
    def __init__(self, inputs, outputs, w_dim, resolution, channels, is_last, use_fp16=False, **layer):
        super().__init__()
        self.in_channels, self.w_dim, self.resolution, self.img_channels = inputs, w_dim, resolution, channels
        self.is_last, self.architecture, self.use_fp16, self.channels_last = is_last, "skip", use_fp16, use_fp16
        self.register_buffer("resample_filter", FILTER.clone())
        self.num_conv, self.num_torgb = 2 if inputs else 1, 1
        clamp = layer.get("conv_clamp")
        if inputs:
            self.conv0 = SynthesisLayer(inputs, outputs, w_dim, resolution, up=2, last=use_fp16, **layer)
        else:
            self.const = nn.Parameter(torch.randn(outputs, resolution, resolution))
        self.conv1 = SynthesisLayer(outputs, outputs, w_dim, resolution, last=use_fp16, **layer)
        self.torgb = ToRGBLayer(outputs, channels, w_dim, clamp)

    def forward(self, x, image, ws):
        ws = iter(ws.unbind(1))
        x = self.conv0(x, next(ws)) if self.in_channels else self.const[None].repeat(self.batch, 1, 1, 1)
        x = self.conv1(x, next(ws))
        made = self.torgb(x, next(ws))
        return x, made if image is None else twice(image) + made


class SynthesisNetwork(Persistent):
    def __init__(
        self, w_dim, img_resolution, img_channels, channel_base=32768, channel_max=512, num_fp16_res=0, **block
    ):
        super().__init__()
        self.w_dim, self.img_resolution, self.img_channels = w_dim, img_resolution, img_channels
        self.img_resolution_log2 = int(np.log2(img_resolution))
        self.block_resolutions = [2**level for level in range(2, self.img_resolution_log2 + 1)]
        widths = {side: min(channel_base // side, channel_max) for side in self.block_resolutions}
        self.num_ws = 0
        for side in self.block_resolutions:
            half = side >= max(2 ** (self.img_resolution_log2 + 1 - num_fp16_res), 8)
            inputs = widths[side // 2] if side > 4 else 0
            made = SynthesisBlock(
                inputs, widths[side], w_dim, side, img_channels, side == img_resolution, half, **block
            )
            self.num_ws += made.num_conv + (side == img_resolution)
            setattr(self, f"b{side}", made)

    def forward(self, ws):
        x = image = None
        place = 0
        for side in self.block_resolutions:
            block = getattr(self, f"b{side}")
            block.batch = len(ws)
            x, image = block(x, image, ws[:, place : place + block.num_conv + 1])
            del block.batch
            place += block.num_conv
        return image


class Generator(Persistent):
    def __init__(self, z_dim, c_dim, w_dim, img_resolution, img_channels, mapping_kwargs=None, **synthesis):
        super().__init__()
        self.keep(z_dim=z_dim, c_dim=c_dim, w_dim=w_dim, synthesis_kwargs=EasyDict(synthesis))
        self.z_dim, self.c_dim, self.w_dim = z_dim, c_dim, w_dim
        self.img_resolution, self.img_channels = img_resolution, img_channels
        self.synthesis = SynthesisNetwork(w_dim, img_resolution, img_channels, **synthesis)
        self.num_ws = self.synthesis.num_ws
        self.mapping = MappingNetwork(z_dim, c_dim, w_dim, self.num_ws, **(mapping_kwargs or {}))

    def forward(self, z, c=None, psi=1.0):
        return self.synthesis(self.mapping(z, c, psi))


class MinibatchStdLayer(Persistent):
    def __init__(self, group_size, num_channels=1):
        super().__init__()
        self.group_size, self.num_channels = group_size, num_channels

    def forward(self, x):
        return deviating(x, self.group_size, self.num_channels)


class DiscriminatorBlock(Persistent):
    def __init__(self, inputs, middle, outputs, resolution, channels, architecture, conv_clamp, last):
        super().__init__()
        self.in_channels, self.resolution, self.img_channels = inputs, resolution, channels
        self.architecture, self.conv_clamp = architecture, conv_clamp
        self.register_buffer("resample_filter", FILTER.clone())
        options = {"activation": "lrelu", "conv_clamp": conv_clamp, "last": last}
        if not inputs:
            self.fromrgb = Conv2dLayer(channels, middle, 1, **options)
        self.conv0 = Conv2dLayer(middle, middle, 3, **options)
        self.conv1 = Conv2dLayer(middle, outputs, 3, down=2, **options)
        if architecture == "resnet":
            self.skip = Conv2dLayer(middle, outputs, 1, bias=False, down=2, last=last)

    def forward(self, x, image):
        x = x if self.in_channels else self.fromrgb(image)
        if self.architecture == "orig":
            return self.conv1(self.conv0(x))
        return self.skip(x, math.sqrt(0.5)) + self.conv1(self.conv0(x), math.sqrt(0.5))


class DiscriminatorEpilogue(Persistent):
    def __init__(self, inputs, cmap_dim, architecture, group, features):
        super().__init__()
        self.in_channels, self.cmap_dim, self.resolution, self.architecture = inputs, cmap_dim, 4, architecture
        self.mbstd = MinibatchStdLayer(group, features) if features else None
        self.conv = Conv2dLayer(inputs + features, inputs, 3, activation="lrelu")
        self.fc = FullyConnectedLayer(inputs * 16, inputs, "lrelu")
        self.out = FullyConnectedLayer(inputs, cmap_dim or 1)

    def forward(self, x, cmap):
        x = self.conv(x if self.mbstd is None else self.mbstd(x))
        x = self.out(self.fc(x.flatten(1)))
        return (x * cmap).sum(1, keepdim=True) / math.sqrt(self.cmap_dim) if self.cmap_dim else x


class Discriminator(Persistent):
    def __init__(
        self,
        c_dim,
        img_resolution,
        img_channels,
        architecture="resnet",
        channel_base=32768,
        channel_max=512,
        num_fp16_res=0,
        conv_clamp=None,
        cmap_dim=None,
        group=4,
        features=1,
    ):
        super().__init__()
        self.c_dim, self.img_resolution, self.img_channels = c_dim, img_resolution, img_channels
        self.block_resolutions = [2**level for level in range(int(np.log2(img_resolution)), 2, -1)]
        widths = {side: min(channel_base // side, channel_max) for side in [*self.block_resolutions, 4]}
        for number, side in enumerate(self.block_resolutions):
            inputs, last = widths[side] if number else 0, number < num_fp16_res
            made = DiscriminatorBlock(
                inputs, widths[side], widths[side // 2], side, img_channels, architecture, conv_clamp, last
            )
            setattr(self, f"b{side}", made)
        cmap_dim = (cmap_dim or widths[4]) if c_dim else 0
        if c_dim:
            self.mapping = MappingNetwork(0, c_dim, cmap_dim, None, w_avg_beta=None)
        self.b4 = DiscriminatorEpilogue(widths[4], cmap_dim, architecture, group, features)

    def forward(self, image, c=None):
        x = None
        for side in self.block_resolutions:
            x = getattr(self, f"b{side}")(x, image)
        return self.b4(x, self.mapping(None, c) if self.c_dim else None)
