"""The keys of ``type: mqtt``, which are those of ``mqtt:`` in a recipe, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY
from eink_monitor.errors import BadAnswer
from eink_monitor.model.reading import Metric
from eink_monitor.settings import Duration, InputFile, Personal, Secret, insist, together
from eink_monitor.sources._declared import Declared
from eink_monitor.sources._template import Scope, Template, Values, filled, settings_of
from eink_monitor.sources.mqtt.broker import MqttBroker
from eink_monitor.sources.mqtt.topics import check_filter, check_name

_MOST = 200  # readings


class Topic(Template):
    """A topic filter, with names in braces; it is no place for a secret, because brokers log it."""

    @classmethod
    def parse(cls, text: str) -> Topic:
        """Read a topic. Raises ``ValueError``."""
        if not list(settings_of(text)):
            check_filter(text)
        return cls(text)


@dataclass(frozen=True, kw_only=True)
class Heard(Declared):
    """One value that is said on a topic; ``path`` and ``at`` look into its JSON, without them it is the whole text."""

    topic: Topic


@dataclass(frozen=True, kw_only=True)
class MqttBlock:
    """Which broker, as whom, and what of its topics counts.

    ``version`` is 5, or what the broker says that it speaks; ``ca`` is the file of the authority that its certificate
    is from, if the system does not trust it. On ``status`` the broker says "online" and "offline" of us. What is
    silent for ``stale_after`` counts as old; of many things that speak when something changes, that is no fault.
    """

    broker: Personal[Template]
    username: Personal[str] = ""
    password: Secret | None = None
    ca: InputFile | None = None
    version: Literal["5", "3.1.1"] = "5"
    status: str = ""
    stale_after: Duration = Duration(0)
    readings: Mapping[str, Heard] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for what can be seen without knowing what names stand for."""
        together(
            lambda: insist(
                (bool(self.readings), "readings: name at least one value, and its topic"),
                (len(self.readings) <= _MOST, f"readings: at most {_MOST}"),
                (not self.password or bool(self.username) or self.version == "5", "username: a password needs one"),
            ),
            lambda: check_name(self.status),
            *(lambda name=name, heard=heard: heard.metric(name) for name, heard in self.readings.items()),
            *(() if list(settings_of(self.broker.text)) else (lambda: MqttBroker(self.broker.text),)),
        )

    def check(self, takes: Mapping[str, bool]) -> None:
        """Raise ``ValueError`` for names that nobody knows, and for secrets where brokers log them.

        ``takes`` are the settings that names may stand for, and whether each is a secret.
        """
        secret = {name for name, hidden in takes.items() if hidden}
        told = [
            f"nobody says what {{{{{name}}}}} stands for" for name in dict.fromkeys(self._names()) if name not in takes
        ]
        public = [self.broker.text, self.username, self.status, *(heard.topic.text for heard in self.readings.values())]
        astray = dict.fromkeys(name for text in public for name in settings_of(text) if name in secret)
        told += [
            f"{{{{{name}}}}} is a secret, and brokers log topics and names; put it into password" for name in astray
        ]
        if told:
            raise ValueError("; ".join(told))

    def _names(self) -> Iterator[str]:
        for text in (self.broker.text, self.username, self.status):
            yield from settings_of(text)
        for heard in self.readings.values():
            yield from settings_of(heard.topic.text)
            yield from (*heard.path.settings, *heard.at.settings)

    def published(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """Its metrics by the subjects that they are of."""
        found: dict[str, tuple[Metric, ...]] = {}
        for name, heard in self.readings.items():
            on = heard.on(subject)
            found[on] = (*found.get(on, ()), heard.metric(name))
        return found or {subject: ()}

    def where(self, values: Values) -> MqttBroker:
        """The broker, as its names are filled. Raises ``ValueError``."""
        scope = Scope(DAY, ZoneInfo("UTC"), values)
        secret = filled(self.password.reveal(), scope) if self.password else ""
        return MqttBroker(
            self.broker.fill(scope, _in_address),
            filled(self.username, scope),
            Secret(secret) if secret else None,
            Path(self.ca) if self.ca else None,
            self.version,
            filled(self.status, scope),
        )

    def places(self, values: Values) -> frozenset[str]:
        """All that may be reached: the broker. Raises ``ValueError``; for a spoilt topic, too."""
        self.topics(values)
        return frozenset({self.where(values).url})

    def topics(self, values: Values) -> dict[str, str]:
        """The topic of each reading, as its names are filled. Raises ``ValueError``."""
        scope = Scope(DAY, ZoneInfo("UTC"), values)
        found = {name: heard.topic.fill(scope, _in_topic) for name, heard in self.readings.items()}
        for topic in found.values():
            check_filter(topic)
        return found


def _in_address(value: str, text: str, at: int) -> str:  # noqa: ARG001 - as any way to escape
    """A setting that is a host, or a whole address."""
    return value.strip()


def _in_topic(value: str, text: str, at: int) -> str:  # noqa: ARG001 - as any way to escape
    """A setting that is one level of a topic or several; it asks for no more than it says."""
    if value.strip("/") and not set(value) & set("+#\0"):
        return value.strip("/")
    raise BadAnswer("a name in a topic stands for something that is no part of one", "check the settings")
