"""Children that must end with their parent, and how they are buried."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from typing import NoReturn

import pytest

from eink_monitor import orphans
from eink_monitor.clock import stopwatch


def born(deed: Callable[[], object]) -> int:
    """A child that does something and leaves with 0."""
    child = os.fork()
    if child == 0:
        try:
            deed()
        finally:
            os._exit(0)
    return child


def wait_for_ever() -> NoReturn:
    signal.alarm(60)  # whatever becomes of the test
    while True:
        signal.pause()


def test_who_is_to_die_with_its_parent_does() -> None:
    reader, writer = os.pipe()

    def begin() -> None:
        parent = os.getpid()

        def live() -> None:
            os.close(reader)
            orphans.die_with(parent)
            os.write(writer, b"here")
            wait_for_ever()

        born(live)
        os.close(writer)
        wait_for_ever()

    parent = born(begin)
    os.close(writer)
    assert os.read(reader, 4) == b"here"
    os.kill(parent, signal.SIGKILL)
    assert orphans.bury(parent, 20) == -signal.SIGKILL
    assert select.select([reader], (), (), 20)[0], "its end of the pipe is closed"
    assert os.read(reader, 4) == b""
    os.close(reader)


@pytest.mark.parametrize(("parent", "code"), [(os.getpid, 0), (lambda: 1 << 22, 1)], ids=["lives", "is gone already"])
def test_a_parent_that_died_before_it_could_be_asked_for(parent: Callable[[], int], code: int) -> None:
    named = parent()
    assert orphans.bury(born(lambda: orphans.die_with(named)), 20) == code


def test_the_end_of_a_child_is_waited_for_within_bounds() -> None:
    child, began = born(wait_for_ever), stopwatch()
    assert orphans.bury(child, 0) is None
    assert orphans.bury(child, 0.05) is None
    assert stopwatch() - began >= 0.05
    os.kill(child, signal.SIGTERM)
    assert orphans.bury(child, 20) == -signal.SIGTERM
    assert orphans.bury(child, 20) == 0, "it is no child of ours any more"
    assert orphans.bury(born(lambda: os._exit(3)), 20) == 3
