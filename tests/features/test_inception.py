"""Inception: the same numbers as torch-fidelity, and only verified weights are called by that name."""

import hashlib
import io
import pickle

import pytest
import torch
import torch_fidelity
from torch import nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.metric_isc import isc_features_to_metric

from organza.errors import OrganzaError, UsageError
from organza.features import FEATURES, Inception, load_features
from organza.features.inception import FILE, SHA256, InceptionFeatures, find_weights
from organza.metrics import frechet_distance, precision_recall

COUNT = 8


class Unloaded(FeatureExtractorInceptionV3):
    """The network before its weights."""

    def load_state_dict(self, *arguments, **options):
        pass


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random weights in the format of the published file. Default initialisation would make all pictures one point."""
    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    torch.manual_seed(0)
    network = Unloaded("random", ["2048"], feature_extractor_weights_path=nothing)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    path = tmp_path_factory.mktemp("weights") / "random.pth"
    torch.save(network.state_dict(), path)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def features(weights):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    loaded = Inception("random-inception", *weights).load()
    assert torch.equal(torch.get_rng_state(), before)  # the random numbers of others are left alone
    return loaded


@pytest.fixture(scope="module")
def pictures():
    """Two sets of smooth coloured pictures, uint8 [8, 3, 20, 28], the second with more contrast."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(2 * COUNT, 3, 4, 5, generator=generator)
    smooth = nn.functional.interpolate(drawn, (20, 28), mode="bilinear").split(COUNT)
    return [
        (128 + contrast * part).round().clamp(0, 255).byte() for part, contrast in zip(smooth, (40, 60), strict=True)
    ]


class Pictures(torch.utils.data.Dataset):
    """Pictures as torch-fidelity wants them."""

    def __init__(self, pixels):
        self.pixels = pixels

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, index):
        return self.pixels[index]


def test_the_scores_are_those_of_torch_fidelity(features, weights, pictures):
    """From the same uint8 pictures and the same weights file: distance, logits and the scores on them."""
    real, fake = pictures
    (real_embedded, _), (fake_embedded, probabilities) = (features.look(part / 127.5 - 1) for part in pictures)
    theirs = torch_fidelity.calculate_metrics(
        input1=Pictures(fake),
        input2=Pictures(real),
        cuda=False,
        verbose=False,
        cache=False,
        save_cpu_ram=True,  # no processes that load pictures
        batch_size=COUNT,
        isc=True,
        fid=True,
        kid=True,
        prc=True,
        isc_splits=1,
        kid_subsets=1,
        kid_subset_size=COUNT,
        feature_extractor="inception-v3-compat",
        feature_extractor_weights_path=str(weights[0]),
    )
    assert frechet_distance(real_embedded, fake_embedded) == pytest.approx(
        theirs["frechet_inception_distance"], rel=1e-5
    )
    assert theirs["frechet_inception_distance"] > 1e-3  # nor has the network collapsed

    kernels = [(a @ b.T / 2048 + 1) ** 3 for a, b in _pairs(real_embedded.double(), fake_embedded.double())]
    (of_real, of_fake), between = (
        ((k.sum() - k.trace()) / (COUNT * (COUNT - 1)) for k in kernels[:2]),
        kernels[2].mean(),
    )
    kid = (of_real + of_fake - 2 * between).item()
    assert kid == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-4)

    precision, recall = precision_recall(real_embedded, fake_embedded)
    assert (precision, recall) == pytest.approx((theirs["precision"], theirs["recall"]))
    assert 0 < precision + recall < 2

    score = isc_features_to_metric(probabilities.log(), 1, False, 0)
    assert score["inception_score_mean"] == pytest.approx(theirs["inception_score_mean"], rel=1e-5)
    assert probabilities.shape == (COUNT, 1008)
    assert len(features.classes) == 1008


def _pairs(real, fake):
    return (real, real), (fake, fake), (real, fake)


