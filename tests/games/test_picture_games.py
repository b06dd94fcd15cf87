"""The games whose pictures are made from pictures: their terms by hand, their order of turns, and who moves when."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from organza.games import Adam, Cycle, Deblur, Paired, PlayerOptions, Shape
from organza.games.cycle import translate_there_and_back
from organza.losses import LOSSES
from organza.losses.content import ContentOptions
from organza.losses.penalties import GradientPenalty
from organza.networks import NetworkOptions
from organza.networks.fpn import FPNGeneratorOptions
from organza.networks.patchgan import PatchGANOptions
from organza.networks.resnet import ResNetGeneratorOptions
from organza.recipes import RECIPES, override
from organza.streams import Streams
from organza.training.session import Session

CPU = torch.device("cpu")
SHAPE = Shape((3, 16, 16))
PICTURES = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


class Negative(nn.Module):
    """Its own inverse."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(-1.0))

    def forward(self, pictures):
        return self.weight * pictures


class Mean(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight, self.channels = nn.Parameter(torch.tensor(1.0)), channels

    def forward(self, pictures):
        assert pictures.shape[1] == self.channels
        return self.weight * pictures.mean((1, 2, 3), keepdim=True)


@dataclass(frozen=True)
class NegativeOptions(NetworkOptions):
    role = "generator from pictures"

    def build(self, dims):
        return Negative()


@dataclass(frozen=True)
class MeanOptions(NetworkOptions):
    role = "discriminator"

    def build(self, dims):
        return Mean(dims.sample[0])


SMALL = PlayerOptions(NegativeOptions(), Adam(1e-3)), PlayerOptions(MeanOptions(), Adam(1e-3))


class Sequence:
    """Batches of two pictures, one after the other, with partners if wanted."""

    def __init__(self, offset=0.0, inputs=False):
        self.offset, self.inputs = offset, inputs

    def take(self, position, size=0):
        samples = (PICTURES + self.offset)[torch.arange(position, position + 2) % 8]
        return type("Taken", (), {"samples": samples, "labels": None, "inputs": samples / 2 if self.inputs else None})


def session(game, images=100, **domains):
    built = game.build(SHAPE, images)
    batches = domains or {name: Sequence(0.1 * index) for index, name in enumerate(built.domains)}
    return Session(built, batches, 2, Streams(0), CPU, 0)


def test_there_and_back_through_an_inverse_costs_nothing():
    networks = {name: Negative() for name in ("generator_ab", "generator_ba")}
    networks |= {name: Mean(3) for name in ("discriminator_a", "discriminator_b")}
    inputs = {"a": PICTURES[:2], "b": PICTURES[2:4]}
    options = Cycle(*SMALL)
    losses = translate_there_and_back(options, LOSSES["least-squares"], networks, inputs)
    assert losses.terms["cycle_a"] == losses.terms["cycle_b"] == 0
    # |-a - a| is 2 |a|: the weight of identity is half of the cycle's ten.
    for name in "ab":
        assert losses.terms[f"identity_{name}"].item() == pytest.approx(5 * 2 * inputs[name].abs().mean().item())
    fake = -PICTURES[:2].mean((1, 2, 3))
    assert losses.terms["adversarial_b"].item() == pytest.approx((fake - 1).square().mean().item())
    assert torch.equal(losses.scratch["fake_b"], -inputs["a"])
    # The negative control: another way back costs what it errs.
    networks["generator_ba"].weight.data.fill_(1.0)
    again = translate_there_and_back(options, LOSSES["least-squares"], networks, inputs)
    assert again.terms["cycle_a"].item() == pytest.approx(10 * 2 * inputs["a"].abs().mean().item())


def test_one_optimiser_moves_both_generators_and_one_both_discriminators():
    played = session(Cycle(*SMALL, pool=0))
    assert {name: len(parameters) for name, parameters in played.entered.parameters.items()} == {
        "generator": 2,
        "discriminator": 2,
    }
    assert [turn.name for turn in played.entered.stage.turns] == ["generator", "discriminator"]
    played.play()
    assert played.progress.drawn == {"a": 2, "b": 2}  # both turns see the same pictures


def test_the_discriminators_judge_through_pools():
    played = session(Cycle(*SMALL, pool=3))
    played.play()
    assert played.entered.state["pool_b"][:2].any()
    assert not played.entered.state["pool_b"][2].any()
    played.play()
    assert played.entered.state["pool_a"][2].any()


def test_learning_rates_follow_the_published_table():
    """Epoch by epoch of 200, each of 10 images, by the number of the epoch from 0 (pix2pix and CycleGAN's own code)."""
    recipe = override(
        RECIPES["cyclegan"], {"images": 2000, "generator.width": 2, "discriminator.width": 2, "size": 32, "load": 0}
    )
    player = recipe.build().stages[0].build(None).players[0]
    for epoch, rate in ((0, 2e-4), (99, 2e-4), (100, 1.98020e-4), (149, 1.00990e-4), (199, 1.98020e-6)):
        for clock in (epoch * 10, epoch * 10 + 9):
            assert player.optimiser.lr * player.schedule(clock) == pytest.approx(rate, rel=1e-5)


def test_a_conditional_discriminator_sees_what_a_picture_was_made_from():
    played = session(Paired(*SMALL), real=Sequence(inputs=True))
    assert played.entered.networks["discriminator"].channels == 6
    played.play()
    assert played.progress.drawn == {"real": 2}
    alone = session(Paired(*SMALL, conditional=False), real=Sequence(inputs=True))
    assert alone.entered.networks["discriminator"].channels == 3
    losses = (
        alone.game.stages[0]
        .build(None)
        .turns[1]
        .losses(alone.entered.networks, {"input": PICTURES[:2], "target": PICTURES[2:4]})
    )
    assert losses.terms["pixel"].item() == pytest.approx(100 * (-PICTURES[:2] - PICTURES[2:4]).abs().mean().item())


def test_the_generator_learns_alone_first():
    played = session(Paired(*SMALL, first=0.5), images=8, real=Sequence(inputs=True))
    stages = []
    for _ in range(4):
        played.advance()
        stages.append((played.entered.name, sorted(played.entered.networks)))
        before = {
            name: parameter.clone() for name, parameter in played.entered.networks["generator"].named_parameters()
        }
        played.play()
        assert any(
            not torch.equal(before[name], p) for name, p in played.entered.networks["generator"].named_parameters()
        )
    assert stages == [("content", ["generator"])] * 2 + [("main", ["discriminator", "generator"])] * 2


def test_critics_have_all_their_turns_on_one_batch():
    seen = []

    class Watching(Mean):
        def forward(self, pictures):
            seen.append(pictures.detach().clone())
            return super().forward(pictures)

    @dataclass(frozen=True)
    class WatchingOptions(NetworkOptions):
        role = "discriminator"

        def build(self, dims):
            return Watching(dims.sample[0])

    game = Deblur(SMALL[0], PlayerOptions(WatchingOptions(), Adam(1e-3)), loss="wasserstein", n_critic=5)
    played = session(game, real=Sequence(inputs=True))
    played.play()
    real, fake = seen[0:10:2], seen[1:10:2]
    assert len(seen) == 11
    assert all(torch.equal(one, real[0]) for one in real)
    assert all(torch.equal(one, fake[0]) for one in fake)
    assert torch.equal(fake[0], -real[0] / 2)
    assert played.progress.drawn == {"real": 2}


def test_histories_remember_the_outputs_of_all_steps():
    game = Deblur(SMALL[0], SMALL[1], history=3)
    played = session(game, real=Sequence(inputs=True))
    critic = played.entered.networks["discriminator"]
    means = []
    for step in range(4):
        pictures = PICTURES[torch.arange(2 * step, 2 * step + 2) % 8]
        means += (critic.weight.detach() * pictures.mean((1, 2, 3))).tolist()
        played.play()
        kept = means[-3:]
        assert played.entered.state["real discriminator"][-len(kept) :].tolist() == pytest.approx(kept, abs=1e-6)


def test_two_critics_share_the_loss():
    def term(**fields):
        torch.manual_seed(0)
        critics = PlayerOptions(PatchGANOptions(width=2, layers=1, padding=2), Adam())
        stage = Deblur(SMALL[0], critics, **fields).build(SHAPE, 100).stages[0].build(None)
        inputs = {"input": PICTURES[:2], "target": PICTURES[2:4]}
        return stage.turns[0].losses(stage.networks, inputs).terms

    one, two = term(), term(full_layers=2)
    assert list(one) == ["adversarial_discriminator"]
    assert list(two) == ["adversarial_discriminator_patch", "adversarial_discriminator_full"]
    assert two["adversarial_discriminator_patch"].item() == pytest.approx(one["adversarial_discriminator"].item() / 2)


@pytest.mark.parametrize("weights", ["imagenet", "none"])
def test_a_trained_backbone_is_frozen_first(weights):
    network = FPNGeneratorOptions(backbone="mobilenet-v2", width=4, head_width=2, weights=weights)
    critics = PlayerOptions(PatchGANOptions(width=2, layers=1), Adam())
    game = Deblur(PlayerOptions(network, Adam(1e-2)), critics, frozen=0.5, content=ContentOptions(pixel_weight=1.0))
    built = game.build(Shape((3, 64, 64)), 4)
    assert [plan.name for plan in built.stages] == (["frozen", "main"] if weights == "imagenet" else ["main"])
    assert (built.begin is not None) == (weights == "imagenet")
    batches = {"real": type("B", (), {"take": lambda _, position, size: type("T", (), {
        "samples": torch.rand(2, 3, 64, 64), "labels": None, "inputs": torch.rand(2, 3, 64, 64)})})()}  # fmt: skip
    played = Session(built, batches, 2, Streams(0), CPU, 0)
    moved = []
    for _ in range(2):
        played.advance()
        generator = played.entered.networks["generator"]
        before = [parameter.clone() for parameter in generator.backbone.parameters()]
        played.play()
        # The generator's turn comes last: what is in reach of the gradient then is what moves.
        reach = {parameter.requires_grad for parameter in generator.backbone.parameters()}
        changed = any(not torch.equal(one, p) for one, p in zip(before, generator.backbone.parameters(), strict=True))
        assert reach == {changed}
        assert all(parameter.requires_grad for parameter in generator.fpn.parameters())
        moved.append(changed)
    assert moved == ([False, True] if weights == "imagenet" else [True, True])


def test_the_published_penalty_is_of_each_pixel_with_one_proportion():
    penalty = RECIPES["deblurgan"].game.penalty
    assert penalty == GradientPenalty(10.0, 1.0, "pixel", "batch", "two")


def test_a_residual_generator_without_last_weights_changes_nothing():
    generator = ResNetGeneratorOptions(width=2, blocks=1, residual=True).build(SHAPE)
    last = [module for module in generator.modules() if isinstance(module, nn.Conv2d)][-1]
    nn.init.zeros_(last.weight), nn.init.zeros_(last.bias)
    torch.testing.assert_close(generator(PICTURES), PICTURES, atol=0, rtol=0)
