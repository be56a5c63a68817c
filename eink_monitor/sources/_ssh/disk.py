"""One look at one mount point, over a shell or right here."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from eink_monitor import metrics
from eink_monitor.errors import BadAnswer
from eink_monitor.model import Metric
from eink_monitor.sources._ssh import df
from eink_monitor.sources._ssh.newest import Entry, Unlisted

_MOUNTS = Path("/proc/self/mounts")  # there on Linux only
_NO_COMMAND = 126  # the least exit status by which a shell says that it could not run a command


@dataclass(frozen=True, slots=True)
class Look:
    """What is mounted at a place; a place without a mount has neither space nor inodes."""

    mounted: bool
    read_only: bool = False
    space: df.Space | None = None
    inodes: df.Inodes | None = None

    def values(self) -> dict[Metric, float]:
        """State, sizes in bytes and numbers of files, as far as there are any."""
        values: dict[Metric, float] = {metrics.DISK_STATE: 2 if not self.mounted else int(self.read_only)}
        if self.space and self.space.size:
            values |= {
                metrics.DISK_SIZE: self.space.size,
                metrics.DISK_USED: self.space.used,
                metrics.DISK_FREE: self.space.free,
            }
        if self.inodes:
            values |= {metrics.DISK_INODES: self.inodes.total, metrics.DISK_INODES_FREE: self.inodes.free}
        return values


def remote(run: Callable[[str], str], path: str) -> Look:
    """Ask a shell. Raises ``BadAnswer`` and whatever ``run`` raises."""
    path = path.rstrip("/") or "/"
    mark = os.urandom(8).hex()
    text = run(command(path, mark))
    _, begun, rest = text.partition(f"\n{mark} begin\n")
    answer, ended, _ = rest.partition(f"\n{mark} end\n")
    if not (begun and ended):  # a forced command: it answers in its own way, and says nothing else
        answer = text
        if mark in text or not df.has_table(answer):
            message = f"no df table came back for {path}; look what the login shell or the forced command prints"
            raise BadAnswer(message)
    where = {path}
    where.update(re.findall(rf"^{mark} where (/.*)$", answer, re.MULTILINE))
    if any(int(status) >= _NO_COMMAND for status in re.findall(rf"^{mark} df (\d{{1,3}})$", answer, re.MULTILINE)):
        message = "that host has no df to ask; is it a restricted shell?"
        raise BadAnswer(message)
    space = df.space(answer, where)
    if space is None:
        return Look(mounted=False)
    return Look(True, df.read_only(df.options(answer, where)), space, df.inodes(answer, where))


def command(path: str, mark: str) -> str:
    """The shell command for one mount point; its answer stands between lines that start with ``mark``.

    The path is quoted once for sh, and the script once more for whatever the login shell is.
    """
    escaped = path.replace("\\", "\\134").replace(" ", "\\040").replace("\t", "\\011").replace("\n", "\\012")
    script = f"""LC_ALL=C; export LC_ALL; p={shlex.quote(path)}
r=$(cd -P -- "$p" 2>/dev/null && pwd -P)
printf '\\n%s begin\\n' {mark}
printf '%s where %s\\n' {mark} "$r"
df -Pk -- "$p" 2>/dev/null
printf '%s df %s\\n' {mark} $?
df -Pki -- "$p" 2>/dev/null
{{ cat /proc/mounts 2>/dev/null || mount 2>/dev/null; }} | grep -F -e {shlex.quote(f" {escaped} ")} -e " $r "
printf '\\n%s end\\n' {mark}"""
    return f"exec /bin/sh -c {shlex.quote(script)}"


def no_listing(_: str) -> Iterable[Entry]:
    """The lister of a host without SFTP."""
    raise Unlisted


def local(path: str) -> Look:
    """Ask this machine's own kernel."""
    places = {path.rstrip("/") or "/", os.path.realpath(path)}
    try:
        known = df.options(_MOUNTS.read_text("utf-8", errors="surrogateescape"), places)
    except OSError:
        known = None
    try:
        if known is None and not os.path.ismount(path):
            return Look(mounted=False)
        found = os.statvfs(path)
    except OSError:
        return Look(mounted=False)
    unit = found.f_frsize
    space = df.Space(found.f_blocks * unit, (found.f_blocks - found.f_bfree) * unit, found.f_bavail * unit)
    inodes = df.Inodes(found.f_files, found.f_ffree) if found.f_files else None
    return Look(True, bool(found.f_flag & os.ST_RDONLY), space, inodes)


def listing(folder: str) -> Iterable[Entry]:
    """What is in a folder of this machine. Raises ``Unlisted``."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield Entry(entry.name, int(entry.stat(follow_symlinks=False).st_mtime), entry.is_dir())
    except OSError:
        raise Unlisted from None
