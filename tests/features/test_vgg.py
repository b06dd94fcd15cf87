"""VGG-19 up to a layer: the same maps as torchvision's, from verified weights that lie where they are looked for."""

import hashlib
import pickle

import pytest
import torch
import torchvision
from torch import nn

from organza.errors import OrganzaError, UsageError
from organza.features import vgg
from organza.features.vgg import DIGITS, FILE, LAYERS, VGG19, VGG19Map, blank_vgg, find_vgg, vgg_places

MEAN, DEVIATION = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


@pytest.fixture(scope="module")
def theirs():
    """torchvision's layers with random weights, but no classifier, which is nine tenths of the network."""
    torch.manual_seed(0)
    features = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["E"])
    for module in features:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
            nn.init.normal_(module.bias, 0, 0.1)
    return features.eval()


@pytest.fixture(scope="module")
def weights(theirs, tmp_path_factory):
    """In the format of torchvision's file, which is older than the zip files of today."""
    path = tmp_path_factory.mktemp("weights") / "random.pth"
    tensors = {f"features.{name}": tensor for name, tensor in theirs.state_dict().items()}
    torch.save({**tensors, "classifier.6.bias": torch.zeros(1000)}, path, _use_new_zipfile_serialization=False)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()[:8]


@pytest.fixture
def places(tmp_path, monkeypatch):
    """No weights anywhere, in the three places where they are looked for."""
    monkeypatch.setenv("ORGANZA_WEIGHTS", str(tmp_path / "brought"))
    monkeypatch.setenv("ORGANZA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    return tmp_path


@pytest.mark.parametrize(("layer", "last"), [("conv3_3", 14), ("conv5_4-pre", 34), ("conv5_4", 35)])
def test_the_maps_are_those_of_torchvision(theirs, weights, layer, last):
    """`last` is the index in torchvision's `features`; 14, before the rectifier, is what DeblurGAN's code takes."""
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(2, 3, 33, 40, generator=generator) * 2 - 1
    seen = (images / 2 + 0.5 - MEAN.view(3, 1, 1)) / DEVIATION.view(3, 1, 1)
    with torch.no_grad():
        expected = theirs[: last + 1](seen)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    network = VGG19(*weights).load(layer)
    assert torch.equal(torch.get_rng_state(), before)  # the random numbers of others are left alone
    (found,) = network(images)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert (found < 0).any() == (layer != "conv5_4")  # rectified or not
    assert found.std() > 1e-3
    assert isinstance(theirs[last], nn.ReLU if layer == "conv5_4" else nn.Conv2d)


def test_every_sample_is_normalised(weights):
    """The slip of DeblurGAN-v2's code: only the first one is."""
    network = VGG19(*weights).load("conv3_3")
    images = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(2)) * 2 - 1
    (together,) = network(images)
    for index in range(3):
        torch.testing.assert_close(together[index], network(images[index : index + 1])[0][0], atol=1e-4, rtol=1e-4)


def test_the_network_is_frozen_and_lets_gradients_through(weights):
    network = VGG19(*weights).load("conv3_3")
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert sum(parameter.numel() for parameter in network.parameters()) == 1_735_488  # conv1_1 to conv3_3
    images = torch.zeros(1, 3, 8, 8, requires_grad=True)
    network(images)[0].square().mean().backward()
    assert images.grad.abs().amax() > 0


@pytest.mark.parametrize(("layer", "shape"), [("conv3_3", (2, 256, 8, 12)), ("conv5_4", (2, 512, 2, 3))])
def test_shapes_need_no_weights(layer, shape):
    (maps,) = blank_vgg(layer)(torch.empty(2, 3, 32, 48, device="meta"))
    assert (maps.device.type, tuple(maps.shape)) == ("meta", shape)


@pytest.mark.parametrize(("layer", "least"), [("conv3_3", 4), ("conv5_4", 16), ("conv5_4-pre", 16)])
def test_pictures_too_small_for_a_layer_are_refused(layer, least):
    network = blank_vgg(layer)
    assert min(network(torch.empty(1, 3, least, least, device="meta"))[0].shape) == 1
    with pytest.raises(UsageError, match=rf"{layer} of VGG-19 needs pictures of at least {least}x{least} pixels"):
        network(torch.empty(1, 3, least, least - 1, device="meta"))
    with pytest.raises(RuntimeError):  # torch's own word for it, which the check forestalls
        nn.Sequential(*vgg._modules()[: LAYERS["conv5_4"]])(torch.empty(1, 3, 15, 15))


def test_a_file_with_another_digest_is_refused_before_it_is_read(weights, monkeypatch):
    def never(*arguments, **options):
        raise AssertionError("read before it was verified")

    monkeypatch.setattr(torch, "load", never)
    path, digits = weights
    with pytest.raises(
        OrganzaError, match=rf"random\.pth is damaged .*begins with {digits}, not with {DIGITS}; remove"
    ):
        VGG19(path).load("conv3_3")
    with pytest.raises(OrganzaError, match=r"cannot read the weights of VGG-19 .*gone\.pth: No such file"):
        VGG19(path.with_name("gone.pth")).load("conv3_3")


class Runs:
    """What a malicious weights file might hold."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        import os

        return os.mkdir, (str(self.folder),)


def test_a_file_that_would_execute_something_executes_nothing(tmp_path):
    path, trace = tmp_path / "evil.pth", tmp_path / "trace"
    torch.save({"features.0.weight": Runs(trace)}, path)
    with pytest.raises(OrganzaError, match=r"evil\.pth is no state dict of torchvision's VGG-19"):
        VGG19(path, "").load("conv3_3")
    assert not trace.exists()
    torch.load(path, weights_only=False)  # the negative control: a plain load does
    assert trace.exists()


@pytest.mark.parametrize("content", ["nothing", "text", "pickle", "a tensor", "other names", "other shapes"])
def test_files_that_are_no_such_weights_are_one_line(tmp_path, content):
    path, names = tmp_path / "other.pth", VGG19Map("conv3_3").state_dict()
    saved = {"a tensor": torch.zeros(3), "other names": {}, "other shapes": dict.fromkeys(names, torch.zeros(1))}
    if content in saved:
        torch.save(saved[content], path)
    else:
        path.write_bytes({"nothing": b"", "text": b"no weights", "pickle": pickle.dumps([1], protocol=2)}[content])
    with pytest.raises(OrganzaError, match=r"other\.pth is no state dict") as caught:
        VGG19(path, "").load("conv3_3")
    assert "\n" not in str(caught.value)


def test_weights_are_found_in_their_folder_before_the_caches(places, monkeypatch):
    assert find_vgg() is None
    expected = [
        places / "brought" / FILE,
        places / "cache" / "weights" / FILE,
        places / "torch" / "hub" / "checkpoints" / FILE,
    ]
    assert list(vgg_places()) == expected
    for path in reversed(expected):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"something else")
        assert find_vgg() == path
    with pytest.raises(OrganzaError, match=rf"brought/{FILE} is damaged or another file"):
        VGG19(find_vgg()).load("conv3_3")
    monkeypatch.delenv("ORGANZA_WEIGHTS")
    assert find_vgg() == expected[1]


def test_the_file_is_called_as_torchvision_calls_it():
    assert torchvision.models.VGG19_Weights.IMAGENET1K_V1.url.endswith(f"/{FILE}")
    assert FILE.endswith(f"-{DIGITS}.pth")
    transforms = torchvision.models.VGG19_Weights.IMAGENET1K_V1.transforms()
    assert (tuple(transforms.mean), tuple(transforms.std)) == (vgg.MEAN, vgg.DEVIATION)
