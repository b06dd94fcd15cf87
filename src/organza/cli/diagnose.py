"""say why a training fails, and what to do about it: organza diagnose RUN"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from organza.cli.parse import Json, call, print_json

if TYPE_CHECKING:
    from organza.diagnosis import Finding


def diagnose(
    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")],
    /,
    *,
    json: Json = False,
) -> int:
    """Say what is the matter with a training: a verdict, every detector's value, and remedies to train again with.

    A training is looked at from its beginning on; this reads what was seen, also while it is under way.

    Args:
        run: The folder of a run.
    """
    from organza import api

    diagnosis = api.diagnose(run)
    if json:
        print_json(diagnosis.record())
        return 0
    print(f"{diagnosis.verdict} at {diagnosis.images:,} images: {diagnosis.sentence}")
    for notice in diagnosis.notices:
        print(notice)
    print()
    for finding in sorted(diagnosis.findings, key=lambda finding: finding.verdict is None):
        if finding.value is not None:
            print(line(finding, finding.value))
        if finding.verdict:
            print(f"    {finding.sentence}")
    unmeasured = [finding.name for finding in diagnosis.findings if finding.value is None]
    if unmeasured:
        print(f"  nothing to measure by in this training: {', '.join(unmeasured)}")
    if diagnosis.prescriptions:
        print("\nwhat to try, the first choice first:")
    for prescription in diagnosis.prescriptions:
        print(f"  {prescription.options}\n    {prescription.reason}")
    return 0


def line(finding: Finding, value: float) -> str:
    """One detector's value against its threshold."""
    quiet = "beyond, but too early to tell, or excused" if finding.beyond else "nothing amiss"
    return f"  {finding.name:<20}{value:>14.3g}   {finding.side} {finding.threshold:g}   {finding.verdict or quiet}"


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(diagnose, "diagnose", words)
