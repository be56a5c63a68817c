"""The doors that a recipe may go through. Each has a block, the keys below its name, and asks what the block says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY
from eink_monitor.errors import BadAnswer
from eink_monitor.model.poll import Quota, Visit
from eink_monitor.model.reading import Metric
from eink_monitor.model.said import Said
from eink_monitor.model.source import SharedLine
from eink_monitor.settings import Secret

Block = Any
"""What stands below a door's name, read: a record of that door."""
Values = Mapping[str, str | Secret]
"""What the names in braces of a recipe stand for."""

Saved = tuple[int, Mapping[str, str], bytes]
"""Status, headers (names in lower case) and body of an answer."""
Names = Mapping[str, tuple[str, ...]]


class Door(ABC):
    """A way to a device or a service."""

    preload: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""
    follows: ClassVar[bool] = False

    @property
    @abstractmethod
    def kind(self) -> type[Block]:
        """The record of its keys."""

    def check(self, block: Block, takes: Mapping[str, bool]) -> None:
        """Raise ``ValueError`` for names that nobody knows and misplaced secrets: ``takes`` are which are secret."""
        block.check(takes)

    @abstractmethod
    def places(self, block: Block, values: Values) -> frozenset[str]:
        """All that may be reached. Raises ``ValueError``."""

    @abstractmethod
    def published(self, block: Block, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """The metrics by the subjects that they are of."""

    def named(self, block: Block, subject: str) -> tuple[Names, Names]:  # noqa: ARG002 - none
        """The names of its lists, and the kinds of its events, by subject."""
        return {}, {}

    @abstractmethod
    def poll(self, block: Block, visit: Visit, values: Values) -> Iterable[Said]:
        """What the other side says now."""

    def asks(self, block: Block, values: Values) -> Iterable[str]:
        """Every request in a line, as far as it is known before an answer came."""
        return sorted(self.places(block, values))

    def rehearse(self, block: Block, visit: Visit, values: Values, saved: Sequence[Saved]) -> Iterable[Said]:  # noqa: ARG002 - of no door but http
        """What saved answers would become; none where that cannot be told without the device."""
        raise BadAnswer("answers can be tried through http only", "try the device: eink-monitor poll NAME --explain")

    def line(self, block: Block, values: Values) -> SharedLine | None:  # noqa: ARG002 - it has none
        """Of a door whose sources follow: the connection that they share."""
        return None

    def silence(self, block: Block) -> int:  # noqa: ARG002 - as any source
        """Seconds for which the other side may have nothing to say; 0 where that is as for any source."""
        return 0

    def quota(self, block: Block, values: Values, name: str) -> Quota | None:  # noqa: ARG002 - calls are free
        """What the vendor allows; ``name`` is the recipe's."""
        return None

    def cost(self, block: Block) -> int:  # noqa: ARG002 - calls are free
        """How many calls a poll may take."""
        return 0

    def modules(self, block: Block) -> tuple[str, ...]:  # noqa: ARG002 - none
        """Import names of the libraries that it needs."""
        return ()

    def signs_in(self, block: Block) -> bool:  # noqa: ARG002 - it does not
        """Whether a person gave it something to prove who asks."""
        return False


class HttpDoor(Door):
    """``http:``."""

    preload = ("eink_monitor.sources._http.warm", "eink_monitor.sources.http.polling")
    extra = "sealed"

    @property
    def kind(self) -> type[Block]:
        from eink_monitor.sources.http.block import HttpBlock

        return HttpBlock

    def places(self, block: Block, values: Values) -> frozenset[str]:
        found: frozenset[str] = block.origins(values)
        return found

    def published(self, block: Block, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        from eink_monitor.sources.http import published

        return published(block, subject)

    def named(self, block: Block, subject: str) -> tuple[Names, Names]:
        from eink_monitor.sources.http import named

        return named(block, subject)

    def poll(self, block: Block, visit: Visit, values: Values) -> Iterable[Said]:
        from eink_monitor.sources.http.polling import polled

        return polled(block, visit, values, self._who(block, values))

    def asks(self, block: Block, values: Values) -> Iterator[str]:
        from eink_monitor.sources._template import Scope, filled, in_url
        from eink_monitor.sources.http.asking import query_of

        scope = Scope(DAY, ZoneInfo("UTC"), values)
        for asking in reversed([*block.requests()]):
            query = "&".join(f"{key}={word}" for key, word in query_of(asking, scope))
            url = filled(asking.url.text, scope, in_url)
            yield f"{asking.method.upper()} {url}{'?' * bool(query)}{query}"

    def rehearse(self, block: Block, visit: Visit, values: Values, saved: Sequence[Saved]) -> Iterable[Said]:
        from eink_monitor.sources.http.rehearsal import rehearsed

        return rehearsed(block, visit, values, saved)

    def quota(self, block: Block, values: Values, name: str) -> Quota | None:
        budgets = block.budgets()
        if not budgets:
            return None
        from eink_monitor.sources.http.kept import digest

        told = (text for text in values.values() if isinstance(text, str))
        return Quota(f"{name} {digest(self._who(block, values), *told)[:8]}", budgets)

    def cost(self, block: Block) -> int:
        return int(block.calls) if block.budgets() else 0

    def modules(self, block: Block) -> tuple[str, ...]:
        return ("cryptography",) if getattr(block.auth, "type", "") == "jwt" else ()

    def signs_in(self, block: Block) -> bool:
        return block.auth is not None or bool(block.headers)

    def _who(self, block: Block, values: Values) -> str:
        """The host, as sentences call it."""
        from eink_monitor.sources._template import Scope, filled, in_url
        from eink_monitor.sources.http.asking import authority, place

        url = filled(authority(block.url.text), Scope(DAY, ZoneInfo("UTC"), values), in_url)
        return place(url).partition(":")[0]


class ModbusDoor(Door):
    """``modbus:``."""

    preload = ("eink_monitor.sources.modbus.polling",)
    extra = "modbus"

    @property
    def kind(self) -> type[Block]:
        from eink_monitor.sources.modbus.block import ModbusBlock

        return ModbusBlock

    def places(self, block: Block, values: Values) -> frozenset[str]:
        found: frozenset[str] = block.places(values)
        return found

    def published(self, block: Block, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        found: Mapping[str, tuple[Metric, ...]] = block.published(subject)
        return found

    def poll(self, block: Block, visit: Visit, values: Values) -> Iterable[Said]:
        from eink_monitor.sources.modbus.polling import polled

        return polled(block, visit, values, "modbus")

    def modules(self, block: Block) -> tuple[str, ...]:  # noqa: ARG002 - always
        return ("pymodbus.client",)


class MqttDoor(Door):
    """``mqtt:``."""

    follows = True

    @property
    def kind(self) -> type[Block]:
        from eink_monitor.sources.mqtt.block import MqttBlock

        return MqttBlock

    def places(self, block: Block, values: Values) -> frozenset[str]:
        found: frozenset[str] = block.places(values)
        return found

    def published(self, block: Block, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        found: Mapping[str, tuple[Metric, ...]] = block.published(subject)
        return found

    def poll(self, block: Block, visit: Visit, values: Values) -> Iterable[Said]:
        from eink_monitor.sources.mqtt.line import BrokerLine

        return BrokerLine.of(block, values).look(visit)

    def line(self, block: Block, values: Values) -> SharedLine | None:
        from eink_monitor.sources.mqtt.line import BrokerLine

        return BrokerLine.of(block, values)

    def silence(self, block: Block) -> int:
        return int(block.stale_after)


DOORS: Mapping[str, Door] = {"http": HttpDoor(), "modbus": ModbusDoor(), "mqtt": MqttDoor()}
