"""The Fréchet distance of cached features against torch-fidelity's, interleaved in one run; prints ratios.

10,000 features of real and 10,000 of generated samples, as an extractor leaves them (float32), in 2048 dimensions as
Inception's and in 96. They are random, but correlated, not negative and of a falling spectrum, as a network's are. Both
start from the same tensors in memory, in one of two ways:

* features: everything is computed, of both sides;
* real known: the statistics of the real side have been computed before, as both programs keep them.

That they are equal is looked at in float64, too: torch-fidelity rounds the means of float32 features to float32.

Each number of threads has a process of its own. Each contender runs in turn, several times over; the median of the ratios
of the rounds counts, because the machine is never quiet.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

COUNT = 10_000
TARGET = 3.0  # times as fast as torch-fidelity
LIMIT = 1e-6  # relative difference of the distances
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def features(seed: int, dim: int, scale: float):
    """Float32 [COUNT, dim]: two random layers of noise whose directions matter ever less."""
    import torch

    weights, noise = torch.Generator().manual_seed(0), torch.Generator().manual_seed(seed)
    first, second = (torch.randn(*size, generator=weights) / size[0] ** 0.5 for size in ((256, 1024), (1024, dim)))
    latents = torch.randn(COUNT, 256, generator=noise) * torch.arange(1, 257) ** -0.5 * scale
    hidden = (latents @ first).relu()
    return (hidden @ second + 0.3 * hidden.std() * torch.randn(COUNT, dim, generator=noise)).relu()


def measure(dims: list[int], rounds: int) -> list[dict]:
    """The ratios with the number of threads that this process has."""
    import torch
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    from organza.metrics import Moments, frechet_distance, frechet_of_moments

    def theirs(of_real, fake) -> float:
        found = fid_statistics_to_metric(of_real, fid_features_to_statistics(fake), verbose=False)
        return found["frechet_inception_distance"]

    results = []
    for dim in dims:
        real, fake = features(1, dim, 1.0), features(2, dim, 1.1)
        moments, known = Moments.of(real), fid_features_to_statistics(real)
        doubles = real.double(), fake.double()
        exact = frechet_distance(*doubles), theirs(fid_features_to_statistics(doubles[0]), doubles[1])
        ways = {
            "features": (
                lambda real=real, fake=fake: frechet_distance(real, fake),
                lambda real=real, fake=fake: theirs(fid_features_to_statistics(real), fake),
            ),
            "real known": (
                lambda moments=moments, fake=fake: frechet_of_moments(moments, Moments.of(fake)),
                lambda known=known, fake=fake: theirs(known, fake),
            ),
        }
        for way, contenders in ways.items():
            as_they_are = [contender() for contender in contenders]  # and warm up
            seconds: tuple[list[float], list[float]] = [], []
            for _ in range(rounds if dim > 256 else 10 * rounds):
                for contender, taken in zip(contenders, seconds, strict=True):
                    start = time.perf_counter()
                    contender()
                    taken.append(time.perf_counter() - start)
            results.append(
                {
                    "dimensions": dim,
                    "from": way,
                    "threads": torch.get_num_threads(),
                    "ratio": round(statistics.median(b / a for a, b in zip(*seconds, strict=True)), 3),
                    "target": TARGET,
                    "relative difference": abs(exact[0] / exact[1] - 1),
                    "relative difference, float32": abs(as_they_are[0] / as_they_are[1] - 1),
                    "seconds": {
                        "organza": round(statistics.median(seconds[0]), 4),
                        "torch-fidelity": round(statistics.median(seconds[1]), 4),
                    },
                }
            )
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="of 2048 dimensions; ten times as many of 96")
    parser.add_argument("--dims", type=int, nargs="+", default=[96, 2048])
    parser.add_argument("--out", type=Path, help="write the figures as JSON, too; those of other dimensions stay")
    parser.add_argument("--within", action="store_true", help=argparse.SUPPRESS)  # a process of one number of threads
    options = parser.parse_args()
    if options.within:
        print(json.dumps(measure(options.dims, options.rounds)))
        return
    again = [sys.executable, __file__, "--within", "--rounds", str(options.rounds), "--dims", *map(str, options.dims)]
    results = []
    free = {name: value for name, value in os.environ.items() if name not in THREADS}
    for environment in (free | dict.fromkeys(THREADS, "1"), free):
        output = subprocess.run(again, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
        found = json.loads(output)
        results += found
        for each in found:
            threads, reached = each["threads"], "" if each["ratio"] >= TARGET else "NOT "
            equal = "equal" if each["relative difference"] <= LIMIT else "NOT equal"
            print(
                f"{each['dimensions']} dimensions, {each['from']}, {threads} threads: {each['ratio']:.2f}x as fast as "
                f"torch-fidelity (target {TARGET}x, {reached}reached), {equal} to {LIMIT} "
                f"({each['relative difference']:.1e})"
            )
    if options.out:
        import torch

        from organza.training.devices import describe

        if options.out.exists():
            known = json.loads(options.out.read_text())["results"]
            results += [each for each in known if each["dimensions"] not in options.dims]
        record = {"environment": describe(torch.device("cpu")), "results": results}
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
