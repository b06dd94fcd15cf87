"""What is the matter with a training: detectors over its history, a verdict, and remedies as edits of its recipe."""

from organza.diagnosis.detectors import DETECTORS
from organza.diagnosis.diagnosis import Diagnosis, diagnose
from organza.diagnosis.finding import FAILURES, HEALTHY, SICK, VERDICTS, Finding
from organza.diagnosis.history import Conditions, History
from organza.diagnosis.remedies import REMEDIES, Prescription, Remedy, prescribe

__all__ = [
    "DETECTORS",
    "FAILURES",
    "HEALTHY",
    "REMEDIES",
    "SICK",
    "VERDICTS",
    "Conditions",
    "Diagnosis",
    "Finding",
    "History",
    "Prescription",
    "Remedy",
    "diagnose",
    "prescribe",
]
