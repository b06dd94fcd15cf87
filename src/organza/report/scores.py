"""Scores that were taken during a training: what each means, and which was the best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from organza.report.explain import explanations
from organza.report.explanation import Explanation
from organza.report.facts import Facts
from organza.report.wording import count, figure, label

PREFIX = "score."
"""Of the metric keys."""

QUICK = (
    "Taken quickly during the training, from few samples: it compares states of this training, and is not to be quoted."
)


@dataclass(frozen=True)
class Best:
    """The best score of a training: its key, its title, its value, and after how many images it was taken."""

    key: str
    title: str
    value: float
    images: float


SCORES: Mapping[str, Explanation] = {
    "fd": Explanation(
        title="Fréchet distance",
        series={},
        meaning="How far the generated pictures lie from real ones, in a space where like pictures lie close together: it "
        "compares the middle of the two clouds and how they spread (Fréchet distance). ",
        healthy="It falls, quickly at first and then slowly; lower is better. When it stops falling, going on "
        "brings little; "
        "when it climbs again, an earlier state was better.",
        from_zero=True,
    ),
    "modes": Explanation(
        title="Modes",
        series={},
        meaning="How many modes of the mixture have generated points close to their middle. ",
        healthy="It climbs to all the modes that there are, and stays. A mode that comes and goes is being chased.",
        from_zero=True,
    ),
    "high_quality": Explanation(
        title="Points close to a mode",
        series={},
        meaning="The share of the generated points that lie close to the middle of a mode. ",
        healthy="It climbs towards 1: points between the modes become rare.",
        bounds=(0.0, 1.0),
    ),
    "kl": Explanation(
        title="Unevenness over the modes",
        series={},
        meaning="How unevenly the generated points spread over the modes, in nats: 0 if equally, ln K if all are in one of K. ",
        healthy="It falls towards 0. A high value says that modes are missing, however sharp the points are.",
        from_zero=True,
    ),
}
"""By what follows the prefix; the series come with the run, and the title may."""

OTHER = Explanation(
    title="",
    series={},
    meaning="A score of the generated samples. ",
    healthy="A trend that flattens out; whether up or down is better depends on the score.",
)


def explanations_with_scores(loss: str | None, keys: Iterable[str], facts: Facts) -> list[Explanation]:
    """The charts for the metrics `keys`, scores first; every key is in exactly one of them.

    Args:
        loss: The recipe's adversarial loss.
        keys: The metric keys of a run.
        facts: Its record, which names the features (`score`) and the best (`best`); empty for several runs together.
    """
    keys, best = list(keys), best_score(facts)
    scores = [_explained(key, facts, best) for key in keys if key.startswith(PREFIX)]
    return [*scores, *explanations(loss, (key for key in keys if not key.startswith(PREFIX)))]


def best_score(facts: Facts) -> Best | None:
    """The best score that the record of a run names; None where it names none."""
    found = facts.at("best")
    key, images = found.text("key"), found.number("images")
    if key is None or images is None:
        return None
    value = found.number("value") if "value" in found.values else found.number("scores", key)
    if value is None:
        return None
    return Best(key, found.text("title") or _title(key, facts), value, images)


def _title(key: str, facts: Facts) -> str:
    return facts.text("score", "titles", key) or (SCORES[key].title if key in SCORES else label(key).capitalize())


def _explained(name: str, facts: Facts, best: Best | None) -> Explanation:
    key = name.removeprefix(PREFIX)
    known, number = SCORES.get(key, OTHER), facts.number("score", "n")
    title = _title(key, facts)
    of = f"From {count(number)} samples each time. " if number else ""
    noted = f"Best: {figure(best.value)} after {count(best.images)} images." if best and best.key == key else ""
    return replace(known, title=title, series={name: title}, meaning=f"{known.meaning}{of}{QUICK}", note=noted)
