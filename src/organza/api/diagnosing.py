"""Why a training fails, and what to do about it."""

from __future__ import annotations

from pathlib import Path

from organza.api.paths import PathLike
from organza.diagnosis import Diagnosis
from organza.errors import OrganzaError
from organza.training import RunFolder
from organza.training.doctor import diagnosis_of


def diagnose(run: PathLike) -> Diagnosis:
    """What the doctor's readings of a run mean: a verdict, what each detector has found, and remedies as edits of the recipe.

    It takes what the training has left in the folder, so it needs neither data nor time, and may be asked while the training
    is under way.

    Raises:
        OrganzaError: There is no run, or nobody has looked at it: it has not begun yet, or an older organza has trained it.
    """
    folder = RunFolder(Path(run))
    if not folder.recipe_file.exists():
        raise OrganzaError(f"{run} is not the folder of a run: name what `organza train` has left")
    status = folder.read_record().get("status", {})
    diagnosis = diagnosis_of(folder, status.get("culprit"))
    if not folder.readings() and not folder.rows() and diagnosis.verdict == "healthy":
        raise OrganzaError(
            f"{run} has no readings to go by yet: wait for the first ones, or train on with the same command"
        )
    return diagnosis
