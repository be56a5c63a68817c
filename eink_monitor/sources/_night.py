"""Whether a silent inverter sleeps or is missing: at night SolarEdge drops the connection or refuses it."""

from __future__ import annotations

from eink_monitor import metrics
from eink_monitor.clock import HOUR, MINUTE, local
from eink_monitor.errors import Unavailable
from eink_monitor.model import Reading, Visit
from eink_monitor.sources._modbus import Silence

_RESTING = {1, 2, 3, 6, 8}  # off, sleeping, starting, shutting down, standby
_DUSK = 100.0  # W; an inverter last seen this weak may have gone to sleep since
_FALL = 10.0 / MINUTE  # W a second that the sun may take on top between two polls
_LONGEST_NIGHT = 20 * HOUR


def rest(visit: Visit, silence: Silence) -> list[Reading]:
    """No readings and a note when the silence is sleep. Raises ``Unavailable`` when it is not."""
    if not _asleep(visit):
        raise Unavailable(str(silence)) from None
    visit.note = "the inverter sleeps"
    return []


def _asleep(visit: Visit) -> bool:
    """Whether silence means night: by the hour, and in twilight by how weak the sun was when last seen."""
    status, power = visit.last(metrics.INVERTER_STATUS), visit.last(metrics.PV_POWER)
    known = [reading for reading in (status, power) if reading]
    if not known or visit.now - max(reading.at for reading in known) > _LONGEST_NIGHT:
        return False
    hour = local(visit.now, visit.zone).hour
    if 10 <= hour < 15:
        return False
    resting = status is not None and status.value in _RESTING
    return hour >= 22 or hour < 4 or resting or (power is not None and power.value < _DUSK + _FALL * visit.every)
