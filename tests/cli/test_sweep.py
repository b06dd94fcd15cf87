"""`organza sweep` and `organza compare` as a user meets them, with trainings in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from organza import cli
from organza.tools import Cell, cells, run_cells
from organza.tools.scoring import reference
from organza.training import probe

SMALL = ["--batch", "8", "--generator.width", "8", "--discriminator.width", "8", "--device", "cpu"]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(probe, "SECONDS", 0.0)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def organza(capsys):
    """Run a command line; returns exit status, standard output and standard error."""

    def run(words):
        with pytest.raises(SystemExit) as ended:
            cli.main(words.split() if isinstance(words, str) else words)
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


class Here:
    """Stands for a process that trains: does it in this one, at once, because a process takes seconds to start."""

    begun: list[str]

    def __init__(self, cell, out, threads):
        Here.begun.append(cell.name)
        with cells._log(cell, out) as log:
            try:
                cli.main([*cell.words(out), "--json"])
            except SystemExit as end:
                self.returncode = end.code or 0
            log.write(b"organza: it broke\n" if self.returncode in (1, 2) else b"{}\n")

    def poll(self):
        return self.returncode

    def kill(self):
        raise AssertionError("it has ended")


@pytest.fixture
def here(monkeypatch):
    """All cells train in this process."""
    Here.begun = []
    monkeypatch.setattr(cells, "_start", Here)
    monkeypatch.setattr(cells, "POLL", 0.0)
    return Here


def test_a_sweep_trains_all_compares_them_and_does_nothing_twice(organza, here):
    line = ["sweep", "ring", "--data", "ring8", "--over", "generator.lr=1e-3,1e-4", "--seeds", "2", "--images", "64",
            "--out", "s", "-n", "60", *SMALL]  # fmt: skip
    status, out, err = organza(line)
    assert status == 0, err
    assert here.begun == [f"generator.lr={lr},seed={seed}" for lr in ("1e-3", "1e-4") for seed in (0, 1)]
    assert "| generator.lr=0.0001 | 2 |" in out
    assert "4 of 4 cells done" in err
    status, out, _ = organza([*line, "--json"])
    told = json.loads(out[out.index("{") :])
    assert len(here.begun) == 4
    assert status == 0
    assert [cell["state"] for cell in told["cells"]] == ["done"] * 4
    assert told["page"] == "s/comparison.html"
    assert [len(group["scores"]["kl"]["values"]) for group in told["comparison"]["groups"]] == [2, 2]
    assert {path.name for path in Path("s").iterdir() if not path.name.startswith(".")} == {
        "cells", "logs", "pictures", "sweep.json", "compare.json", "comparison.html", "table.md", "table.csv",
    }  # fmt: skip
    status, _, err = organza([*line[:4], "--over", "generator.lr=1e-3", *line[6:]])
    assert status == 2
    assert "was begun with over generator.lr=1e-3,1e-4, not generator.lr=1e-3" in err
    assert err.count("\n") == 1


def test_not_finite_is_a_result_and_a_failure_is_told(organza, here, monkeypatch):
    line = ["sweep", "ring", "--data", "ring8", "--over", "generator.lr=1e-3,1e30", "--images", "800", "--out", "s",
            "--generator.optimiser", "sgd", "-n", "60", *SMALL]  # fmt: skip
    status, _, err = organza(line)
    assert status == 0, err
    assert "generator.lr=1e30,seed=0: not-finite" in err
    written = json.loads(Path("s/compare.json").read_text())
    assert [group["verdicts"] for group in written["groups"]] == [{"healthy": 1}, {"not-finite": 1}]

    folder = Path("s/cells/generator.lr=1e-3,seed=0")
    (folder / "run.json").write_text("{")  # a training that finds this refuses to go on
    status, _, err = organza(line)
    assert status == 1
    assert "organza: 1 of 2 cells failed, the first, generator.lr=1e-3,seed=0: it broke" in err
    written = json.loads(Path("s/compare.json").read_text())
    assert written["failures"] == [{"name": "generator.lr=1e-3,seed=0", "reason": "it broke"}]
    (folder / "run.json").unlink()
    assert organza(line)[0] == 0
    assert here.begun[-2:] == ["generator.lr=1e-3,seed=0"] * 2


def test_recipes_and_pictures(organza, here, monkeypatch):
    monkeypatch.setattr(reference, "REAL", 300)
    status, out, err = organza(
        ["sweep", "--data", "fashion-mnist-10k", "--over", "recipe=gan", "--over", "z_dim=4,5", "--images", "16",
         "--out", "s", "-n", "20", *SMALL]
    )  # fmt: skip
    assert status == 0, err
    assert "FD[fashion-classifier] ↓" in out
    status, out, _ = organza(["compare", "s", "s/cells/recipe=gan,z_dim=5,seed=0", "--out", "c", "-n", "20", "--json"])
    told = json.loads(out)
    assert [run["run"] for run in told["runs"]] == [f"../s/cells/recipe=gan,z_dim={z},seed=0" for z in (4, 5)]
    assert Path("c/comparison.html").exists()


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("sweep ring --data ring8 --over generator.lrr=1 --out s", 2, "did you mean generator.lr"),
        ("sweep ring --data ring8 --over generator.lr=x --out s", 2, "cannot be 'x'"),
        ("sweep ring --data ring8 --over recipe=rong --out s", 2, "leave out 'ring'"),
        ("sweep rong --data ring8 --over batch=8 --out s", 2, "unknown recipe 'rong'"),
        ("sweep ring --data rong8 --over batch=8 --out s", 2, "did you mean ring8"),
        ("sweep ring --data ring8 --over batch --out s", 2, "write it as FIELD=VALUE,VALUE"),
        ("sweep ring --data ring8 --over batch=8 --seedz 2 --out s", 2, "did you mean --seeds"),
        ("sweep ring --data ring8 --over batch=8 --jobs 0 --out s", 2, "--jobs must be at least 1"),
        ("sweep ring --data ring8 --over batch=8 --device gpu --out s", 2, "unknown device"),
        ("sweep ring --data ring8 --over batch=8", 2, "--out"),
        ("sweep ring --data ring8 --over batch=8 --out .", 1, "holds no sweep"),
        ("compare nowhere", 1, "no run at nowhere"),
        ("compare .", 1, "there is no run in ."),
        ("compare", 2, "RUN"),
    ],
)
def test_refusals_are_one_line_and_start_nothing(organza, here, line, status, words):
    Path("text.tex").touch()
    got, out, err = organza(line)
    assert (got, out) == (status, "")
    assert words in err
    assert err.startswith("organza: ")
    assert err.count("\n") == 1
    assert here.begun == []
    assert not Path("s").exists()


def wait_for(what, seconds=60):
    """Until `what` is true; what it returned then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a child die with its parent however that dies")