def test_places_are_what_torch_fidelity_pools(features, weights):
    """Of a picture in the size that torch-fidelity makes of all."""
    pixels = torch.randint(0, 256, (1, 3, 299, 299), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    pooled = FeatureExtractorInceptionV3("pooled", ["192"], feature_extractor_weights_path=str(weights[0]))
    places = features.places(pixels / 127.5 - 1)
    assert places.shape == (1, 192, 71, 71)
    mean = features.network.MaxPool_2(places).mean((2, 3))
    assert torch.allclose(mean, pooled(pixels)[0], rtol=1e-3, atol=1e-4)


def test_small_pictures_have_few_places(features):
    assert features.places(torch.zeros(1, 1, 23, 31)).shape == (1, 192, 2, 4)
    with pytest.raises(UsageError, match="see places in pictures of 23 x 23 pixels or more, not of 31 x 22"):
        features.places(torch.zeros(1, 1, 22, 31))


def test_features_with_other_weights_do_not_pass_for_the_standard(features, weights):
    assert features.name == "random-inception"
    assert not features.standard_inception
    assert features.sha256 == weights[1]
    for name in ("inception", "FID"):
        with pytest.raises(UsageError, match="only the standard weights are called"):
            Inception(name, *weights)
    assert InceptionFeatures("inception", None, SHA256).standard_inception
    assert FEATURES["inception"].sha256 == SHA256
    assert SHA256[:8] in FILE


def test_pictures_go_in_as_the_uint8_that_they_were():
    class Sees:
        fc = nn.Linear(1, 1)

        def __call__(self, pixels):
            return pixels.float().flatten(1), pixels.float()[:, :, 0, 0]

    features = InceptionFeatures("sees", Sees(), "")
    every = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    expected = every.expand(1, 3, 16, 16).float().flatten(1)
    assert torch.equal(features.embed(every / 127.5 - 1), expected)
    beyond = features.embed(torch.tensor([-3.0, 3.0]).reshape(1, 1, 1, 2))
    assert beyond.tolist() == [[0, 255] * 3]  # cut off, not wrapped around
    half = torch.tensor([-1.0, -1, -1, 0]).reshape(1, 4, 1, 1)
    assert features.embed(half).tolist() == [[128] * 3]  # half of black, on white


class Runs:
    """What a malicious weights file might hold."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        import os

        return os.mkdir, (str(self.folder),)


def test_a_file_that_would_execute_something_executes_nothing(tmp_path):
    path, trace = tmp_path / "evil.pth", tmp_path / "trace"
    torch.save({"fc.bias": Runs(trace)}, path)
    with pytest.raises(OrganzaError, match=r"evil\.pth is no state dict of torch-fidelity's Inception v3"):
        Inception("evil", path, hashlib.sha256(path.read_bytes()).hexdigest()).load()
    assert not trace.exists()
    torch.load(path, weights_only=False)  # the negative control: a plain load does
    assert trace.exists()


@pytest.mark.parametrize("content", [b"", b"no weights", pickle.dumps([1]), None])
def test_files_that_are_no_such_weights_are_one_line(tmp_path, content):
    path = tmp_path / "other.pth"
    if content is None:
        torch.save({"weight": torch.zeros(3)}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(OrganzaError, match=r"other\.pth is no state dict") as caught:
        Inception("other", path, hashlib.sha256(path.read_bytes()).hexdigest()).load()
    assert "\n" not in str(caught.value)


def test_a_file_with_another_digest_is_refused_before_it_is_read(weights, monkeypatch):
    def never(*arguments, **options):
        raise AssertionError("read before it was verified")

    monkeypatch.setattr(torch, "load", never)
    path, digest = weights
    with pytest.raises(OrganzaError, match=rf"random\.pth is damaged .*begins with {digest[:8]}, not with 00000000"):
        Inception("random", path, "0" * 64).load()
    with pytest.raises(OrganzaError, match=r"cannot read the weights of gone .*gone\.pth: No such file"):
        Inception("gone", path.with_name("gone.pth"), digest).load()


def test_weights_are_found_in_their_folder_before_the_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "download_url_to_file", _no_network)
    monkeypatch.setenv("ORGANZA_CACHE", str(tmp_path / "cache"))
    brought, cached = tmp_path / "brought" / FILE, tmp_path / "cache" / "weights" / FILE
    for path in (brought, cached):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"something else")
    monkeypatch.delenv("ORGANZA_WEIGHTS", raising=False)
    assert find_weights("address") == cached
    monkeypatch.setenv("ORGANZA_WEIGHTS", str(brought.parent))
    assert find_weights("address") == brought
    with pytest.raises(
        OrganzaError, match=rf"brought/{FILE} is damaged or another file: .*not with 6726825d; remove it"
    ):
        load_features("inception")
    brought.unlink()
    assert find_weights("address") == cached


def _no_network(address, path, progress):
    raise OSError("no route to host")


def test_without_a_network_the_line_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("ORGANZA_CACHE", str(tmp_path))
    monkeypatch.delenv("ORGANZA_WEIGHTS", raising=False)
    monkeypatch.setattr(torch.hub, "download_url_to_file", _no_network)
    with pytest.raises(OrganzaError, match=rf"no route to host.*bring {FILE} .*\$ORGANZA_WEIGHTS") as caught:
        load_features("inception")
    assert "\n" not in str(caught.value)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_download_is_kept_only_if_it_is_the_file(tmp_path, monkeypatch):
    asked = []

    def download(address, path, progress):
        asked.append(address)
        with open(path, "wb") as file:
            file.write(b"the published bytes")

    monkeypatch.setenv("ORGANZA_CACHE", str(tmp_path))
    monkeypatch.delenv("ORGANZA_WEIGHTS", raising=False)
    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    with pytest.raises(OrganzaError, match="damaged or another file"):
        load_features("inception")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert asked[0].endswith(FILE)  # torch-fidelity's own address
    found = find_weights("address", hashlib.sha256(b"the published bytes").hexdigest())
    assert found.read_bytes() == b"the published bytes"
    assert find_weights("address") == found
    assert len(asked) == 2
