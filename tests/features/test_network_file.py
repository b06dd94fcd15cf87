"""Networks in files: TorchScript and ONNX."""

import hashlib
import sys
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from organza.errors import OrganzaError, UsageError
from organza.features import NetworkFile, features_entry, load_features
from organza.features.network_file import is_network_file
from organza.features.pictures import resize


class Maps(nn.Module):
    """Pictures as their own maps."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images


class Means(nn.Module):
    """The mean of each channel, in double precision."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3)).double()


class Pair(nn.Module):
    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return images, images


class Total(nn.Module):
    """One number for all pictures together."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.sum()[None, None]


class Whole(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3)).long()


class Fixed(nn.Module):
    """Takes pictures of 8x8 only."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(192, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layer(images.flatten(1))


@pytest.fixture
def script(tmp_path):
    def save(network, name="network.pt"):
        torch.jit.save(torch.jit.script(network), tmp_path / name)
        return tmp_path / name

    return save


@pytest.fixture
def graph(tmp_path):
    def save(
        operator="GlobalAveragePool", shape=("n", 3, "h", "w"), kind=TensorProto.FLOAT, outputs=1, name="network.onnx"
    ):
        """An ONNX network of one operator, without weights."""
        taken = helper.make_tensor_value_info("pictures", kind, shape)
        made = [helper.make_tensor_value_info(f"out{i}", kind, None) for i in range(outputs)]
        nodes = [helper.make_node(operator, ["pictures"], [f"out{i}"]) for i in range(outputs)]
        model = helper.make_model(
            helper.make_graph(nodes, "g", [taken], made), opset_imports=[helper.make_opsetid("", 17)], ir_version=8
        )
        onnx.save(model, tmp_path / name)
        return tmp_path / name

    return save


@pytest.fixture(scope="module")
def images():
    return torch.rand(70, 3, 12, 20, generator=torch.Generator().manual_seed(0)) * 2 - 1  # more than one chunk


@pytest.mark.parametrize("network", [Maps(), Means()])
def test_a_torchscript_file(network, script, images):
    path = script(network)
    features = load_features(f"{path}@6")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert features.name == f"network-{digest[:8]}@6" == features_entry(f"{path}@6").name
    assert features.sha256 == digest == features_entry(str(path)).sha256
    assert (features.dim, features.classes, features.resize) == (3, (), "6x6 bilinear antialiased")
    embedded, probabilities = features.look(images)
    assert torch.allclose(embedded, resize(images, 6).mean((2, 3)), atol=1e-5)
    assert embedded.dtype == torch.float32
    assert probabilities.shape == (70, 0)


def test_without_a_size_pictures_become_224(script):
    features = load_features(str(script(Means())))
    assert features.size == (224, 224)
    assert "@" not in features.name


def test_an_onnx_file_takes_its_own_size(graph, images):
    path = graph(shape=("n", 3, 10, 14))
    features = load_features(str(path))
    assert features.resize == "10x14 bilinear antialiased"
    assert torch.allclose(features.embed(images), resize(images, (10, 14)).mean((2, 3)), atol=1e-5)
    with pytest.raises(UsageError, match=r"takes pictures of 10x14 only: leave out @96"):
        load_features(f"{path}@96")


def test_an_onnx_file_of_any_size_takes_the_one_asked_for(graph, images):
    path = graph("Identity", shape=("n", 3, None, None))
    assert load_features(str(path)).size == (224, 224)
    features = load_features(f"{path}@8")
    assert features.size == (8, 8)
    assert torch.allclose(features.embed(images), resize(images, 8).mean((2, 3)), atol=1e-5)


def test_what_torch_exports_to_onnx_gives_the_same_as_the_network(tmp_path, images):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    path = tmp_path / "exported.onnx"
    options = {"dynamo": True, "dynamic_shapes": ({0: torch.export.Dim("n")},), "verbose": False}
    torch.onnx.export(network, (torch.zeros(2, 3, 16, 16),), path, external_data=False, **options)
    features = load_features(str(path))
    assert features.size == (16, 16)
    with torch.no_grad():
        assert torch.allclose(features.embed(images), network(resize(images, 16)), atol=1e-5)


