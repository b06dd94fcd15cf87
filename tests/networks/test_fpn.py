"""DeblurGAN-v2's generator: published counts and costs, its backbones beside others' and their weights."""

import sys
from dataclasses import replace

import huggingface_hub
import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn
from torchvision.models import mobilenet_v2

from organza.errors import OrganzaError, UsageError
from organza.networks import NETWORKS, Dims, count_parameters, multiply_adds
from organza.networks.backbones import build_backbone
from organza.networks.fpn import FPNGeneratorOptions, load_backbone, weights_found

INCEPTION = FPNGeneratorOptions()
MOBILENET = FPNGeneratorOptions(backbone="mobilenet-v2", width=128, head_width=64)
SEPARABLE = replace(MOBILENET, depthwise=True)
TINY = FPNGeneratorOptions(backbone="mobilenet-v2", width=8, head_width=4, backbone_width=0.25)
HALF = replace(TINY, backbone_width=0.5)  # the narrowest that timm has weights of
PUBLISHED = pytest.mark.parametrize("options", [INCEPTION, MOBILENET, SEPARABLE], ids=["inception", "mobilenet", "dsc"])


def build(options, sample=(3, 128, 128), device="meta"):
    with torch.device(device):
        return options.build(Dims(sample))


@pytest.mark.parametrize(
    ("options", "pyramid", "backbone", "total"),
    [
        (INCEPTION, 5_085_827, 30_754_272, 35_840_099),
        (MOBILENET, 1_088_835, 1_017_792, 2_106_627),
        (SEPARABLE, 168_195, 1_017_792, 1_185_987),
    ],
)
def test_published_counts(options, pyramid, backbone, total):
    generator = build(options)
    assert count_parameters(generator.fpn) == pyramid
    assert count_parameters(generator.backbone) == backbone
    assert count_parameters(generator) == total


@pytest.mark.parametrize(
    ("options", "backbone", "total"), [(INCEPTION, 136.06, 273.93), (MOBILENET, 4.52, 38.94), (SEPARABLE, 4.52, 10.04)]
)
def test_cost_of_a_frame_in_billions(options, backbone, total):
    """The MobileNets' costs differ by what was published, 43.75 - 14.83 = 28.92, to a thousandth."""
    generator, frame = build(options), (3, 736, 1280)
    assert multiply_adds(generator.backbone, frame) / 1e9 == pytest.approx(backbone, abs=0.005)
    assert multiply_adds(generator, frame) / 1e9 == pytest.approx(total, abs=0.005)


def test_multiply_adds_of_layers_one_can_count():
    network = nn.Sequential(
        nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2),
        nn.BatchNorm2d(6),
        nn.ConvTranspose2d(6, 5, 4, stride=2, padding=1),
        nn.Flatten(),
        nn.Linear(320, 7),
        nn.BatchNorm1d(7),
    )
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert multiply_adds(network, (4, 8, 8)) == 6 * 16 * 2 * 9 + 6 * 16 * 5 * 16 + 320 * 7
    assert network.training
    after = network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_maps_of_a_frame():
    with torch.device("meta"):
        frame = torch.empty(1, 3, 736, 1280)
        inception, mobilenet = (build_backbone(name, 3)(frame) for name in ("inception-resnet-v2", "mobilenet-v2"))
    assert [tuple(features.shape[1:]) for features in inception] == [
        (32, 367, 639),
        (64, 182, 318),
        (192, 89, 157),
        (1088, 44, 78),
        (2080, 21, 38),
    ]
    assert [tuple(features.shape[1:]) for features in mobilenet] == [
        (16, 368, 640),
        (24, 184, 320),
        (32, 92, 160),
        (64, 46, 80),
        (160, 23, 40),
    ]


@PUBLISHED
@pytest.mark.parametrize("training", [True, False])
def test_any_multiple_above_the_smallest_keeps_its_size(options, training):
    generator = build(options).train(training)
    least, step = options.smallest, options.multiple
    for height, width in [(least, least), (least, least + step), (least + 2 * step, least), (least + 5 * step, 320)]:
        assert generator(torch.empty(1, 3, height, width, device="meta")).shape == (1, 3, height, width)


@PUBLISHED
def test_smaller_sides_or_other_multiples_would_fail(options):
    """Or else `smallest` and `multiple` could be less."""
    generator = build(options)
    for side in (options.smallest - options.multiple, options.smallest + options.multiple // 2):
        with pytest.raises((RuntimeError, ValueError)):
            generator(torch.empty(1, 3, side, side, device="meta"))


@pytest.mark.parametrize("width", [0.25, 0.5, 1.4])
def test_mobilenet_computes_what_torchvision_does(width):
    """The first 16 of torchvision's layers, with the same weights in the same order."""
    torch.manual_seed(0)
    ours, layers = build_backbone("mobilenet-v2", 3, width).eval(), mobilenet_v2(width_mult=width).features[:16].eval()
    theirs = layers.state_dict().values()
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs, strict=True)))
    features, maps = torch.randn(1, 3, 64, 64), []
    with torch.no_grad():
        got = ours(features)
        for layer in layers:
            features = layer(features)
            maps.append(features)
    for index, found, channels in zip((1, 3, 6, 10, 15), got, ours.channels, strict=True):
        torch.testing.assert_close(found, maps[index])
        assert found.shape[1] == channels


