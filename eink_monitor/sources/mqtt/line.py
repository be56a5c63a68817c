"""One connection to a broker, for all sources that listen to it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

from eink_monitor.clock import Clock, SystemClock
from eink_monitor.errors import BadAnswer, Trouble
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.model.source import SharedLine
from eink_monitor.sources._template import Values
from eink_monitor.sources.mqtt.block import MqttBlock
from eink_monitor.sources.mqtt.broker import MqttBroker


@dataclass(frozen=True)
class BrokerLine(SharedLine):
    """What one source wants of a broker: its block, and what the names in it stand for."""

    broker: MqttBroker
    block: MqttBlock
    values: Values = field(default_factory=dict)

    @classmethod
    def of(cls, block: MqttBlock, values: Values) -> BrokerLine:
        """The line of a block, wherever it stands. Raises ``ValueError``."""
        return cls(block.where(values), block, values)

    @property
    def key(self) -> Hashable:
        """The broker and the account."""
        return self.broker

    def follow(
        self, company: Mapping[str, tuple[SharedLine, Visit]], clock: Clock
    ) -> Iterator[tuple[str, list[Reading] | Trouble]]:
        """What each source of the broker hears, and which of its topics are refused."""
        from eink_monitor.sources.mqtt.ear import Ear
        from eink_monitor.sources.mqtt.listening import Round

        ears = {}
        for name, (line, visit) in company.items():
            mine = line if isinstance(line, BrokerLine) else self
            try:
                ears[name] = Ear(mine.block, mine.values, visit, clock)
            except (ValueError, Trouble) as error:  # of a topic that a name has spoilt: it costs this one only
                yield name, error if isinstance(error, Trouble) else BadAnswer(f"{name}: {error}")
        yield from Round(self.broker, ears, next(iter(company.values()))[1].state, clock)

    def look(self, visit: Visit, clock: Clock | None = None) -> list[Reading]:
        """What comes within some seconds: for a poll in the foreground."""
        from eink_monitor.sources.mqtt.ear import Ear
        from eink_monitor.sources.mqtt.listening import look

        clock = clock or SystemClock()
        return look(self.broker, Ear(self.block, self.values, visit, clock), visit.state, clock)
