"""Checking one mount point, over a shell or on this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from pathlib import Path

from eink_monitor import forked, metrics
from eink_monitor.errors import BadAnswer
from eink_monitor.model.reading import Metric
from eink_monitor.settings import Duration
from eink_monitor.sources.ssh_disk import df, mounts
from eink_monitor.sources.ssh_disk.newest import Entry, Unlisted
from eink_monitor.sources.ssh_disk.question import question

_MOUNTS = Path("/proc/self/mountinfo")  # there on Linux only
_NO_COMMAND = 126  # the least exit status by which a shell says that it could not run a command
_ABSENT = ("no such file", "not a directory", "not found", "can't find", "cannot find")
_OTHERS = "it shows no size to this user; mount it with allow_other"
_HIDDEN = "the service sees nothing of it; sudo systemctl edit eink-monitor: [Service] ProtectHome=read-only"
_UNLISTED = "df leaves it out; use the current script in docs/ssh-disk.md"


class State(IntEnum):
    """The values of ``disk_state``."""

    MOUNTED = 0
    READ_ONLY = 1
    NOT_MOUNTED = 2
    UNMEASURED = 3


@dataclass(frozen=True, slots=True)
class DiskStatus:
    """What is mounted at a place, None where that cannot be told; ``reason`` says in words why there are no figures."""

    state: State | None
    space: df.Space | None = None
    inodes: df.Inodes | None = None
    reason: str = ""

    @property
    def mounted(self) -> bool:
        """Whether something is mounted there that can be looked into."""
        return self.state in {State.MOUNTED, State.READ_ONLY}

    def values(self) -> dict[Metric, float]:
        """State, sizes in bytes and numbers of files, as far as there are any."""
        values: dict[Metric, float] = {} if self.state is None else {metrics.DISK_STATE: int(self.state)}
        if self.space:
            values |= {
                metrics.DISK_SIZE: self.space.size,
                metrics.DISK_USED: self.space.used,
                metrics.DISK_FREE: self.space.free,
            }
        if self.inodes:
            values |= {metrics.DISK_INODES: self.inodes.total, metrics.DISK_INODES_FREE: self.inodes.free}
        return values

    def note(self, path: str) -> str:
        """What a person should know of it; empty for a healthy disk."""
        if self.state is State.NOT_MOUNTED:
            return f"nothing is mounted at {path}"
        if self.state is None:
            return f"nobody can tell whether a disk is mounted at {path}: {self.reason}"
        return f"{path} is mounted, but cannot be measured: {self.reason}" if self.reason else ""


def remote(run: Callable[[str], str], path: str) -> DiskStatus:
    """Ask a shell. Raises ``BadAnswer`` and whatever ``run`` raises."""
    path = path.rstrip("/") or "/"
    mark = os.urandom(8).hex()
    text = run(question(path, mark))
    _, begun, rest = text.partition(f"\n{mark} begin\n")
    answer, ended, _ = rest.partition(f"\n{mark} end\n")
    asked = bool(begun and ended)  # else a forced command: it answers in its own way, and says nothing else
    if not asked:
        answer = text
        if mark in text or not df.has_table(answer):
            message = f"no df table came back for {path}; check what the login shell or the forced command prints"
            raise BadAnswer(message)
    where = {path}
    where.update(re.findall(rf"^{mark} where (/.*)$", answer, re.MULTILINE))
    if any(int(status) >= _NO_COMMAND for status in re.findall(rf"^{mark} df (\d{{1,3}})$", answer, re.MULTILINE)):
        message = "that host has no df to ask; is it a restricted shell?"
        raise BadAnswer(message)
    return _look(answer, where, asked=asked)


def _look(answer: str, where: set[str], *, asked: bool) -> DiskStatus:
    """What an answer says of one place; ``asked`` is whether df was asked for that place alone."""
    mount = mounts.find(answer, where)
    if mount and mount.waits:
        return DiskStatus(State.NOT_MOUNTED)
    shared = mount.shared if mount else None
    found = df.space(answer, where, shared=shared)
    if found is None and mount and asked and (named := df.sole(answer)):
        where = named
        found = df.space(answer, where, shared=shared)
    if isinstance(found, df.Space):
        return DiskStatus(_writable(mount), found, df.inodes(answer, where))
    return _without_figures(mount, found, df.reason(answer, () if asked else where))


def _without_figures(mount: mounts.Mount | None, row: str | None, reason: str) -> DiskStatus:
    """What there is where df gives no figures, if any of three tells of it: the mounts, the row, df's complaint."""
    if row == df.NO_SIZE and mount and mount.kind.startswith("fuse"):
        row = _OTHERS
    if row or mount:
        return DiskStatus(State.UNMEASURED, reason=reason or row or _UNLISTED)
    if reason and not reason.lower().startswith(_ABSENT):
        return DiskStatus(None, reason=reason)
    return DiskStatus(State.NOT_MOUNTED)


