"""The code that stands in the page, run as it stands there, against PyTorch."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn.functional import conv2d, conv_transpose2d

from organza.networks import NETWORKS, Dims

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "transposed-convolution.md").read_text(encoding="utf-8")
CODE = "".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S))
DEFINITIONS = ("by_scattering", "by_zero_insertion", "by_matrix")


def run(code):
    """The functions of the page; the examples in it assert themselves."""
    names: dict = {}
    exec(compile(code, "docs/transposed-convolution.md", "exec"), names)
    return names


def without_examples(code):
    tree = ast.parse(code)
    tree.body = [part for part in tree.body if not isinstance(part, ast.Assert)]
    return ast.unparse(tree)


FUNCTIONS = run(CODE)


@st.composite
def layers(draw):
    """A picture, a kernel, and s, p and op that PyTorch takes and that leave an output of at least one pixel."""
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    k, s = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    p, op = draw(st.integers(0, 4)), draw(st.integers(0, s - 1))
    assume(min((side - 1) * s - 2 * p + k + op for side in (height, width)) >= 1)
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    picture, kernel = (
        torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((height, width), (k, k))
    )
    return picture, kernel, s, p, op


def of_torch(picture, kernel, s, p, op):
    return conv_transpose2d(picture[None, None], kernel[None, None], stride=s, padding=p, output_padding=op)[0, 0]


@pytest.mark.parametrize("definition", DEFINITIONS)
@settings(deadline=None, max_examples=100)
@given(layers())
def test_each_definition_is_what_pytorch_computes(definition, layer):
    picture, kernel, s, p, op = layer
    expected = of_torch(*layer)
    found = FUNCTIONS[definition](*layer)
    assert found.shape == expected.shape
    assert found.shape == tuple((side - 1) * s - 2 * p + len(kernel) + op for side in picture.shape)
    assert torch.allclose(found, expected, atol=1e-12)


@settings(deadline=None, max_examples=50)
@given(layers())
def test_it_is_the_transpose_of_the_convolution_and_its_gradient(layer):
    picture, kernel, s, p, _ = layer
    large = torch.randn(of_torch(*layer).shape, dtype=torch.float64, requires_grad=True)
    small = conv2d(large[None, None], kernel[None, None], stride=s, padding=p)[0, 0]
    assert small.shape == picture.shape
    transposed = FUNCTIONS["by_scattering"](*layer)
    assert torch.allclose((small * picture).sum(), (large * transposed).sum())
    (gradient,) = torch.autograd.grad(small, large, picture)
    assert torch.allclose(gradient, transposed, atol=1e-12)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (".flip((0, 1))", ""),
        ("border = k - p - 1", "border = k - p"),
        ("spread[::s, ::s]", "spread[: len(picture), : len(picture)]"),
    ],
)
def test_a_wrong_second_definition_is_noticed(right, wrong):
    assert CODE.count(right) == 1
    wrong_code = CODE.replace(right, wrong)
    picture, kernel = torch.arange(9.0).reshape(3, 3), torch.arange(9.0).reshape(3, 3)
    found = run(without_examples(wrong_code))["by_zero_insertion"](picture, kernel, 2, 1)
    expected = of_torch(picture, kernel, 2, 1, 0)
    assert found.shape != expected.shape or not torch.allclose(found, expected)
    with pytest.raises((AssertionError, RuntimeError)):
        run(wrong_code)  # the page's own examples notice, too


@pytest.mark.parametrize("k", range(1, 8))
@pytest.mark.parametrize("s", range(1, 5))
def test_the_overlap_is_even_exactly_when_the_stride_divides_the_kernel(k, s):
    counts = FUNCTIONS["overlaps"](k, s)
    assert sum(counts) == k
    assert (len(set(counts)) == 1) == (k % s == 0)


def rows(header):
    """The rows of the table that begins so, without the marks for code."""
    lines = PAGE[PAGE.index(header) :].splitlines()
    table = [line for line in lines[: lines.index("")] if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_the_table_of_sizes():
    for k, p, op, out in rows("| `k` | `p` | `op` |"):
        assert of_torch(torch.ones(8, 8), torch.ones(int(k), int(k)), 2, int(p), int(op)).shape == (int(out), int(out))


def test_the_table_of_zeros_and_borders():
    for s, p, z, border, small, large in rows("| `s` | `p` |"):
        assert (int(z), int(border)) == (int(s) - 1, 3 - int(p) - 1)
        side = int(small.partition("x")[0])
        shape = of_torch(torch.ones(side, side), torch.ones(3, 3), int(s), int(p), 0).shape
        assert "x".join(map(str, shape)) == large


def test_the_table_of_kernels_is_what_dcgan_has():
    for kernel, overlap, parameters in rows("| `--generator.kernel` |"):
        network = NETWORKS["dcgan-generator"](kernel=int(kernel)).build(Dims((3, 32, 32), 128))
        assert f"{sum(parameter.numel() for parameter in network.parameters()):,}" == parameters
        layers = [layer for layer in network.modules() if isinstance(layer, torch.nn.ConvTranspose2d)]
        assert len(layers) == 4
        for layer in layers:
            assert layer.stride == (2, 2)
            weight = torch.ones(1, 1, *layer.kernel_size)
            counts = conv_transpose2d(torch.ones(1, 1, 9, 9), weight, None, 2, layer.padding, layer.output_padding)
            assert counts.shape == (1, 1, 18, 18)
            inside = sorted({int(count) for count in counts[0, 0, 4:-4, 4:-4].flatten()})
            assert [int(number) for number in re.findall("[0-9]+", overlap)] == inside


@pytest.fixture(scope="module")
def script():
    """The script that draws the pictures."""
    spec = importlib.util.spec_from_file_location("pictures", DOCS / "pictures" / "transposed_convolution.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pictures_are_what_their_script_draws(script):
    for name, draw in script.PICTURES.items():
        assert f"images/{name})" in PAGE
        assert (DOCS / "images" / name).read_text(encoding="utf-8") == draw()


@pytest.mark.parametrize("kernel", [3, 4, 5])
def test_the_picture_counts_what_the_layer_does(script, kernel):
    counts = torch.tensor(script.reached(6, kernel, 2))
    found = of_torch(torch.ones(6, 6), torch.ones(kernel, kernel), 2, (kernel - 1) // 2, kernel % 2)
    assert torch.equal(found, torch.outer(counts, counts).float())
