"""The discriminator of patches: counts, sizes of its map, and what of a picture each logit sees."""

import pytest
import torch
from torch import nn

from organza.errors import UsageError
from organza.networks import Dims, count_parameters
from organza.networks.patchgan import PatchGANOptions, receptive_field


@pytest.mark.parametrize(
    ("options", "channels", "expected"),
    [
        (PatchGANOptions(), 3, 2_764_737),
        (PatchGANOptions(padding=2), 3, 2_764_737),
        (PatchGANOptions(norm="batch"), 6, 2_768_705),
        (PatchGANOptions(layers=5, padding=2), 3, 11_154_369),
    ],
)
def test_published_counts(options, channels, expected):
    with torch.device("meta"):
        assert count_parameters(options.build(Dims((channels, 256, 256)))) == expected


@pytest.mark.parametrize(
    ("layers", "padding", "side", "expected"),
    [(3, 1, 256, 30), (3, 1, 224, 26), (3, 2, 256, 35), (5, 2, 256, 11), (0, 1, 9, 9), (0, 2, 9, 9)],
)
def test_size_of_the_map(layers, padding, side, expected):
    options = PatchGANOptions(layers=layers, padding=padding)
    with torch.device("meta"):
        network = options.build(Dims((3, side, side)))
        assert network(torch.empty(1, 3, side, side)).shape == (1, 1, expected, expected)
    assert options.maps(side)[-1] == expected


@pytest.mark.parametrize(("layers", "expected"), [(0, 1), (1, 16), (2, 34), (3, 70), (4, 142), (5, 286)])
def test_receptive_field_is_the_window_of_the_gradient(layers, expected):
    options = PatchGANOptions(width=1, layers=layers, norm="none")
    assert receptive_field(options) == expected
    side = 2 * expected + 64
    network = options.build(Dims((1, side, side)))
    for parameter in network.parameters():
        nn.init.constant_(parameter, 0.1)  # so that no path is cancelled or cut off
    images = torch.zeros(1, 1, side, side, requires_grad=True)
    logits = network(images)[0, 0]
    logits[len(logits) // 2, len(logits) // 2].backward()
    seen = images.grad[0, 0] != 0
    for axis in (0, 1):
        positions = seen.any(axis).nonzero().flatten()
        assert len(positions) == expected == positions[-1] - positions[0] + 1
        assert positions[0] > 0  # the border does not cut it
        assert positions[-1] < side - 1


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("padding", [1, 2])
@pytest.mark.parametrize("layers", [0, 1, 3, 5])
def test_the_smallest_picture(norm, padding, layers):
    options = PatchGANOptions(width=2, layers=layers, padding=padding, norm=norm)
    side = options.smallest
    assert options.build(Dims((3, side, side))).train()(torch.randn(1, 3, side, side)).isfinite().all()
    if side > 1:
        with pytest.raises(UsageError, match=rf"{side - 1}x{side + 5} pixels.*--size {side + 5}$"):
            options.build(Dims((3, side - 1, side + 5)))
        network = options.build(Dims((3, side, side))).train()
        with pytest.raises((RuntimeError, ValueError)):
            network(torch.randn(1, 3, side - 1, side - 1))


def test_only_batch_normalisation_couples_samples():
    torch.manual_seed(0)
    images = torch.randn(3, 3, 32, 32)
    for norm in ("instance", "batch", "none"):
        options = PatchGANOptions(width=2, norm=norm)
        network = options.build(Dims((3, 32, 32)))
        assert torch.allclose(network(images)[:1], network(images[:1]), atol=1e-6) != options.couples_samples
        assert not options.bounds_slope


def test_only_the_middle_is_normalised():
    with torch.device("meta"):
        layers = list(PatchGANOptions(norm="batch").build(Dims((6, 256, 256))).layers)
    kinds = [type(layer).__name__ for layer in layers]
    middle = ["Conv2d", "BatchNorm2d", "LeakyReLU"]
    assert kinds == ["Conv2d", "LeakyReLU", *middle, *middle, *middle, "Conv2d"]
    assert [layer.bias is not None for layer in layers if isinstance(layer, nn.Conv2d)] == [True] + [False] * 3 + [True]
    assert [layer.out_channels for layer in layers if isinstance(layer, nn.Conv2d)] == [64, 128, 256, 512, 1]
