"""The scripts that make tables and catalogues, as modules."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parent.parent / "translations"


def script(name: str) -> ModuleType:
    """One of them; skips where Babel is not installed, which is one of the developer's tools."""
    pytest.importorskip("babel", reason="needs Babel: make check")
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
