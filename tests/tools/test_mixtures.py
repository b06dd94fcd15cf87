"""Mixtures of two samples: how they are made, what of the parents is found in them, and the section of a study's page."""

import dataclasses
import math
import statistics

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import organza
from latent_models import linear_model
from organza.metrics import frechet_distance
from organza.tools.comparison import Wanted
from organza.tools.latent.space import Space
from organza.tools.mixtures import (
    FIRST,
    OTHER,
    OVERLAID,
    SECOND,
    Shares,
    beside,
    class_shares,
    layer_groups,
    mixing_section,
    mixtures,
    nearness,
    swapped,
)
from organza.tools.scoring import open_reference
from organza.tools.table import mean_and_deviation
from style_models import save_point_model, save_style_model

CLOSE = {"rtol": 0, "atol": 1e-5}
HALF, FAIR, HALVES = "(z1 + z2)/2", "(z1 + z2)/√2", "first half of z1, second half of z2"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_style_model(tmp_path_factory.mktemp("models") / "weaver")


@pytest.fixture(scope="module")
def woven(folder):
    model = organza.load(folder)
    return model, dict(mixtures(model, 4, 3))


def linear(z_dim=6, side=4):
    return linear_model(torch.randn(side * side, z_dim, generator=torch.Generator().manual_seed(1)), side)


def test_half_of_the_entries_of_each():
    first, second = torch.arange(5.0)[None], torch.arange(10.0, 15)[None]
    assert beside(first, second).tolist() == [[0, 1, 12, 13, 14]]
    assert beside(first[:, :4], second[:, :4]).tolist() == [[0, 1, 12, 13]]


def test_some_layers_come_from_the_second():
    first, second = torch.zeros(2, 4, 3), torch.ones(2, 4, 3)
    assert swapped(first, second, range(1, 3))[:, :, 0].tolist() == [[0, 1, 1, 0]] * 2
    assert torch.equal(swapped(first, second, range(0)), first)
    assert torch.equal(swapped(first, second, range(4)), second)


classes = st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1, max_size=30)


@given(classes)
def test_shares_of_classes_add_up_and_turn_round(rows):
    mixed, first, second = torch.tensor(rows).unbind(1)
    found, turned = class_shares(mixed, first, second), class_shares(mixed, second, first)
    differ = [(own, one, two) for own, one, two in rows if one != two]
    if not differ:
        assert found is None
        return
    counted = [sum(own == one for own, one, _ in differ), sum(own == two for own, _, two in differ)]
    assert (found.first * len(differ), found.second * len(differ)) == pytest.approx(counted)
    assert found.first + found.second + found.neither == pytest.approx(1)
    assert turned == Shares(found.second, found.first, found.neither)


def test_distances_that_are_known():
    draw = torch.Generator().manual_seed(0)
    first, second, other = (torch.randn(400, 50, generator=draw) for _ in range(3))
    assert nearness((first + second) / 2, first, second) == pytest.approx((0.5, 0.5))
    assert nearness(first, first, second) == pytest.approx((0, 1))
    assert nearness(0.25 * first + 0.75 * second, first, second) == pytest.approx((0.75, 0.25))
    # |(1/√2 - 1) z1 + z2/√2|² has the mean (2 - √2) d, and |z1 - z2|² has 2 d.
    fair = math.sqrt((2 - math.sqrt(2)) / 2)
    assert nearness((first + second) / math.sqrt(2), first, second) == pytest.approx((fair, fair), abs=0.01)
    assert nearness(beside(first, second), first, second) == pytest.approx((math.sqrt(0.5),) * 2, abs=0.01)
    assert nearness(other, first, second) == pytest.approx((1, 1), abs=0.01)  # which has nothing to do with them
    assert nearness(other, first, first) is None


@given(st.integers(0, 1000))
def test_nothing_is_nearer_to_both_than_the_way_between_them(seed):
    first, second, mixed = torch.randn(3, 7, 4, generator=torch.Generator().manual_seed(seed)).unbind(0)
    assert sum(nearness(mixed, first, second)) >= 1 - 1e-9


def test_an_ordinary_generator_is_mixed_in_its_latent_vector():
    model = linear()
    made = dict(mixtures(model, 3, 5))
    assert list(made) == [FIRST, SECOND, OTHER, HALF, FAIR, HALVES, OVERLAID]
    samples = model.sample(9, 5)
    assert torch.allclose(torch.cat([made[name] for name in (FIRST, SECOND, OTHER)]), samples, **CLOSE)
    # Where pictures are linear in z, half of the sum is the one laid over the other: a fusion needs a network that is not.
    assert torch.allclose(made[HALF], made[OVERLAID], **CLOSE)
    assert torch.allclose(made[FAIR], math.sqrt(2) * made[OVERLAID], **CLOSE)
    z = Space(model, "z").drawn(6, 5).points
    assert torch.allclose(made[HALVES], model.networks["generator"](beside(z[:3], z[3:])), **CLOSE)


