"""Which inverters there are at a host, for a person who sets the source up: at the usual ports and units."""

from __future__ import annotations

from collections.abc import Iterator

from eink_monitor.errors import BadAnswer, Unavailable
from eink_monitor.model.source import Suggestion
from eink_monitor.remarks import Remarks
from eink_monitor.sources._modbus import Line, Peer, Unit
from eink_monitor.sources.sunspec.chain import BASES, survey

_PORTS = (502, 1502)
_UNITS = (1, 126, 71, 2, 3)
_WAIT = 2  # s; a unit that is not there is mostly silent


def inverters(host: str, own: int, peer: Peer, *, pause: int) -> Iterator[Suggestion]:
    """Every inverter once, with the settings that read it; its ``own`` port, which is set, is the first that is asked.

    Raises ``Unavailable`` or ``BadAnswer`` where none is.
    """
    known: set[object] = set()
    trouble: Unavailable | BadAnswer | None = None
    for port in dict.fromkeys((own, *_PORTS)):
        try:
            with Line(host, port, _WAIT, peer, pause=pause) as line:
                for number in _UNITS:
                    try:
                        plant = survey(Unit(line, number), Remarks(), BASES, "", patient=False)
                    except (Unavailable, BadAnswer) as error:
                        trouble = trouble or error
                        continue
                    if plant.inverter and plant.inverter.identity not in known:
                        known.add(plant.inverter.identity)
                        who = plant.inverter.identity
                        name = f"{who.maker} {who.model}".strip() or "an inverter"
                        yield Suggestion(f"{name} at unit {number}", {"port": port, "units": [number]})
        except Unavailable as error:
            trouble = trouble or error
    if not known and trouble:
        raise trouble
