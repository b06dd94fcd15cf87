"""What the documents tell people to type is typed here, in order, in an empty folder; only the budgets are cut.

The first command is a process of its own, the installed one; the others run in this one, because importing PyTorch takes longer
than most of them.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cells_here import trained_here
from exchange.authors_networks import ResnetGenerator
from organza.cli import main
from organza.tools import reproduce, sweep
from organza.training import probe

ROOT = Path(__file__).parent.parent
SHORT = "--images 64 --batch 16 --generator.width 4 --discriminator.width 4"

SHORTER = {  # of verbs that compute for long
    "project": ["--steps", "2"],
    "stylize": ["--steps", "2"],
    "pathlength": ["-n", "8"],
    "noise": ["-n", "2"],
}


def blocks(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / document).read_text(encoding="utf-8"), re.M | re.S)


def commands():
    lines = "".join(blocks("README.md", "sh")).splitlines()
    return [line.partition(" #")[0].strip() for line in lines if line.strip()]


@pytest.fixture
def folder(tmp_path):
    """An empty folder with some pictures in it."""
    (tmp_path / "pictures").mkdir()
    chance = np.random.default_rng(0)
    for number in range(6):
        pixels = chance.integers(0, 256, (40, 48, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "pictures" / f"{number}.png")
    return tmp_path


@pytest.fixture
def more(folder):
    """What the README's commands on pictures want besides: two domains, pairs, photographs, and a checkpoint of others."""
    for name in ("horses", "zebras", "maps/A", "maps/B", "holidays"):
        shutil.copytree(folder / "pictures", folder / name)
    photo = Image.open(folder / "pictures" / "0.png").resize((70, 50))
    photo.save(folder / "photo.jpg")
    photo.save(folder / "pasted.png")
    photo.rotate(180).save(folder / "painting.png")
    mask = Image.new("L", photo.size)
    mask.paste(255, (30, 20, 40, 30))
    mask.save(folder / "mask.png")
    torch.manual_seed(0)
    torch.save(ResnetGenerator(width=4, blocks=1).state_dict(), folder / "latest_net_G.pth")


def test_the_readme_names_targets_that_the_makefile_has():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [command.split()[1] for command in commands() if command.startswith("make ")]
    assert targets == ["demo", "test"]
    assert all(re.search(rf"^{target}:", makefile, re.M) for target in targets)


def test_the_commands_of_the_readme(folder, more, monkeypatch, capsys):
    organza = shutil.which("organza", path=str(Path(sys.executable).parent))
    assert organza, "install organza into this environment first: pip install -e ."
    monkeypatch.chdir(folder)
    monkeypatch.setattr(probe, "SECONDS", 0.0)
    for verb in (sweep, reproduce):
        monkeypatch.setattr(verb, "train_cells", trained_here)
    ran = 0
    for command in commands():
        if command.startswith("make "):
            continue
        assert command.startswith("organza "), command
        words = shlex.split(command)
        if words[1] == "train":
            words = [word for word in words if word not in ("--minutes", "10")]
        if words[1] in ("train", "sweep"):
            words += shlex.split(SHORT.partition(" --gen")[0] if "ring" in words else SHORT)
            if "--quality" in words:  # of one picture
                words = [*words[: words.index("--images")], "--iterations", "3", *words[-4:]]
                words[words.index("64")] = "32"
            words += ["--generator.head_width", "2"] if "deblurgan-v2-tiny" in words else []
            if "stylegan2-tiny" in words:
                words = [*words[:-4], "--generator.channel_max", "4", "--discriminator.channel_max", "4"]
        words += SHORTER.get(words[1], [])
        if words[1] == "sweep":
            words = [{"--seeds=3": "--seeds=1"}.get(word, word) for word in words]
        if words[1] == "reproduce":
            words += ["--quick", "--images", "64"]
        if words[1] in ("sweep", "compare", "reproduce", "evaluate"):
            words += ["-n", "60"]
        if ran == 0:
            done = subprocess.run([organza, *words[1:]], capture_output=True, text=True, timeout=120)
            code, said = done.returncode, done.stderr
        else:
            with pytest.raises(SystemExit) as ended:
                main(words[1:])
            code, said = ended.value.code, capsys.readouterr().err
        assert code in (0, None), f"{command}\n{said}"
        ran += 1
    assert ran >= 8
    assert (folder / "clothes.png").exists()
    assert len(list(folder.glob("runs/*/report.html"))) == 11
    assert {file.name for file in folder.iterdir()} >= {
        "zebra.png",
        "again.jpg",
        "zebra.html",
        "sharpened",
        "blurred",
        "walk.gif",
        "edited.png",
        "stylized",
        "variations",
        "wide.png",
        "alive.gif",
        "seamless.png",
        "painted.png",
    }
    assert {path.parent.name for path in folder.glob("*/*/comparison.html")} == {"losses", "ring-quick"}


def test_the_tree_of_a_run_in_the_readme(folder):
    tree = next(block for block in blocks("README.md", "text") if block.startswith("runs/"))
    names = [line.split()[0].rstrip("/") for line in tree.splitlines()[1:]]
    run_python("import organza\norganza.train('ring', data='ring8', images=512, out='run')", folder)
    assert {entry.name for entry in (folder / "run").iterdir() if entry.name[0] != "."} == {*names, "run.json"}


def run_python(text, folder):
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=folder, capture_output=True, text=True, timeout=120, env={**os.environ}
    )
    assert done.returncode == 0, f"{text}\n{done.stderr}"


def test_the_python_of_the_readme(folder):
    (text,) = blocks("README.md", "python")
    short = text.replace("minutes=1, ", "images=64, ").replace(
        '{"generator.lr": 1e-4}', '{"generator.lr": 1e-4, "generator.width": 4, "discriminator.width": 4, "batch": 16}'
    )
    assert short.count("64") == 1
    run_python(short, folder)
    assert (folder / "out.png").exists()


def test_the_walk_throughs_of_contributing(folder):
    loss, use, gan = blocks("CONTRIBUTING.md", "python")
    run_python(loss + use, folder)
    run_python(gan, folder)


def test_links_between_documents_lead_somewhere():
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_every_study_has_a_page_with_its_tables():
    from organza.tools.study import find_study, study_names

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in study_names():
        page = (ROOT / "docs" / "studies" / f"{name}.md").read_text(encoding="utf-8")
        assert f"organza reproduce {name}" in page
        assert all(f"| {cell.name} |" in page for cell in find_study(name).cells), name
        assert f"docs/studies/{name}.md" in readme
    assert not re.search(r"ANSWER\d|# TITLE", readme)
