"""SolarEdge over Modbus TCP: the inverter itself, live, without cloud, quota or consent."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from eink_monitor import metrics
from eink_monitor.clock import Clock
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.settings import Duration, Personal, insist

if TYPE_CHECKING:
    from eink_monitor.sources._inverter.roof import Roof
    from eink_monitor.sources._modbus import Line


@dataclass(frozen=True)
class SolarEdgeModbus(Source):
    """A SolarEdge roof read from its inverter over Modbus TCP (SunSpec), with up to three meters and batteries.

    ``units`` names several inverters behind one address, instead of ``unit``: they are summed. ``external_production``
    adds the meters called Production: other inverters that feed this house. ``meter_sign`` says what a positive power
    of the grid meter means; "auto" learns it from the meter's own counters. ``keep_open`` holds the connection between
    polls, which locks every other Modbus client out. ``latitude`` (degrees north) decides when silence means sleep.
    """

    host: Personal[str]
    port: int = 1502
    unit: int = 1
    units: list[int] = field(default_factory=list)
    keep_open: bool = False
    latitude: float = 50.0
    meter_sign: Literal["auto", "export_positive", "import_positive"] = "auto"
    external_production: bool = False
    timeout: Duration = Duration(3)

    group: ClassVar[str] = "roof"
    guide: ClassVar[str] = "Modbus TCP must be enabled in the inverter, once: docs/solaredge-modbus.md."
    words: ClassVar[Mapping[str, str]] = {
        "host": "name or address of the inverter, such as inverter.local",
    }
    metrics: ClassVar[tuple[Metric, ...]] = (
        *metrics.ROOF,
        metrics.FEED_IN_LIFETIME,
        metrics.PURCHASED_LIFETIME,
        metrics.INVERTER_STATUS,
        metrics.INVERTER_TEMPERATURE,
    )

    preload: ClassVar[tuple[str, ...]] = (
        "eink_monitor.sources.solaredge_modbus.plant",
        "eink_monitor.sources._inverter.roof",
    )
    extra: ClassVar[str] = "modbus"
    family: ClassVar[str] = "inverter"
    together: ClassVar[str] = ", or read the inverters behind one address with one source: units: [1, 2]"

    def __post_init__(self) -> None:
        insist(
            (0 < self.port < 1 << 16, "port must be between 1 and 65535; SolarEdge uses 1502, older firmware 502"),
            (0 <= self.unit <= 255, "unit must be between 0 and 255; it is 1 unless inverters are cascaded"),
            (all(0 <= unit <= 255 for unit in self.units), "units must be numbers between 0 and 255: [1, 2]"),
            (len(set(self.units)) == len(self.units), "units must name each inverter once"),
            (not self.units or self.unit == 1, "give either unit or units, not both"),
            (-90 <= self.latitude <= 90, "latitude must be between -90 and 90 degrees"),
            (self.timeout >= 1, "timeout must be at least 1s"),
        )

    def poll(self, visit: Visit) -> list[Reading]:
        """Connect, read, disconnect. An inverter that is silent at night sleeps: no readings, and a note."""
        from eink_monitor.sources._inverter.roof import once

        return once(self._line(), visit, self._roof)

    @property
    def thing(self) -> object:
        """The inverters."""
        return self.host.lower(), self.port, tuple(self.units) or (self.unit,)

    @property
    def modules(self) -> tuple[str, ...]:
        """Always pymodbus."""
        return ("pymodbus.client",)

    @property
    def local(self) -> bool:
        """The inverter is on the local network."""
        return True

    @property
    def follows(self) -> bool:
        """With ``keep_open: true``."""
        return self.keep_open

    @property
    def polls(self) -> bool:
        """The inverter serves one client only: with an open connection there are no polls."""
        return not self.keep_open

    def follow(self, visit: Visit, clock: Clock) -> Generator[list[Reading], None, None]:
        """For ``keep_open``: endless readings at every interval over one connection.

        Raises what ``poll`` raises. While the inverter sleeps, it yields empty lists and tries to reconnect.
        """
        from eink_monitor.sources._inverter.roof import steadily

        return steadily(self._line, visit, clock, self._roof)

    def _line(self) -> Line:
        from eink_monitor.sources._modbus import Line

        return Line(self.host, self.port, self.timeout)

    @property
    def _roof(self) -> Roof:
        from eink_monitor.sources._inverter.roof import Roof
        from eink_monitor.sources.solaredge_modbus import plant

        units = tuple(self.units) or (self.unit,)
        return Roof(plant, units, self.latitude, self.meter_sign, self.external_production)
