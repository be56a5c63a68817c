"""Processes that ran away from the poll that started them: they come back to the daemon, which ends them.

A vendor library may start a helper in a session of its own, out of reach of the kill that ends its poll. Since the
daemon adopts such orphans (PR_SET_CHILD_SUBREAPER of prctl(2)), none gets lost; and since every poll offers itself to
be killed first when memory is short, and hands that down, they can be told from the daemon's other children.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterable
from contextlib import suppress

OFFERED = 1000  # oom_score_adj of a poll and of whatever it starts
SPARED = 999  # of work that must not be cut in two; it ends itself
_ADOPT = 36  # PR_SET_CHILD_SUBREAPER


def adopt() -> None:
    """From now on this process is the parent of whatever its children leave behind."""
    import ctypes  # noqa: PLC0415 - after the first frame

    ctypes.CDLL(None).prctl(_ADOPT, 1, 0, 0, 0)


def offer(score: int = OFFERED) -> None:
    """Mark this process and its descendants to come. Plain system calls: every page a child touches is copied."""
    with suppress(OSError):
        file = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(file, b"%d" % score)
        os.close(file)


def end(known: Collection[int]) -> None:
    """End the strays among this process's children, and bury those that were spared; ``known`` are neither."""
    while others := [pid for pid in _children() if pid not in known]:
        strays = [pid for pid in others if _score(pid) == OFFERED]
        for pid in strays:  # their own children come to us, and are seen the next time round
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        if not strays:
            _bury(pid for pid in others if _score(pid) == SPARED)
            return


def _bury(spared: Iterable[int]) -> None:
    for pid in spared:
        with suppress(OSError):
            os.waitpid(pid, os.WNOHANG)


def _children() -> list[int]:
    try:  # mostly there are none, and one system call says so
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return []
    me = os.getpid()
    try:
        return [int(pid) for pid in _read(f"/proc/self/task/{me}/children").split()]
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _parent(pid) == me]  # noqa: PTH208


def _parent(pid: int) -> int:
    with suppress(OSError):
        return int(_read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[1])
    return 0


def _score(pid: int) -> int:
    with suppress(OSError):
        return int(_read(f"/proc/{pid}/oom_score_adj"))
    return 0


def _read(path: str) -> bytes:
    """A small file of the kernel's. Plain system calls: after a fork the daemon, too, pays for the pages it touches."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, 4096)
    finally:
        os.close(file)
