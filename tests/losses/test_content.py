"""The content loss: its terms by hand, the network that is decided once, and a substitute whose weight can be read."""

import hashlib
import itertools
from dataclasses import dataclass, field, replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from organza.errors import OrganzaError
from organza.features import vgg
from organza.features.random_conv import RandomConvolutions
from organza.features.vgg import FILE, VGG19, VGG19Map
from organza.losses import content
from organza.losses.content import ContentLoss, ContentOptions, frozen_network, settle
from organza.recipes.fields import from_mapping, override, to_mapping

CPU, META = torch.device("cpu"), torch.device("meta")
RANDOM = ContentOptions(perceptual="random-conv", perceptual_weight=1.0)
DEBLURGAN_V2 = ContentOptions("mse", 0.5, "vgg19-conv3_3", 0.006)


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """A machine without the weights of VGG-19; what an earlier test has built is forgotten."""
    for variable in ("ORGANZA_WEIGHTS", "ORGANZA_CACHE", "TORCH_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    content._built.cache_clear()
    yield tmp_path / "ORGANZA_WEIGHTS"
    content._built.cache_clear()


@pytest.fixture
def weights(nowhere, monkeypatch):
    """A machine with weights, random ones, as long as this test lasts."""
    torch.manual_seed(0)
    tensors = {}
    for name, blank in VGG19Map("conv3_3").state_dict().items():
        tensors[name] = torch.empty(blank.shape)
        (nn.init.kaiming_normal_ if blank.ndim == 4 else nn.init.zeros_)(tensors[name])
    nowhere.mkdir()
    torch.save(tensors, nowhere / FILE)
    digits = hashlib.sha256((nowhere / FILE).read_bytes()).hexdigest()[:8]
    monkeypatch.setattr(content, "VGG19", lambda path: VGG19(path, digits))
    return nowhere / FILE


def pictures(channels=3, count=2, size=(20, 24), seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(count, channels, *size, generator=generator) * 2 - 1 for _ in range(2)]


@given(st.floats(0.1, 9), st.floats(0.1, 9), st.sampled_from(["l1", "mse"]))
@settings(deadline=None)
def test_the_terms_by_hand(pixel_weight, perceptual_weight, kind):
    images, targets = pictures()
    options = replace(RANDOM, pixel=kind, pixel_weight=pixel_weight, perceptual_weight=perceptual_weight)
    terms = ContentLoss(replace(options, perceptual_difference=kind))(images, targets)

    def compare(one, other):
        return ((one - other) ** 2 if kind == "mse" else (one - other).abs()).mean().item()

    network = RandomConvolutions()
    maps = [compare(one, other) for one, other in zip(network(images), network(targets), strict=True)]
    assert list(terms) == ["pixel", "perceptual"]
    assert all(term.shape == () for term in terms.values())
    assert terms["pixel"].item() == pytest.approx(pixel_weight * compare(images, targets), rel=1e-4)
    assert terms["perceptual"].item() == pytest.approx(perceptual_weight * sum(maps) / 3, rel=1e-4)


def test_terms_without_weight_are_left_out_and_ask_for_nothing():
    images, targets = pictures()
    assert ContentLoss(ContentOptions())(images, targets) == {}
    assert list(ContentLoss(ContentOptions(pixel_weight=1.0))(images, targets)) == ["pixel"]
    assert list(ContentLoss(RANDOM)(images, targets)) == ["perceptual"]


@pytest.mark.parametrize("options", [replace(RANDOM, pixel_weight=1.0), DEBLURGAN_V2])
def test_nothing_is_lost_on_equal_pictures_and_gradients_go_into_the_images_alone(weights, options):
    images, targets = pictures()
    assert all(term == 0 for term in ContentLoss(options)(images, images.clone()).values())
    images.requires_grad_()
    targets.requires_grad_()
    for term in ContentLoss(options)(images, targets).values():
        assert term > 0
        (gradient,) = torch.autograd.grad(term, images, retain_graph=True)
        assert gradient.abs().amax() > 0
        assert torch.autograd.grad(term, targets, allow_unused=True) == (None,)


def test_the_gradient_of_the_perceptual_term_is_its_slope():
    images, targets = pictures(count=1, size=(9, 8))
    loss = ContentLoss(RANDOM)
    direction = torch.randn(images.shape, generator=torch.Generator().manual_seed(4))
    inner = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(inner, targets)["perceptual"], inner)
    step = 1e-3  # within which few rectifiers switch
    ahead, behind = (loss(images + sign * step * direction, targets)["perceptual"].item() for sign in (1, -1))
    assert (gradient * direction).sum().item() == pytest.approx((ahead - behind) / (2 * step), rel=0.02)


def test_channels():
    """A grey picture is three equal channels to the network; it sees nothing of alpha, which the pixels do."""
    loss = ContentLoss(replace(RANDOM, pixel_weight=1.0))
    grey = [picture[:, :1] for picture in pictures()]
    repeated = [picture.expand(-1, 3, -1, -1) for picture in grey]
    assert loss(*grey)["perceptual"] == loss(*repeated)["perceptual"]
    (made, target) = pictures(channels=4)
    assert loss(made, target)["perceptual"] == loss(made[:, :3], target[:, :3])["perceptual"]
    same_colours = torch.cat((target[:, :3], made[:, 3:]), 1)
    assert loss(same_colours, target)["perceptual"] == 0
    assert loss(same_colours, target)["pixel"] > 0


