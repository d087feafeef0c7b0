"""A private run directory for each test, with what its servers leave outside of it removed afterwards."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.run.interrupt import MEANT
from config.run.places import make_private, remove_run_directory


@pytest.fixture
def run_dir(tmp_path: Path) -> Iterator[Path]:
    """A run directory that nobody else uses."""
    path = make_private(tmp_path / "run")
    yield path
    remove_run_directory(path)


@pytest.fixture
def process_as_before() -> Iterator[None]:
    """Put back what a command that runs inside the test changes for the whole process."""
    handlers = {signum: signal.getsignal(signum) for signum in MEANT}
    mask = os.umask(0o022)
    yield
    os.umask(mask)
    for signum, handler in handlers.items():
        signal.signal(signum, handler)
