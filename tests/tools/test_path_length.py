"""Perceptual path length in z, as `organza evaluate --metrics ppl_z` has it."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

import organza
from organza.console import Console
from organza.errors import UsageError
from organza.features import load_features
from organza.tools.scoring import reference
from organza.tools.scoring.paths import path_length_z
from organza.training import probe

QUIET = Console(quiet=True)


@pytest.fixture(scope="module", params=["gan", "cgan-onehot"])
def model(request, tmp_path_factory):
    before, probe.SECONDS = probe.SECONDS, 0.0
    small = {"batch": 8, "generator.width": 8, "discriminator.width": 8}
    run = organza.train(
        request.param, data="fashion-mnist-10k", images=16, out=tmp_path_factory.mktemp("runs") / "run", overrides=small,
        device="cpu", console=QUIET,
    )  # fmt: skip
    probe.SECONDS = before
    return organza.load(run)


@pytest.fixture(scope="module")
def features():
    return load_features("random-conv")


def test_a_generator_has_a_length_that_depends_on_the_seed_alone(model, features):
    length = path_length_z(model, features, 70, 0)
    assert length > 0
    assert path_length_z(model, features, 70, 0) == length
    assert path_length_z(model, features, 70, 1) != length


def test_a_generator_that_ignores_its_noise_has_none(model, features):
    class Constant(torch.nn.Linear):  # for a model has a device
        def forward(self, z, *labels):
            return torch.zeros(len(z), *model.recipe.sample)

    assert path_length_z(replace(model, networks={"generator": Constant(1, 1)}), features, 70, 0) == 0


def test_it_is_computed_on_demand_and_named_after_its_features(model):
    def evaluated(**options):
        return organza.evaluate(model, data="fashion-mnist-10k", n=20, real=50, device="cpu", console=QUIET, **options)

    found = evaluated(metrics=["ppl_z"], features="random-conv")
    assert found.metrics[0].title == "PPL z[random-conv]"
    assert found.details["ppl_paths"] == 20
    assert "ppl_z" not in evaluated().values


def test_features_without_maps_are_refused(model, monkeypatch):
    plain = SimpleNamespace(name="plain", classes=(), sha256="0", resize="8x8")
    monkeypatch.setattr(reference, "load_features", lambda *arguments: plain)
    with pytest.raises(UsageError, match="the features plain have no maps of places"):
        organza.evaluate(model, data="fashion-mnist-10k", n=20, metrics=["ppl_z"], device="cpu", console=QUIET)
