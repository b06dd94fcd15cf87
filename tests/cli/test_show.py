"""`organza show` of every recipe: its networks, parts of them included, for people and for programs."""

import copy
import json

import pytest

from organza import api, cli
from organza.recipes import RECIPES


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_shown(name, capsys, monkeypatch):
    found = api.show(name)
    monkeypatch.setattr(api, "show", lambda recipe, fields: copy.deepcopy(found))  # building is what takes long

    def shown(*words):
        with pytest.raises(SystemExit) as ended:
            cli.main(["show", name, *words])
        captured = capsys.readouterr()
        assert (ended.value.code or 0, captured.err) == (0, "")
        return captured.out

    assert json.loads(shown("--json")) == json.loads(json.dumps(found))
    lines = shown().splitlines()
    notes = [line.removeprefix("note: ") for line in lines if line.startswith("note: ")]
    assert notes == found["notes"]
    lines = lines[: len(lines) - len(notes)][-len(found["networks"]) :]
    for line, (network, facts) in zip(lines, found["networks"].items(), strict=True):
        made = f", output {'x'.join(map(str, facts['output']))}" if "output" in facts else ""
        assert line == f"{network}: {facts['parameters']:,} parameters{made}"
        assert ("output" in facts) == ("." not in network)  # parts of a network have none


def test_parts_are_shown_without_an_output(capsys):
    """The same way through, with nothing replaced."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["show", "deblurgan-v2-tiny"])
    out = capsys.readouterr().out
    assert not ended.value.code
    assert [line.partition(" parameters")[2] for line in out.splitlines() if line.startswith("generator.fpn: ")] == [""]
