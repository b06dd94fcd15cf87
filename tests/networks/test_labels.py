"""How labels enter networks: equalities with what they generalise."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from organza.errors import UsageError
from organza.networks import NETWORKS, Dims, count_parameters
from organza.networks.cgan import CGANDiscriminatorOptions, CGANGeneratorOptions, halvings
from organza.networks.dcgan import DCGANDiscriminatorOptions, DCGANGeneratorOptions
from organza.networks.labels import ConditionalBatchNorm2d, LabelEmbedding, LabelPlane, ProjectionHead
from organza.networks.layers import MinibatchStdDev
from organza.networks.mlp import MLPDiscriminatorOptions, MLPGeneratorOptions

DIMS = Dims((1, 28, 28), 100, 10)


def count(options, dims):
    with torch.device("meta"):
        return count_parameters(options.build(dims))


def one_hot(*labels, classes=4):
    return torch.eye(classes)[list(labels)]


def test_counts_of_the_two_published_forms():
    assert count(CGANDiscriminatorOptions(condition="embedding"), DIMS) == 196_773
    assert count(CGANGeneratorOptions(), DIMS) == 1_169_336
    assert count(CGANGeneratorOptions(), Dims((1, 28, 28), 128, 10)) == 1_344_952
    assert count(CGANGeneratorOptions(width=64, last="up", norm="batch"), DIMS) == 769_784
    four = {"width": 64, "stages": 4, "growth": 2, "condition": "embedding"}
    assert count(CGANDiscriminatorOptions(kernel=5, **four), DIMS) == 4_347_493
    assert count(CGANDiscriminatorOptions(kernel=5, norm="batch", **four), DIMS) == 4_349_285
    assert count(CGANDiscriminatorOptions(kernel=3, **four), DIMS) == 1_592_933
    assert count(CGANDiscriminatorOptions(kernel=3, norm="batch", **four), DIMS) == 1_594_725


def test_the_shapes_within_the_published_form():
    """7x7x129 after the label's map has joined the generator's first ones; 28x28x2 at the discriminator's input."""
    seen = {}
    generator = CGANGeneratorOptions().build(DIMS)
    discriminator = CGANDiscriminatorOptions(condition="embedding").build(DIMS)
    generator.layers[0].register_forward_hook(lambda _m, inputs, _o: seen.update(generator=inputs[0].shape))
    discriminator.trunk[0].register_forward_hook(lambda _m, inputs, _o: seen.update(discriminator=inputs[0].shape))
    label = one_hot(1, 2, 3, classes=10)
    images = generator(torch.randn(3, 100), label)
    assert discriminator(images, label).shape == (3, 1)
    assert seen == {"generator": (3, 129, 7, 7), "discriminator": (3, 2, 28, 28)}


def test_conditional_batch_norm_with_equal_classes_is_batch_norm():
    torch.manual_seed(0)
    conditional, plain = ConditionalBatchNorm2d(5, 4), nn.BatchNorm2d(5)
    assert count_parameters(conditional) == 2 * 5 * 4
    with torch.no_grad():
        plain.weight.uniform_(0.5, 1.5)
        plain.bias.normal_()
        conditional.gain.copy_((plain.weight - 1).expand(4, 5))
        conditional.shift.copy_(plain.bias.expand(4, 5))
    for _ in range(3):
        features, label = torch.randn(6, 5, 3, 3), one_hot(0, 1, 2, 3, 0, 1)
        torch.testing.assert_close(conditional(features, label), plain(features), atol=1e-6, rtol=0)
    conditional.eval(), plain.eval()
    torch.testing.assert_close(conditional(features, label), plain(features), atol=1e-6, rtol=0)
    with torch.no_grad():
        conditional.gain[2] += 1
    assert not torch.allclose(conditional(features, label), plain(features))


def test_projection_without_vectors_is_unconditional():
    head, features, label = ProjectionHead(5, 4), torch.randn(3, 5, 2, 2), one_hot(0, 1, 3)
    plain = head.dense(features.sum((2, 3)))
    assert not torch.allclose(head(features, label), plain)
    nn.init.zeros_(head.vectors.weight)
    torch.testing.assert_close(head(features, label), plain)


def test_an_embedding_of_unit_vectors_is_one_hot():
    embedding = LabelEmbedding(4, 4)
    with torch.no_grad():
        embedding.weight.copy_(torch.eye(4))
    assert torch.equal(embedding(one_hot(3, 1)), one_hot(3, 1))


@given(st.integers(0, 3))
def test_an_embedding_is_a_row_of_a_table(label):
    embedding = LabelEmbedding(4, 6)
    assert torch.equal(embedding(one_hot(label))[0], embedding.vectors[label])
    assert count_parameters(LabelEmbedding(10)) == 500


