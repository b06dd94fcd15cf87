"""The command line as a user meets it: help, JSON, exit statuses, and one line for every error."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from organza import cli
from organza.cli.parse import option_names, split_fields
from organza.cli.train import train
from organza.recipes import RECIPES
from organza.training import probe

SMALL = ["--batch", "8", "--generator.width", "8", "--discriminator.width", "8"]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(probe, "SECONDS", 0.0)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def organza(capsys):
    """Run a command line; returns exit status, standard output and standard error."""

    def run(line):
        with pytest.raises(SystemExit) as ended:
            cli.main(line.split() if isinstance(line, str) else line)
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


def test_help_imports_neither_torch_nor_tyro():
    code = (
        "import sys\nfrom organza.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "import organza\n"
        "heavy = {'torch', 'tyro', 'numpy', 'rich', 'PIL'} & set(sys.modules)\nassert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for verb in cli.VERBS:
        assert f"\n  {verb} " in done.stdout


@pytest.mark.parametrize("verb", [*cli.VERBS, "data check", "data blur", "data features"])
def test_every_verb_has_help(organza, verb):
    status, out, _ = organza(f"{verb} --help")
    assert status == 0
    assert f"usage: organza {verb}" in out
    assert "--json" in out


def test_the_overview_answers_nothing_and_version(organza):
    assert organza("")[0] == 2
    assert organza("--version")[1].startswith("organza 0.")


def test_no_models_come_with_the_package(organza):
    assert json.loads(organza("list models --json")[1]) == {}
    status, out, err = organza("list models")
    assert (status, out.count("\n"), err) == (0, 1, "")
    assert "MODEL" in out
    assert "run" in out


@pytest.mark.parametrize("kind", ["recipes", "sources", "games", "networks", "losses", "metrics", "features"])
def test_lists(organza, kind):
    status, out, _ = organza(f"list {kind}")
    assert status == 0
    listed = json.loads(organza(f"list {kind} --json")[1])
    assert [line.split()[0] for line in out.splitlines()] == list(listed)
    assert all(listed.values())


@pytest.mark.parametrize(
    ("name", "generator", "discriminator"),
    [("gan", 114_064, 100_609), ("dcgan", 3_021_123, 2_760_385), ("dcgan-64", 18_885_760, 17_232_768)],
)
def test_show_tells_sizes(organza, name, generator, discriminator):
    status, out, _ = organza(f"show {name} --json")
    assert status == 0
    shown = json.loads(out)
    assert shown["name"] == name
    assert shown["paper"] == RECIPES[name].paper
    sizes = {network: facts["parameters"] for network, facts in shown["networks"].items()}
    assert sizes == {"generator": generator, "discriminator": discriminator}
    assert f"{generator:,}" in organza(f"show {name}")[1]


def test_show_resolves_fields(organza):
    shown = json.loads(organza("show gan --z_dim 20 --generator.lr=1e-3 --json")[1])
    assert shown["networks"]["generator"]["parameters"] == 103_824
    assert shown["generator"]["lr"] == 1e-3


def test_cp_writes_a_recipe_that_trains(organza):
    assert organza("cp ring mine.yaml --batch 8")[0] == 0
    text = Path("mine.yaml").read_text()
    Path("mine.yaml").write_text(text.replace("name: ring", "name: mine").replace("width: 128", "width: 8"))
    status, out, err = organza("train mine.yaml --data ring8 --images 32 --json")
    assert status == 0, err
    assert json.loads(out)["run"] == "runs/mine-ring8"
    assert organza("cp ring mine.yaml")[0] == 1
    assert organza("cp ring mine.yaml --force")[0] == 0
    assert organza("cp ring mine.txt")[0] == 2


def test_train_prints_one_json_object_and_the_rest_elsewhere(organza):
    status, out, err = organza(
        ["train", "ring", "--data", "ring8", "--images", "3.2e1", "--out", "run", *SMALL, "--json"]
    )
    assert status == 0, err
    result = json.loads(out)
    assert set(result) == {"run", "images", "images_per_second", "seconds", "verdict", "scores"}
    assert (result["run"], result["images"], result["verdict"]) == ("run", 32, "healthy")
    assert "ETA" in err or "in about" in err
    status, out, _ = organza(["train", "ring", "--data", "ring8", "--images", "32", "--out", "run", *SMALL])
    assert (status, out) == (0, "")


def test_dry_run_stops_after_the_plan(organza):
    status, out, err = organza(["train", "--data", "ring8", "--dry-run", "--batch", "8"])
    assert (status, out) == (0, "")
    for word in ("recipe", "data", "parameters", "device", "speed", "stops", "runs/ring-ring8"):
        assert word in err
    plan = json.loads(organza("train gan --data fashion-mnist-10k --images 640 --dry-run --json")[1])
    assert plan["networks"]["generator"]["parameters"] == 114_064
    assert plan["images"] == 640
    assert not Path("runs").exists()


def test_not_finite_is_status_3(organza):
    line = ["train", "ring", "--data", "ring8", "--images", "8000", "--out", "run", *SMALL]
    status, out, err = organza([*line, "--generator.optimiser", "sgd", "--generator.lr", "1e30", "--json"])
    assert status == 3
    assert json.loads(out)["verdict"] == "not-finite"
    assert "NaN or infinite" in err


def test_sample_and_verify(organza):
    organza(["train", "ring", "--data", "ring8", "--images", "16", "--out", "run", *SMALL])
    status, out, _ = organza("sample run -n 20 --out grid.png --seed 4")
    assert (status, out.strip()) == (0, "grid.png")
    Image.new("L", (4, 4)).save("plain.png")
    status, out, _ = organza("verify grid.png plain.png run/samples/real.png")
    assert status == 0
    first, second, third = out.splitlines()
    assert "generated by ring" in first
    assert "seed 4" in first
    assert "no mark" in second
    assert "real samples of ring8" in third
    marks = json.loads(organza("verify grid.png plain.png --json")[1])
    assert marks["grid.png"]["ai_generated"] is True
    assert marks["plain.png"] is None


def test_data_check(organza):
    Path("pictures").mkdir()
    for number in range(3):
        Image.new("RGB", (20, 20), (number, 0, 0)).save(f"pictures/{number}.png")
    Path("pictures/broken.png").write_bytes(b"")
    status, out, _ = organza("data check pictures")
    assert status == 0
    assert "3 of 4" in out
    assert "broken.png" in out
    found = json.loads(organza("data check pictures --json")[1])
    assert (found["usable"], found["problems"][0]["kind"]) == (3, "empty")
    assert organza("data chek pictures")[0] == 2


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("trian --data x", 2, "did you mean train"),
        ("train dcgn --data ring8", 2, "did you mean dcgan"),
        ("train ring --data rong8", 2, "did you mean ring8"),
        ("train ring --data ring8 --generator.lrr 1", 2, "did you mean generator.lr"),
        ("train ring --data ring8 --seeed 1", 2, "did you mean --seed"),
        ("train ring --data ring8 --batch", 2, "--batch has no value"),
        ("train ring --data ring8 --batch x", 2, "'batch' cannot be 'x'"),
        ("train ring --data ring8 --loss hinged", 2, "unknown loss 'hinged'"),
        ("train missing.yaml --data ring8", 1, "cannot read the recipe missing.yaml"),
        ("train ring --data ring8 --device gpu", 2, "unknown device 'gpu'"),
        ("sample nowhere --out a.png", 1, "no model at nowhere"),
        ("verify nowhere.png", 1, "cannot read nowhere.png"),
        ("train ring --data ring8 --n_critic 0", 2, "'n_critic' cannot be '0'"),
        ("train ring --data ring8 --generator.lr -1", 2, "'generator.lr' cannot be '-1'"),
        ("train ring --data ring8 --generator.lr nan", 2, "'generator.lr' cannot be 'nan'"),
        ("train ring --data ring8 --size 3", 2, "points of the plane have --size 1"),
        ("train ring --data ring8 --images inf", 2, "--images must be a number, not 'inf'"),
        ("train ring --data ring8 --minutes soon", 2, "--minutes must be a number, not 'soon'"),
        ("train ring --data ring8 --seed x", 2, "--seed"),
        ("train ring", 2, "--data"),
        ("sample run -n x --out a.png", 2, "-n"),
        ("list recipies", 2, "did you mean recipes"),
        ("data check nowhere", 2, "no source 'nowhere'"),
    ],
)
def test_errors_are_one_line(organza, line, status, words):
    got, out, err = organza(line)
    assert (got, out) == (status, "")
    assert words in err
    assert err.count("\n") == 1
    assert err.startswith("organza: ")
    assert "Traceback" not in err


def test_wrong_usage_is_status_2(organza):
    assert organza("train ring")[0] == 2
    assert organza("train ring --data ring8 --seed x")[0] == 2


def test_faults_of_ours_are_one_line_and_debug_shows_where(organza, monkeypatch):
    from organza import api

    def broken(kind):
        raise ZeroDivisionError("one\ntwo")

    monkeypatch.setattr(api, "names", broken)
    status, _, err = organza("list")
    assert status == 1
    assert err == "organza: this is a fault of organza: ZeroDivisionError: one two; --debug shows where\n"
    with pytest.raises(ZeroDivisionError):
        cli.main(["list", "--debug"])


def test_fields_and_options_are_told_apart():
    options = option_names(train)
    assert {"data", "out", "from", "dry-run", "data-dir", "json"} <= options
    words = "dcgan --generator.lr 1e-4 --data x --flip=true --dry-run --batch -3".split()
    rest, fields = split_fields(words, options)
    assert rest == ["dcgan", "--data", "x", "--dry-run"]
    assert fields == {"generator.lr": "1e-4", "flip": "true", "batch": "-3"}
    assert split_fields(["--sample-every", "512"], options)[1] == {"sample_every": "512"}


@pytest.mark.parametrize("line", ["list", "show gan", "cp gan gan.yaml", "data check ring8", "verify a.png"])
def test_every_verb_takes_a_device(organza, line):
    Image.new("L", (4, 4)).save("a.png")
    plain = organza(f"{line} --json")
    Path("gan.yaml").unlink(missing_ok=True)
    assert plain[0] == 0
    assert organza(f"{line} --device cpu --json") == plain


def test_the_python_face_is_small_and_light():
    import organza

    assert set(organza.__all__) == {
        "OrganzaError", "animate", "check", "compare", "cp", "data_blur", "data_features", "deblur", "diagnose",
        "directions", "edit", "enlarge", "evaluate", "harmonize", "import_model", "interpolate", "load", "mix", "names",
        "noise", "paint", "pathlength", "project", "reproduce", "retarget", "retouch", "sample", "save_images",
        "separability", "show", "stylize", "sweep", "train", "translate", "vary", "verify",
    }  # fmt: skip
    rooms = {path.name for path in Path(organza.__file__).parent.iterdir() if path.is_dir()}
    assert not rooms & set(organza.__all__)
    with pytest.raises(AttributeError):
        _ = organza.nothing