def test_a_generator_with_styles_is_mixed_in_all_three_spaces(woven):
    model, made = woven
    space, wide = Space(model, "w"), Space(model, "w+")
    names = [name for name, _ in layer_groups(wide.styles.resolutions)]
    assert [name.split()[0] for name in names] == ["coarse", "middle", "fine"]
    assert list(made) == [FIRST, SECOND, OTHER, HALF, HALVES, "(w1 + w2)/2", *names, OVERLAID]
    w = space.drawn(8, 3).points
    assert torch.allclose(made["(w1 + w2)/2"], space.images((w[:4] + w[4:]) / 2), **CLOSE)
    styles = wide.drawn(8, 3).points
    for name, layers in layer_groups(wide.styles.resolutions):
        own = styles[:4].clone()
        own[:, list(layers)] = styles[4:][:, list(layers)]
        assert torch.allclose(made[name], wide.images(own), **CLOSE)
        assert not torch.allclose(made[name], made[FIRST], **CLOSE)
    assert torch.equal(made[OVERLAID], (made[FIRST] + made[SECOND]) / 2)


def test_z_is_normalised_before_styles_so_that_both_forms_of_the_sum_are_one(woven):
    model, made = woven
    z = Space(model, "z").drawn(8, 3).points
    fair = Space(model, "z").images((z[:4] + z[4:]) / math.sqrt(2))
    assert torch.allclose(made[HALF], fair, **CLOSE)


@pytest.mark.parametrize("sides", [(4, 8, 8, 16, 16, 32, 32, 32), (4, 4, 8, 8, 16, 16, 32, 32, 64, 64), (8, 8), (8,)])
def test_every_style_is_in_one_group(sides):
    groups = layer_groups(sides)
    assert [layer for _, layers in groups for layer in layers] == list(range(len(sides)))
    assert all(name.startswith(word) for (name, _), word in zip(groups, ("coarse", "middle", "fine"), strict=False))
    assert "inputs 0 to " in groups[0][0]


class Brightness:
    """Sees the mean of each half of a picture, and tells classes by the left one, at bounds that part these models' pictures."""

    name, resize, dim, classes, sha256 = "brightness", "none", 2, ("dark", "grey", "bright"), "0"
    standard_inception = False

    def look(self, images):
        halves = torch.stack([half.mean((1, 2, 3)) for half in images.chunk(2, 3)], 1)
        found = torch.bucketize(halves[:, 0].contiguous(), torch.tensor([0.394, 0.401]))
        return halves, torch.nn.functional.one_hot(found, 3).float()


@pytest.fixture(scope="module")
def reference():
    return dataclasses.replace(open_reference("fashion-mnist-10k", limit=120), loaded=Brightness())


def test_the_section_of_the_page(folder, reference, tmp_path):
    section = mixing_section([("Woven", folder)], reference, Wanted(n=60), tmp_path)
    assert section == mixing_section([("Woven", folder)], reference, Wanted(n=60), tmp_path)
    header, rows = section["table"]["header"], section["table"]["rows"]
    assert header[:3] == ["setting", "mixture", "FD[brightness]"]
    made = dict(mixtures(organza.load(folder), 30, 0))
    assert [row[:2] for row in rows] == [["Woven", name] for name in list(made)[2:]]
    seen = {name: Brightness().look(images) for name, images in made.items()}
    differ = seen[FIRST][1].argmax(1) != seen[SECOND][1].argmax(1)
    assert 0 < differ.sum() < 30
    for row in rows:
        shares = class_shares(*(seen[name][1].argmax(1) for name in (row[1], FIRST, SECOND)))
        assert list(map(float, row[3:6])) == pytest.approx(dataclasses.astuple(shares), abs=6e-4)
        near = [nearness(*(kinds[name] for name in (row[1], FIRST, SECOND))) for kinds in (embedded(seen), made)]
        assert list(map(float, row[6:])) == pytest.approx([*near[0], *near[1]], abs=6e-3)
        fake = seen[row[1]][0]
        if row[1] != OTHER:
            assert float(row[2]) == pytest.approx(frechet_distance(reference.looks[0], fake), rel=1e-3)
    plain = [frechet_distance(reference.looks[0], seen[name][0]) for name in (FIRST, SECOND, OTHER)]
    assert rows[0][2] == mean_and_deviation(statistics.mean(plain), statistics.stdev(plain))
    with Image.open(tmp_path / "pictures" / "mixing-Woven.png") as picture:
        assert picture.size == (2 * 16 * min(12, int(differ.sum())), 2 * 16 * len(made))
    assert section["paragraphs"][0].startswith("Of 30 pairs")
    assert f"(of the settings in turn, {int(differ.sum())} pairs)" in section["paragraphs"][0]
    assert "pictures/mixing-Woven.png" in section["paragraphs"][1]


def embedded(seen):
    return {name: look[0] for name, look in seen.items()}


def test_what_has_labels_or_points_is_passed_over(folder, reference, tmp_path):
    labelled = save_style_model(tmp_path / "labelled", labelled=True)
    assert mixing_section([("Labelled", labelled)], reference, Wanted(n=30), tmp_path) is None
    points = save_point_model(tmp_path / "points")
    assert mixing_section([("Points", points)], open_reference("ring8"), Wanted(n=30), tmp_path) is None
    assert not (tmp_path / "pictures").exists()


def test_features_without_classes_leave_those_cells_open(folder, tmp_path):
    reference = open_reference("fashion-mnist-10k", "random-conv", limit=40)
    section = mixing_section([("Woven", folder)], reference, Wanted(n=8), tmp_path)
    assert all(row[3:6] == ["–"] * 3 for row in section["table"]["rows"])
    assert section["table"]["header"][2] == "FD[random-conv]"
    assert "Class:" not in section["paragraphs"][0]
