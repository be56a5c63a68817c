"""Whatever is said on the topics of an MQTT broker: described in the configuration, without a line of Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric
from eink_monitor.model.said import Said
from eink_monitor.model.source import SharedLine, Source, Suggestion
from eink_monitor.sources.mqtt.block import MqttBlock


@dataclass(frozen=True, kw_only=True)
class MqttSource(MqttBlock, Source):
    """Whatever is said on the topics of an MQTT broker; see docs/mqtt.md."""

    group: ClassVar[str] = "other"
    guide: ClassVar[str] = (
        "1. Give eink-monitor a user of its own at the broker, which may read the topics.\n"
        "2. Watch what is said there: mosquitto_sub -h BROKER -u USER -P PASSWORD -v -t '#'\n"
        "docs/mqtt.md tells how a value is found in a message, and what of it is believed."
    )
    words: ClassVar[Mapping[str, str]] = {
        "broker": "its address, such as mqtt://broker.local or mqtts://broker.example",
        "username": "the user's name there",
        "password": "the user's password",
        "readings": "what is read, such as {indoor_temperature: {topic: home/kitchen, path: temp, unit: °C}}",
    }
    stopgap: ClassVar[Mapping[str, object]] = {"readings": {"anything": {"topic": "anything"}}}

    def __post_init__(self) -> None:
        """Raises ``ValueError`` with all that is wrong with the block as a whole."""
        super().__post_init__()
        self.check({})

    @property
    def local(self) -> bool:
        """Whether the broker is at home."""
        return self.where({}).at_home

    @property
    def follows(self) -> bool:
        """Always."""
        return True

    @property
    def polls(self) -> bool:
        """Never: a broker speaks when there is something to say."""
        return False

    @property
    def line(self) -> SharedLine:
        """The connection to the broker."""
        from eink_monitor.sources.mqtt.line import BrokerLine

        return BrokerLine.of(self, {})

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """The metrics that the block names, known or declared by it."""
        return self.published(subject)

    def patience(self, every: int) -> int:
        """As long as a thing may be silent."""
        return max(3 * every, self.stale_after)

    def poll(self, visit: Visit) -> Iterable[Said]:
        """For ``eink-monitor poll``: what comes within some seconds."""
        from eink_monitor.sources.mqtt.line import BrokerLine

        return BrokerLine.of(self, {}).look(visit)

    def suggestions(self, visit: Visit) -> Sequence[Suggestion]:
        """The numbers that are said within some seconds, on any topic."""
        from eink_monitor.sources.mqtt.offers import offers

        return offers(self.where({}), visit.state)
