"""Authors' style networks as models: the same pictures, the same judgements, and what does not fit is refused by name."""

import json
from dataclasses import replace

import pytest
import torch
from style_reference_files import (
    R3Discriminator,
    R3Generator,
    WrappedDiscriminator,
    WrappedGenerator,
    save_nvidia,
    save_rosinality,
    save_tensorflow,
    still,
)
from style_references import Discriminator, Generator, SynthesisLayer
from style_references_others import (
    RosinalityDiscriminator,
    RosinalityGenerator,
    tf_discriminator,
    tf_generator,
    tf_images,
    tf_scores,
)

import organza
from organza.errors import OrganzaError, UsageError
from organza.exchange import load_model
from organza.exchange.authors import convert
from organza.exchange.authors.modules import Flat
from organza.exchange.authors.style_kinds import channel_rule
from organza.exchange.authors.style_sources import filters_checked
from organza.networks import Dims

BATCH, CLASSES = 4, 5
WIDTHS = {"channel_base": 256, "channel_max": 24}


def ada(size=32, classes=0, channels=3, architecture="resnet", group=4, cmap=None, beta=0.995, **synthesis):
    mapping = {"num_layers": 2, "w_avg_beta": beta}
    generator = Generator(10, classes, 12, size, channels, mapping, **WIDTHS, **synthesis)
    judge = Discriminator(classes, size, channels, architecture, **WIDTHS, num_fp16_res=1, cmap_dim=cmap, group=group)
    return generator, judge


def r3gan(classes=0):
    generator = R3Generator(8, [24, 24, 16, 8], [6, 6, 4, 4], [2, 1, 2, 1], 2, classes)
    judge = R3Discriminator([8, 16, 24, 24], [4, 4, 6, 6], [1, 2, 1, 2], 2, classes)
    return WrappedGenerator(generator, 8, classes), WrappedDiscriminator(judge, 0, classes)


def rosinality(widths=(24, 24, 16, 8)):
    return RosinalityGenerator(widths), RosinalityDiscriminator(widths)


def tensorflow(**options):
    own = {name: value for name, value in options.items() if name in ("size", "classes")}
    return tf_generator(**options), tf_discriminator(**own)


CASES = {  # kind, networks, how they are saved, classes, recipe
    "ada": ("stylegan2-ada", ada, save_nvidia, 0, "stylegan2-ada"),
    "ada, float16 on top": (
        "stylegan2-ada",
        lambda: ada(num_fp16_res=2, conv_clamp=256),
        save_nvidia,
        0,
        "stylegan2-ada",
    ),
    "ada, grey": ("stylegan2-ada", lambda: ada(8, channels=1), save_nvidia, 0, "stylegan2-ada"),
    "ada, labels": ("stylegan2-ada", lambda: ada(16, CLASSES), save_nvidia, CLASSES, "stylegan2-ada"),
    "ada, short label": ("stylegan2-ada", lambda: ada(16, CLASSES, cmap=7), save_nvidia, CLASSES, "stylegan2-ada"),
    "ada for CIFAR-10": (
        "stylegan2-ada",
        lambda: ada(16, CLASSES, architecture="orig", group=32),
        save_nvidia,
        CLASSES,
        "stylegan2-ada",
    ),
    "ada, whole batch": ("stylegan2-ada", lambda: ada(16, group=None), save_nvidia, 0, "stylegan2-ada"),
    "ada without noise": ("stylegan2-ada", lambda: ada(16, use_noise=False), save_nvidia, 0, "stylegan2-ada"),
    "stylegan3-sg2": ("stylegan3-sg2", lambda: ada(16, beta=0.998), save_nvidia, 0, "stylegan2-ada"),
    "tensorflow": ("stylegan2", tensorflow, save_tensorflow, 0, "stylegan2"),
    "tensorflow, 64": ("stylegan2", lambda: tensorflow(size=64), save_tensorflow, 0, "stylegan2"),
    "tensorflow, labels": ("stylegan2", lambda: tensorflow(classes=CLASSES), save_tensorflow, CLASSES, "stylegan2"),
    "tensorflow, ada's labels": (
        "stylegan2",
        lambda: tensorflow(classes=CLASSES, embed="LabelEmbed"),
        save_tensorflow,
        CLASSES,
        "stylegan2",
    ),
    "rosinality": ("rosinality", rosinality, save_rosinality, 0, "stylegan2"),
    "r3gan": ("r3gan", r3gan, save_nvidia, 0, "r3gan"),
    "r3gan, labels": ("r3gan", lambda: r3gan(CLASSES), save_nvidia, CLASSES, "r3gan"),
}


