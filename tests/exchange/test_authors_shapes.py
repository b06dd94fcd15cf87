"""Style networks whose tensors have other shapes than they should, however large or empty: refused in one line."""

import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as some
from test_authors_styles import CASES

from organza.errors import OrganzaError
from organza.exchange.authors import convert


def placed(name, shapes, folder):
    """What becomes of a case whose tensors got other shapes."""
    kind, make, save, *_ = CASES[name]
    torch.manual_seed(1)
    generator, judge = make()
    if isinstance(generator, torch.nn.Module):
        weights = dict(generator.named_parameters()) | dict(generator.named_buffers())
    else:
        weights = {key: value for part in generator.components.values() for key, value in part.variables.items()}
    for key, shape in shapes(sorted(weights)).items():
        if isinstance(generator, torch.nn.Module):
            weights[key].data = torch.zeros(shape)
            continue
        for part in generator.components.values():
            if key in part.variables:
                part.variables[key] = torch.zeros(shape)
    return convert(save(folder / "x.pkl", generator, judge), kind)


@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(some.sampled_from(["ada, labels", "tensorflow, labels", "rosinality", "r3gan, labels"]), some.data())
def test_tensors_of_other_shapes_are_refused(name, data):
    def shapes(names):
        key = data.draw(some.sampled_from(names))
        sizes = some.sampled_from((0, 1, 5, 7, 10**9))
        shape = data.draw(some.lists(sizes, min_size=1, max_size=5).filter(lambda sizes: set(sizes) != {1}))
        large = 10**9 in shape  # one number of the shape is 0 then, and one is large: PyTorch itself makes no others
        return {key: [0, *(size for size in shape if size < 10**9), 10**9] if large else shape}

    with tempfile.TemporaryDirectory() as folder, pytest.raises(OrganzaError) as caught:
        placed(name, shapes, Path(folder))
    assert "\n" not in str(caught.value)


def test_a_network_is_not_made_before_its_tensors_are_seen(tmp_path):
    def shapes(names):
        return {name: (10**9, 0, 3, 3) for name in names if name.endswith((".conv0.weight", ".conv1.weight"))}

    with pytest.raises(OrganzaError, match="another network|in the file"):
        placed("ada", shapes, tmp_path)
