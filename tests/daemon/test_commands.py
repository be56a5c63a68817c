"""Programs of the owner's as the daemon runs them: in a child that ends with all that they started."""

from __future__ import annotations

import ctypes
import select
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from eink_monitor import orphans
from eink_monitor.clock import stopwatch
from eink_monitor.config import Config
from eink_monitor.daemon.polls import Forked
from eink_monitor.daemon.runner import Result
from eink_monitor.model.poll import Visit
from eink_monitor.sources._declared import Declared
from eink_monitor.sources._expression import Expression
from eink_monitor.sources.command import Command
from small_house import START, UTC, feed


@pytest.fixture(autouse=True)
def adopting() -> Iterator[None]:
    """This process as the daemon: the parent of whatever its children leave behind."""
    orphans.adopt()
    yield
    orphans.end(())
    ctypes.CDLL(None).prctl(orphans._ADOPT, 0, 0, 0, 0)


def polled(folder: Path, *lines: str, patience: float = 10) -> Result | None:
    """What a poll of a shell script comes to; None when it is killed at its deadline."""
    file = folder / "script"
    file.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    file.chmod(0o755)
    readings = {"load_power": Declared(path=Expression.parse("power"), unit="W")}
    source = Command(run=(str(file),), readings=readings)
    visit = Visit("meter", "meter", START, UTC, 300, {}, folder / "state")
    config = Config(folder / "c", folder / "r.db", UTC, None, {}, {})  # type: ignore[arg-type]
    child = Forked(config).start(feed("meter", source, deadline=20), visit)
    began = stopwatch()
    while (left := patience - (stopwatch() - began)) > 0:
        select.select(child.watch, (), (), min(left, 0.5))  # as a tick, which also counts what was started
        if result := child.result():
            return result
    child.kill()
    return None


def _lives(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _ends(pid: int) -> bool:
    began = stopwatch()
    while _lives(pid) and stopwatch() - began < 2:
        select.select((), (), (), 0.01)
    return not _lives(pid)


def test_its_figures_reach_the_daemon(tmp_path: Path) -> None:
    result = polled(tmp_path, """echo '{"power": 400}'""")
    assert result is not None
    assert ([reading.value for reading in result.readings], result.what) == ([400], "ok")


@pytest.mark.parametrize("last", ["""echo '{"power": 400}'""", "sleep 300"])
def test_whatever_it_started_ends_with_the_poll(last: str, tmp_path: Path) -> None:
    """At the deadline, or when it leaves somebody behind; even who has left its group and closed its pipes."""
    pid = tmp_path / "pid"
    helper = f"setsid sh -c 'echo $$ > {pid}; exec sleep 300' <&- >&- 2>&- &"
    result = polled(tmp_path, helper, f"while [ ! -s {pid} ]; do sleep 0.01; done", last, patience=3)
    assert (result is None) == (last == "sleep 300")
    assert _ends(int(pid.read_text()))


def test_a_crowd_is_ended(tmp_path: Path) -> None:
    result = polled(tmp_path, "for i in $(seq 40); do sleep 300 & done", "wait", patience=20)
    assert result is not None
    assert "processes and threads, and was ended" in result.detail


def test_it_is_killed_first_when_memory_is_short(tmp_path: Path) -> None:
    result = polled(tmp_path, """echo "{\\"power\\": $(cat /proc/self/oom_score_adj)}" """)
    assert result is not None
    assert [reading.value for reading in result.readings] == [orphans.OFFERED]
