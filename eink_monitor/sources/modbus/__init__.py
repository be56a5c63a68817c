"""Any device that speaks Modbus TCP: its registers are described in the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.sources.modbus.block import ModbusBlock


@dataclass(frozen=True, kw_only=True)
class ModbusSource(ModbusBlock, Source):
    """Any device that speaks Modbus TCP: a meter, a heat pump, a wallbox; see docs/modbus.md."""

    preload: ClassVar[tuple[str, ...]] = ("eink_monitor.sources.modbus.polling",)
    extra: ClassVar[str] = "modbus"
    group: ClassVar[str] = "other"
    guide: ClassVar[str] = "Its manual lists the registers. They are written into the configuration: docs/modbus.md."
    words: ClassVar[Mapping[str, str]] = {
        "host": "name or address of the device or its gateway, such as meter.local",
        "unit": "its number on the bus",
    }

    def __post_init__(self) -> None:
        """Raises ``ValueError`` with all that is wrong with the block as a whole."""
        super().__post_init__()
        self.check({})

    @property
    def modules(self) -> tuple[str, ...]:
        """Always pymodbus."""
        return ("pymodbus.client",)

    @property
    def local(self) -> bool:
        """Whether the device is at home."""
        return self.home

    def doubts(self) -> Iterator[tuple[str, str]]:
        """Without a register it only connects."""
        if not self.readings:
            yield "it reads nothing", "name a register below `readings:`, as docs/modbus.md shows"

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """The metrics that the block names, known or declared by it."""
        return self.published(subject)

    def poll(self, visit: Visit) -> Iterable[Reading]:
        """Connect, read, disconnect."""
        from eink_monitor.sources.modbus.polling import polled

        return polled(self, visit, {}, "modbus")
