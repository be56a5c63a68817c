"""Which tests run through a line of the program: each whole run of the tests writes it down once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import coverage

_ASKED = """\
[run]
source = eink_monitor
parallel = true
dynamic_context = test_function
data_file = {file}
"""


def record(root: Path, file: Path) -> None:
    """Run every test but the long ones and keep, for each line, which came by; takes as long as ``make test``."""
    file.parent.mkdir(exist_ok=True)
    config = file.with_suffix(".rc")
    config.write_text(_ASKED.format(file=file), encoding="utf-8")
    runner = [sys.executable, "-m", "coverage"]
    asked = {**os.environ, "COVERAGE_RCFILE": str(config)}
    subprocess.run([*runner, "run", "-m", "pytest", "--numprocesses", "2"], cwd=root, env=asked, check=False)
    subprocess.run([*runner, "combine", "--quiet"], cwd=root, env=asked, check=True)


class Reach:
    """What was kept."""

    def __init__(self, root: Path, file: Path) -> None:
        self._data = coverage.CoverageData(str(file))
        self._data.read()
        self._root = root
        self._files = {path.stem: path.relative_to(root) for path in sorted(root.glob("tests/**/test_*.py"))}

    def tests(self, file: Path, line: int) -> Sequence[str]:
        """The node ids of the tests that run through a line, those of the room's own test file first."""
        names = self._data.contexts_by_lineno(str(self._root / file)).get(line, [])
        found = {node for name in names if (node := self._node(name))}
        return sorted(found, key=lambda node: (file.stem.strip("_") not in node, file.parent.name not in node, node))

    def _node(self, context: str) -> str | None:
        """``tests.store.test_ledger.test_a_booking`` is ``tests/store/test_ledger.py::test_a_booking``."""
        module, _, test = context.rpartition(".")
        path = self._root / Path(*module.split(".")).with_suffix(".py")
        file = path.relative_to(self._root) if path.is_file() else self._files.get(module.rpartition(".")[2])
        return f"{file}::{test}" if file and test.startswith("test_") else None
