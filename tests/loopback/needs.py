"""Parts that a developer's machine may lack: then a test is skipped with the reason; on CI it fails."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest


def lacking(what: str, remedy: str) -> None:
    """Skip, or on CI fail."""
    words = f"{what} is missing: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words, allow_module_level=True)


def library(name: str, extra: str) -> None:
    """A vendor library of one of our extras."""
    if importlib.util.find_spec(name.partition(".")[0]) is None:
        lacking(name, f"pip install 'eink-monitor[{extra}]'")


def second_environment(name: str) -> Path:
    """The folder of a library that cannot share our environment: .venv/NAME, made by ``make test``."""
    folder = Path(sys.prefix) / name
    if not (folder / name).is_dir():
        lacking(name, f"pip install --target {folder} {name}")
    return folder
