"""Scores of a run, remembered in its folder."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from organza.exchange import Model
from organza.files import write_text
from organza.tools.scoring import evaluation
from organza.tools.scoring.reference import METHOD, Reference
from organza.tools.scoring.scores import Scores

FILE = "scores.json"


def score_run(run: Path, model: Model, reference: Reference, n: int = evaluation.FAKES, seed: int = 0) -> Scores:
    """The scores of a model, remembered in the folder of the run, so that the same question is answered at once next time.

    Raises:
        UsageError: As of `score`.
        OrganzaError: As of `score`.
    """
    key = {
        "method": METHOD,
        "weights": model.config["weights_sha256"],
        "fingerprint": reference.source.fingerprint,
        "split": reference.source.split,
        "features": reference.features_name,
        "features_sha256": reference.features_digest,
        "real": len(reference.chosen),
        "n": n,
        "seed": seed,
    }
    known = _remembered(run / FILE)
    for entry in known:
        if entry["key"] == key:
            return Scores(**{**entry["scores"], "notes": tuple(entry["scores"]["notes"])})
    scores = evaluation.score(model, reference, n, seed)
    if scores.values:
        known.append({"key": key, "scores": asdict(scores)})
        with suppress(OSError):  # a run that may only be read is scored anew each time
            write_text(run / FILE, json.dumps({"format": 1, "known": known}, indent=2, ensure_ascii=False) + "\n")
    return scores


def _remembered(path: Path) -> list[dict[str, Any]]:
    """Earlier answers; none if the file is missing or damaged, because they can be computed again."""
    names = {each.name for each in fields(Scores)}
    try:
        known = json.loads(path.read_text(encoding="utf-8"))["known"]
        return [entry for entry in known if "key" in entry and set(entry["scores"]) == names]
    except (OSError, ValueError, TypeError, KeyError):
        return []
