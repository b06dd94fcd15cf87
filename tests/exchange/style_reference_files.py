"""Small networks of brownvc/R3GAN, and the files of all style networks, as the authors' code writes them."""

import argparse
import contextlib
import pickle
import sys
import types

import torch
from style_references import FILTER, EasyDict, _reconstruct_persistent_obj, resampled, twice
from style_references_others import Network
from torch import nn
from torch.nn.functional import conv2d, leaky_relu

# R3GAN, whose modules are pickled with their classes.


class Convolution(nn.Module):
    def __init__(self, inputs, outputs, size, groups=1):
        super().__init__()
        self.Layer = nn.Conv2d(inputs, outputs, size, padding=(size - 1) // 2, groups=groups, bias=False)
        nn.init.normal_(self.Layer.weight, 0, self.Layer.weight[0].numel() ** -0.5)

    def forward(self, x):
        return conv2d(x, self.Layer.weight, padding=self.Layer.padding, groups=self.Layer.groups)


class BiasedActivationCUDA(nn.Module):
    def __init__(self, units):
        super().__init__()
        self.Bias = nn.Parameter(0.1 * torch.randn(units))

    def forward(self, x):
        return leaky_relu(x + self.Bias.view(1, -1, 1, 1), 0.2)


class ResidualBlock(nn.Module):
    def __init__(self, channels, groups, expansion):
        super().__init__()
        inner = channels * expansion
        self.LinearLayer1 = Convolution(channels, inner, 1)
        self.LinearLayer2 = Convolution(inner, inner, 3, groups)
        self.LinearLayer3 = Convolution(inner, channels, 1)
        self.NonLinearity1, self.NonLinearity2 = BiasedActivationCUDA(inner), BiasedActivationCUDA(inner)

    def forward(self, x):
        y = self.NonLinearity1(self.LinearLayer1(x))
        return x + self.LinearLayer3(self.NonLinearity2(self.LinearLayer2(y)))


class InterpolativeUpsamplerCUDA(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("Kernel", FILTER.clone())


class InterpolativeDownsamplerCUDA(InterpolativeUpsamplerCUDA):
    pass


class UpsampleLayer(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.Resampler = InterpolativeUpsamplerCUDA()
        if inputs != outputs:
            self.LinearLayer = Convolution(inputs, outputs, 1)

    def forward(self, x):
        return twice(self.LinearLayer(x) if hasattr(self, "LinearLayer") else x)


class DownsampleLayer(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.Resampler = InterpolativeDownsamplerCUDA()
        if inputs != outputs:
            self.LinearLayer = Convolution(inputs, outputs, 1)

    def forward(self, x):
        x = resampled(x, down=2, pads=(1, 1))
        return self.LinearLayer(x) if hasattr(self, "LinearLayer") else x


class GenerativeBasis(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.Basis = nn.Parameter(torch.randn(outputs, 4, 4))
        self.LinearLayer = nn.Linear(inputs, outputs, bias=False)

    def forward(self, x):
        return self.Basis * self.LinearLayer(x)[:, :, None, None]


class DiscriminativeBasis(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.Basis = nn.Conv2d(inputs, inputs, 4, groups=inputs, bias=False)
        self.LinearLayer = nn.Linear(inputs, outputs, bias=False)

    def forward(self, x):
        return self.LinearLayer(self.Basis(x).flatten(1))


class Staged(nn.Module):
    def __init__(self, layers, type_=torch.float32):
        super().__init__()
        self.Layers, self.DataType = nn.ModuleList(layers), type_

    def forward(self, x):
        for layer in self.Layers:
            x = layer(x)
        return x


class GeneratorStage(Staged):
    pass


class DiscriminatorStage(Staged):
    pass


class R3Generator(nn.Module):
    def __init__(self, z, widths, groups, blocks, expansion, classes):
        super().__init__()
        stages = []
        for number, (width, group, count) in enumerate(zip(widths, groups, blocks, strict=True)):
            entry = (
                UpsampleLayer(widths[number - 1], width)
                if number
                else GenerativeBasis(z + (z if classes else 0), width)
            )
            inner = (ResidualBlock(width, group, expansion) for _ in range(count))
            stages.append(GeneratorStage([entry, *inner], torch.bfloat16 if number == 2 else torch.float32))
        self.MainLayers = nn.ModuleList(stages)
        self.AggregationLayer = Convolution(widths[-1], 3, 1)
        if classes:
            self.EmbeddingLayer = nn.Linear(classes, z, bias=False)

    def forward(self, x, y=None):
        x = torch.cat([x, self.EmbeddingLayer(y)], 1) if y is not None else x
        for stage in self.MainLayers:
            x = stage(x)
        return self.AggregationLayer(x)


class R3Discriminator(nn.Module):
    def __init__(self, widths, groups, blocks, expansion, classes):
        super().__init__()
        stages = []
        for number, (width, group, count) in enumerate(zip(widths, groups, blocks, strict=True)):
            last = number == len(widths) - 1
            exit_ = (
                DiscriminativeBasis(width, width if classes else 1)
                if last
                else DownsampleLayer(width, widths[number + 1])
            )
            inner = (ResidualBlock(width, group, expansion) for _ in range(count))
            stages.append(DiscriminatorStage([*inner, exit_]))
        self.ExtractionLayer = Convolution(3, widths[0], 1)
        self.MainLayers = nn.ModuleList(stages)
        if classes:
            self.EmbeddingLayer = nn.Linear(classes, widths[-1], bias=False)

    def forward(self, x, y=None):
        x = self.ExtractionLayer(x)
        for stage in self.MainLayers:
            x = stage(x)
        return (x * self.EmbeddingLayer(y)).sum(1) if y is not None else x[:, 0]


class Wrapped(nn.Module):
    """training.networks.Generator and Discriminator: a network of R3GAN as 'Model'."""

    def __init__(self, model, z_dim=0, c_dim=0):
        super().__init__()
        self.Model, self.z_dim, self.c_dim = model, z_dim, c_dim
        self.img_resolution = 4 << (len(model.MainLayers) - 1)

    def forward(self, x, c=None):
        return self.Model(x, c)


class WrappedGenerator(Wrapped):
    pass


class WrappedDiscriminator(Wrapped):
    pass


# Files.

PLACES = {
    "torch_utils.persistence": [_reconstruct_persistent_obj],
    "dnnlib.util": [EasyDict],
    "dnnlib.tflib.network": [Network],
    "training.networks": {"Generator": WrappedGenerator, "Discriminator": WrappedDiscriminator},
    "R3GAN.Networks": {
        "Generator": R3Generator,
        "Discriminator": R3Discriminator,
        **{
            each.__name__: each
            for each in (
                *(Convolution, ResidualBlock, UpsampleLayer, DownsampleLayer),
                *(GenerativeBasis, DiscriminativeBasis, GeneratorStage, DiscriminatorStage),
            )
        },
    },
    "R3GAN.FusedOperators": [BiasedActivationCUDA],
    "R3GAN.Resamplers": [InterpolativeUpsamplerCUDA, InterpolativeDownsamplerCUDA],
}


@contextlib.contextmanager
def authors_modules():
    """The authors' modules are there under their names, as they are where a checkpoint is written."""
    before, own = dict(sys.modules), []
    try:
        for path, content in PLACES.items():
            parts = path.split(".")
            for end in range(1, len(parts) + 1):
                sys.modules.setdefault(".".join(parts[:end]), types.ModuleType(".".join(parts[:end])))
            named = content if isinstance(content, dict) else {each.__name__: each for each in content}
            for name, each in named.items():
                own.append((each, each.__module__, each.__name__, each.__qualname__))
                each.__module__, each.__name__, each.__qualname__ = path, name, name
                setattr(sys.modules[path], name, each)
        yield
    finally:
        for each, module, name, qualified in own:
            each.__module__, each.__name__, each.__qualname__ = module, name, qualified
        for path in set(sys.modules) - set(before):
            if path.split(".")[0] in {place.split(".")[0] for place in PLACES}:
                del sys.modules[path]


def still(module):
    return module.eval().requires_grad_(False)


def save_nvidia(path, generator, discriminator, protocol=4, **more):
    """As training_loop.py of stylegan2-ada-pytorch, stylegan3 and R3GAN saves its state."""
    state = {"G": still(generator), "D": still(discriminator), "G_ema": still(generator)}
    options = EasyDict(class_name="training.dataset.ImageFolderDataset", path="x.zip", use_labels=False, xflip=True)
    state |= {"augment_pipe": None, "training_set_kwargs": options, **more}
    with authors_modules():
        path.write_bytes(pickle.dumps(state, protocol))
    return path


def save_tensorflow(path, generator, discriminator, protocol=4):
    """As training_loop.py of NVlabs/stylegan2 saves (G, D, Gs)."""
    with authors_modules():
        path.write_bytes(pickle.dumps((generator, discriminator, generator), protocol))
    return path


def save_rosinality(path, generator, discriminator, **more):
    """As train.py of rosinality/stylegan2-pytorch saves; its optimisers have a state."""
    optimiser = torch.optim.Adam(discriminator.parameters())
    state = {
        "g": generator.state_dict(),
        "d": discriminator.state_dict(),
        "g_ema": generator.state_dict(),
        "g_optim": optimiser.state_dict(),
        "d_optim": optimiser.state_dict(),
        "args": argparse.Namespace(path="data", iter=800000, size=16, wandb=False, lr=0.002),
        "ada_aug_p": 0.0,
    }
    torch.save(state | more, path)
    return path
