"""Where a training runs."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import torch

from organza.errors import UsageError


def pick_device(name: str = "auto") -> torch.device:
    """The device that `name` means: auto, cpu, cuda, cuda:N or mps.

    Raises:
        UsageError: There is no such device, or the name means none.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (index and not (kind == "cuda" and index.isdigit())):
        raise UsageError(f"unknown device '{name}': take auto, cpu, cuda, cuda:N or mps")
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        raise UsageError(
            f"no device '{name}' here: torch sees {torch.cuda.device_count()} CUDA devices; try --device auto"
        )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise UsageError("no device 'mps' here; try --device auto")
    return torch.device(name)


def describe(device: torch.device) -> dict[str, str | int]:
    """The environment of a run, for its record."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else str(device),
        "processor": _processor(),
        "threads": torch.get_num_threads(),
        "platform": f"{platform.system()} {platform.machine()}",
    }


def memory_in_use(device: torch.device) -> int:
    """Bytes that this process has needed at most so far: of the device, or of main memory for a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if device.type == "mps":
        return torch.mps.driver_allocated_memory()
    try:
        import resource
    except ImportError:  # not a Unix
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else peak * 1024


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor() or 'unknown'}, {os.cpu_count()} cores"
