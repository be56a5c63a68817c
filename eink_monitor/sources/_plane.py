"""What solar forecasts need to know about a roof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from eink_monitor.settings import insist

MOST_PLANES = 3
_MOST_KWP = 100.0


@dataclass(frozen=True)
class Plane:
    """One side of a roof: ``kwp`` (kW), ``tilt`` (0 flat, 90 a wall), ``azimuth`` (0 south, -90 east, 90 west).

    ``mounting`` is how warm its modules get: ``free`` standing, ``raised`` above the tiles, or ``flush`` with them.
    """

    kwp: float
    tilt: float = 30.0
    azimuth: float = 0.0
    mounting: Literal["free", "raised", "flush"] = "raised"

    def __post_init__(self) -> None:
        insist(
            (0 < self.kwp <= _MOST_KWP, "kwp must be above 0 and at most 100 (kW, of all modules of this plane)"),
            (0 <= self.tilt <= 90, "tilt must be 0 (flat) to 90 (a wall)"),
            (-180 <= self.azimuth <= 180, "azimuth must be -180 to 180 (0 south, -90 east, 90 west)"),
        )


def check_place(latitude: float, longitude: float, planes: Sequence[Plane], max_power: float) -> None:
    """Raises ``ValueError`` with all that is wrong."""
    insist(
        (-90 <= latitude <= 90, "latitude must be -90 to 90 (north is positive)"),
        (-180 <= longitude <= 180, "longitude must be -180 to 180 (east is positive)"),
        (len(planes) <= MOST_PLANES, f"planes must be at most {MOST_PLANES}, each of which costs a call"),
        (max_power >= 0, "max_power must be 0 (no limit) or more (W, of the inverter)"),
    )
