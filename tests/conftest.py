"""What all tests share."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Two threads that fight another test's are many times slower than one (and hypothesis' children inherit this).
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
sys.path.insert(0, str(Path(__file__).parent))

# The first example of a test may import half of PyTorch: a deadline would measure that.
settings.register_profile("organza", deadline=None)
settings.load_profile("organza")


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk():
    """No test can bring about the power failure that `fsync` is for, and trainings that save at every step wait for it long."""
    kept, os.fsync = os.fsync, lambda handle: None
    yield
    os.fsync = kept


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Decoded data go to a folder of this session, never to the user's."""
    os.environ["ORGANZA_CACHE"] = str(tmp_path_factory.mktemp("cache"))
