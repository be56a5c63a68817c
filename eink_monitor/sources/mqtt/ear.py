"""What one feed hears: of each metric the newest value, at most one every ``every``, and what is not to be believed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from eink_monitor.clock import Clock, stamp
from eink_monitor.errors import BadAnswer
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.outside import clean
from eink_monitor.remarks import Remarks, figure
from eink_monitor.sources._expression import Answered
from eink_monitor.sources._template import Scope, Values
from eink_monitor.sources._times import instant
from eink_monitor.sources.mqtt.block import Heard, MqttBlock
from eink_monitor.sources.mqtt.packets import Message
from eink_monitor.sources.mqtt.topics import LONGEST, matches

_DEEPEST = 60  # levels of JSON; things at home stay below ten
_MOST_TRIED = 20  # messages of one breath that a metric looks at, the newest first
_NAMED = 3  # topics that are told one by one
_NEVER = float("-inf")


@dataclass
class Saying:
    """A message and when it came (monotonic); what it means is found once, for all that look at it."""

    message: Message
    mono: float

    @cached_property
    def text(self) -> str:
        """As text. Raises ``ValueError``."""
        return self.message.payload.decode()

    @cached_property
    def document(self) -> object:
        """As JSON. Raises ``BadAnswer``."""
        try:
            found: object = json.loads(self.text)
            if not _is_deeper(found, _DEEPEST):
                return found
        except (ValueError, RecursionError):
            pass
        raise BadAnswer("a message is not JSON")

    @cached_property
    def whole(self) -> object:
        """The text itself; of a text in JSON's quotes what is in them. Raises ``BadAnswer``."""
        try:
            text = self.text
        except ValueError:
            raise BadAnswer("a message is not UTF-8") from None
        return self.document if text[:1] == '"' else text


class Ear:
    """One feed on a line. ``heard`` are the topics on which something came, with how it began."""

    def __init__(self, block: MqttBlock, values: Values, visit: Visit, clock: Clock) -> None:
        self.topics = block.topics(values)
        self.heard: dict[str, str] = {}
        self.visit = visit
        self._block, self._values, self._clock = block, values, clock
        self._new: dict[str, tuple[Reading, float]] = {}  # the reading, and when it came (monotonic)
        self._told: dict[str, float] = {}
        self._known: set[str] = set()
        self._ageless: dict[str, str] = {}
        self._odd: dict[str, str] = {}
        self._beat = _NEVER

    def hear(self, said: Iterable[Saying]) -> None:
        """Take in what was said in one breath."""
        said = list(said)
        for name, heard in self._block.readings.items():
            mine = [saying for saying in said if matches(self.topics[name], saying.message.topic)]
            for saying in mine:
                self._known.add(name)
                if saying.message.topic in self.heard or len(self.heard) < _MOST_TRIED:
                    self.heard[saying.message.topic] = clean(repr(saying.message.payload[:60])[1:], 80)
            for saying in reversed(mine[-_MOST_TRIED:]):
                if self._take(name, heard, saying):
                    break

    def rest(self) -> float:
        """Seconds until it is time for a batch: something may be told again, or for so long was nothing said at all."""
        told = (self._told.get(name, _NEVER) for name in self._new)
        return min([self._beat, *told]) + self.visit.every - self._clock.monotonic()

    def batch(self, *, whole: bool = False) -> list[Reading]:
        """What may be told now, or all of it; the visit's remarks say what is missing."""
        mono = self._beat = self._clock.monotonic()
        now = self._clock.now()
        found = []
        for name in [name for name in self._new if whole or mono - self._told.get(name, _NEVER) >= self.visit.every]:
            reading, came = self._new.pop(name)
            self._told[name] = mono
            found.append(reading._replace(at=int(now - (mono - came))) if reading.at == 0 else reading)
        for sentence in self._standing():
            self.visit.remarks.add(sentence)
        self._odd.clear()
        return found

    def explain(self) -> Iterable[str]:
        """How each value was found, and then everything that was heard."""
        for name, heard in self._block.readings.items():
            about = f"{name}: {self.topics[name]}{f' {heard.path}' if heard.path else ''}"
            if name in self._new:
                reading = self._new[name][0]
                yield f"{about}: {figure(reading.value)} {reading.metric.unit}, " + (
                    f"measured {stamp(reading.at, self.visit.zone)}" if reading.at else "as it came"
                )
            elif name in self._ageless:
                yield f"{about}: {self._ageless[name]}, kept by the broker, of unknown age"
            else:
                yield f"{about}: {self._odd.get(name, 'no value' if name in self._known else 'nothing came')}"
        yield from (f"heard {clean(topic, LONGEST)}: {text}" for topic, text in sorted(self.heard.items()))

    @property
    def complete(self) -> bool:
        """Whether a reading of everything has come."""
        return len(self._new) + len(self._ageless) >= len(self._block.readings)

    def _standing(self) -> Iterable[str]:
        """Sentences about what is not there."""
        yield from self._odd.values()
        if self._ageless:
            told = ", ".join(f"{name} {value}".strip() for name, value in self._ageless.items())
            yield f"kept by the broker, of unknown age, until it is sent anew: {told}"
        silent = list(dict.fromkeys(self.topics[name] for name in self._block.readings if name not in self._known))
        if silent:
            more = f" and {len(silent) - _NAMED} more" if len(silent) > _NAMED else ""
            yield f"nothing came yet on {', '.join(silent[:_NAMED])}{more}"

    def _take(self, name: str, heard: Heard, saying: Saying) -> bool:
        """Keep the reading of a message, if it has one that can be dated; or that it has one that cannot."""
        remarks = Remarks()
        try:
            raw, at = self._found(heard, saying)
            reading = heard.reading(name, raw, at or 0, replace(self.visit, remarks=remarks))
        except BadAnswer as error:
            self._odd[name] = f"{name}: {error.fact}"
            return False
        if str(remarks):
            self._odd[name] = str(remarks)
        if reading is None:
            return False
        self._odd.pop(name, None)
        if saying.message.retained and not at:
            if name not in self._new and name not in self._told:
                self._ageless[name] = figure(reading.metric.rounded(reading.value))
        else:
            self._ageless.pop(name, None)
            self._new[name] = reading, saying.mono
        return True

    def _found(self, heard: Heard, saying: Saying) -> tuple[object, int | None]:
        """The raw value of a message, and its own time if it says one. Raises ``BadAnswer``."""
        answered = Answered(Scope(self._clock.now(), self.visit.zone, self._values, saying.message.topic))
        raw = heard.path.find(saying.document, answered) if heard.path else saying.whole
        at = instant(heard.at.find(saying.document, answered), self.visit.zone) if heard.at else None
        return raw, at


def _is_deeper(document: object, most: int) -> bool:
    """Whether a document is nested too deeply for those that walk it."""
    level = [document]
    for _ in range(most):
        inner: list[object] = []
        for one in level:
            inner += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        if not inner:
            return False
        level = inner
    return True
