"""The demo disk."""

from __future__ import annotations

from collections.abc import Iterator

from eink_monitor import metrics as m
from eink_monitor.clock import HOUR, MINUTE
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading

_DISK = 2_000_398_934_016
METRICS = (m.DISK_SIZE, m.DISK_USED, m.DISK_FREE, m.NEWEST_BACKUP)


def readings(subject: str, visit: Visit) -> Iterator[Reading]:
    """Grows by 8 GB a day; old backups are thinned on Sundays; a backup ends ten minutes past every hour."""
    at = visit.now - visit.now % MINUTE
    days = (at - 1_700_000_000) / 86400
    used = int(_DISK * 0.55 + 8e9 * (days % 60) - 2e9 * (days % 7))
    used -= used % 4096
    backup = at - (at - 10 * MINUTE) % HOUR
    for metric, value in zip(METRICS, (_DISK, used, _DISK - used, backup), strict=True):
        yield Reading(subject, metric, value, at)
