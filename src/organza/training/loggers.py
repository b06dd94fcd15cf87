"""Where rows of metrics can go besides `metrics.jsonl`. A logger is a function of a dict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from organza.errors import OrganzaError
from organza.training.folder import Row

Logger = Callable[[Row], None]


def tensorboard_logger(folder: Path, done: int = 0) -> Logger:
    """A logger that writes event files for TensorBoard, with images seen as the step.

    Args:
        folder: For the event files.
        done: Images already seen by a run that goes on; what was logged beyond them is not shown any more.

    Raises:
        OrganzaError: TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise OrganzaError("--tensorboard needs TensorBoard: pip install 'organza[tensorboard]'") from None
    writer: SummaryWriter | None = None

    def log(row: Row) -> None:
        nonlocal writer  # made with the first row, when the run folder is ours
        writer = writer or SummaryWriter(str(folder), purge_step=done + 1 if done else None)
        for name, value in row.items():
            if isinstance(value, float):
                writer.add_scalar(name.replace(".", "/"), value, row["images"])
        writer.flush()

    return log
