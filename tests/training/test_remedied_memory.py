"""A remedy may give a game something to remember that the checkpoint before it does not hold."""

import torch

from organza.data import decode, open_source
from organza.recipes import RECIPES, fit_to, override
from organza.streams import Streams
from organza.training.doctor import conditions_of
from organza.training.planning import make_session
from organza.training.remedy import same_networks

SMALL = {
    "batch": 4, "size": 8, "generator.channel_max": 4, "discriminator.channel_max": 4, "generator.w_dim": 4, "z_dim": 4,
    "generator.mapping_layers": 1,
}  # fmt: skip


def test_what_is_new_begins_and_what_was_known_is_kept():
    source = open_source("fashion-mnist-10k")
    datasets = {"real": decode(source, 8, 1)}
    recipe = fit_to(override(RECIPES["stylegan2-tiny"], SMALL), source)
    changed = override(recipe, {"augmentation": "adaptive", "augmentation_images": 100})
    assert same_networks(recipe, changed)
    before, after = (make_session(each, datasets, Streams(0), torch.device("cpu")) for each in (recipe, changed))
    before.play()
    after.restore(before.tensors(), before.counters())
    assert set(before.entered.state) == {"path_length"}
    assert torch.equal(after.entered.state["path_length"], before.entered.state["path_length"])
    assert float(after.entered.state["ada_p"]) == 0.0
    after.play()
    assert float(after.entered.state["ada_steps"]) == 1.0
    before.restore(after.tensors(), after.counters())  # and back, where the remedy is undone
    before.play()


def test_the_doctor_knows_what_the_augmentation_comes_to():
    for name, changes, signed, augmented in (
        ("stylegan2-ada-tiny", {"augmentation_ceiling": 0.5}, True, 0.5),
        ("stylegan2-tiny", {}, True, 0.0),
        ("r3gan", {"augmentation_last": 0.3}, False, 0.3),
        ("hinge", {}, True, 0.0),
        ("pix2pix-tiny", {}, False, 0.0),
    ):
        conditions = conditions_of(override(RECIPES[name], changes).build(), 10)
        assert (conditions.signed, conditions.augmented) == (signed, augmented)
