"""Plants small faults in the program, one at a time, and counts those that the tests notice.

``python -m mutants [--runs N] [--seed S] [--only PART] [--least PERCENT] [FILE or FOLDER of eink_monitor ...]``. The
program and its tests are copied to a folder of their own; the first run asks every test which lines it meets
(.mutants/), ``--record`` asks again after many have changed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import pytest

from eink_monitor import orphans
from eink_monitor.clock import stopwatch
from mutants.plant import Fault, faults
from mutants.reach import CHOSEN, ENDS, Reach, ended_tests, environment, record

ROOT = Path(__file__).parents[2]
_KEPT = ROOT / ".mutants" / "reach"
_NEAREST = 40  # tests that are asked first; most faults fall there
_PATIENCE = 60  # seconds, and four times what the tests took when they were recorded: one that hangs has noticed
_USUAL = [
    "daemon",
    "store",
    "quota.py",
    "sources/solaredge",
    "sources/solaredge_modbus",
    "sources/sunspec",
    "sources/modbus",
    "sources/_inverter",
    "sources/_modbus.py",
]


@dataclass
class _Tally:
    """What became of the faults of one room."""

    noticed: int = 0
    missed: list[Fault] = field(default_factory=list)

    @property
    def planted(self) -> int:
        return self.noticed + len(self.missed)

    @property
    def share(self) -> float:
        """Per cent."""
        return 100 * self.noticed / max(1, self.planted)


def main(words: Sequence[str]) -> int:
    """Exit 1 when too few were noticed."""
    asked = _parser().parse_args(words)
    possible = {fault: room for room in asked.rooms for file in _files(room) for fault in faults(ROOT, file)}
    wanted = [fault for fault in possible if not asked.only or any(part in _words(fault) for part in asked.only)]
    chosen = wanted if asked.only else random.Random(asked.seed).sample(wanted, min(asked.runs, len(wanted)))
    _record(asked)
    tallies = {room: _Tally() for room in asked.rooms}
    for fault, caught in _planted(chosen, asked.most):
        tally = tallies[possible[fault]]
        if caught:
            tally.noticed += 1
        else:
            tally.missed.append(fault)
    sys.stdout.write(f"\n{len(chosen)} of {len(possible)} possible faults planted, seed {asked.seed}\n")
    return int(_summed(tallies) < asked.least)


def _record(asked: argparse.Namespace) -> None:
    again = [] if asked.record or not _KEPT.exists() else asked.again
    if again or asked.record or not _KEPT.exists():
        sys.stderr.write(f"asking {' '.join(again) or 'every test'} which lines it meets, once ...\n")
        with tempfile.TemporaryDirectory() as folder:
            record(_copied(Path(folder)), _KEPT, asked.workers, again, asked.without)


def _planted(chosen: Sequence[Fault], most: float) -> Iterator[tuple[Fault, bool]]:
    """Each fault in turn, and whether it was noticed."""
    reach = Reach(ROOT, _KEPT)
    orphans.adopt()
    with tempfile.TemporaryDirectory() as folder:
        copy = _copied(Path(folder))
        for number, fault in enumerate(chosen, 1):
            began, caught = stopwatch(), _is_noticed(copy, fault, reach, most)
            _tell(f"{number}/{len(chosen)}", fault, caught=caught, took=stopwatch() - began)
            yield fault, caught


def _summed(tallies: Mapping[str, _Tally]) -> float:
    """A line for each room and one for all of them; returns how many per cent were noticed."""
    whole = _Tally(sum(one.noticed for one in tallies.values()), [f for one in tallies.values() for f in one.missed])
    sys.stdout.write(f"{'room':<28} planted  noticed  per cent\n")
    for room, tally in [*tallies.items(), ("all", whole)]:
        sys.stdout.write(f"{room:<28} {tally.planted:7}  {tally.noticed:7}  {tally.share:8.1f}\n")
    if whole.missed:
        sys.stdout.write("\nmissed (again: --only FILE:LINE):\n")
    for fault in sorted(whole.missed, key=lambda one: (one.file, one.line)):
        sys.stdout.write(f"  {_words(fault)}\n")
    return whole.share


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=_USUAL, help=f"below eink_monitor/ (default: {' '.join(_USUAL)})")
    parser.add_argument("--runs", type=int, default=100, help="faults to plant (default: 100)")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument(
        "--only", action="append", metavar="PART", help="every fault whose FILE:LINE, or code, has this"
    )
    parser.add_argument("--most", type=float, default=60.0, help="seconds of tests to ask about one (default: 60)")
    parser.add_argument("--least", type=float, default=90.0, help="per cent that must be noticed (default: 90)")
    parser.add_argument("--record", action="store_true", help="ask every test again which lines it meets")
    parser.add_argument("--again", action="append", default=[], metavar="FILE", help="of tests that are asked again")
    parser.add_argument("--without", action="append", default=[], metavar="FILE", help="of tests that are not asked")
    parser.add_argument("--workers", type=int, default=2, help="at once while recording (default: 2)")
    return parser


def _files(room: str) -> list[Path]:
    place = ROOT / "eink_monitor" / room
    found = [place] if place.is_file() else sorted(place.rglob("*.py"))
    if not found:
        sys.exit(f"no such room below eink_monitor/: {room}")
    return [path.relative_to(ROOT) for path in found]


def _copied(folder: Path) -> Path:
    """The project as it is in the work tree, without what is not part of it."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    for name in names.stdout.decode().splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    (folder / ".venv").symlink_to(Path(sys.prefix))
    return folder


