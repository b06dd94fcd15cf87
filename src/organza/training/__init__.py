"""The loop, averages, checkpoints, devices."""

from organza.training.devices import pick_device
from organza.training.folder import RunFolder
from organza.training.loop import Watch, train
from organza.training.session import Session

__all__ = ["RunFolder", "Session", "Watch", "pick_device", "train"]
