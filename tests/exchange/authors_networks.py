"""The authors' generators written anew for the tests, from their descriptions: what counts is how their tensors are named."""

from __future__ import annotations

from math import sqrt

import torch
from torch import nn
from torch.nn.functional import interpolate, leaky_relu, pad, relu


def instance(tracked):
    return lambda channels: nn.InstanceNorm2d(channels, affine=False, track_running_stats=tracked)


FIXED, TRACKED = instance(False), instance(True)


def realistic(network, seed=0):
    """The network with weights as of a trained one, and with running statistics that are not those of its inputs."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        tensor = tensor.data
        if tensor.dtype == torch.int64:
            tensor.fill_(1234)
        elif tensor.ndim == 4:
            tensor.normal_(0, 1 / sqrt(tensor[0].numel()), generator=generator)
        elif name.endswith(("running_var", "weight")):
            tensor.uniform_(0.5, 1.5, generator=generator)
        else:
            tensor.normal_(0, 0.3, generator=generator)
    return network


class Residual(nn.Module):
    def __init__(self, channels, norm, bias, dropout):
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            norm(channels),
            nn.ReLU(True),
            *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            norm(channels),
        )

    def forward(self, x):
        return x + self.conv_block(x)


class ResnetGenerator(nn.Module):
    def __init__(self, width=8, blocks=2, norm=FIXED, dropout=False, residual=False, channels=3):
        super().__init__()
        bias = isinstance(norm(1), nn.InstanceNorm2d)
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(channels, width, 7, bias=bias), norm(width), nn.ReLU(True)]
        for many in (2 * width, 4 * width):
            layers += [nn.Conv2d(many // 2, many, 3, 2, 1, bias=bias), norm(many), nn.ReLU(True)]
        layers += [Residual(4 * width, norm, bias, dropout) for _ in range(blocks)]
        for many in (2 * width, width):
            layers += [nn.ConvTranspose2d(2 * many, many, 3, 2, 1, 1, bias=bias), norm(many), nn.ReLU(True)]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, channels, 7), nn.Tanh())
        self.residual = residual

    def forward(self, x):
        made = self.model(x)
        return torch.clamp(x + made, -1, 1) if self.residual else made


class Skip(nn.Module):
    """One depth of the U-Net, around the next."""

    def __init__(self, outer, inner, norm, inside=None, entry=None, dropout=False):
        super().__init__()
        bias = isinstance(norm(1), nn.InstanceNorm2d)
        self.outermost = entry is not None
        down = [nn.LeakyReLU(0.2, True), nn.Conv2d(entry or outer, inner, 4, 2, 1, bias=bias)]
        up = [
            nn.ReLU(True),
            nn.ConvTranspose2d(2 * inner if inside else inner, outer, 4, 2, 1, bias=bias or self.outermost),
        ]
        if self.outermost:
            layers = [down[1], inside, *up, nn.Tanh()]
        elif inside is None:
            layers = [*down, *up, norm(outer)]
        else:
            layers = [*down, norm(inner), inside, *up, norm(outer), *([nn.Dropout(0.5)] if dropout else [])]
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class UnetGenerator(nn.Module):
    def __init__(self, downs=8, width=8, norm=nn.BatchNorm2d, dropout=True, channels=3):
        super().__init__()
        block = Skip(8 * width, 8 * width, norm)
        for _ in range(downs - 5):
            block = Skip(8 * width, 8 * width, norm, block, dropout=dropout)
        for many in (4 * width, 2 * width, width):
            block = Skip(many, 2 * many, norm, block)
        self.model = Skip(channels, width, norm, block, entry=channels)

    def forward(self, x):
        return self.model(x)


class FPNHead(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.block0 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.block1 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)

    def forward(self, x):
        return relu(self.block1(relu(self.block0(x))))


def twice(x, factor=2):
    return interpolate(x, scale_factor=factor, mode="nearest")


class FPN(nn.Module):
    """What both pyramids share; `pads` are those of the maps, finest first."""

    def __init__(self, backbone, whole, parts, channels, pads, width, norm):
        super().__init__()
        setattr(self, backbone, whole)
        for number, part in enumerate(parts):
            setattr(self, f"enc{number}", part)
        for number in (1, 2, 3):
            layers = [nn.Conv2d(width, width, 3, padding=1), norm(width), nn.ReLU(inplace=True)]
            setattr(self, f"td{number}", nn.Sequential(*layers))
        for number, many in enumerate(channels):
            outputs = width if number else width // 2
            setattr(self, f"lateral{number}", nn.Conv2d(many, outputs, 1, bias=False))
        self.pads = pads

    def forward(self, x):
        lateral = []
        for number, (before, after) in enumerate(self.pads):
            x = getattr(self, f"enc{number}")(x)
            narrow = getattr(self, f"lateral{number}")(x)
            lateral.append(pad(narrow, (before, after, before, after), "reflect") if after else narrow)
        map4 = lateral[4]
        map3 = self.td1(lateral[3] + twice(map4))
        map2 = self.td2(lateral[2] + twice(map3))
        map1 = self.td3(lateral[1] + twice(map2))
        return lateral[0], map1, map2, map3, map4


class FPNGenerator(nn.Module):
    def __init__(self, fpn, width, narrow, norm):
        super().__init__()
        self.fpn = fpn
        for number in (1, 2, 3, 4):
            setattr(self, f"head{number}", FPNHead(width, narrow))
        self.smooth = nn.Sequential(nn.Conv2d(4 * narrow, narrow, 3, padding=1), norm(narrow), nn.ReLU())
        self.smooth2 = nn.Sequential(nn.Conv2d(narrow, narrow // 2, 3, padding=1), norm(narrow // 2), nn.ReLU())
        self.final = nn.Conv2d(narrow // 2, 3, 3, padding=1)

    def forward(self, x):
        map0, map1, map2, map3, map4 = self.fpn(x)
        seen = [twice(self.head4(map4), 8), twice(self.head3(map3), 4), twice(self.head2(map2)), self.head1(map1)]
        smoothed = twice(self.smooth(torch.cat(seen, 1)))
        smoothed = twice(self.smooth2(smoothed + map0))
        return torch.clamp(torch.tanh(self.final(smoothed)) + x, -1, 1)


class Inverted(nn.Module):
    """A block of MobileNetV2 in tonylins' code."""

    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        layers = (
            [] if expansion == 1 else [nn.Conv2d(inputs, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6()]
        )
        layers += [
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU6(),
        ]
        self.conv = nn.Sequential(*layers, nn.Conv2d(hidden, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        self.keeps = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.conv(x) if self.keeps else self.conv(x)


def mobilenet_features():
    layers, incoming = [nn.Sequential(nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6())], 32
    for expansion, outgoing, times, stride in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ):  # fmt: skip
        for number in range(times):
            layers.append(Inverted(incoming, outgoing, 1 if number else stride, expansion))
            incoming = outgoing
    last = nn.Sequential(nn.Conv2d(320, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.ReLU6())
    return nn.Sequential(*layers, last)


def fpn_mobilenet(width=16, narrow=8, norm=TRACKED):
    features = mobilenet_features()
    parts = [nn.Sequential(*features[first:end]) for first, end in ((0, 2), (2, 4), (4, 7), (7, 11), (11, 16))]
    fpn = FPN("features", features, parts, (16, 24, 32, 64, 160), ((0, 0),) * 5, width, norm)
    return FPNGenerator(fpn, width, narrow, norm)


class Basic(nn.Module):
    """A convolution of Inception-ResNet-v2 in pretrainedmodels."""

    def __init__(self, inputs, outputs, kernel, stride=1, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.bn(self.conv(x)))


class Branches(nn.Module):
    """Branches side by side; with a scale, what they make of x is mixed and added to x."""

    def __init__(self, *branches, mixed=None, scale=0.0):
        super().__init__()
        for number, branch in enumerate(branches):
            setattr(self, f"branch{number}", branch)
        self.count, self.scale = len(branches), scale
        if mixed:
            self.conv2d = nn.Conv2d(*mixed, 1)

    def forward(self, x):
        made = torch.cat([getattr(self, f"branch{number}")(x) for number in range(self.count)], 1)
        return relu(x + self.scale * self.conv2d(made)) if self.scale else made


def chain(*layers):
    return nn.Sequential(*(Basic(*layer) for layer in layers))


def block8():
    middle = chain((2080, 192, 1), (192, 224, (1, 3), 1, (0, 1)), (224, 256, (3, 1), 1, (1, 0)))
    return Branches(Basic(2080, 192, 1), middle, mixed=(448, 2080), scale=0.2)


class Inception(nn.Module):
    """Inception-ResNet-v2; of its tail, which the pyramid does not use, one block of ten and a small classifier."""

    def __init__(self):
        super().__init__()
        self.conv2d_1a, self.conv2d_2a = Basic(3, 32, 3, 2), Basic(32, 32, 3)
        self.conv2d_2b, self.maxpool_3a = Basic(32, 64, 3, 1, 1), nn.MaxPool2d(3, 2)
        self.conv2d_3b, self.conv2d_4a, self.maxpool_5a = Basic(64, 80, 1), Basic(80, 192, 3), nn.MaxPool2d(3, 2)
        pooled = nn.Sequential(nn.AvgPool2d(3, 1, 1, count_include_pad=False), Basic(192, 64, 1))
        self.mixed_5b = Branches(
            Basic(192, 96, 1),
            chain((192, 48, 1), (48, 64, 5, 1, 2)),
            chain((192, 64, 1), (64, 96, 3, 1, 1), (96, 96, 3, 1, 1)),
            pooled,
        )
        self.repeat = nn.Sequential(*(self.block35() for _ in range(10)))
        self.mixed_6a = Branches(
            Basic(320, 384, 3, 2), chain((320, 256, 1), (256, 256, 3, 1, 1), (256, 384, 3, 2)), nn.MaxPool2d(3, 2)
        )
        self.repeat_1 = nn.Sequential(*(self.block17() for _ in range(20)))
        self.mixed_7a = Branches(
            chain((1088, 256, 1), (256, 384, 3, 2)),
            chain((1088, 256, 1), (256, 288, 3, 2)),
            chain((1088, 256, 1), (256, 288, 3, 1, 1), (288, 320, 3, 2)),
            nn.MaxPool2d(3, 2),
        )
        self.repeat_2, self.last_linear = nn.Sequential(block8()), nn.Linear(16, 10)

    def block35(self):
        last = chain((320, 32, 1), (32, 48, 3, 1, 1), (48, 64, 3, 1, 1))
        return Branches(Basic(320, 32, 1), chain((320, 32, 1), (32, 32, 3, 1, 1)), last, mixed=(128, 320), scale=0.17)

    def block17(self):
        last = chain((1088, 128, 1), (128, 160, (1, 7), 1, (0, 3)), (160, 192, (7, 1), 1, (3, 0)))
        return Branches(Basic(1088, 192, 1), last, mixed=(384, 1088), scale=0.1)


def fpn_inception(width=16, narrow=8, norm=TRACKED):
    whole = Inception()
    parts = [
        whole.conv2d_1a,
        nn.Sequential(whole.conv2d_2a, whole.conv2d_2b, whole.maxpool_3a),
        nn.Sequential(whole.conv2d_3b, whole.conv2d_4a, whole.maxpool_5a),
        nn.Sequential(whole.mixed_5b, whole.repeat, whole.mixed_6a),
        nn.Sequential(whole.repeat_1, whole.mixed_7a),
    ]
    pads = ((0, 1), (1, 1), (1, 2), (1, 1), (1, 1))
    return FPNGenerator(
        FPN("inception", whole, parts, (32, 64, 192, 1088, 2080), pads, width, norm), width, narrow, norm
    )


class SRBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        self.prelu = nn.PReLU()
        self.conv2, self.bn2 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)

    def forward(self, x):
        return x + self.bn2(self.conv2(self.prelu(self.bn1(self.conv1(x)))))


class SRUp(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, 4 * channels, 3, padding=1)
        self.pixel_shuffle, self.prelu = nn.PixelShuffle(2), nn.PReLU()

    def forward(self, x):
        return self.prelu(self.pixel_shuffle(self.conv(x)))


class SRResNet(nn.Module):
    """leftthomas' generator: pixels from 0 to 1 in and out."""

    def __init__(self, doublings=2, width=8):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(3, width, 9, padding=4), nn.PReLU())
        for number in range(2, 7):
            setattr(self, f"block{number}", SRBlock(width))
        self.block7 = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width))
        self.block8 = nn.Sequential(*(SRUp(width) for _ in range(doublings)), nn.Conv2d(width, 3, 9, padding=4))

    def forward(self, x):
        first = features = self.block1(x)
        for number in range(2, 7):
            features = getattr(self, f"block{number}")(features)
        return (torch.tanh(self.block8(first + self.block7(features))) + 1) / 2


