"""The same scores of the same features as torch-fidelity's."""

import numpy as np
import pytest
import torch
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

from organza.metrics import frechet_distance, inception_score, kernel_distance, mean_discrepancy, precision_recall
from organza.metrics import kernel as room


def features(seed, count=300, dim=24, scale=1.0):
    """Float32, correlated and not negative, as a network's are."""
    mixing = torch.randn(dim, dim, generator=torch.Generator().manual_seed(99))
    noise = torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))
    return (scale * noise @ mixing / dim**0.5).relu()


def fid(real, fake):
    statistics = [fid_features_to_statistics(each) for each in (real, fake)]
    return fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]


@pytest.mark.parametrize(("dim", "count"), [(1, 50), (24, 300), (100, 600)])
def test_the_frechet_distance(dim, count):
    real, fake = features(0, count, dim).double(), features(1, count, dim, 1.3).double()
    # A single feature makes their covariance a scalar, which their own function refuses.
    expected = fid(real, fake) if dim > 1 else float((real.mean() - fake.mean()) ** 2 + (real.std() - fake.std()) ** 2)
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-8)


def test_the_frechet_distance_of_float32_features_whose_mean_they_round():
    real, fake = features(0), features(1, scale=1.3)
    assert frechet_distance(real, fake) == pytest.approx(fid(real, fake), rel=1e-6)


def test_the_frechet_distance_of_fewer_samples_than_dimensions():
    real, fake = features(0, 40, 100).double(), features(1, 50, 100, 1.3).double()
    assert frechet_distance(real, fake) == pytest.approx(fid(real, fake), rel=1e-4)  # theirs takes roots of rounding


def kid(real, fake, subsets, size):
    found = kid_features_to_metric(
        fake,
        real,
        kid_subsets=subsets,
        kid_subset_size=size,
        kid_kernel="poly",
        kid_kernel_poly_degree=3,
        kid_kernel_poly_gamma=None,
        kid_kernel_poly_coef0=1,
        rng_seed=2020,
        verbose=False,
    )
    return found["kernel_inception_distance_mean"], found["kernel_inception_distance_std"]


def test_the_kernel_distance_of_the_same_subsets(monkeypatch):
    real, fake = features(0).double(), features(1, 250, scale=1.3).double()
    state = np.random.RandomState(2020)
    choices = [[state.choice(n, 100, replace=False) for n in (250, 300)] for _ in range(7)]  # fake, then real
    values = [mean_discrepancy(real[of_real], fake[of_fake]) for of_fake, of_real in choices]
    assert (np.mean(values), np.std(values)) == pytest.approx(kid(real, fake, 7, 100), rel=1e-9)
    # And the whole function, when it is handed their subsets.
    ours = iter([torch.from_numpy(choice) for of_fake, of_real in choices for choice in (of_real, of_fake)])
    monkeypatch.setattr(room.torch, "randperm", lambda *args, **kwargs: next(ours))
    found = kernel_distance(real, fake, subsets=7, size=100)
    assert (found.value, found.deviation) == pytest.approx(kid(real, fake, 7, 100), rel=1e-9)


def test_the_kernel_distance_of_all_samples_in_float32():
    real, fake = features(0), features(1, scale=1.3)
    assert kernel_distance(real, fake).value == pytest.approx(kid(real, fake, 1, 300)[0], rel=1e-4)


@pytest.mark.parametrize("splits", [1, 10, 7])
def test_the_inception_score(splits):
    logits = 5 * torch.randn(203, 10, generator=torch.Generator().manual_seed(0))
    found = isc_features_to_metric(logits, splits, shuffle=False)
    expected = found["inception_score_mean"], found["inception_score_std"]
    assert inception_score(logits.double().softmax(1), splits) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def prc(real, fake, k):
    found = prc_features_to_metric(
        fake, real, prc_neighborhood=k, prc_batch_size=100, save_cpu_ram=False, verbose=False
    )
    return found["precision"], found["recall"]


@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_and_recall(k):
    real, fake = features(0).double(), features(1, 250, scale=1.3).double()
    expected = prc(real, fake, k)
    assert precision_recall(real, fake, k) == pytest.approx(expected, rel=1e-6)  # they average in float32
    assert expected[0] != expected[1]