def test_only_layers_that_lead_to_a_map_are_kept():
    """Every weight has a slope: nothing of timm's head or tail is left."""
    torch.manual_seed(0)
    generator = build(TINY, device="cpu")
    generator(torch.rand(2, 3, 64, 64) - 0.5).square().sum().backward()
    assert all(parameter.grad is not None for parameter in generator.parameters())


@settings(max_examples=4, deadline=None)
@given(st.sampled_from([1, 3, 4]), st.sampled_from([(64, 64), (64, 96)]), st.booleans(), st.integers(0, 99))
def test_a_correction_of_nothing_leaves_the_picture(channels, sides, depthwise, seed):
    torch.manual_seed(seed)
    generator = build(replace(TINY, depthwise=depthwise), (channels, *sides), "cpu")
    pictures = 2 * torch.rand(2, channels, *sides) - 1
    with torch.no_grad():
        assert not torch.equal(generator(pictures), pictures)
        assert generator(pictures.sign()).abs().max() <= 1
        nn.init.zeros_(generator.fpn.final.weight)
        nn.init.zeros_(generator.fpn.final.bias)
        assert torch.equal(generator(pictures), pictures)
        nn.init.constant_(generator.fpn.final.bias, 0.5)
        torch.testing.assert_close(generator(pictures), (pictures + torch.tensor(0.5).tanh()).clamp(-1, 1))


def test_pyramid_normalises_each_picture_by_itself():
    norms = [module for module in build(MOBILENET).fpn.modules() if isinstance(module, nn.InstanceNorm2d)]
    assert len(norms) == 5
    assert not any(norm.affine or norm.track_running_stats for norm in norms)


def test_every_map_has_a_say():
    torch.manual_seed(0)
    generator = build(TINY, device="cpu")
    pictures = torch.zeros(1, 3, 64, 64)
    maps = generator.backbone(pictures)
    sides = [features.shape[-1] for features in maps]
    assert sides == [32, 16, 8, 4, 2]
    with torch.no_grad():
        before = generator.fpn(pictures, maps)
        for level in range(5):
            changed = [features + (index == level) * torch.randn_like(features) for index, features in enumerate(maps)]
            assert not torch.equal(generator.fpn(pictures, changed), before)


def test_layers_stand_in_the_order_that_names_them():
    """So that weights trained elsewhere come where they belong."""
    torch.manual_seed(0)
    generator, sides, side_by_side = build(TINY, device="cpu"), {}, []
    for name, module in generator.fpn.named_modules():
        module.register_forward_pre_hook(lambda _, inputs, name=name: sides.update({name: inputs[0][0].shape[-1]}))
    generator.fpn.smooth.register_forward_pre_hook(lambda _, inputs: side_by_side.append(inputs[0]))
    generator(torch.rand(1, 3, 64, 64))
    assert [sides[f"merges.{index}"] for index in range(3)] == [4, 8, 16]
    assert [sides[f"heads.{index}"] for index in range(4)] == [16, 8, 4, 2]
    assert [sides[name] for name in ("smooth", "smooth2", "final")] == [16, 32, 64]
    for part, scale in zip(side_by_side[0].chunk(4, 1), (8, 4, 2, 1), strict=True):  # the coarsest first
        assert torch.equal(nn.functional.interpolate(part[..., ::scale, ::scale], scale_factor=scale), part)


def test_fresh_weights_come_from_torchs_generator():
    def weights(seed):
        torch.manual_seed(seed)
        return build(TINY, device="cpu").state_dict()

    first, again, other = weights(0), weights(0), weights(1)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["fpn.final.weight"], other["fpn.final.weight"])
    bound = (1 / (2 * 9)) ** 0.5  # PyTorch's own
    assert first["fpn.final.weight"].abs().max() <= bound


def test_options_by_name():
    from organza.recipes.fields import override

    options = override(NETWORKS["fpn-generator"](), {"backbone": "mobilenet-v2", "width": "32", "head_width": "16"})
    assert options == FPNGeneratorOptions("mobilenet-v2", 32, 16)
    assert (options.multiple, options.smallest, options.scale) == (32, 64, 1)
    assert INCEPTION.smallest == 128
    assert not options.conditional
    assert build(options).parts == ("fpn",)
    with pytest.raises(UsageError):
        override(options, {"backbone_width": 0})