def test_attributes_add_up():
    plane = LabelPlane(3, (2, 2))
    nn.init.zeros_(plane.dense.bias)
    both = plane(torch.tensor([[1.0, 0.0, 1.0]]))
    torch.testing.assert_close(both, plane(torch.eye(3)[:1]) + plane(torch.eye(3)[2:]))


CONDITIONAL = [
    *(MLPGeneratorOptions(width=8, condition=how) for how in ("one-hot", "embedding")),
    *(MLPDiscriminatorOptions(width=8, condition=how) for how in ("one-hot", "embedding")),
    *(DCGANGeneratorOptions(width=2, condition=how) for how in ("one-hot", "embedding", "every-layer")),
    *(CGANGeneratorOptions(width=4, dense_width=4, condition=how) for how in ("one-hot", "embedding", "every-layer")),
    *(DCGANDiscriminatorOptions(width=2, condition=how) for how in ("one-hot", "embedding", "projection")),
    *(CGANDiscriminatorOptions(width=4, condition=how) for how in ("one-hot", "embedding", "projection")),
]


@pytest.mark.parametrize("options", CONDITIONAL, ids=lambda options: f"{type(options).__name__}-{options.condition}")
def test_the_label_changes_what_comes_out(options):
    torch.manual_seed(0)
    network = options.build(Dims((3, 32, 32), 6, 4))
    with torch.no_grad():  # conditional batch norms are alike for all classes at first
        for module in network.modules():
            if isinstance(module, ConditionalBatchNorm2d):
                module.gain.normal_()
    generator = "Generator" in type(options).__name__
    inputs = torch.randn(6).expand(2, 6) if generator else torch.randn(3, 32, 32).expand(2, 3, 32, 32)
    same, different = network(inputs, one_hot(1, 1)), network(inputs, one_hot(1, 2))
    assert torch.allclose(same[0], same[1], atol=1e-5)
    assert not torch.allclose(different[0], different[1], atol=1e-5)
    with pytest.raises(UsageError, match="take labels"):
        options.build(Dims((3, 32, 32), 6))


@pytest.mark.parametrize("size", [28, 32, 64, 128, 256])
def test_cgan_at_every_size(size):
    dims = Dims((3, size, size), 6, 4)
    images = CGANGeneratorOptions(width=2, dense_width=2).build(dims)(torch.randn(2, 6), one_hot(0, 1))
    assert images.shape == (2, 3, size, size)
    assert CGANDiscriminatorOptions(width=2, condition="embedding").build(dims)(images, one_hot(0, 1)).shape == (2, 1)


def test_cgan_refuses_sizes_that_do_not_halve():
    assert halvings((1, 28, 28)) == (2, (7, 7))
    for size in (16, 30, 100):
        with pytest.raises(UsageError, match="cannot have size"):
            halvings((1, size, size))


def test_minibatch_deviation_sees_that_all_samples_are_alike():
    layer = MinibatchStdDev()
    varied, same = torch.randn(5, 3, 2, 2), torch.randn(1, 3, 2, 2).repeat(5, 1, 1, 1).requires_grad_()
    expected = varied.std(0, correction=0).mean()
    torch.testing.assert_close(layer(varied)[:, 3], expected.expand(5, 2, 2), atol=1e-5, rtol=0)
    out = layer(same)
    assert out[:, 3].max() <= 1.1e-4
    out.sum().backward()
    assert same.grad.isfinite().all()


def test_spectral_normalisation_bounds_every_layer():
    torch.manual_seed(0)
    options = DCGANDiscriminatorOptions(width=4, norm="none", spectral_norm=True, condition="projection")
    network = options.build(Dims((1, 32, 32), 6, 4))
    for _ in range(60):  # one power iteration for each pass
        network(torch.randn(2, 1, 32, 32), one_hot(0, 1))
    layers = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    assert len(layers) == 6
    for layer in layers:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("norm", ["batch", "layer", "instance", "none"])
@pytest.mark.parametrize("initial", ["dcgan", "he"])
def test_normalisations_and_first_weights(norm, initial):
    torch.manual_seed(0)
    dims = Dims((1, 32, 32), 6)
    network = DCGANDiscriminatorOptions(width=4, norm=norm, initial=initial).build(dims)
    assert network(torch.randn(4, 1, 32, 32)).shape == (4, 1)
    assert NETWORKS["dcgan-discriminator"](norm=norm).couples_samples == (norm == "batch")


def test_he_weights_keep_signals_alive_without_normalisation():
    torch.manual_seed(0)
    dims, x = Dims((1, 32, 32), 6), torch.randn(16, 1, 32, 32)
    spread = {
        initial: DCGANDiscriminatorOptions(width=8, norm="none", initial=initial).build(dims)(x).std().item()
        for initial in ("dcgan", "he")
    }
    assert spread["he"] > 20 * spread["dcgan"]