class DenseBlock(nn.Module):
    def __init__(self, channels, growth):
        super().__init__()
        for number in range(1, 6):
            outputs = growth if number < 5 else channels
            setattr(self, f"conv{number}", nn.Conv2d(channels + (number - 1) * growth, outputs, 3, 1, 1))

    def forward(self, x):
        seen = [x]
        for number in range(1, 5):
            seen.append(leaky_relu(getattr(self, f"conv{number}")(torch.cat(seen, 1)), 0.2))
        return x + 0.2 * self.conv5(torch.cat(seen, 1))


class DenseBlocks(nn.Module):
    def __init__(self, channels, growth):
        super().__init__()
        self.RDB1, self.RDB2, self.RDB3 = (DenseBlock(channels, growth) for _ in range(3))

    def forward(self, x):
        return x + 0.2 * self.RDB3(self.RDB2(self.RDB1(x)))


class RRDBNet(nn.Module):
    """ESRGAN's generator, in its second way of naming: pixels from 0 to 1 in and out."""

    def __init__(self, width=8, growth=4, blocks=11):
        super().__init__()
        self.conv_first = nn.Conv2d(3, width, 3, 1, 1)
        self.RRDB_trunk = nn.Sequential(*(DenseBlocks(width, growth) for _ in range(blocks)))
        self.trunk_conv, self.upconv1, self.upconv2, self.HRconv = (nn.Conv2d(width, width, 3, 1, 1) for _ in range(4))
        self.conv_last = nn.Conv2d(width, 3, 3, 1, 1)

    def forward(self, x):
        features = self.conv_first(x)
        features = features + self.trunk_conv(self.RRDB_trunk(features))
        for up in (self.upconv1, self.upconv2):
            features = leaky_relu(up(twice(features)), 0.2)
        return self.conv_last(leaky_relu(self.HRconv(features), 0.2))
