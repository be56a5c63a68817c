"""A visit to a NAS, and its readings by name."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from eink_monitor.model import Visit
from eink_monitor.sources.ssh_disk import SshDisk

NOW = 1_795_000_000


def new_visit(state: Path) -> Visit:
    return Visit("nas", "nas", NOW, ZoneInfo("Europe/Berlin"), 900, {}, state)


def poll(source: SshDisk, visit: Visit) -> dict[tuple[str, str], float]:
    readings = source.poll(visit)
    assert {reading.at for reading in readings} == {NOW}
    published = source.publishes(visit.subject)
    assert all(reading.metric in published[reading.subject] for reading in readings)
    return {(reading.subject, reading.metric.name): reading.value for reading in readings}
