"""Whether a silent inverter sleeps or is missing: at night many drop the connection or refuse it."""

from __future__ import annotations

from eink_monitor import metrics
from eink_monitor.clock import HOUR, local
from eink_monitor.errors import Unreachable
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.sources._daylight import sunlit
from eink_monitor.sources._modbus import Silence

_RESTING = {1, 2, 3, 6, 8}  # off, sleeping, starting, shutting down, standby
_DUSK = 100.0  # W; an inverter last seen this weak may have gone to sleep since, or not woken up yet
_LONGEST_NIGHT = 20 * HOUR


def rest(visit: Visit, latitude: float, silence: Silence) -> list[Reading]:
    """No readings and a note when the silence is sleep. Raises ``Unreachable`` when it is not."""
    if not asleep(visit, latitude):
        raise Unreachable(str(silence)) from None
    visit.remarks.add("the inverter sleeps")
    return []


def asleep(visit: Visit, latitude: float) -> bool:
    """By the sun, and while that is low by the inverter's last state; never at noon, nor after too long a night."""
    status, power = visit.last(metrics.INVERTER_STATUS), visit.last(metrics.PV_POWER)
    known = [reading for reading in (status, power) if reading]
    if not known or visit.now - max(reading.at for reading in known) > _LONGEST_NIGHT:
        return False
    if not sunlit(visit.now, visit.zone, latitude, None):
        return True
    if 10 <= local(visit.now, visit.zone).hour < 15:
        return False
    return (status is not None and status.value in _RESTING) or (power is not None and power.value < _DUSK)
