"""The keys of ``type: modbus``, which are those of ``modbus:`` in a recipe, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY
from eink_monitor.model.reading import Metric
from eink_monitor.settings import Duration, Personal, insist
from eink_monitor.sources._nearby import nearby
from eink_monitor.sources._template import Scope, Template, Values, settings_of
from eink_monitor.sources.modbus.register import Order, RegisterReading
from eink_monitor.sources.modbus.requests import MOST_REGISTERS, Stretch

_PORTS, _UNITS = range(1, 0x10000), range(256)
_USUAL_PORT, _USUAL_UNIT = Template("502"), Template("1")


@dataclass(frozen=True, kw_only=True)
class ModbusBlock:
    """Whom to ask over Modbus TCP, and which registers count.

    ``counts_from`` is the number that the device's document gives its first register: 0, 1, or 40001. Registers between
    which at most ``gap`` others lie are asked for together, ``at_once`` in one request. ``pause`` is how long a device
    wants after connecting, ``between`` how long between two requests.
    """

    host: Personal[Template]
    port: Template = _USUAL_PORT
    unit: Template = _USUAL_UNIT
    readings: Mapping[str, RegisterReading] = field(default_factory=dict)
    counts_from: int = 0
    word_order: Order = "big"
    byte_order: Order = "big"
    gap: int = 8
    at_once: int = MOST_REGISTERS
    timeout: Duration = Duration(3)
    pause: Duration = Duration(0)
    between: Duration = Duration(0)

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for what can be seen without knowing what names stand for."""
        insist(
            (0 <= self.counts_from <= 0xFFFF, "counts_from must be the number of the first register: 0, 1 or 40001"),
            (0 <= self.gap <= MOST_REGISTERS, f"gap must be 0 to {MOST_REGISTERS} registers"),
            (1 <= self.at_once <= MOST_REGISTERS, f"at_once must be 1 to {MOST_REGISTERS} registers"),
            (self.timeout >= 1, "timeout must be at least 1s"),
            (self.pause <= 30, "pause must be at most 30s"),
            (self.between <= 10, "between must be at most 10s"),
        )
        for name, wanted in self.readings.items():
            wanted.metric(name)
            beyond = [one for one in self.stretches(wanted) if one.start < 0 or one.end > 0x10000]
            long = [one for one in self.stretches(wanted) if one.size > self.at_once]
            insist(
                (not beyond, f"{name}: there is no such register; they count from {self.counts_from} (counts_from:)"),
                (not long, f"{name}: takes more registers than at_once allows"),
            )

    def stretches(self, wanted: RegisterReading) -> Iterator[Stretch]:
        """The registers of a reading, at the addresses that go over the wire: its own, then that of its scale."""
        yield Stretch(wanted.kind, wanted.register - self.counts_from, wanted.width)
        if wanted.scale_register is not None:
            yield Stretch(wanted.kind, wanted.scale_register - self.counts_from, 1)

    def check(self, takes: Mapping[str, bool]) -> None:
        """Raise ``ValueError`` for names that nobody knows, and for a secret as an address.

        ``takes`` are the settings that names may stand for, and whether each is a secret.
        """
        named = [name for text in (self.host, self.port, self.unit) for name in settings_of(text.text)]
        unknown = [f"nobody says what {{{{{name}}}}} stands for" for name in named if name not in takes]
        secret = [f"{{{{{name}}}}} is a secret, and no address" for name in named if takes.get(name)]
        if unknown or secret:
            raise ValueError("; ".join(dict.fromkeys([*unknown, *secret])))
        if not named:
            self.address({})

    def address(self, values: Values) -> tuple[str, int, int]:
        """Host, port and unit, with what their names stand for. Raises ``ValueError``."""
        scope = Scope(DAY, ZoneInfo("UTC"), values)
        host = self.host.fill(scope).strip()
        port, unit = (_number(text.fill(scope)) for text in (self.port, self.unit))
        insist(
            (
                bool(host) and not set(host) & set("/@ {}"),
                "host must be a name or an address: meter.local, 192.168.1.20",
            ),
            (port in _PORTS, "port must be between 1 and 65535; it is mostly 502"),
            (unit in _UNITS, "unit must be between 0 and 255; it is mostly 1"),
        )
        return host, port or 0, unit or 0

    def places(self, values: Values) -> frozenset[str]:
        """All that may be reached: the host with its port. Raises ``ValueError``."""
        host, port, _ = self.address(values)
        return frozenset({f"{host.lower()}:{port}"})

    @property
    def home(self) -> bool:
        """Whether it is on the local network, as far as that can be told before names are filled."""
        return "{{" in self.host.text or nearby(self.host.text)

    def published(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """The metrics by the subjects that they are of."""
        found: dict[str, tuple[Metric, ...]] = {}
        for name, wanted in self.readings.items():
            on = wanted.on(subject)
            found[on] = (*found.get(on, ()), wanted.metric(name))
        return found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.strip().isdecimal() and len(text) <= 6 else None
