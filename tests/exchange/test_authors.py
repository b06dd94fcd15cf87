"""Authors' checkpoints as models: the same pictures come out, and what does not fit is refused by name."""

import random
from collections import OrderedDict
from dataclasses import replace

import pytest
import torch
from authors_networks import (
    ResnetGenerator,
    RRDBNet,
    SRResNet,
    UnetGenerator,
    fpn_inception,
    fpn_mobilenet,
    instance,
    realistic,
)
from hypothesis import given, settings
from hypothesis import strategies as some
from safetensors.torch import save_file
from torch import nn

import organza
from organza.errors import OrganzaError, UsageError
from organza.exchange import load_model
from organza.exchange.authors import KINDS, convert
from organza.exchange.authors.conversion import build, recipe_for
from organza.exchange.authors.layers import sorted_layers
from organza.exchange.authors.reading import without_statistics
from organza.games.translation import apply
from organza.networks import count_parameters
from organza.networks.statistics import own_statistics, with_dropout


def pictures(size, n=1, channels=3):
    return torch.rand(n, channels, size, size, generator=torch.Generator().manual_seed(1)) * 2 - 1


def saved(network, path, wrap=dict, **options):
    torch.save(wrap(network.state_dict()), path, **options)
    return path


@torch.no_grad()
def theirs(network, images, training=True, unit=False):
    """What the authors' code makes of pictures in its test mode, one by one, without dropout."""
    network.train(training)
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.eval()
    made = torch.cat([network((image[None] + 1) / 2 if unit else image[None]) for image in images])
    return 2 * made.clamp(0, 1) - 1 if unit else made


def ours(model, images):
    """What the imported model makes of them by its one ability, without dropout."""
    abilities = model.recipe.build().abilities
    able = [*abilities.translates.values(), abilities.deblurs, abilities.enlarges]
    ability = next(one for one in able if one is not None and one.network in model.networks)
    return apply(replace(ability, dropout=False), model.networks, images)


def calm(network):
    """The network, its last layer making small numbers: none of its pictures is cut off everywhere."""
    network = realistic(network)
    list(network.parameters())[-2].data.mul_(0.1)
    return network


def deblurring(**options):
    return ResnetGenerator(norm=instance(True), dropout=True, residual=True, **options)