def inputs(generator, size, channels, classes):
    """Latent vectors, labels and pictures."""
    z_dim = 8 if isinstance(generator, WrappedGenerator) else 10 if isinstance(generator, Generator) else 12
    label = torch.eye(classes)[torch.arange(BATCH) % classes] if classes else None
    return torch.randn(BATCH, z_dim), label, torch.randn(BATCH, channels, size, size)


@torch.no_grad()
def theirs(generator, judge, z, label, images):
    if isinstance(generator, torch.nn.Module):
        given = (label,) if label is not None else ()
        return generator(z, *given), judge(images, *given)
    return tf_images(generator, z, label), tf_scores(judge, images, label)


def judge_of(model):
    """The discriminator that the folder keeps for training."""
    recipe = model.recipe
    network = recipe.game.discriminator.network.build(Dims(recipe.sample, recipe.game.z_dim, recipe.classes))
    network.load_state_dict({name.removeprefix("discriminator."): one for name, one in model.opponents.items()})
    return network.eval()


@pytest.mark.parametrize("case", CASES)
def test_the_same_pictures_and_judgements(case, tmp_path):
    kind, make, save, classes, recipe = CASES[case]
    torch.manual_seed(len(case))
    generator, judge = make()
    file = save(tmp_path / "x.pkl", generator, judge)
    model = organza.import_model(file, kind=kind, out=tmp_path / "model")
    assert model.recipe.name == recipe
    assert (model.recipe.classes, len(model.labels)) == (classes, classes)
    z, label, images = inputs(generator, model.recipe.size, model.recipe.channels, classes)
    wanted, scores = theirs(generator, judge, z, label, images)
    made = model.networks["generator"](z, label)
    torch.testing.assert_close(made, wanted, rtol=1e-6, atol=1e-4)
    assert wanted.std() > 0.3  # there is something to be equal to
    torch.testing.assert_close(judge_of(model)(images, label).flatten(), scores.flatten(), rtol=1e-5, atol=1e-5)
    assert scores.std() > 1e-3
    assert model.sample(2).shape == (2, *model.recipe.sample)
    assert model.config["imported"]["kind"] == kind
    assert load_model(tmp_path / "model").config == model.config


@pytest.mark.parametrize("case", ["ada", "tensorflow", "ada, labels"])
@pytest.mark.parametrize("psi", [0.0, 0.5, -1.0])
def test_truncation_leads_to_their_average(case, psi, tmp_path):
    kind, make, save, classes, _ = CASES[case]
    generator, judge = make()
    model = organza.import_model(save(tmp_path / "x.pkl", generator, judge), kind=kind, out=tmp_path / "model")
    z, label, _ = inputs(generator, model.recipe.size, 3, classes)
    styles = model.abilities.styles
    average = styles.average(model.networks)
    w = average.lerp(styles.map(model.networks, z, label), psi)
    made = styles.images(model.networks, w[:, None].expand(-1, len(styles.resolutions), -1), None)
    with torch.no_grad():
        wanted = generator(z, label, psi) if isinstance(generator, Generator) else tf_images(generator, z, label, psi)
    torch.testing.assert_close(made, wanted, rtol=1e-6, atol=1e-4)


def test_rosinalitys_average_is_taken_where_it_is_known(tmp_path):
    generator, judge = rosinality()
    average = torch.randn(1, 12)
    known = convert(save_rosinality(tmp_path / "x.pt", generator, judge, latent_avg=average), "rosinality")
    assert torch.equal(known.networks["generator"].mapping.average, average[0])
    assert known.notes == ()
    torch.manual_seed(3)
    before = torch.rand(1)
    torch.manual_seed(3)
    taken = convert(save_rosinality(tmp_path / "y.pt", generator, judge), "rosinality")
    assert torch.equal(torch.rand(1), before)  # with random numbers of its own
    with torch.no_grad():
        many = generator.style(torch.randn(20_000, 12))
    assert taken.networks["generator"].mapping.average == pytest.approx(many.mean(0), abs=5 * (many.std() / 100).item())
    assert "average of w" in taken.notes[0]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("case", ["ada", "tensorflow", "r3gan"])
