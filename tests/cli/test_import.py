"""organza import: the verb."""

import json
import sys
from pathlib import Path

import pytest
import torch

from organza import cli

sys.path.insert(0, str(Path(__file__).parents[1] / "exchange"))
from authors_networks import ResnetGenerator, UnetGenerator, realistic
from style_reference_files import save_rosinality
from style_references_others import RosinalityDiscriminator, RosinalityGenerator


@pytest.fixture
def organza(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(line):
        with pytest.raises(SystemExit) as end:
            cli.main(line.split())
        output = capsys.readouterr()
        return end.value.code, output.out, output.err

    return run


def test_a_checkpoint_becomes_a_model(organza):
    network = realistic(ResnetGenerator())
    torch.save(network.state_dict(), "latest_net_G.pth")
    status, out, _ = organza("import latest_net_G.pth --as cyclegan --out horses --to a")
    parameters = sum(weight.numel() for weight in network.parameters())
    assert (status, out) == (0, f"horses: cyclegan, generator_ba, {parameters:,} parameters\n")
    status, out, _ = organza("import latest_net_G.pth --as deblurgan --out sharp --json")
    report = json.loads(out)
    assert status == 0
    assert (report["model"], report["kind"], report["parameters"]) == ("sharp", "deblurgan", parameters)
    assert "--generator.residual" in report["notes"][0]
    status, _, error = organza("import latest_net_G.pth --as cyclegan --out horses")
    assert status == 1
    assert "exists" in error
    assert organza("import latest_net_G.pth --as cyclegan --out horses --force --device cpu")[0] == 0


def test_fields_can_be_set(organza):
    torch.save(realistic(UnetGenerator(5, 4)).state_dict(), "x.pth")
    assert organza("import x.pth --as pix2pix --out maps --test_dropout false --own_statistics=false")[0] == 0
    recipe = json.loads(Path("maps/config.json").read_text())["recipe"]
    assert (recipe["test_dropout"], recipe["own_statistics"], recipe["generator"]["downs"]) == (False, False, 5)
    status, _, error = organza("import x.pth --as pix2pix --out other --test_dropuot false")
    assert status == 2
    assert "test_dropout" in error
    assert not Path("other").exists()


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        ("import x.pth --out m", 2, "--as"),
        ("import x.pth --as cyclegan", 2, "--out"),
        ("import x.pth --as pix2pixel --out m", 2, "pix2pix"),
        ("import x.pth --as cyclegan --out m", 1, "is no checkpoint"),
        ("import none.pth --as cyclegan --out m", 1, "cannot read the checkpoint none.pth"),
        ("import y.pth --as cyclegan --out m", 1, "cannot import y.pth as cyclegan"),
        ("import y.pth --as deblurgan --out m --to a", 2, "--to"),
    ],
)
def test_mistakes_are_one_line(organza, line, status, message):
    Path("x.pth").write_text("a text file")
    torch.save({"weight": torch.zeros(3)}, "y.pth")
    ended, out, error = organza(line)
    assert ended == status
    assert out == ""
    assert message in error
    assert error.count("\n") == 1
    assert not Path("m").exists()


def test_style_networks_come_with_their_discriminator(organza):
    generator, judge = RosinalityGenerator([8, 8], 4, 1), RosinalityDiscriminator([8, 8])
    save_rosinality(Path("x.pt"), generator, judge)
    status, out, _ = organza("import x.pt --as rosinality --out faces")
    assert status == 0
    assert out.startswith("faces: stylegan2, generator, ")
    assert "  with the discriminator, for training to go on from here\n" in out
    status, out, _ = organza("import x.pt --as rosinality --out other --json --batch 8")
    assert (status, json.loads(out)["opponents"]) == (0, ["discriminator"])
    assert organza("sample faces -n 2 --out grid.png")[0] == 0
    status, _, error = organza("import x.pt --as r3gan --out m")
    assert status == 1
    assert "cannot import x.pt as r3gan" in error
    assert not Path("m").exists()
