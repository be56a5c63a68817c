"""What is asked in a fork is answered here, whatever becomes of the child, and nobody is left behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from eink_monitor.clock import SystemClock, stopwatch
from eink_monitor.errors import Throttled
from eink_monitor.forked import Crashed, Silent, ask


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    children, files = Path(f"/proc/self/task/{os.getpid()}/children"), Path("/proc/self/fd")
    before = children.read_text(), sorted(files.iterdir())
    yield
    assert (children.read_text(), sorted(files.iterdir())) == before


def test_an_answer_may_be_larger_than_a_pipe() -> None:
    assert ask(lambda: b"x" * 3_000_000, 20) == b"x" * 3_000_000
    assert ask(lambda: None) is None


def test_a_trouble_is_raised_as_it_is() -> None:
    def wait() -> None:
        raise Throttled("the vendor says wait", 1234, account_wide=False)

    with pytest.raises(Throttled, match="the vendor says wait") as raised:
        ask(wait)
    assert (raised.value.until, raised.value.account_wide) == (1234, False)


def test_a_bug_is_told_by_class_and_place_alone() -> None:
    def leak() -> None:
        raise ValueError("the token is hunter2")

    with pytest.raises(Crashed) as raised:
        ask(leak)
    assert str(raised.value).startswith("a bug, please report it: ValueError at test_forked.py:")
    with pytest.raises(Crashed, match="please report it: "):
        ask(lambda: leak)  # what cannot be sent is a bug, too
    assert not isinstance(raised.value, Silent)


@pytest.mark.parametrize("end", [lambda: os._exit(0), lambda: os.kill(os.getpid(), signal.SIGKILL)])
def test_who_ends_without_a_word_is_silent(end: object) -> None:
    with pytest.raises(Silent):
        ask(end)  # type: ignore[arg-type]


def test_who_takes_too_long_is_ended() -> None:
    began = stopwatch()
    with pytest.raises(TimeoutError):
        ask(lambda: SystemClock().wait(60), 0.05)
    assert stopwatch() - began < 20


def test_it_lets_go_of_files_that_are_not_its_own(tmp_path: Path) -> None:
    with (tmp_path / "a").open("w") as kept, (tmp_path / "b").open("w") as other:

        def which() -> list[bool]:
            return [Path(f"/proc/self/fd/{file.fileno()}").exists() for file in (kept, other)]

        assert ask(which) == [True, True]
        assert ask(which, keep=[kept.fileno()]) == [True, False]
