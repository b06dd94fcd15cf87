"""What `organza diagnose` prints of signs that cannot be measured, and of those that are excused."""

from pathlib import Path

from organza import api
from organza.cli.diagnose import diagnose as verb
from organza.diagnosis import Conditions, History, diagnose

ROWS = [
    {"images": images, "step": images, "generator.gradient": 10.0 ** (-images / 250), "discriminator.wins": 0.9}
    for images in range(10, 1010, 10)
]


def test_what_cannot_be_measured_is_not_called_well(monkeypatch, capsys):
    found = diagnose(History(Conditions(read=False, besides="targets"), 1000, (), ROWS))
    monkeypatch.setattr(api, "diagnose", lambda run: found)
    assert verb(Path("run")) == 0
    out = capsys.readouterr().out
    (unmeasured,) = [line for line in out.splitlines() if "nothing to measure by" in line]
    measured = [line for line in out.splitlines() if line.endswith(("nothing amiss", "excused"))]
    assert "diversity" in unmeasured
    assert [line.split()[0] for line in measured] == ["finite", "gradient-growth", "gradient-left", "weakness"]
    assert measured[2].endswith("beyond, but too early to tell, or excused")
    assert "losses and gradients alone" in out
