"""A child of the daemon is ended whatever state it is in; what it says is tested with the polls."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from eink_monitor.daemon.process import Child
from eink_monitor.orphans import _stat


def test_a_child_that_leads_no_group_yet_is_ended_alone() -> None:
    """The deadline may come before it has got that far on a busy machine; its group is still the daemon's."""
    (reader, writer), (ready, steady) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            signal.alarm(30)  # whatever becomes of the test
            os.write(steady, b"!")
            while True:
                signal.pause()
        os._exit(0)
    os.close(writer)
    os.read(ready, 1)
    child = Child("roof", pid, reader)
    assert os.getpgid(pid) == os.getpgid(0)
    assert child.kill() == -signal.SIGKILL
    assert _stat(pid) == [], "it is gone, not given up"
    assert child.kill() == -signal.SIGKILL, "again is nothing more"
    assert not child.watch
    result = child.result()
    assert result is not None
    assert (result.what, result.detail) == ("crashed", "roof: the poll was killed by signal 9 before it answered")
    for end in (ready, steady):
        os.close(end)
