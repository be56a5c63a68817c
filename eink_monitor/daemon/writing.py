"""Writing to disk what a verb wants to read, bounded so that the SD card is spared.

The database is the interface, and every verb reads it; so the daemon does not send what it knows, it writes it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from eink_monitor.clock import MINUTE, Clock, SystemClock
from eink_monitor.config import Config
from eink_monitor.daemon.control import Reply, Request, address, ask
from eink_monitor.daemon.fetching import Fetching
from eink_monitor.daemon.keeping import Keeping
from eink_monitor.draw import words
from eink_monitor.errors import StoreError

_AT_ONCE = 10  # writes for repeated requests; then one a minute: `watch` must not wear out the SD card
_PATIENCE = 3.0  # s for the daemon's answer; a person waits for it


class Allowance:
    """So many writes at once, and one more every minute."""

    def __init__(self, mono: float) -> None:
        self._left = float(_AT_ONCE)
        self._seen = mono

    def take(self, mono: float) -> bool:
        """Whether one more is allowed now (monotonic)."""
        self._left = min(self._left + (mono - self._seen) / MINUTE, float(_AT_ONCE))
        self._seen = mono
        if self._left < 1:
            return False
        self._left -= 1
        return True


def write(keeping: Keeping, fetching: Fetching, allowance: Allowance, mono: float) -> Reply:
    """Write what is only in memory; the answer says what a reader may miss all the same, or nothing."""
    keeping.sync()  # its files may be gone
    if (keeping.pending or fetching.holds) and allowance.take(mono):
        keeping.write(fetching.settle, mono)
    if keeping.trouble:
        return Reply(os.EX_TEMPFAIL, keeping.trouble)
    if keeping.pending:
        return Reply(0, f"the daemon has more in memory; it last wrote {words.age(int(mono - keeping.written))}")
    return Reply(0, keeping.mishap)


def written(config: Config, clock: Clock | None = None) -> Reply:
    """Have the daemon of a house, if one runs, write what it knows; ``words`` say what a reader may miss, or nothing.

    ``process`` is 0 where none runs, and -1 where one does that cannot be asked or does not answer.
    """
    try:
        answer = ask(address(config.database), Request("write"), _PATIENCE)
    except StoreError as error:
        last = _last_written(config.database)
        now = (clock or SystemClock()).now()
        ago = f"; it last wrote {words.age(now - last)}" if last else "; it has not written yet"
        return Reply(error.exit_code, f"{error}{ago}", process=-1)
    return answer or Reply(0, "")


def _last_written(database: Path) -> int:
    """When the database was last written, epoch seconds; 0 where there is none."""
    found = [0]
    for file in (database, database.with_name(f"{database.name}-wal")):
        with suppress(OSError):
            found.append(int(file.stat().st_mtime))
    return max(found)
