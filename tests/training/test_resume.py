"""Killed at any moment and started again, a training ends with the same bits as one that was left alone."""

import json
import os
import random
import signal

import pytest
from killing import run_in_child

from organza.training import RunFolder, checkpoint
from throwaway import THROWAWAY

SYSTEMS = ["gan", "dcgan", "cgan", *THROWAWAY]
OTHERS = [
    "cyclegan-tiny",
    "srgan-tiny",
    "stylegan-tiny",
]  # pools; inputs made on the way; growing, and much to remember
DRAWS = {
    **dict.fromkeys(SYSTEMS, 2),
    **dict.fromkeys(["dcgan", "cgan"], 1),  # the game of the first, with other networks
    **dict.fromkeys(OTHERS, 1),
}
"""Kill points, anywhere between first and last line, others every time. ORGANZA_KILLS=10 draws ten times as many."""

TIMES = int(os.environ.get("ORGANZA_KILLS", "1"))


def remains(folder):
    """Everything a run leaves that must not depend on how often it was killed."""
    run = RunFolder(folder)
    newest = checkpoint.load(checkpoint.all_checkpoints(run.checkpoints)[0])
    newest.counters["progress"].pop("seconds")
    timeless = [{key: row[key] for key in row if key not in ("seconds", "images_per_second")} for row in run.rows()]
    samples = {picture.name: picture.read_bytes() for picture in sorted(run.samples.iterdir())}
    model = {file.name: file.read_bytes() for file in sorted(run.model.iterdir())}
    return checkpoint.checksum(newest.tensors), newest.counters, timeless, run.readings(), samples, model


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """Each system trained without a stop: what it leaves, and how many lines that took."""
    found = {}

    def of(name):
        if name not in found:
            folder = tmp_path_factory.mktemp("straight") / name
            code, lines = run_in_child(name, folder)
            assert code == 0
            found[name] = remains(folder), lines
        return found[name]

    return of


@pytest.mark.parametrize("name", DRAWS)
def test_killed_at_any_line_and_resumed_is_bit_identical(name, straight, tmp_path_factory):
    expected, lines = straight(name)
    assert len(expected[2]) >= 4
    for draw in range(DRAWS[name] * TIMES):
        line = random.SystemRandom().randint(1, lines)
        folder = tmp_path_factory.mktemp("killed") / name
        code, _ = run_in_child(name, folder, line)
        # A run may have a few lines less than the one that was counted, and end before its last ones.
        assert code == -signal.SIGKILL or line > 0.95 * lines, f"draw {draw} at line {line}: ended with {code}"
        assert run_in_child(name, folder)[0] == 0
        assert remains(folder) == expected, f"draw {draw}: killed at line {line} of {lines}"


def test_killed_again_and_again(straight, tmp_path):
    expected, lines = straight("growth")
    chance = random.Random(0)
    for _ in range(4):
        run_in_child("growth", tmp_path / "growth", chance.randrange(1, lines))
    assert run_in_child("growth", tmp_path / "growth")[0] == 0
    assert remains(tmp_path / "growth") == expected


def test_the_comparison_can_fail(straight, tmp_path):
    """Negative control: another memory of the game, or one more row, is noticed."""
    expected, _ = straight("shared-fake")
    assert run_in_child("shared-fake", tmp_path / "again")[0] == 0
    assert remains(tmp_path / "again") == expected
    run = RunFolder(tmp_path / "again")
    path = checkpoint.all_checkpoints(run.checkpoints)[0]
    stored = checkpoint.load(path)
    stored.tensors["state/pool"][0] += 1e-6
    checkpoint.save(run.checkpoints, int(path.stem), stored)
    assert remains(tmp_path / "again")[0] != expected[0]
    run.metrics_file.write_text(json.dumps(run.rows()[0]) + "\n")
    assert remains(tmp_path / "again")[2] != expected[2]