@pytest.mark.parametrize(
    ("options", "sample", "message"),
    [
        (INCEPTION, (3, 96, 128), "divisible by 32 and no less than 128"),
        (MOBILENET, (3, 64, 72), "divisible by 32 and no less than 64"),
        (replace(MOBILENET, width=129), (3, 64, 64), r"--generator\.width 128"),
        (replace(INCEPTION, backbone_width=0.5), (3, 128, 128), "one width"),
    ],
)
def test_what_cannot_be_built(options, sample, message):
    with pytest.raises(UsageError, match=message):
        build(options, sample)


def test_without_timm(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    for options in (INCEPTION, TINY):
        monkeypatch.setitem(sys.modules, "timm.models._efficientnet_builder", None)
        with pytest.raises(OrganzaError, match=r"deblurgan-v2 needs timm .*pip install 'organza\[pictures\]'"):
            build(options)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty folder for timm's weights, and no way to fetch any."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return tmp_path


def keep(cache, model, tensors):
    """Put weights where timm will find them."""
    folder = cache / f"models--{timm.get_pretrained_cfg(model).hf_hub_id.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("0" * 40)
    (folder / "snapshots" / ("0" * 40)).mkdir(parents=True)
    save_file(tensors, folder / "snapshots" / ("0" * 40) / "model.safetensors")


@pytest.mark.parametrize("channels", [3, 1])
def test_kept_weights_are_found_and_loaded(cache, channels):
    torch.manual_seed(0)
    trained = timm.create_model("mobilenetv2_050").eval()
    nn.init.uniform_(trained.bn1.running_mean)
    generator = build(HALF, (channels, 64, 64), "cpu")
    fresh = {name: value.clone() for name, value in generator.fpn.state_dict().items()}
    assert not weights_found(HALF)
    keep(cache, "mobilenetv2_050", trained.state_dict())
    assert weights_found(HALF)
    assert not weights_found(TINY)
    assert not weights_found(MOBILENET)

    drawn = torch.get_rng_state()
    load_backbone(generator, HALF)
    assert torch.equal(torch.get_rng_state(), drawn)
    loaded = generator.backbone
    torch.testing.assert_close(loaded.stages[0][0][1].running_mean, trained.bn1.running_mean)
    torch.testing.assert_close(loaded.stages[4][-1].conv_pwl.weight, trained.blocks[5][1].conv_pwl.weight)
    assert loaded.stages[0][0][0].weight.shape[1] == channels
    if channels == 3:
        torch.testing.assert_close(loaded.stages[0][0][0].weight, trained.conv_stem.weight)
    assert all(torch.equal(value, fresh[name]) for name, value in generator.fpn.state_dict().items())


def test_inception_is_loaded_into_what_is_kept_of_it(monkeypatch):
    with torch.device("meta"):
        trained = timm.create_model("inception_resnet_v2", pretrained=False)
    asked = []
    monkeypatch.setattr(timm, "create_model", lambda name, **options: asked.append((name, options)) or trained)
    generator = build(INCEPTION)
    load_backbone(generator, INCEPTION)
    assert [(name, options["pretrained"]) for name, options in asked] == [
        ("inception_resnet_v2", False),
        ("inception_resnet_v2", True),
    ]


def test_weights_that_are_nowhere(cache):
    generator = build(HALF, device="cpu")
    with pytest.raises(OrganzaError, match="cannot load the ImageNet weights of mobilenet-v2 .*HF_HOME") as caught:
        load_backbone(generator, HALF)
    assert "\n" not in str(caught.value)
    with pytest.raises(OrganzaError, match=r"width 0\.25 on ImageNet: take .*0\.5 or 1\.0 or 1\.4"):
        load_backbone(generator, TINY)


def test_details_begin_as_nothing_and_see_the_pictures_own_pixels():
    """Narrow forms have residual blocks at half of the resolution; without them the pyramid sees the backbone's maps alone."""
    options = replace(TINY, norm="none", detail=2)
    generator, pictures = build(options, device="cpu").eval(), torch.rand(1, 3, 64, 64) * 2 - 1
    assert torch.equal(generator(pictures), pictures)
    torch.nn.init.normal_(generator.fpn.final.weight, std=0.1)
    maps = generator.backbone(pictures)
    assert not torch.equal(generator.fpn(pictures, maps), generator.fpn(-pictures, maps))
    plain = build(TINY, device="cpu")
    assert torch.equal(plain.fpn(pictures, maps), plain.fpn(-pictures, maps))
    assert not any(isinstance(module, torch.nn.InstanceNorm2d) for module in generator.fpn.modules())


@PUBLISHED
@pytest.mark.parametrize("side", [1, 33, 100, 129])
def test_a_size_that_does_not_fit_is_answered_with_the_next_that_does(options, side):
    with pytest.raises(UsageError) as raised:
        options.build(Dims((3, side, side)))
    said = int(str(raised.value).rpartition("--size ")[2])
    assert said == max(options.smallest, side + -side % 32)
    with torch.device("meta"):
        options.build(Dims((3, said, said)))
