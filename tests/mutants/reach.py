"""Which tests run through a line of the program: a whole run of the tests writes it down once.

As a plugin of pytest (``-p mutants.reach``) it names the test to coverage, and keeps how each ended and how
long it took. Programs that a test starts are counted as its own; what it forks is not.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from functools import cache
from pathlib import Path

import coverage
import pytest

ENDS = "MUTANTS_ENDS"  # names the file to which the plugin writes how the tests ended
CHOSEN = "MUTANTS_CHOSEN"  # names the file of those that are to run, first things first; otherwise all do
_ASKED = """\
[run]
source = eink_monitor
parallel = true
patch = subprocess
relative_files = true
context = ${{PYTEST_CURRENT_TEST-}}
data_file = {file}
"""


def record(copy: Path, file: Path, workers: int, again: Sequence[str] = (), without: Sequence[str] = ()) -> None:
    """Run the tests in a copy of the project and keep which came by each line; takes as long as ``make test``.

    Of the files named in ``again`` it is kept beside what is known, otherwise of all but those in ``without``.
    """
    (file.parent / "config").mkdir(parents=True, exist_ok=True)
    new, ends, config = file.with_suffix(".new"), file.with_suffix(".ends"), file.parent / "config" / "coverage.rc"
    config.write_text(_ASKED.format(file=new), encoding="utf-8")
    kept = [line for line in _lines(ends) if line.split(" ", 2)[2].partition("::")[0] not in again] if again else []
    ends.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    if again:
        shutil.copy(file, new)
    asked = {**environment(copy), "COVERAGE_RCFILE": str(config), ENDS: str(ends)}
    runner = [sys.executable, "-m", "coverage"]
    tests = ["-m", "pytest", "-p", "mutants.reach", "-p", "no:cacheprovider", "--numprocesses", str(workers), *again]
    tests += [f"--ignore={test}" for test in without]
    subprocess.run([*runner, "run", *tests], cwd=copy, env=asked, check=False)
    subprocess.run([*runner, "combine", "--quiet", *(["--append"] if again else [])], cwd=copy, env=asked, check=True)
    new.rename(file)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def environment(copy: Path) -> dict[str, str]:
    """For a run of the tests of a copy of the project."""
    path = os.pathsep.join(map(str, (copy, copy / "tests", Path(__file__).parents[1])))
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}  # it is no worker
    return {**ours, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """What runs from here on runs for this test."""
    if counting := coverage.Coverage.current():
        counting.switch_context(item.nodeid)
    ended = yield
    if counting:
        counting.switch_context("")
    return ended


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave those that were chosen; what has gone since is no error."""
    if chosen := os.environ.get(CHOSEN):
        order = {test: place for place, test in enumerate(Path(chosen).read_text(encoding="utf-8").splitlines())}
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in order])
        items[:] = sorted((item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid])


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """One line for every part of a test: seconds, how it ended, which it was."""
    if (ends := os.environ.get(ENDS)) and "PYTEST_XDIST_WORKER" not in os.environ:
        with Path(ends).open("a", encoding="utf-8") as file:
            file.write(f"{report.duration:.3f} {report.outcome} {report.nodeid}\n")


def ended_tests(file: Path) -> Iterator[tuple[str, float, str]]:
    """Of each part of each test: whose it is, seconds, how it ended."""
    for line in _lines(file):
        took, ended, test = line.split(" ", 2)
        yield test, float(took), ended


class Reach:
    """What was kept."""

    def __init__(self, root: Path, file: Path) -> None:
        self._data = coverage.CoverageData(str(file))
        self._data.read()
        self._root = root
        self._took: defaultdict[str, float] = defaultdict(float)
        self._failed: set[str] = set()
        for test, took, ended in ended_tests(file.with_suffix(".ends")):
            self._took[test] += took
            if ended == "failed":
                self._failed.add(test)
        self._met = cache(self._met_by)

    def tests(self, file: Path, line: int) -> Sequence[str]:
        """The node ids of the tests that run through a line: the nearest first, the quickest of them first.

        What runs when the module is imported concerns every test of the file, and so does what only a fork runs. Where
        nothing else is in the file, those of its room are asked.
        """
        reached = self._met(file)
        first = _function(self._root / file, line)
        while first and line > first and line not in reached:
            line -= 1  # a statement of several lines is counted at one of them
        found = reached.get(line, set()) if first else set()
        found = (
            found
            or set().union(*reached.values())
            or {test for test in self._took if test not in self._failed and not _distance(file, test)[1]}
        )
        return sorted(found, key=lambda test: (*_distance(file, test), self._took[test]))

    def took(self, test: str) -> float:
        """Seconds."""
        return self._took[test]

    def _met_by(self, file: Path) -> dict[int, set[str]]:
        return {
            line: {test for name in names if (test := self._test(name))}
            for line, names in self._data.contexts_by_lineno(str(file)).items()
        }

    def _test(self, context: str) -> str | None:
        """The test whose part that is: ``tests/test_law.py::test_storeys (call)``; None for one that fails anyway."""
        test = context.partition("|")[0]
        for part in (" (setup)", " (call)", " (teardown)"):
            test = test.removesuffix(part)
        return test if test in self._took and test not in self._failed else None


def _distance(file: Path, test: str) -> tuple[bool, bool]:
    module = Path(test.partition("::")[0])
    return file.stem.strip("_") not in module.stem, file.parent.name not in {module.parent.name, module.stem[5:]}


def _function(path: Path, line: int) -> int:
    """The first line of the innermost function whose body a line belongs to; 0 for none."""
    return max((first for first, last in _bodies(path) if first <= line <= last), default=0)


@cache
def _bodies(path: Path) -> Sequence[tuple[int, int]]:
    return list(_found(ast.parse(path.read_text(encoding="utf-8"))))


def _found(tree: ast.Module) -> Iterator[tuple[int, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node.body[0].lineno, node.end_lineno or node.lineno
