"""Work beside the daemon: on a machine that is short of something it is over at once, and costs the daemon nothing."""

from __future__ import annotations

import errno
import os
import select
from pathlib import Path
from typing import NoReturn

import pytest

from eink_monitor.clock import stopwatch
from eink_monitor.store.repair import job
from eink_monitor.store.repair.job import Job


def refuse(code: int) -> object:
    def refused(*_: object, **__: object) -> NoReturn:
        raise OSError(code, os.strerror(code))

    return refused


def outcome(work: Job) -> str | None:
    began = stopwatch()
    while (answer := work.answer()) is None and stopwatch() - began < 20:
        select.select(work.watch, (), (), 1)
    return answer


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.ENOMEM, errno.EMFILE])
@pytest.mark.parametrize("call", ["pipe", "posix_spawn"])
def test_what_cannot_be_started_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, call: str, code: int
) -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    monkeypatch.setattr(os, call, refuse(code))
    work = Job("quick_check", tmp_path / "readings.db")
    work.pause(on=True)
    assert (work.answer(), work.watch) == ("", ())
    work.kill()
    assert "the quick_check of" in caplog.text
    assert os.strerror(code) in caplog.text
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_what_a_sandbox_refuses_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "nice", refuse(errno.EPERM))
    (tmp_path / "readings.db").touch()
    assert job.main("quick_check", tmp_path / "readings.db") == "ok"


def test_one_that_is_killed_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "readings.db").touch()
    work = Job("quick_check", tmp_path / "readings.db")
    assert outcome(work) == "ok"
    work = Job("quick_check", tmp_path / "readings.db")
    work.pause(on=True)
    work.kill()
    assert (work.watch, work.answer()) == ((), "")


def children() -> str:
    """The processes that this one has: another test's may be among them."""
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")


def test_who_has_no_patience_left_leaves_nobody_at_work(tmp_path: Path) -> None:
    (tmp_path / "readings.db").touch()
    before = children()
    assert job.ask("quick_check", tmp_path / "readings.db", patience=0) == ""
    assert children() == before
    assert job.ask("quick_check", tmp_path / "readings.db") == "ok"
