"""Plants small faults in the program, one at a time, and counts those that the tests notice.

``python -m mutants [--runs N] [--seed S] [--least PERCENT] [FILE or FOLDER of eink_monitor ...]``. The program and its
tests are copied to a folder of their own; the first run asks every test which lines it meets (.mutants/).
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from eink_monitor.clock import stopwatch
from mutants.plant import Fault, faults
from mutants.reach import Reach, record

ROOT = Path(__file__).parents[2]
_KEPT = ROOT / ".mutants" / "reach"
_NEAREST = 40  # tests that are asked first; most faults fall there
_PATIENCE = 300  # seconds; a test that hangs has noticed
_USUAL = ["daemon", "store", "quota.py", "sources/solaredge", "sources/solaredge_modbus"]


def main(words: Sequence[str]) -> int:
    """Exit 1 when too few were noticed."""
    asked = _parser().parse_args(words)
    if not _KEPT.exists():
        sys.stderr.write("asking every test which lines it meets, once ...\n")
        record(ROOT, _KEPT)
    reach, planted = Reach(ROOT, _KEPT), [fault for file in _files(asked.rooms) for fault in faults(ROOT, file)]
    chosen = random.Random(asked.seed).sample(planted, min(asked.runs, len(planted)))
    noticed: Counter[str] = Counter()
    missed: list[Fault] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = _copied(Path(folder))
        for number, fault in enumerate(chosen, 1):
            began, caught = stopwatch(), _is_noticed(copy, fault, reach.tests(fault.file, fault.line))
            noticed[str(caught)] += 1
            if not caught:
                missed.append(fault)
            _tell(f"{number}/{len(chosen)}", fault, caught=caught, took=stopwatch() - began)
    share = 100 * (len(chosen) - len(missed)) / max(1, len(chosen))
    sys.stdout.write(f"\n{len(chosen)} of {len(planted)} possible faults planted, {share:.1f} % noticed; missed:\n")
    for fault in sorted(missed, key=lambda one: (one.file, one.line)):
        sys.stdout.write(f"  {_words(fault)}\n")
    return int(share < asked.least)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=_USUAL, help=f"below eink_monitor/ (default: {' '.join(_USUAL)})")
    parser.add_argument("--runs", type=int, default=100, help="faults to plant (default: 100)")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--least", type=float, default=90.0, help="per cent that must be noticed (default: 90)")
    return parser


def _files(rooms: Sequence[str]) -> list[Path]:
    found: set[Path] = set()
    for room in rooms:
        place = ROOT / "eink_monitor" / room
        found |= {place} if place.is_file() else set(place.rglob("*.py"))
    if not found:
        sys.exit(f"no such room below eink_monitor/: {' '.join(rooms)}")
    return sorted(path.relative_to(ROOT) for path in found)


def _copied(folder: Path) -> Path:
    """The project as it is in the work tree, without what is not part of it."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    for name in names.stdout.decode().splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    (folder / ".venv").symlink_to(Path(sys.prefix))
    return folder


def _is_noticed(copy: Path, fault: Fault, tests: Sequence[str]) -> bool:
    file = copy / fault.file
    whole = file.read_text(encoding="utf-8")
    file.write_text(fault.text, encoding="utf-8")
    try:
        return any(_fails(copy, some) for some in (tests[:_NEAREST], tests[_NEAREST:]) if some)
    finally:
        file.write_text(whole, encoding="utf-8")


def _fails(copy: Path, tests: Sequence[str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", *tests]
    asked = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=copy, env=asked, capture_output=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def _tell(place: str, fault: Fault, *, caught: bool, took: float) -> None:
    word = "noticed" if caught else "MISSED "
    sys.stdout.write(f"{place:>9}  {word} {took:5.1f} s  {_words(fault)}\n")
    sys.stdout.flush()


def _words(fault: Fault) -> str:
    return f"{fault.file}:{fault.line}  {fault.was}  ->  {fault.now}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