CASES = {  # kind, network, pixels, recipe; options of `theirs`
    "nine blocks": ("cyclegan", lambda: ResnetGenerator(blocks=9), 64, "cyclegan", {}),
    "ten blocks, old": ("cyclegan", lambda: ResnetGenerator(6, 10, instance(True)), 32, "cyclegan", {}),
    "grey": ("cyclegan", lambda: ResnetGenerator(channels=1), 32, "cyclegan", {}),
    "unet without pairs": ("cyclegan", lambda: UnetGenerator(6, 4, instance(False)), 64, "cyclegan", {}),
    "unet_256": ("pix2pix", lambda: UnetGenerator(8), 256, "pix2pix", {}),
    "unet_128": ("pix2pix", lambda: UnetGenerator(7, 4), 128, "pix2pix", {}),
    "unet_512": ("pix2pix", lambda: UnetGenerator(9, 1), 512, "pix2pix", {}),
    "resnet with pairs": ("pix2pix", lambda: ResnetGenerator(norm=nn.BatchNorm2d, dropout=True), 32, "pix2pix", {}),
    "deblurgan": ("deblurgan", lambda: deblurring(blocks=9), 64, "deblurgan", {}),
    "mobilenet": ("deblurgan-v2", fpn_mobilenet, 96, "deblurgan-v2-mobilenet", {}),
    "inception": ("deblurgan-v2", fpn_inception, 128, "deblurgan-v2-inception", {}),
    "srresnet x4": ("srgan", SRResNet, 24, "srgan", {"training": False, "unit": True}),
    "srresnet x2": ("srgan", lambda: SRResNet(1), 24, "srgan", {"training": False, "unit": True}),
    "esrgan": ("srgan", RRDBNet, 24, "esrgan", {"training": False, "unit": True}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_same_pictures_come_out(case, tmp_path):
    kind, make, size, recipe, mode = CASES[case]
    network = (calm if mode else realistic)(make())
    file = saved(network, tmp_path / "x.pth")
    images = pictures(size, 1 if size > 96 else 2, 1 if case == "grey" else 3)
    wanted = theirs(network, images, **mode)
    model = organza.import_model(file, kind=kind, out=tmp_path / "model")
    assert model.recipe.name == recipe
    before = {name: tensor.clone() for name, tensor in next(iter(model.networks.values())).state_dict().items()}
    made = ours(model, images)
    torch.testing.assert_close(made, wanted, rtol=0, atol=1e-5)
    assert wanted.std() > 0.1  # there is something to be equal to
    after = next(iter(model.networks.values())).state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)  # running statistics, too


def test_a_changed_weight_shows(tmp_path):
    network = realistic(ResnetGenerator())
    wanted = theirs(network, pictures(32))
    network.model[10].conv_block[5].weight.data[:, 0] *= 1.5
    model = organza.import_model(saved(network, tmp_path / "x.pth"), kind="cyclegan", out=tmp_path / "model")
    assert (ours(model, pictures(32)) - wanted).abs().max() > 1e-3


@pytest.mark.parametrize("make", [lambda: UnetGenerator(7, 4), lambda: UnetGenerator(7, 4, dropout=False)])
def test_whose_statistics_is_a_field(make, tmp_path):
    network = realistic(make())
    file, images = saved(network, tmp_path / "x.pth"), pictures(128)
    own = convert(file, "pix2pix")
    trained = convert(file, "pix2pix", {"own_statistics": "false", "test_dropout": "false"})
    assert own.recipe.game.own_statistics
    assert own.recipe.game.test_dropout
    ability = trained.recipe.build().abilities.translates["b"]
    assert not ability.own_statistics
    assert not ability.dropout
    made = apply(ability, trained.networks, images)
    torch.testing.assert_close(made, theirs(network, images, training=False), rtol=0, atol=1e-5)
    assert (made - theirs(network, images)).abs().max() > 1e-2


@pytest.mark.parametrize(
    ("kind", "make", "size"),
    [("pix2pix", lambda: UnetGenerator(8, 4), 256), ("deblurgan", deblurring, 32)],
)
def test_dropout_falls_on_the_same_features(kind, make, size, tmp_path):
    network, images = realistic(make()).train(), pictures(size)
    converted = convert(saved(network, tmp_path / "x.pth"), kind)
    torch.manual_seed(5)
    with torch.no_grad():
        wanted = network(images)
    mine = converted.networks["generator"]
    with own_statistics(mine), with_dropout(mine):
        torch.manual_seed(5)
        made = mine(images)
        assert not torch.equal(mine(images), made)
    torch.testing.assert_close(made, wanted, rtol=0, atol=1e-5)


def prefixed(prefix):
    return lambda weights: OrderedDict((f"{prefix}{name}", tensor) for name, tensor in weights.items())


def shuffled(weights):
    names = list(weights)
    random.Random(3).shuffle(names)
    return {name: weights[name] for name in names}


FORMS = {
    "plain": {},
    "shuffled": {"wrap": shuffled},
    "of DataParallel": {"wrap": prefixed("module.")},
    "compiled": {"wrap": prefixed("_orig_mod.module.")},
    "in model": {"wrap": lambda weights: {"model": prefixed("module.")(weights), "epoch": 3}},
    "in state_dict": {"wrap": lambda weights: {"state_dict": weights, "best": 27.5}},
    "in generator": {"wrap": lambda weights: {"generator": weights, "discriminator": {}}},
    "twice wrapped": {"wrap": lambda weights: {"model": {"state_dict": weights}}},
    "before 1.6": {"_use_new_zipfile_serialization": False},
    "double": {"wrap": lambda weights: {name: tensor.double() for name, tensor in weights.items()}},
    "parameters": {"wrap": lambda weights: {name: nn.Parameter(tensor, False) for name, tensor in weights.items()}},
}


@pytest.mark.parametrize("tracked", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_in_whatever_form_it_was_saved(form, tracked, tmp_path):
    network = realistic(ResnetGenerator(norm=instance(tracked)))
    converted = convert(saved(network, tmp_path / "x.h5", **FORMS[form]), "cyclegan")
    torch.testing.assert_close(converted.networks["generator_ab"](pictures(16)), theirs(network, pictures(16)))
    assert not converted.networks["generator_ab"].training
    assert not any(weight.requires_grad for weight in converted.networks["generator_ab"].parameters())


def test_from_a_gpu(tmp_path):
    network = realistic(ResnetGenerator())
    file = saved(network, tmp_path / "x.pth", _use_new_zipfile_serialization=False)
    content = file.read_bytes()
    assert content.count(b"X\x03\x00\x00\x00cpu") == 1  # a string of three letters
    file.write_bytes(content.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"))
    converted = convert(file, "cyclegan")
    torch.testing.assert_close(converted.networks["generator_ab"](pictures(16)), theirs(network, pictures(16)))


def test_safetensors(tmp_path):
    network = realistic(UnetGenerator(5, 4))
    save_file(network.state_dict(), tmp_path / "x.safetensors")
    model = organza.import_model(tmp_path / "x.safetensors", kind="pix2pix", out=tmp_path / "model")
    torch.testing.assert_close(ours(model, pictures(32)), theirs(network, pictures(32)))


def test_the_backbone_may_be_there_once(tmp_path):
    network = realistic(fpn_mobilenet())
    weights, wanted = network.state_dict(), theirs(network, pictures(64))
    for left_out in ("fpn.features.", "fpn.enc"):
        once = {name: tensor for name, tensor in weights.items() if not name.startswith(left_out)}
        torch.save(once, tmp_path / "x.h5")
        converted = convert(tmp_path / "x.h5", "deblurgan-v2")
        with own_statistics(converted.networks["generator"]):
            torch.testing.assert_close(converted.networks["generator"](pictures(64)), wanted)
        assert len(converted.notes) == (left_out == "fpn.enc")


def test_published_sizes_and_what_is_left_out(tmp_path):
    file = saved(
        fpn_mobilenet(128, 64), tmp_path / "fpn_mobilenet.h5", lambda weights: {"model": prefixed("module.")(weights)}
    )
    model = organza.import_model(file, kind="deblurgan-v2", out=tmp_path / "model")
    assert count_parameters(model.networks["generator"]) == 1_017_792 + 1_088_835
    imported = model.config["imported"]
    assert imported["kind"] == "deblurgan-v2"
    assert len(imported["sha256"]) == 64
    # The blocks 16 and 17, of three convolutions each, and the one after them: a weight and 4 values of normalisation each.
    assert imported["notes"] == ["35 tensors left out: of a part of the backbone that is never used"]
    assert (model.config["images"], model.config["source"]) == (0, "fpn_mobilenet.h5")
    assert model.recipe.game.generator.network.weights == "none"
    assert load_model(tmp_path / "model").config == model.config


def test_a_direction_of_two(tmp_path):
    file = saved(realistic(ResnetGenerator()), tmp_path / "latest_net_G_B.pth")
    assert set(convert(file, "cyclegan").networks) == {"generator_ab"}
    assert set(convert(file, "cyclegan", to="a").networks) == {"generator_ba"}
    for kind, to in (("cyclegan", "c"), ("deblurgan", "a")):
        with pytest.raises(UsageError, match="--to"):
            convert(file, kind, to=to)


OLD = {"conv_first": "model.0", "trunk_conv": "model.1.sub.11", "upconv1": "model.3", "upconv2": "model.6"}
OLD |= {"HRconv": "model.8", "conv_last": "model.10", "RRDB_trunk": "model.1.sub"}
BASIC = {
    "trunk_conv": "conv_body",
    "upconv1": "conv_up1",
    "upconv2": "conv_up2",
    "HRconv": "conv_hr",
    "RRDB_trunk": "body",
}


def renamed(weights, table, dense):
    for name, tensor in weights.items():
        first, _, rest = name.partition(".")
        yield f"{table.get(first, first)}.{dense(rest) if first == 'RRDB_trunk' else rest}", tensor


@pytest.mark.parametrize(
    ("table", "dense"),
    [
        (OLD, lambda rest: rest.replace(".weight", ".0.weight").replace(".bias", ".0.bias")),
        (BASIC, lambda rest: rest.replace("RDB", "rdb")),
    ],
)
def test_esrgan_has_been_named_in_three_ways(table, dense, tmp_path):
    network = calm(RRDBNet())
    file = saved(network, tmp_path / "x.pth", lambda weights: {"params_ema": dict(renamed(weights, table, dense))})
    converted = convert(file, "srgan")
    made = ours(converted, pictures(16))
    torch.testing.assert_close(made, theirs(network, pictures(16), training=False, unit=True), rtol=0, atol=1e-5)


def without(*names):
    return lambda weights: {name: tensor for name, tensor in weights.items() if name not in names}


def with_tensor(name, *shape):
    return lambda weights: {**weights, name: torch.zeros(*shape)}


@pytest.mark.parametrize(
    ("kind", "make", "wrap", "message"),
    [
        ("cyclegan", ResnetGenerator, with_tensor("model.4.weight", 9, 8, 3, 3), r"4\.weight' is \[9, 8, 3, 3\].*\[16, 8, 3"),
        ("cyclegan", ResnetGenerator, without("model.4.bias"), r"'model\.4\.bias' is missing in the file, \[16\] there"),
        ("cyclegan", ResnetGenerator, without("model.12.weight", "model.12.bias"), r"model\.15\.weight' is \[16, 8"),
        ("cyclegan", ResnetGenerator, with_tensor("model.30.weight", 3, 3, 7, 7), r"'model\.30\.weight' is \[3, 3, 7, 7\]"),
        ("cyclegan", ResnetGenerator, with_tensor("model.4.extra", 2), r"nothing there .*'model\.4\.extra' \[2\]"),
        ("cyclegan", ResnetGenerator, without("model.1.weight"), r"no tensor 'model\.1\.weight'"),
        ("cyclegan", lambda: ResnetGenerator(channels=2), dict, "2 channels"),
        ("cyclegan", lambda: ResnetGenerator(norm=nn.BatchNorm2d), dict, "batch normalisations.*--as pix2pix"),
        ("cyclegan", SRResNet, dict, r"no tensor 'model\.1\.weight', and begins with 'block1\.0\.weight'"),
        ("deblurgan", lambda: UnetGenerator(6, 4), dict, "another network"),
        ("deblurgan", lambda: nn.Sequential(nn.Conv2d(3, 8, 4)), dict, "another network"),
        ("pix2pix", RRDBNet, dict, "another network"),
        ("pix2pix", lambda: nn.ModuleDict({"model": nn.ModuleDict({"model": nn.Sequential(nn.Conv2d(3, 4, 4))})}), dict, "U-Net"),
        ("deblurgan-v2", ResnetGenerator, dict, "another network"),
        ("deblurgan-v2", lambda: fpn_mobilenet(norm=nn.BatchNorm2d), dict, r"'fpn\.td1\.1"),
        ("deblurgan-v2", fpn_mobilenet, without("head2.block1.weight"), r"'head2\.block1\.weight' is missing"),
        ("deblurgan-v2", fpn_mobilenet, with_tensor("head2.block1.weight", 8, 9, 3, 3), r"\[8, 9, 3, 3\].*\[8, 8, 3, 3\]"),
        ("srgan", ResnetGenerator, dict, r"'model\.1\.weight', is neither"),
        ("srgan", SRResNet, with_tensor("block1.0.weight", 8, 3, 7, 7), r"\[8, 3, 7, 7\] in the file, \[8, 3, 9, 9\] there"),
        ("srgan", RRDBNet, without("upconv2.weight", "upconv2.bias", "upconv1.weight", "upconv1.bias"), "scale"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(kind, make, wrap, message, tmp_path):
    file = saved(make(), tmp_path / "x.pth", wrap)
    with pytest.raises(OrganzaError, match=message) as caught:
        convert(file, kind)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)


SMALL = {
    "cyclegan": lambda: ResnetGenerator(4, 1),
    "pix2pix": lambda: UnetGenerator(5, 2),
    "deblurgan": lambda: ResnetGenerator(4, 1, nn.BatchNorm2d, dropout=True),
    "srgan": lambda: RRDBNet(4, 2, 1),
    "SRGAN": lambda: SRResNet(1, 4),
}


def placed(kind, weights):
    found = KINDS[kind].read(weights)
    return build(found, recipe_for(found))


@settings(max_examples=40)
@given(some.sampled_from(sorted(SMALL)), some.data())
def test_a_network_with_a_hole_is_refused(name, data):
    weights = without_statistics(SMALL[name]().state_dict())
    placed(name.lower(), weights)
    hole = data.draw(some.sampled_from(sorted(weights)))
    if data.draw(some.booleans()):
        del weights[hole]
    else:
        weights[hole] = torch.zeros(data.draw(some.lists(some.sampled_from((0, 5, 7)), max_size=5)))
    with pytest.raises(OrganzaError):
        placed(name.lower(), weights)


def test_blocks_that_pad_with_zeros_are_refused(tmp_path):
    def moved(weights):
        return {
            name.replace("block.1.", "block.0.").replace("block.5.", "block.3."): one for name, one in weights.items()
        }

    file = saved(ResnetGenerator(), tmp_path / "x.pth", moved)
    with pytest.raises(OrganzaError, match="pad with zeros"):
        convert(file, "cyclegan")


def test_folders_are_not_written_over(tmp_path):
    file, out = saved(realistic(ResnetGenerator()), tmp_path / "x.pth"), tmp_path / "model"
    organza.import_model(file, kind="cyclegan", out=out)
    with pytest.raises(OrganzaError, match="exists: remove it first"):
        organza.import_model(file, kind="cyclegan", out=out)
    organza.import_model(file, kind="cyclegan", out=out, force=True)
    with pytest.raises(OrganzaError, match="exists"):
        organza.import_model(file, kind="cyclegan", out=file, force=True)
    with pytest.raises(UsageError, match="unknown kind of checkpoint 'cycle-gan': did you mean cyclegan"):
        organza.import_model(file, kind="cycle-gan", out=tmp_path / "other")
    with pytest.raises(UsageError, match="unknown field"):
        organza.import_model(file, kind="cyclegan", out=tmp_path / "other", overrides={"generator.legs": 4})
    assert not (tmp_path / "other").exists()


def test_random_numbers_are_left_alone(tmp_path):
    file = saved(realistic(fpn_mobilenet()), tmp_path / "x.pth")
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    convert(file, "deblurgan-v2")
    assert torch.equal(torch.rand(3), wanted)


@given(some.randoms(use_true_random=False), some.sampled_from([ResnetGenerator, UnetGenerator]))
def test_the_order_of_layers_is_that_of_their_work(shuffler, make):
    with torch.device("meta"):
        names = list(make().state_dict())
    wanted = list(dict.fromkeys(name.rpartition(".")[0] for name in names))
    shuffler.shuffle(names)
    assert sorted_layers(names) == wanted


def test_every_kind_can_be_asked_for():
    from organza.cli.importing import Kind

    assert set(Kind.__args__) == set(KINDS)