def _writable(mount: mounts.Mount | None) -> State:
    return State.READ_ONLY if mount and mount.read_only else State.MOUNTED


def no_listing(_: str) -> Iterable[Entry]:
    """The lister of a host without SFTP."""
    raise Unlisted


def hung(who: str, seconds: Duration) -> DiskStatus:
    """What is known of a disk that lets everybody who asks for its size hang."""
    return DiskStatus(State.UNMEASURED, reason=f"{who} did not come back within {seconds}")


def here(path: str, seconds: Duration) -> DiskStatus:
    """Ask this machine's own kernel, in a child: a dead network disk hangs the child only, and so does a bug of ours.

    Raises ``Overloaded``.
    """
    try:
        return forked.ask(partial(local, path), seconds)
    except TimeoutError:
        return hung("the kernel", seconds)
    except forked.Crashed as error:
        return DiskStatus(None, reason=str(error))


def local(path: str) -> DiskStatus:
    """As ``here``, for as long as it takes."""
    places = {path.rstrip("/") or "/", os.path.realpath(path)}
    found, complaint = None, ""
    try:
        found = os.statvfs(path)  # before the table is read: it wakes an automount
    except (FileNotFoundError, NotADirectoryError):
        return DiskStatus(State.NOT_MOUNTED)
    except OSError as error:
        complaint = error.strerror or "no answer"
    try:
        mount = mounts.own(_MOUNTS.read_text("utf-8", errors="surrogateescape"), places)
    except OSError:
        mount = _without_table(path, found)
    if mount is None and complaint:
        return DiskStatus(None, reason=complaint)
    if mount is None or mount.waits:
        return DiskStatus(State.NOT_MOUNTED)
    if mount.hidden:
        return DiskStatus(None, reason=_HIDDEN)
    return DiskStatus(State.UNMEASURED, reason=complaint) if found is None else _measured(found, mount)


def _without_table(path: str, found: os.statvfs_result | None) -> mounts.Mount | None:
    if not os.path.ismount(path):
        return None
    return mounts.Mount("", frozenset({"ro"} if found and found.f_flag & os.ST_RDONLY else ()))


def _measured(found: os.statvfs_result, mount: mounts.Mount) -> DiskStatus:
    unit = found.f_frsize
    space = df.checked(found.f_blocks * unit, (found.f_blocks - found.f_bfree) * unit, found.f_bavail * unit)
    if isinstance(space, str):
        return DiskStatus(State.UNMEASURED, reason=space)
    inodes = df.Inodes(found.f_files, found.f_ffree) if found.f_files else None
    return DiskStatus(_writable(mount), space, inodes)


def listing(folder: str) -> Iterable[Entry]:
    """What is in a folder of this machine. Raises ``Unlisted``."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield Entry(entry.name, int(entry.stat(follow_symlinks=False).st_mtime), entry.is_dir())
    except OSError:
        raise Unlisted from None
