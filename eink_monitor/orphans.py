"""The processes that polls start: counting them, and killing all of them.

A vendor library may start a helper in a session of its own, out of reach of the kill that ends its poll. Such orphans
are adopted by a subreaper (PR_SET_CHILD_SUBREAPER of prctl(2)): those of a stream to the stream, those of a poll to the
daemon, and as there is one poll at a time they are known to be its. Since every poll offers itself to be killed first
when memory is short, and hands that down, they can be told from the daemon's other children.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from eink_monitor.clock import SystemClock, stopwatch

if TYPE_CHECKING:
    from ctypes import CDLL

OFFERED = 1000  # oom_score_adj of a poll and of whatever it starts
SPARED = 999  # of work that must not be interrupted; it ends by itself
_ADOPT = 36  # PR_SET_CHILD_SUBREAPER
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_ROUNDS = 100  # if they multiply faster than that, the next check gets them
PATIENCE = 0.2  # s for killed processes to be gone: one that waits for a dead disk stays until that answers
_NAP = 0.001  # s


def adopt() -> None:
    """From now on this process is the parent of whatever its children leave behind."""
    _prctl(_ADOPT, 1)


def die_with(parent: int) -> None:
    """Let the kernel end this process with its parent."""
    _prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def _prctl(option: int, value: int) -> None:
    """If that is refused, it is skipped."""
    with suppress(ImportError, OSError, AttributeError):
        _library().prctl(option, value, 0, 0, 0)


@cache
def _library() -> CDLL:
    """Loaded once: what the daemon has loaded its children need not."""
    import ctypes  # noqa: PLC0415 - after the first frame

    return ctypes.CDLL(None)


def offer(score: int = OFFERED) -> None:
    """Mark this process and its descendants to come. Plain system calls: every page a child touches is copied."""
    with suppress(OSError):
        file = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(file, b"%d" % score)
        os.close(file)


def loose(known: Collection[int]) -> list[int]:
    """The live orphans among this process's children; ``known`` ones are not orphans."""
    return [pid for pid in _children() if pid not in known and _score(pid) == OFFERED and _stat(pid)[:1] != [b"Z"]]


def crowd(pids: Iterable[int], limit: int) -> bool:
    """Whether processes have more than ``limit`` tasks: processes and threads, their own and their descendants'."""
    count, waiting = 0, list(pids)
    while waiting and count <= limit:
        tasks = _tasks(waiting.pop())
        count += len(tasks)
        waiting += [child for task in tasks for child in _offspring(task)]
    return count > limit


def fell(pids: Collection[int]) -> None:
    """Kill processes with all their descendants, which may be multiplying: stop them first."""
    still: set[int] = set()
    for _ in range(_ROUNDS):
        growing = [one for one in _family(pids) if one not in still]
        if not growing:
            break
        _signal(growing, signal.SIGSTOP)
        still.update(growing)
    _signal(still, signal.SIGKILL)


def end(known: Collection[int], patience: float = PATIENCE) -> None:
    """Kill the orphans among this process's children, and reap the spared ones; ``known`` ones are left alone."""
    began = stopwatch()
    for _ in range(_ROUNDS):
        others = [pid for pid in _children() if pid not in known]
        orphans = [pid for pid in others if _score(pid) == OFFERED]
        _signal(orphans, signal.SIGKILL)
        for pid in orphans:  # their own children come to us, and are seen the next time round
            bury(pid, patience - (stopwatch() - began))
        if not orphans or stopwatch() - began > patience:
            for pid in others:
                if _score(pid) == SPARED:
                    bury(pid, 0)
            return


def bury(pid: int, patience: float = PATIENCE) -> int | None:
    """The exit code of a child that ends within so many seconds, negative for a signal; None for one that does not.

    0, too, for one that is no child of ours, or none any more.
    """
    began = stopwatch()
    while True:
        try:
            found, status = os.waitpid(pid, os.WNOHANG)
        except OSError:
            return 0
        if found:
            return os.waitstatus_to_exitcode(status)
        if stopwatch() - began >= patience:
            return None
        SystemClock().wait(_NAP)


def _signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, number)


def _family(pids: Iterable[int]) -> list[int]:
    """Processes and their descendants, except those that must not be interrupted."""
    found = list(pids)
    for one in found:
        found += [child for task in _tasks(one) for child in _offspring(task) if _score(child) != SPARED]
    return found


def _children() -> list[int]:
    try:  # mostly there are none, and one system call says so
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return []
    return _offspring(os.getpid())


def _tasks(pid: int) -> list[int]:
    """The threads of a process, itself one of them; nothing for one that is gone."""
    with suppress(OSError):
        return [int(task) for task in os.listdir(f"/proc/{pid}/task")]  # noqa: PTH208 - numbers, not paths
    return []


def _offspring(task: int) -> list[int]:
    """The processes that a thread has started and that live, or wait to be buried."""
    try:
        return [int(pid) for pid in _read(f"/proc/{task}/task/{task}/children").split()]
    except OSError:  # it is gone, or a kernel without CONFIG_PROC_CHILDREN
        if os.access("/proc/thread-self/children", os.F_OK):
            return []
    with suppress(OSError):
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _parent(pid) == task]  # noqa: PTH208
    return []


def _parent(pid: int) -> int:
    return int((_stat(pid) or [b"", b"0"])[1])


def _stat(pid: int) -> list[bytes]:
    """The kernel's figures for a process, from its state on (proc_pid_stat(5)); empty once it is gone."""
    with suppress(OSError):
        return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return []


def _score(pid: int) -> int:
    with suppress(OSError, ValueError):
        return int(_read(f"/proc/{pid}/oom_score_adj"))
    return 0


def _read(path: str) -> bytes:
    """A file of the kernel's. Plain system calls: after a fork the daemon, too, pays for the pages it touches."""
    file = os.open(path, os.O_RDONLY)
    try:
        found = b""
        while piece := os.read(file, 4096):
            found += piece
        return found
    finally:
        os.close(file)