def test_in_every_language_of_pickles(case, protocol, tmp_path):
    kind, make, save, _, _ = CASES[case]
    generator, judge = make()
    converted = convert(save(tmp_path / "x.pkl", generator, judge, protocol), kind)
    z, *_ = inputs(generator, 16, 3, 0)
    with torch.no_grad():
        wanted = generator(z) if isinstance(generator, torch.nn.Module) else tf_images(generator, z)
    torch.testing.assert_close(converted.networks["generator"](z), wanted, rtol=1e-6, atol=1e-4)
    assert set(converted.opponents) == {"discriminator"}


def test_a_changed_weight_shows(tmp_path):
    generator, judge = ada(16)
    z = torch.randn(BATCH, 10)
    with torch.no_grad():
        wanted = generator(z)
        generator.synthesis.b8.conv0.weight[0, 0, 0, 1] += 3.0
    made = convert(save_nvidia(tmp_path / "x.pkl", generator, judge), "stylegan2-ada").networks["generator"](z)
    assert (made - wanted).abs().max() > 1e-2


def test_what_is_read_off(tmp_path):
    generator, judge = ada(16, CLASSES, architecture="orig", group=32, cmap=7, beta=0.998)
    model = organza.import_model(
        save_nvidia(tmp_path / "x.pkl", generator, judge), kind="stylegan2-ada", out=tmp_path / "m"
    )
    recipe = model.recipe
    options, other = recipe.game.generator.network, recipe.game.discriminator.network
    assert (recipe.size, recipe.channels, recipe.classes, recipe.game.z_dim) == (16, 3, CLASSES, 10)
    assert (options.channel_max, options.w_dim, options.mapping_layers, options.mapping_rate) == (24, 12, 2, 0.01)
    assert (options.condition, options.label_apart, options.w_beta) == ("embedding", True, 0.998)
    assert (other.architecture, other.group, other.condition, other.label_dim) == ("original", 32, "projection", 7)
    assert (model.config["label_kind"], model.config["label_shares"]) == ("classes", [0.2] * 5)
    assert model.labels == ("0", "1", "2", "3", "4")
    assert not any(weight.requires_grad for weight in model.networks["generator"].parameters())
    assert json.loads((tmp_path / "m" / "config.json").read_text())["imported"]["notes"] == []


def test_a_checkpoint_without_a_discriminator(tmp_path):
    generator, _ = ada(16)
    for other, note in ((None, None), (ada(16)[1], "architecture 'skip'")):
        if other is not None:
            other.b16.architecture = "skip"
        file = save_nvidia(tmp_path / "x.pkl", generator, other or still(generator), D=other)
        converted = convert(file, "stylegan2-ada")
        assert converted.opponents == {}
        assert converted.notes == () if note is None else note in converted.notes[0]
        assert converted.networks["generator"](torch.randn(2, 10)).shape == (2, 3, 16, 16)


