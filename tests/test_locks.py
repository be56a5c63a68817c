"""The lock files agree with ``pyproject.toml`` and hold a hash for everything."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = Path(__file__).parent.parent / "locks"
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)( ; (?P<marker>.+))?( *--hash=sha256:[0-9a-f]{64})+")


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lock", LOCKS / "lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = _tool()
SETS: dict[str, list[str]] = TOOL.sets()


def entries(name: str) -> list[re.Match[str]]:
    """The entries of a lock file; every line of it must be understood."""
    _, text = (LOCKS / f"{name}.txt").read_text(encoding="utf-8").split("\n", 1)
    whole = [PIN.fullmatch(line) for line in text.replace("\\\n", "").splitlines()]
    assert all(whole), f"{name}.txt: a line is no version with its hashes"
    return [entry for entry in whole if entry]


def test_there_is_a_file_for_every_set_and_for_nothing_else() -> None:
    assert {file.stem for file in LOCKS.glob("*.txt")} == set(SETS)


@pytest.mark.parametrize("name", SETS)
def test_what_pyproject_asks_for_is_locked(name: str) -> None:
    first, _ = (LOCKS / f"{name}.txt").read_text(encoding="utf-8").split("\n", 1)
    assert f"{first}\n" == TOOL.heading(name, SETS[name]), "pyproject.toml has changed: make lock"
    locked = {entry["name"]: entry["version"] for entry in entries(name)}
    for requirement in map(Requirement, SETS[name]):
        if requirement.marker is None or requirement.marker.evaluate():
            assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), "make lock"


def test_a_library_has_one_version_wherever_it_is_installed_together() -> None:
    seen: dict[tuple[str, str], str] = {}
    for name in set(SETS) - set(TOOL.ALONE):
        for entry in entries(name):
            assert seen.setdefault((entry["name"], entry["marker"] or ""), entry["version"]) == entry["version"]


def test_no_place_to_fetch_from_is_named() -> None:
    for file in LOCKS.glob("*.txt"):
        assert not re.search(r"://|\bindex|find-links", file.read_text(encoding="utf-8")), file.name


def test_what_changed_is_said() -> None:
    before = {"pillow": {"12.0"}, "gone": {"1"}, "same": {"2"}, "click": {"8.1", "8.2"}}
    after = {"pillow": {"13.0"}, "new": {"3"}, "same": {"2"}, "click": {"8.2"}}
    assert TOOL.changes(before, after) == [
        "click 8.1 and 8.2 -> 8.2",
        "gone 1 is gone",
        "new 3 is new",
        "pillow 12.0 -> 13.0",
    ]


def test_an_unreachable_registry_changes_nothing(tmp_path: Path) -> None:
    before = {file: file.read_bytes() for file in LOCKS.glob("*.txt")}
    command = [sys.executable, str(LOCKS / "lock.py"), "--into", str(tmp_path / "locks")]
    offline = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "UV_OFFLINE": "1"}
    done = subprocess.run(command, env=offline, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("the libraries could not be resolved, nothing was changed: ")
    assert not list((tmp_path / "locks").iterdir())
    assert before == {file: file.read_bytes() for file in LOCKS.glob("*.txt")}
