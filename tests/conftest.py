"""What many tests begin with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.store import Store


@pytest.fixture(scope="session")
def blank_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, made once: making one takes a child process."""
    path = tmp_path_factory.mktemp("blank") / "readings.db"
    Store(path, ZoneInfo("UTC")).close()
    return path


@pytest.fixture
def blank(blank_database: Path) -> Callable[[Path], Path]:
    """Puts a copy of the empty database at a path."""

    def put(path: Path) -> Path:
        shutil.copy(blank_database, path)
        return path

    return put