@pytest.mark.parametrize(
    ("widths", "rule"),
    [
        ({4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256}, (32768, 512)),
        ({4: 512, 8: 512, 16: 512, 32: 512, 64: 256}, (16384, 512)),
        ({4: 24, 8: 24}, (192, 24)),
        ({4: 24, 8: 12}, (96, 24)),
    ],
)
def test_the_rule_of_the_channels(widths, rule):
    base, most = channel_rule(widths)
    assert (base, most) == rule
    assert {side: min(base // side, most) for side in widths} == widths


def altered(module, change):
    """The networks after something was done to the generator."""

    def make():
        generator, judge = ada(16)
        change(module(generator))
        return generator, judge

    return make


def set_to(**attributes):
    def change(module):
        for name, value in attributes.items():
            setattr(module, name, value)

    return change


def other_filter(module):
    module.resample_filter = torch.ones(4, 4) / 16


def no_synthesis(module):
    del module.synthesis


def alias_free(module):
    module.synthesis.input = SynthesisLayer(4, 4, 4, 4)


def wide(module):
    module.conv1.weight = torch.nn.Parameter(torch.zeros(99, 16, 3, 3))


def whole(generator):
    return generator


MISFITS = {
    "activation": (
        "stylegan2-ada",
        altered(lambda g: g.mapping.fc0, set_to(activation="relu")),
        "activation is 'relu'",
    ),
    "architecture": ("stylegan2-ada", altered(lambda g: g.synthesis.b8, set_to(architecture="orig")), "'orig'"),
    "filter": ("stylegan2-ada", altered(lambda g: g.synthesis.b8.conv0, other_filter), r"filter 'synthesis\.b8\.conv0"),
    "nothing": ("stylegan2-ada", altered(whole, no_synthesis), "is no StyleGAN2"),
    "stylegan3": ("stylegan3-sg2", altered(whole, alias_free), "alias-free"),
    "widths": ("stylegan2-ada", altered(lambda g: g.synthesis.b16, wide), "follow no rule"),
    "r3gan as ada": ("stylegan2-ada", r3gan, "is no StyleGAN2"),
    "ada as r3gan": ("r3gan", lambda: ada(16), r"begins with|has no blocks"),
    "sizes": ("stylegan2-ada", lambda: (ada(16)[0], ada(32)[1]), "looks at 32x32"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_what_does_not_fit_is_named(case, tmp_path):
    kind, make, message = MISFITS[case]
    file = save_nvidia(tmp_path / "x.pkl", *make())
    with pytest.raises(OrganzaError, match=message) as caught:
        convert(file, kind)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)


def test_variables_of_tensorflow_that_do_not_fit(tmp_path):
    generator, judge = tensorflow()
    synthesis = generator.components["synthesis"].variables
    for name, value, message in (
        ("8x8/Conv1/weight", None, "no tensor 'synthesis.b8.conv1.weight'"),
        ("8x8/Conv1/strange", torch.zeros(2), "strange"),
        ("ToRGB_lod0/weight", torch.zeros(2), "a variable 'synthesis/ToRGB_lod0/weight'"),
        ("8x8/Conv0_up/bias", torch.zeros(3), r"'convs.1.bias' is \[3\] in the file, \[\d+\]"),
    ):
        before = dict(synthesis)
        synthesis.pop(name, None)
        if value is not None:
            synthesis[name] = value
        with pytest.raises(OrganzaError, match=message):
            convert(save_tensorflow(tmp_path / "x.pkl", generator, judge), "stylegan2")
        synthesis.clear()
        synthesis.update(before)
    convert(save_tensorflow(tmp_path / "x.pkl", generator, judge), "stylegan2")


@pytest.mark.parametrize("kind", ["stylegan2", "stylegan2-ada", "stylegan3-sg2", "rosinality", "r3gan"])
def test_files_of_other_things(kind, tmp_path):
    torch.save({"epoch": 3, "model": {"a": torch.ones(2)}}, tmp_path / "x.pt")
    with pytest.raises(OrganzaError, match="but epoch, model"):
        convert(tmp_path / "x.pt", kind)
    torch.save([1, 2], tmp_path / "x.pt")
    with pytest.raises(OrganzaError, match="but a list"):
        convert(tmp_path / "x.pt", kind)
    with pytest.raises(UsageError, match="--to"):
        convert(tmp_path / "x.pt", kind, to="a")


def test_fields_can_be_set(tmp_path):
    file = save_nvidia(tmp_path / "x.pkl", *ada(16))
    assert convert(file, "stylegan2-ada", {"batch": "8"}).recipe.batch == 8
    with pytest.raises(OrganzaError, match="generator"):
        convert(file, "stylegan2-ada", {"generator.w_dim": "16"})


def test_a_broken_number_is_named(tmp_path):
    generator, judge = ada(16)
    generator.synthesis.b8.conv1.bias.data[2] = float("nan")
    with pytest.raises(OrganzaError, match=r"'synthesis\.b8\.conv1\.bias' .*not finite"):
        convert(save_nvidia(tmp_path / "x.pkl", generator, judge), "stylegan2-ada")


def test_filters_may_be_scaled():
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    network = Flat({"a.kernel": torch.outer(taps, taps), "a.weight": torch.ones(2)}, {})
    assert set(filters_checked(network)) == {"a.weight"}
    with pytest.raises(OrganzaError, match="a.kernel"):
        filters_checked(replace(network, tensors={"a.kernel": torch.ones(2, 2)}))
