"""The sizes of StyleGAN and StyleGAN2 at every resolution, as recipes give them (specs 9.5 and 10.1)."""

import pytest

from organza.recipes import RECIPES, override
from organza.training.inspection import network_facts


def sizes(name, **changes):
    recipe = override(RECIPES[name], changes)
    facts = network_facts(recipe.build(), recipe.shape)
    assert facts["generator"]["output"] == [3, recipe.size, recipe.size]
    return facts["generator"]["parameters"], facts["discriminator"]["parameters"]


@pytest.mark.parametrize(
    ("size", "generator", "discriminator"),
    [
        (256, 26_086_229, 23_052_353),
        (128, 25_843_858, 22_941_313),
        (64, 25_137_935, 22_498_049),
        (32, 22_841_356, 20_726_785),
    ],
)
def test_stylegan_that_grows(size, generator, discriminator):
    assert sizes("stylegan", size=size) == (generator, discriminator)


def test_stylegan_that_does_not_grow():
    assert sizes("stylegan", size=32, growing="false") == (22_836_739, 20_720_641)


@pytest.mark.parametrize(
    ("size", "base", "generator", "discriminator"),
    [
        (256, 32768, 30_034_338, 28_864_129),
        (256, 16384, 24_767_458, 24_001_089),
        (128, 32768, 29_328_669, 28_389_121),
        (128, 16384, 24_525_213, 23_882_369),
        (64, 32768, 27_032_600, 26_488_833),
        (32, 32768, 21_523_475, 21_507_073),
    ],
)
def test_stylegan2(size, base, generator, discriminator):
    bases = {"generator.channel_base": base, "discriminator.channel_base": base}
    assert sizes("stylegan2", size=size, **bases) == (generator, discriminator)


def test_stylegan2_for_small_pictures():
    original = {"discriminator.architecture": "original", "generator.mapping_layers": 2}
    assert sizes("stylegan2", size=32, **original) == (19_947_539, 20_720_641)


def test_r3gan_in_its_published_forms():
    labelled = {"generator.condition": "embedding", "discriminator.condition": "embedding"}
    assert sizes("r3gan", classes=10, **labelled) == (20_781_952, 21_280_512)
    assert sizes("r3gan", size=64) == (22_429_824, 22_381_440)
    assert sizes("r3gan", size=256) == (23_057_952, 23_009_568)
