"""The doctor on trainings that fail in a known way, and on trainings that do not: how often its verdict is right.

    python benchmarks/doctor.py --seeds 10-12 --keep histories --jobs 2

Every case of `doctor_cases.py` is trained with every seed (about 10 seconds each on a quiet core). What readings and metrics
say of it is kept in a folder, so that thresholds can be tried again without training again, and a stopped run goes on. The
table and `results/doctor.json` tell, for each case, which verdicts were given; detection over all faults and false alarms
over all healthy trainings come with Wilson's 95 % interval.

Thresholds in `organza/diagnosis/detectors.py` were set on other seeds than the ones that count.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from doctor_cases import FAULTS, HEALTHY, Case
from organza.data import NO_MARGINS, Dataset, decode, open_source
from organza.diagnosis import History, diagnose
from organza.features import load_features
from organza.files import write_text
from organza.recipes import RECIPES, fit_to, override
from organza.streams import Streams
from organza.training.doctor import conditions_of
from organza.training.patient import Patient
from organza.training.planning import fit_of, held_out, make_session

READINGS, ROWS = 16, 64  # of a training
CPU = torch.device("cpu")


def histories(case: Case, seed: int) -> dict[str, Any]:
    """Train, and return what there is to go by."""
    source = open_source(case.data)
    recipe = fit_to(override(RECIPES[case.recipe], case.fields), source)
    dataset = part(decode(source, recipe.size, recipe.channels), case.samples)
    session = make_session(recipe, {"real": dataset}, Streams(seed), CPU)
    crop = fit_of(source, recipe).margins if source.kind == "images" else NO_MARGINS
    classifier = load_features("fashion-classifier") if source.kind == "images" else None
    patient = Patient(session, dataset, source.name, crop, held_out(recipe, dataset.count), classifier)
    if case.spoil and dataset.labels is not None:
        case.spoil(session, dataset.labels, case.images)
    rows, readings, culprit, start = [], [patient.read()], None, time.perf_counter()
    while session.clock < case.images and not culprit:
        before = session.clock
        session.play()
        culprit = session.culprit()
        if passed(before, session.clock, case.images / ROWS):
            rows.append({"images": session.clock, "step": session.progress.step, **session.window.means()})
            session.window.clear()
        if passed(before, session.clock, case.images / READINGS) and not culprit:
            readings.append(patient.read())
    seconds = round(time.perf_counter() - start, 1)
    return {"case": case.key, "seed": seed, "rows": rows, "readings": readings, "culprit": culprit, "seconds": seconds}


def part(dataset: Dataset, count: int) -> Dataset:
    """So many samples, with labels of their own to spoil; all of them for 0."""
    chosen = torch.randperm(dataset.count, generator=torch.Generator().manual_seed(0))[: count or None]
    chosen = chosen.sort().values if not count else chosen
    return replace(dataset, values=dataset.read(chosen), labels=dataset.labels[chosen].clone())


def passed(before: int, now: int, every: float) -> bool:
    """Whether a multiple of `every` lies between two clocks."""
    return now // every > before // every


def kept(folder: Path, case: Case, seed: int) -> dict[str, Any]:
    """The history of a training from the folder, or by training."""
    path = folder / f"{case.key.replace('/', '__').replace(' ', '_')}__{seed}.json"
    if path.exists():
        return json.loads(path.read_text())
    torch.set_num_threads(1)
    found = histories(case, seed)
    write_text(path, json.dumps(found))
    print(f"{found['seconds']:6.1f} s  {case.key}, seed {seed}", flush=True)
    return found


def verdict(case: Case, found: dict[str, Any]) -> str:
    """What the doctor says of a training that is over."""
    game = override(RECIPES[case.recipe], case.fields).build()
    kinds = len(found["readings"][-1]["shares"])
    history = History(conditions_of(game, kinds), case.images, found["readings"], found["rows"], found["culprit"])
    return diagnose(history).verdict


def interval(right: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (Wilson 1927)."""
    z, share = 1.96, right / count
    middle, half = share + z * z / (2 * count), z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return (middle - half) / (1 + z * z / count), (middle + half) / (1 + z * z / count)


def summary(name: str, outcomes: list[bool]) -> dict[str, Any]:
    """A share with its interval."""
    low, high = interval(sum(outcomes), len(outcomes))
    print(
        f"{name:<44}{sum(outcomes):>4} of {len(outcomes):>3}   {sum(outcomes) / len(outcomes):6.1%}   [{low:.1%}, {high:.1%}]"
    )
    return {"right": sum(outcomes), "of": len(outcomes), "interval": [round(low, 4), round(high, 4)]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="10-12", help="first-last")
    parser.add_argument("--keep", type=Path, default=Path("doctor-histories"), help="folder of the histories")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "doctor.json")
    options = parser.parse_args()
    first, last = map(int, options.seeds.split("-"))
    options.keep.mkdir(parents=True, exist_ok=True)
    cases = [case for case in (*FAULTS, *HEALTHY) if options.only in case.key]
    jobs = [(options.keep, case.key, seed) for seed in range(first, last + 1) for case in cases]
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        pool.starmap(by_key, jobs, chunksize=1)
    table: dict[str, Counter[str]] = {}
    for case in cases:
        table[case.key] = Counter(verdict(case, kept(options.keep, case, seed)) for seed in range(first, last + 1))
    print()
    for case in cases:
        given = ", ".join(f"{name} {count}" for name, count in table[case.key].most_common())
        print(f"{case.key:<44}{case.expected:<26}{given}" + ("   (kept out)" if case.kept_out else ""))
    print()

    def outcomes(chosen: list[Case]) -> list[bool]:
        return [name == case.expected for case in chosen for name in table[case.key].elements()]

    groups = {
        "faults": [case for case in cases if case.expected != "healthy" and not case.kept_out],
        "faults kept out of the setting": [case for case in cases if case.kept_out],
        "healthy trainings": [case for case in cases if case.expected == "healthy"],
    }
    totals = {name: summary(name, outcomes(chosen)) for name, chosen in groups.items() if chosen}
    if not options.only:
        record = {
            "seeds": options.seeds,
            "totals": totals,
            "expected": {case.key: case.expected for case in cases},
            "verdicts": {key: dict(counts) for key, counts in table.items()},
        }
        options.out.parent.mkdir(exist_ok=True)
        write_text(options.out, json.dumps(record, indent=2) + "\n")


def by_key(folder: Path, key: str, seed: int) -> None:
    """Train a case by its name, which a process can be given."""
    kept(folder, next(case for case in (*FAULTS, *HEALTHY) if case.key == key), seed)


if __name__ == "__main__":
    main()
