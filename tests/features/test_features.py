"""What holds of all features: the table, and how pictures of any kind go in."""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from organza.errors import OrganzaError, UsageError
from organza.features import FEATURES, Inception, features_entry, load_features
from organza.features.digests import tensors_digest
from organza.features.pictures import resize, to_colour, to_grey
from organza.foreign import LONGEST, reason

HEAVY = ("timm", "torch_fidelity", "onnxruntime", "onnx", "sklearn", "skimage", "huggingface_hub")


class Tiny(nn.Module):
    """Means of colours in four strips: a network for a file that is quick and can be checked by hand."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return nn.functional.adaptive_avg_pool2d(images, (1, 4)).flatten(1)


@pytest.fixture(scope="module", params=["fashion-classifier", "random-conv", "file"])
def features(request, tmp_path_factory):
    if request.param != "file":
        return load_features(request.param)
    path = tmp_path_factory.mktemp("file") / "tiny.pt"
    torch.jit.save(torch.jit.script(Tiny()), path)
    return load_features(f"{path}@16")


@pytest.fixture(scope="module")
def images():
    return torch.rand(7, 3, 20, 26, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_the_table_says_in_one_line_what_each_is():
    assert set(FEATURES) == {
        *("fashion-classifier", "mnist-classifier", "inception", "dinov2", "clip", "random-conv"),
    }
    for name, entry in FEATURES.items():
        assert 30 < len(entry.summary) < 140, name
        assert "\n" not in entry.summary
    assert [name for name, entry in FEATURES.items() if "FID" in entry.summary] == ["inception"]


def test_unknown_names_are_answered_with_the_nearest():
    for wrong, right in (("inceptoin", "inception"), ("dino", "dinov2"), ("random-convolution", "random-conv")):
        with pytest.raises(UsageError, match=f"unknown features '{wrong}': did you mean .*{right}"):
            features_entry(wrong)


def test_grey_colour_and_opaque_pictures_are_the_same(features, images):
    grey = to_grey(images)
    expected = features.embed(grey)
    assert torch.allclose(features.embed(grey.expand(-1, 3, -1, -1)), expected, atol=1e-4)
    opaque = torch.cat([images, torch.ones_like(grey)], 1)
    assert torch.allclose(features.embed(opaque), features.embed(images), atol=1e-4)
    clear = torch.cat([images, -torch.ones_like(grey)], 1)
    assert torch.allclose(features.embed(clear), features.embed(torch.ones_like(images)), atol=1e-4)
    assert not torch.allclose(features.embed(images), features.embed(torch.ones_like(images)), atol=1e-2)


def test_chunks_change_nothing(features, images):
    together, probabilities = features.look(images.requires_grad_())
    assert together.shape == (7, features.dim)
    assert probabilities.shape == (7, len(features.classes))
    assert together.dtype == torch.float32
    assert not together.requires_grad
    small = replace(features, chunk=3) if "chunk" in features.__dataclass_fields__ else features
    assert torch.allclose(small.embed(images), together, atol=1e-4)
    assert features.embed(images[:0]).shape == (0, features.dim)
    assert features.probabilities(images[:0]).shape == (0, len(features.classes))


def test_points_are_refused(features):
    with pytest.raises(UsageError, match="1, 3 or 4 channels, not of samples of shape 2x1x1"):
        features.embed(torch.zeros(5, 2, 1, 1))


def test_none_of_these_is_the_standard(features):
    assert not features.standard_inception
    assert len(features.sha256) == 64
    assert "x" in features.resize


@pytest.mark.parametrize(
    ("entry", "module", "extra"),
    [
        (FEATURES["inception"], "torch_fidelity.feature_extractor_inceptionv3", "scores"),
        (FEATURES["dinov2"], "timm", "scores"),
        (Inception("mine", None, ""), "torch_fidelity.feature_extractor_inceptionv3", "scores"),
    ],
)
def test_a_missing_library_is_one_line_with_the_extra(entry, module, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(OrganzaError, match=rf"^features '\w+' needs .*pip install 'organza\[{extra}\]'$"):
        entry.load()


def test_the_table_is_light():
    code = f"import sys, organza.features as f; list(f.FEATURES); heavy = [m for m in {HEAVY} if m in sys.modules]; print(heavy)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


colours = st.floats(-1, 1, width=32)


@settings(max_examples=20)
@given(red=colours, green=colours, blue=colours, alpha=colours)
def test_colours_lie_on_white(red, green, blue, alpha):
    picture = torch.tensor([red, green, blue, alpha])[None, :, None, None]
    share = (alpha + 1) / 2
    expected = [share * colour + 1 - share for colour in (red, green, blue)]
    assert to_colour(picture).flatten().tolist() == pytest.approx(expected, abs=1e-5)
    assert to_colour(picture).abs().max() <= 1 + 1e-6
    assert torch.equal(to_colour(picture[:, :3]), picture[:, :3])
    luma = to_grey(to_colour(picture))
    assert torch.allclose(to_grey(picture), luma, atol=1e-5)
    assert torch.equal(to_colour(luma), luma.expand(-1, 3, -1, -1))


def test_bicubic_does_not_leave_the_range():
    edge = torch.cat([-torch.ones(1, 1, 8, 4), torch.ones(1, 1, 8, 4)], 3)
    free = nn.functional.interpolate(edge, (32, 24), mode="bicubic", align_corners=False, antialias=True)
    assert free.abs().max() > 1.01  # the negative control: it would
    cut = resize(edge, (32, 24), "bicubic")
    assert cut.shape == (1, 1, 32, 24)
    assert cut.abs().max() == 1


def test_the_digest_of_tensors_sees_names_types_shapes_and_values():
    base = {"a": torch.zeros(2, 3), "b": torch.ones(1)}
    others = [
        {"a": torch.zeros(2, 3), "c": torch.ones(1)},
        {"a": torch.zeros(3, 2), "b": torch.ones(1)},
        {"a": torch.zeros(2, 3, dtype=torch.int32), "b": torch.ones(1)},
        {"a": torch.zeros(2, 3), "b": torch.full((1,), 1.0000001)},
    ]
    digests = [tensors_digest(tensors) for tensors in (base, *others)]
    assert len(set(digests)) == 5
    turned = {"b": torch.ones(1), "a": torch.zeros(3, 2).T}
    assert tensors_digest(turned) == digests[0]  # neither order nor strides


def test_reasons_are_one_line():
    assert reason(RuntimeError("\n first \n\n last\n")) == "first"
    assert reason(RuntimeError("\n first \n\n last\n"), -1) == "last"
    assert reason(KeyError()) == "KeyError"
    assert len(reason(ValueError("x" * 999))) == LONGEST + 1
