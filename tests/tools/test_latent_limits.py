"""Numbers without measure, and files that are none, are refused at once."""

import json

import pytest

from organza.data import Margins
from organza.errors import OrganzaError, UsageError
from organza.tools.latent.directions import read_arrays
from organza.tools.latent.editing import evenly
from organza.tools.latent.options import read_seeds


def test_seeds_have_at_most_64_bits():
    assert read_seeds("9" * 18) == (int("9" * 18),)
    for seeds in ("9" * 23, "9" * 5000, "1-" + "9" * 5000):
        with pytest.raises(UsageError, match="whole numbers"):
            read_seeds(seeds)


def test_strengths_are_not_without_number():
    assert evenly(0, 3, 4) == [0, 1, 2, 3]
    with pytest.raises(UsageError, match="1 to 1,000"):
        evenly(0, 3, 100_000_000)


def test_what_is_no_npz_file_is_said_to_be_none(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"not at all")
    with pytest.raises(OrganzaError, match=r"it is no \.npz file$"):
        read_arrays(tmp_path / "x.npz", "direction")


@pytest.mark.parametrize("stored", ["x", [1, 2], [-1, 0, 0, 0], [1.5] * 4, [2], None])
def test_margins_of_a_strange_file(stored):
    with pytest.raises(ValueError, match="margins"):
        Margins.read(stored)
    assert Margins.read(json.loads("[1, 2, 3, 4]")).record == [1, 2, 3, 4]
