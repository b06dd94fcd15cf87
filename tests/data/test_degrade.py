"""Degradations as options: what they change, and what they leave."""

import pytest
import torch

from organza.data.blur import blur_randomly
from organza.data.degrade import DEGRADATIONS, Hole, MotionBlur, NoDegradation, Shrink
from organza.errors import UsageError


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(count=3, size=32):
    return torch.rand(count, 3, size, size, generator=generator()) * 2 - 1


def test_names():
    assert list(DEGRADATIONS) == ["none", "motion-blur", "shrink", "hole"]


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_pictures_stay_pictures_and_the_generator_decides(name):
    degradation = DEGRADATIONS[name]()
    first, again, other = (degradation.draw(noise(), generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert first.min() >= -1
    assert first.max() <= 1
    assert torch.equal(first, noise()) != degradation.active
    assert torch.equal(first, other) == (name != "motion-blur")
    shapes = degradation.draw(torch.empty(3, 3, 32, 32, device="meta"), generator())
    assert (shapes.shape, shapes.device.type) == (first.shape, "meta")


def test_none_is_inactive():
    assert not NoDegradation().active
    assert not Hole(degrade_hole=0.0).active


def test_motion_blur_is_what_its_options_say():
    images = noise()
    drawn = MotionBlur(degrade_length=12.0, degrade_exposure="half", degrade_linear=True).draw(images, generator(4))
    assert torch.equal(drawn, blur_randomly(images, generator(4), length=12.0, exposure=0.5, linear_light=True))


def test_noise_has_its_deviation():
    grey = torch.zeros(4, 3, 64, 64)
    noisy = MotionBlur(degrade_noise=0.01).draw(grey, generator())
    assert noisy.div(2).std().item() == pytest.approx(0.01, rel=0.05)
    assert MotionBlur(degrade_noise=5.0).draw(grey, generator()).abs().max() == 1


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_shrinking_averages(scale):
    images = torch.nn.functional.interpolate(noise(2, 4), (64, 64), mode="bicubic").clamp(-1, 1)
    small = Shrink(degrade_scale=scale).draw(images, generator())
    assert small.shape == (2, 3, 64 // scale, 64 // scale)
    inner = (slice(None), slice(None), slice(2, -2), slice(2, -2))
    assert torch.allclose(small[inner], torch.nn.functional.avg_pool2d(images, scale)[inner], atol=0.25)


def test_shrinking_does_not_alias():
    stripes = torch.ones(1, 1, 32, 32)
    stripes[..., ::2] = -1
    assert Shrink().draw(stripes, generator())[..., 2:-2].abs().max() < 0.05
    assert stripes[..., ::4].abs().min() == 1


def test_sizes_that_do_not_divide_are_refused():
    with pytest.raises(UsageError, match=r"30x30.*multiple of 4"):
        Shrink().draw(noise(size=30), generator())


@pytest.mark.parametrize("place", ["centre", "random"])
def test_holes_are_grey_whole_and_within(place):
    images = torch.ones(32, 3, 20, 40)
    drawn = Hole(degrade_hole=0.25, degrade_place=place).draw(images, generator())
    assert ((drawn == 0).sum((1, 2, 3)) == 3 * 5 * 10).all()
    assert ((drawn == 0) | (drawn == 1)).all()
    corners = {tuple((picture[0] == 0).nonzero()[0].tolist()) for picture in drawn}
    assert len(corners) == 1 if place == "centre" else len(corners) > 20
    if place == "centre":
        assert (drawn[:, :, 8:13, 15:25] == 0).all() or (drawn[:, :, 7:12, 15:25] == 0).all()