def _is_noticed(copy: Path, fault: Fault, reach: Reach, most: float) -> bool:
    return any(_notice(copy, fault, tests, reach) for tests in _helpings(fault, reach, most))


def _notice(copy: Path, fault: Fault, tests: Sequence[str], reach: Reach) -> bool:
    """Whether one of the tests fails that does not fail without the fault."""
    file, left = copy / fault.file, set(tests)
    whole = file.read_text(encoding="utf-8")
    while left:
        file.write_text(fault.text, encoding="utf-8")
        asked = [test for test in tests if test in left]
        try:
            failed = _failed(copy, asked, reach)
        finally:
            file.write_text(whole, encoding="utf-8")
        anyway = _failed(copy, asked if "" in failed else sorted(failed), reach)
        if failed - anyway:
            return True
        if not anyway - {""}:
            return False
        left -= anyway
    return False


def _helpings(fault: Fault, reach: Reach, most: float) -> Sequence[Sequence[str]]:
    """The tests that may notice: the nearest, then as many of the others as fit into so many seconds."""
    tests = reach.tests(fault.file, fault.line)
    took = accumulate(map(reach.took, tests))
    fit = [test for test, until in zip(tests, took, strict=True) if until <= most]
    return tests[:_NEAREST], fit[_NEAREST:]


def _failed(copy: Path, tests: Sequence[str], reach: Reach) -> set[str]:
    """Those of the tests that fail, up to the first one; "" where pytest itself does, or hangs."""
    files = sorted({file for test in tests if (copy / (file := test.partition("::")[0])).is_file()})
    if not files:
        return set()
    chosen, ends = copy / ".chosen", copy / ".ends"
    chosen.write_text("\n".join(tests), encoding="utf-8")
    ends.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "mutants.reach", *files]
    asked = {**environment(copy), CHOSEN: str(chosen), ENDS: str(ends)}
    patience = _PATIENCE + 4 * sum(map(reach.took, tests))
    nothing = subprocess.DEVNULL  # a pipe would be held open by whatever a fault has left alive
    running = subprocess.Popen(command, cwd=copy, env=asked, stdout=nothing, stderr=nothing, start_new_session=True)
    try:
        code = running.wait(patience)
    except subprocess.TimeoutExpired:
        return {""}
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        orphans.end(())  # polls in groups of their own would disturb the next run
    if code in {0, pytest.ExitCode.NO_TESTS_COLLECTED}:
        return set()
    return {test for test, _, ended in ended_tests(ends) if ended == "failed"} or {""}


def _tell(place: str, fault: Fault, *, caught: bool, took: float) -> None:
    word = "noticed" if caught else "MISSED "
    sys.stdout.write(f"{place:>9}  {word} {took:5.1f} s  {_words(fault)}\n")
    sys.stdout.flush()


def _words(fault: Fault) -> str:
    return f"{fault.file}:{fault.line}  {fault.was}  ->  {fault.now}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
