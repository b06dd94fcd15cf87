"""Networks of timm's, here with random weights and small pictures."""

from dataclasses import replace

import pytest
import timm
import torch

from organza.errors import OrganzaError
from organza.features import FEATURES, Backbone

TINY = {"img_size": 28, "patch_size": 14, "embed_dim": 24, "depth": 1, "num_heads": 2}


def build(seed=0):
    """A vision transformer like DINOv2's, but tiny."""
    torch.manual_seed(seed)
    return timm.create_model("vit_small_patch14_dinov2.lvd142m", pretrained=False, **TINY)


@pytest.fixture(scope="module")
def entry():
    return Backbone("tiny", "a tiny one", "vit_small_patch14_dinov2.lvd142m", 28, build)


def test_pictures_are_resized_and_normalised_as_timm_says(entry):
    features = entry.load()
    assert (features.dim, features.size, features.classes) == (24, 28, ())
    assert features.resize == (
        "28x28 bicubic antialiased, less mean (0.485, 0.456, 0.406), divided by deviation (0.229, 0.224, 0.225)"
    )
    images = torch.rand(5, 3, 28, 28) * 2 - 1
    mean, deviation = (torch.tensor(v)[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        expected = build().eval()(((images + 1) / 2 - mean) / deviation)
    embedded, probabilities = features.look(images)
    assert torch.allclose(embedded, expected, atol=1e-5)
    assert probabilities.shape == (5, 0)
    assert features.embed(torch.rand(2, 1, 64, 40)).shape == (2, 24)
    assert not features.standard_inception


def test_the_digest_is_of_the_weights(entry):
    assert entry.sha256 == entry.load().sha256 == replace(entry, name="again").sha256
    assert replace(entry, build=lambda: build(1)).sha256 != entry.sha256


def test_loading_leaves_the_random_numbers_of_others_alone(entry):
    torch.manual_seed(4)
    before = torch.get_rng_state()
    entry.load()
    assert torch.equal(torch.get_rng_state(), before)


def test_without_weights_and_network_the_line_says_what_to_do(entry):
    def fails():
        raise FileNotFoundError("we cannot find the requested files in the local cache.\nPlease check.")

    with pytest.raises(OrganzaError, match=r"cannot load the weights of tiny .*local cache.*HF_HOME") as caught:
        replace(entry, build=fails).load()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["dinov2", "clip"])
def test_offline_with_nothing_kept_is_one_line(name, monkeypatch, tmp_path):
    """The real loader, told that there is no network, with an empty folder for what it keeps."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        OrganzaError, match=rf"cannot load the weights of {name} .*connect to the internet once"
    ) as caught:
        FEATURES[name].load()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "dim", "size"), [("dinov2", 384, 224), ("clip", 512, 224)])
def test_the_entries_are_these_networks(name, dim, size):
    """Built without memory: what timm calls by that name has the embedding and the size that scores are named after."""
    entry = FEATURES[name]
    options = {} if entry.size is None else {"img_size": entry.size}
    with torch.device("meta"):
        network = timm.create_model(entry.model, pretrained=False, **options)
        assert network(torch.zeros(1, 3, size, size)).shape == (1, dim)
    config = timm.data.resolve_model_data_config(network)
    assert config["interpolation"] == "bicubic"
    assert (entry.size or config["input_size"][-1]) == size
