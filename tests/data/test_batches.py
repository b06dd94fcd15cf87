import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.data import Batches, PairedDataset, VariedDataset, to_pixels
from organza.data.batches import squares
from organza.data.dataset import ResidentDataset, StreamedDataset
from organza.data.varied import KeptPictures
from organza.streams import Streams

CPU = torch.device("cpu")
COUNT = 7


def pictures(height=12, width=9, channels=2):
    """Every pixel of every picture has another value than its neighbours."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, (COUNT, height, width, channels), generator=generator, dtype=torch.uint8)


def resident(values, labels=None):
    return ResidentDataset(values, labels, ("x", "y"))


def varied(values, size):
    return VariedDataset([value.numpy() for value in values], len(values), size, values.shape[3], None, ())


def kept(values, size):
    return VariedDataset(KeptPictures(lambda index: values[index].numpy(), 10**8), len(values), size, 2, None, ())


def streamed(values):
    _, height, width, channels = values.shape
    return StreamedDataset(lambda index: values[index].numpy(), len(values), (channels, height, width), None, (), ())


MAKERS = {
    "resident": (lambda values, _: resident(values)),
    "streamed": (lambda values, _: streamed(values)),
    "varied": varied,
    "kept": kept,
}


def batches(dataset, seed=0, **options):
    return Batches(dataset, 4, Streams(seed), CPU, **options)


def test_without_pairs_and_labels_there_are_none():
    taken = batches(resident(pictures())).take(0)
    assert (taken.labels, taken.inputs) == (None, None)
    labels = torch.arange(COUNT) % 2
    made = batches(resident(pictures(), labels))
    assert torch.equal(made.take(3).labels, labels[made.order.indices(3, 4)])


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(MAKERS)), st.integers(0, 10**6), st.integers(0, 99), st.integers(1, 9), st.booleans())
def test_the_cut_of_a_pair_is_the_pair_of_cuts(kind, position, seed, side, flip):
    given_pictures = pictures()
    wanted = 255 - given_pictures
    pair = PairedDataset(*(MAKERS[kind](values, side) for values in (wanted, given_pictures)))
    taken = batches(pair, seed, cut=side, flip=flip).take(position)
    assert taken.samples.shape == (4, 2, side, side)
    assert torch.equal(to_pixels(taken.samples), 255 - to_pixels(taken.inputs))


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(MAKERS)), st.integers(0, 10**6), st.integers(0, 99), st.integers(0, 50))
def test_the_same_position_is_the_same_batch_whatever_came_before(kind, position, seed, before):
    def spoil(images, generator):
        return [image + torch.rand(image.shape, generator=generator) for image in images]

    options = {"cut": 5, "flip": True, "augment": spoil}
    fresh, other = (batches(MAKERS[kind](pictures(), 5), seed, **options) for _ in range(2))
    other.take(before)
    assert torch.equal(fresh.take(position).samples, other.take(position).samples)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 99), st.integers(1, 9))
def test_where_the_pictures_lie_changes_nothing(position, seed, side):
    values = pictures()
    made = [batches(make(values, side), seed, cut=side).take(position).samples for make in MAKERS.values()]
    assert all(torch.equal(samples, made[0]) for samples in made[1:])


def test_each_sample_has_a_place_of_its_own_and_each_position_others():
    values = pictures(40, 40)[:1].expand(COUNT, -1, -1, -1)  # the same picture again and again
    made = batches(resident(values), cut=4)
    first, second = made.take(0).samples, made.take(4).samples
    assert len({sample.numpy().tobytes() for sample in (*first, *second)}) == 8


def test_every_place_comes():
    side = 8
    rows = torch.arange(10, dtype=torch.uint8)[None, :, None, None].expand(COUNT, 10, 10, 1).clone()
    made = Batches(resident(rows), 200, Streams(0), CPU, cut=side)
    pixels = made.take(0).samples.add(1).mul(127.5).round()
    assert set(pixels[:, 0, 0, 0].tolist()) == {0.0, 1.0, 2.0}
    assert torch.equal(pixels[:, 0, -1, 0] - pixels[:, 0, 0, 0], torch.full((200,), side - 1.0))


def test_a_square_of_the_whole_size_is_the_picture():
    values = pictures(9, 9)
    whole, cut = batches(resident(values)), batches(resident(values), cut=9)
    assert torch.equal(whole.take(5).samples, cut.take(5).samples)


def test_two_domains_have_places_and_flips_of_their_own():
    a, b = (batches(resident(pictures(40, 40)), cut=4, domain=domain) for domain in "ab")
    assert not torch.equal(a.take(0).samples, b.take(0).samples)


def test_augmentation_comes_last_and_sees_both_pictures_of_a_pair():
    seen = []

    def spoil(images, generator):
        seen.append(([image.clone() for image in images], torch.rand(1, generator=generator)))
        return [image * 0 + number for number, image in enumerate(images)]

    pair = PairedDataset(resident(pictures()), resident(255 - pictures()))
    made = batches(pair, cut=5, flip=True, augment=spoil)
    plain = batches(pair, cut=5, flip=True).take(3)
    taken = made.take(3)
    assert (taken.samples.unique().tolist(), taken.inputs.unique().tolist()) == ([0], [1])
    assert torch.equal(seen[0][0][0], plain.samples)
    assert torch.equal(seen[0][0][1], plain.inputs)
    batches(resident(pictures()), augment=spoil).take(3)
    assert len(seen[1][0]) == 1
    assert torch.equal(seen[0][1], seen[1][1])  # the position alone decides
    made.take(4)
    assert not torch.equal(seen[0][1], seen[2][1])


@pytest.mark.parametrize("dataset", [resident(pictures(4, 9)), varied(pictures(), 6)])
def test_squares_that_cannot_be_cut_are_refused(dataset):
    with pytest.raises(ValueError, match="squares of 5 pixels cannot be cut"):
        batches(dataset, cut=5)


def test_a_gather_takes_the_same_as_slices():
    values, where = pictures(), torch.rand(3, 2)
    rows = torch.tensor([5, 0, 5])
    assert torch.equal(squares(values, rows, where, 6), varied(values, 6).cut(rows, where))


def test_streams_are_expected_on_both_sides():
    class Noting(StreamedDataset):
        def expect(self, indices):
            self.expected = indices.tolist()

    sides = [Noting(lambda index: pictures()[index].numpy(), COUNT, (2, 12, 9), None, (), ()) for _ in range(2)]
    made = batches(PairedDataset(*sides))
    made.take(4)
    assert [side.expected for side in sides] == [made.order.indices(8, 4).tolist()] * 2


@pytest.mark.parametrize("cut", [0, 5])
def test_what_lives_on_the_accelerator_gives_the_same_batches(cut):
    pair = PairedDataset(resident(pictures()), resident(255 - pictures()))
    here, there = (batches(pair, flip=True, cut=cut) for _ in range(2))
    there._resident = (pair.wanted.values, pair.inputs.values)  # as on another device; this one is good enough
    for one, other in zip(here.take(5), there.take(5), strict=True):
        assert one is other is None or torch.equal(one, other)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_cuda_gives_the_same_batches(kind):
    pair = PairedDataset(*(MAKERS[kind](values, 5) for values in (pictures(), 255 - pictures())))
    here, there = (Batches(pair, 4, Streams(0), torch.device(name), flip=True, cut=5) for name in ("cpu", "cuda"))
    assert bool(there._resident) is (kind in ("resident", "streamed"))
    for position in (0, 9):
        one, other = here.take(position), there.take(position)
        assert torch.equal(one.samples, other.samples.cpu())
        assert torch.equal(one.inputs, other.inputs.cpu())