def test_vgg_is_taken_where_its_weights_are(weights):
    assert settle(DEBLURGAN_V2) == (DEBLURGAN_V2, ())
    images, targets = pictures()
    network = frozen_network("vgg19-conv3_3", CPU)
    (made,), (wanted,) = network(images), network(targets)
    expected = 0.006 * (made - wanted).square().mean().item()
    assert ContentLoss(DEBLURGAN_V2)(images, targets)["perceptual"].item() == pytest.approx(expected, rel=1e-5)
    assert made.shape == (2, 256, 5, 6)


def test_without_weights_the_recipe_says_which_network_was_taken(nowhere):
    options, notes = settle(DEBLURGAN_V2)
    assert options == replace(DEBLURGAN_V2, perceptual="random-conv", perceptual_weight=1.0)
    (note,) = notes
    assert note.startswith(f"no weights of VGG-19 ({FILE}) are found in {nowhere}")
    assert note.endswith("takes the fixed random convolutions instead, with weight 1")
    assert settle(options) == (options, ())  # settled once and for all, whatever is found later
    images, targets = pictures()
    expected = ContentLoss(replace(RANDOM, pixel="mse", pixel_weight=0.5))(images, targets)
    assert ContentLoss(options)(images, targets) == expected


def test_what_was_settled_stays_though_weights_come_later(weights):
    settled = replace(DEBLURGAN_V2, perceptual="random-conv", perceptual_weight=1.0)
    assert settle(settled) == (settled, ())


@pytest.mark.parametrize("options", [ContentOptions(pixel_weight=1.0), RANDOM])
def test_who_needs_no_weights_hears_nothing_of_them(options):
    assert settle(options) == (options, ())


def test_nobody_takes_a_substitute_unasked():
    with pytest.raises(OrganzaError, match=rf"bring torchvision's {FILE} .*\$ORGANZA_WEIGHTS"):
        settle(replace(DEBLURGAN_V2, substitute="none"))
    with pytest.raises(OrganzaError, match="needs the weights of VGG-19") as caught:
        ContentLoss(DEBLURGAN_V2)(*pictures())  # a run that was begun with them, on a machine without
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("perceptual", ["vgg19-conv3_3", "vgg19-conv5_4", "vgg19-conv5_4-pre", "random-conv"])
def test_shapes_alone_need_no_weights(perceptual):
    images, targets = (torch.empty(2, 3, 32, 32, device=META) for _ in range(2))
    terms = ContentLoss(ContentOptions(pixel_weight=1.0, perceptual=perceptual, perceptual_weight=1.0))(images, targets)
    assert {name: (term.device.type, term.shape) for name, term in terms.items()} == {
        "pixel": ("meta", ()),
        "perceptual": ("meta", ()),
    }


def test_the_network_is_built_once_whoever_asks_first(weights, monkeypatch):
    reads, read = [], vgg.read_whole
    monkeypatch.setattr(vgg, "read_whole", lambda *arguments: reads.append(1) or read(*arguments))
    images, targets = pictures()
    loss = ContentLoss(DEBLURGAN_V2)
    with torch.inference_mode(), torch.device("meta"):
        loss(images, targets)
    images.requires_grad_()
    loss(images, targets)["perceptual"].backward()
    assert frozen_network("vgg19-conv3_3", CPU) is frozen_network("vgg19-conv3_3", CPU)
    assert frozen_network("vgg19-conv3_3", META) is not frozen_network("vgg19-conv3_3", CPU)
    assert len(reads) == 1
    assert not any(parameter.requires_grad for parameter in frozen_network("vgg19-conv3_3", CPU).parameters())


def test_a_unit_of_the_substitute_is_about_one_of_the_pixels():
    """For photographs of different things, and for sharp and blurred ones: what its weight of 1 means."""
    from skimage import data

    photographs = []
    for photograph in (data.astronaut(), data.coffee(), data.chelsea(), data.rocket()):
        height, width = photograph.shape[:2]
        top, left = (height - 256) // 2, (width - 256) // 2
        cut = torch.from_numpy(photograph[top : top + 256, left : left + 256].copy())
        photographs.append(cut.permute(2, 0, 1)[None] / 127.5 - 1)
    loss = ContentLoss(replace(RANDOM, pixel="mse", pixel_weight=1.0))
    pairs = [loss(*pair) for pair in itertools.combinations(photographs, 2)]
    pixel, perceptual = (sum(terms[name].item() for terms in pairs) for name in ("pixel", "perceptual"))
    assert perceptual / pixel == pytest.approx(1.0, abs=0.25)
    for photograph in photographs:
        blurred = nn.functional.avg_pool2d(nn.functional.pad(photograph, (4, 4, 4, 4), mode="reflect"), 9, 1)
        terms = loss(blurred, photograph)
        assert 0.9 < terms["perceptual"] / terms["pixel"] < 1.6


@dataclass(frozen=True)
class Game:
    """A recipe's game, as far as it matters here."""

    content: ContentOptions = field(default_factory=ContentOptions)


def test_a_recipe_can_hold_the_options():
    assert from_mapping(Game, to_mapping(Game(DEBLURGAN_V2))) == Game(DEBLURGAN_V2)
    changed = override(Game(), {"content.perceptual": "vgg19-conv5_4-pre", "content.perceptual_weight": "1"})
    assert changed.content == ContentOptions(perceptual="vgg19-conv5_4-pre", perceptual_weight=1.0)
