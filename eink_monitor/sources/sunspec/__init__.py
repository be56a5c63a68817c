"""SunSpec over Modbus TCP: the inverter, meter and battery of any maker that speaks it, live, without a cloud."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from eink_monitor import metrics
from eink_monitor.clock import Clock
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source, Suggestion
from eink_monitor.settings import Duration, Personal, insist

if TYPE_CHECKING:
    from eink_monitor.sources._inverter.roof import Roof
    from eink_monitor.sources._modbus import Line, Peer


@dataclass(frozen=True)
class SunSpec(Source):
    """A roof whose inverter speaks SunSpec over Modbus TCP: Fronius, SMA, Kostal and many others.

    ``units`` names several inverters behind one address, instead of ``unit``: they are summed. ``meters`` says which
    units are meters and what each measures ("grid", "house", "production"). ``base`` is the register that the chain of
    models begins with, if it is none of the usual ones. ``pause`` is how long a slow dongle wants after connecting. The
    other keys are those of ``solaredge_modbus``; ``battery_sign`` is to batteries what ``meter_sign`` is to the grid.
    """

    host: Personal[str]
    port: int = 502
    unit: int = 1
    units: list[int] = field(default_factory=list)
    meters: dict[str, Literal["grid", "house", "production", "other"]] = field(default_factory=dict)
    base: int | None = None
    keep_open: bool = False
    latitude: float = 50.0
    meter_sign: Literal["auto", "export_positive", "import_positive"] = "auto"
    battery_sign: Literal["auto", "charge_positive", "discharge_positive"] = "auto"
    external_production: bool = False
    timeout: Duration = Duration(5)
    pause: Duration = Duration(0)

    group: ClassVar[str] = "roof"
    guide: ClassVar[str] = "Modbus TCP must be enabled in the inverter's menu, once; where, by maker: docs/sunspec.md."
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
        "eink_monitor.sources._inverter.roof",
        "eink_monitor.sources.sunspec.plant",
        "eink_monitor.sources.sunspec.found",
    )
    extra: ClassVar[str] = "modbus"
    family: ClassVar[str] = "inverter"
    together: ClassVar[str] = ", or read the inverters behind one address with one source: units: [1, 2]"

    def __post_init__(self) -> None:
        units = self.units or [self.unit]
        insist(
            (0 < self.port < 1 << 16, "port must be between 1 and 65535; most makers use 502, Kostal 1502"),
            (all(0 <= unit <= 255 for unit in units), "unit and units must be numbers between 0 and 255"),
            (len(set(self.units)) == len(self.units), "units must name each inverter once"),
            (not self.units or self.unit == 1, "give either unit or units, not both"),
            (all(_is_unit(unit) for unit in self.meters), "meters must name units between 0 and 255: {200: grid}"),
            (self.base is None or 0 <= self.base < 1 << 16, "base must be a register between 0 and 65535"),
            (-90 <= self.latitude <= 90, "latitude must be between -90 and 90 degrees"),
            (self.timeout >= 1, "timeout must be at least 1s"),
            (self.pause <= 30, "pause must be at most 30s"),
        )
        insist((not set(self._meters) & set(units), "a unit is an inverter or a meter: units and meters overlap"))

    def poll(self, visit: Visit) -> list[Reading]:
        """Connect, read, disconnect. An inverter that is silent at night sleeps: no readings, and a note."""
        from eink_monitor.sources._inverter.roof import once
        from eink_monitor.sources.sunspec import found

        path, setting = visit.state / "models.json", (self.thing, self._meters, self.base)
        plants = found.load(path, setting, visit.now) if visit.explained is None else {}
        before = dict(plants)
        try:
            return once(self._line(), visit, self._roof, plants)
        finally:
            if plants != before:
                found.save(path, setting, visit.now, plants)
            if visit.explained is not None:
                visit.explained += found.told(plants)

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
        """Most inverters serve one client only: with an open connection there are no polls."""
        return not self.keep_open

    def follow(self, visit: Visit, clock: Clock) -> Generator[list[Reading], None, None]:
        """For ``keep_open``: endless readings at every interval over one connection.

        Raises what ``poll`` raises. While the inverter sleeps, it yields empty lists and tries to reconnect.
        """
        from eink_monitor.sources._inverter.roof import steadily

        return steadily(self._line, visit, clock, self._roof)

    def suggestions(self, visit: Visit) -> list[Suggestion]:  # noqa: ARG002 - it asks the device
        """The inverters at the host, at the port that is set, the usual ports, and the usual units."""
        from eink_monitor.sources.sunspec.search import inverters

        return list(inverters(self.host, self.port, self._peer, pause=self.pause))

    def _line(self) -> Line:
        from eink_monitor.sources._modbus import Line

        return Line(self.host, self.port, self.timeout, self._peer, pause=self.pause)

    @property
    def _peer(self) -> Peer:
        from eink_monitor.sources._modbus import Peer

        return Peer("sunspec", "the inverter", "its menu", "1 at most makers, 126 at SMA, 71 at Kostal")

    @property
    def _meters(self) -> dict[int, str]:
        return {int(unit): role for unit, role in self.meters.items()}

    @property
    def _roof(self) -> Roof:
        from eink_monitor.sources._inverter.roof import Roof
        from eink_monitor.sources.sunspec.chain import BASES
        from eink_monitor.sources.sunspec.plant import SunSpecMaker

        maker = SunSpecMaker(BASES if self.base is None else (self.base,), self._meters, self.battery_sign)
        units = tuple(self.units) or (self.unit,)
        return Roof(maker, units, self.latitude, self.meter_sign, self.external_production)


def _is_unit(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= 255