def test_one_changed_weight_changes_the_name(script):
    torch.manual_seed(0)
    names = {NetworkFile(script(Fixed(), "network.pt"), 8).name for _ in range(2)}
    assert len(names) == 2


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (Pair(), "makes a tuple: features need one tensor"),
        (Total(), r"shape \[1, 1\] of 2 pictures"),
        (Whole(), r"makes torch.int64 of shape \[2, 3\]"),
        (Fixed(), r"does not take pictures of 6x6 \(.*\); name another size"),
    ],
)
def test_networks_that_make_no_embedding_are_one_line(network, words, script):
    with pytest.raises(OrganzaError, match=words) as caught:
        load_features(f"{script(network)}@6")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"shape": (4, 3, 8, 8)}, "takes 4 pictures at a time: export it with a dynamic batch"),
        ({"shape": ("n", 1, 8, 8)}, r"of shape \['n', 1, 8, 8\]: features need float32 pictures \[n, 3, H, W\]"),
        ({"shape": ("n", 192), "operator": "Identity"}, "features need float32 pictures"),
        ({"kind": TensorProto.DOUBLE, "operator": "Identity"}, r"takes tensor\(double\)"),
        ({"outputs": 2}, "has 1 inputs and 2 outputs"),
        ({"operator": "Shape"}, r"."),
    ],
)
def test_onnx_files_that_are_no_such_networks_are_one_line(options, words, graph):
    with pytest.raises(OrganzaError, match=words) as caught:
        load_features(f"{graph(**options)}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["broken.pt", "broken.onnx"])
def test_broken_and_missing_files_are_one_line(name, tmp_path):
    path = tmp_path / name
    with pytest.raises(OrganzaError, match=rf"cannot read the network .*{name}: No such file"):
        load_features(str(path))
    path.write_bytes(b"\x08\x07 this is nothing")
    with pytest.raises(OrganzaError, match=rf"{name} is no (TorchScript|ONNX) network") as caught:
        load_features(str(path))
    assert "\n" not in str(caught.value)


def test_weights_beside_an_onnx_file_are_not_read(tmp_path, monkeypatch):
    """The digest is of the one file, so all that decides the score must be in it."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 50)).eval()
    options = {"dynamo": True, "dynamic_shapes": ({0: torch.export.Dim("n")},), "verbose": False}
    torch.onnx.export(network, (torch.zeros(2, 3, 8, 8),), tmp_path / "apart.onnx", external_data=True, **options)
    assert (tmp_path / "apart.onnx.data").exists()
    monkeypatch.chdir(tmp_path)
    onnxruntime.InferenceSession(Path("apart.onnx").read_bytes())  # the negative control: by itself it does read them
    with pytest.raises(OrganzaError, match=r"apart\.onnx .*external_data=False"):
        load_features(str(tmp_path / "apart.onnx"))


def test_a_file_that_changes_meanwhile_is_not_called_by_its_old_name(script):
    torch.manual_seed(0)
    entry = NetworkFile(script(Fixed()), 8)
    assert entry.name
    script(Fixed())
    with pytest.raises(OrganzaError, match="has changed since it was first read"):
        entry.load()


def test_onnxruntime_missing_is_one_line_with_the_extra(graph, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(OrganzaError, match=r"needs onnxruntime .*pip install 'organza\[onnx\]'"):
        load_features(str(graph()))


def test_names_of_files():
    for name in ("a.pt", "a/b.onnx", "a.pt@96", "a.onnx@7"):
        assert is_network_file(name)
    for name in ("inception", "a.pth", "a.pt@", "a.pt@0", "a.pt@9x", "a.onnx@123456", ".pt@"):
        assert not is_network_file(name)
    with pytest.raises(UsageError, match="unknown features"):
        load_features("network.pth")
    with pytest.raises(UsageError, match=r"ends in \.pt or \.onnx"):
        NetworkFile.of("network.pth")