def test_killed_it_takes_its_children_along_and_goes_on_where_it_was(organza, here):
    line = ["sweep", "ring", "--data", "ring8", "--over", "generator.lr=1e-3,1e-4", "--images", "64", "--out", "s",
            "--jobs", "1", "-n", "60", *SMALL]  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "organza", *line], stderr=subprocess.DEVNULL)
    try:
        wait_for(Path("s/logs/generator.lr=1e-4,seed=0.log").exists)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        child = wait_for(lambda: children.read_text().split())[0]
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    wait_for(lambda: not alive(child), 1.5)  # at once, long before it could have ended by itself
    first = Path("s/cells/generator.lr=1e-3,seed=0/run.json")
    assert json.loads(first.read_text())["status"]["verdict"] == "healthy"
    before = first.stat().st_mtime_ns
    status, _, err = organza(line)
    assert status == 0, err
    assert here.begun == ["generator.lr=1e-4,seed=0"]
    assert first.stat().st_mtime_ns == before


def alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_told_to_stop_it_lets_the_running_save_and_begins_no_other(tmp_path):
    fields = {"batch": "8", "generator.width": "8", "discriminator.width": "8", "log_every": "64"}
    wanted = [Cell(name, "ring", "ring8", 0, fields, images=10**9, device="cpu") for name in ("a", "b")]
    record = tmp_path / "s" / "cells" / "a" / "run.json"
    states, rows = [], record.with_name("metrics.jsonl")

    def watch(results):
        states.append([result.state for result in results])

    def begun():
        return rows.exists() and rows.stat().st_size > 0

    results = run_cells(wanted, tmp_path / "s", jobs=1, threads=1, watch=watch, stop=begun)
    assert [result.state for result in results] == ["interrupted", "waiting"]
    assert states[0] == ["running", "waiting"]
    status = json.loads(record.read_text())["status"]
    assert status["verdict"] == "interrupted"
    assert status["images"] > 0
    assert (tmp_path / "s" / "cells" / "a" / "model" / "config.json").exists()


def test_a_process_that_fails_is_recorded_and_the_others_go_on(tmp_path, monkeypatch):
    """The words of the cell's own process are the reason; children that need no torch stand for trainings."""
    monkeypatch.setattr(Cell, "words", lambda cell, out: cell.fields["words"].split())
    wanted = [Cell(name, "", "", 0, {"words": name}) for name in ("--version", "trian")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    results = run_cells(wanted, tmp_path, jobs=2, threads=1)
    assert [(result.state, result.status) for result in results] == [("failed", 0), ("failed", 2)]
    assert results[1].reason.startswith("unknown verb 'trian'")
    assert "organza 0." in (tmp_path / "logs" / "--version.log").read_text()
