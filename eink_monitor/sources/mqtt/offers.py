"""What is said at a broker just now, for a person who sets a source up: topics with a number, and numbers in JSON."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from eink_monitor.clock import Clock, SystemClock
from eink_monitor.metrics import KNOWN
from eink_monitor.model.source import Suggestion
from eink_monitor.outside import clean
from eink_monitor.sources.mqtt.broker import MqttBroker
from eink_monitor.sources.mqtt.listening import client_name
from eink_monitor.sources.mqtt.session import Session

_LONGEST = 5.0  # s
_MOST_TOPICS, _MOST = 500, 40
_DEEPEST = 4  # levels of JSON
_LARGEST = 10_000  # bytes of a message
_BEYOND = 1e300  # a longer integer is no float
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def offers(broker: MqttBroker, state: Path, clock: Clock | None = None) -> list[Suggestion]:
    """What is heard within some seconds on any topic that we may read. Raises what a poll raises."""
    clock = clock or SystemClock()
    session = Session(broker, client_name(broker, state, f"a{os.getpid() % 0xFFFFFF:x}"), clock)
    heard: dict[str, bytes] = {}
    until = clock.monotonic() + _LONGEST
    try:
        session.open()
        session.subscribe(["#"])
        while (left := until - clock.monotonic()) > 0 and len(heard) < _MOST_TOPICS:
            heard |= {message.topic: message.payload for message in session.listen(left)}
    finally:
        session.close()
    return offered(heard)


def offered(heard: Mapping[str, bytes]) -> list[Suggestion]:
    """The numbers in what was said, by topic."""
    found: dict[str, Suggestion] = {}
    for topic, payload in sorted(heard.items()):
        for steps, value in _numbers(payload):
            name = _name((*topic.split("/"), *steps), found)
            path = ".".join(map(_step, steps))
            setting: dict[str, Any] = {"topic": topic, **({"path": path} if path else {})}
            told = f"{topic}{f' {path}' if path else ''}: {value}, as {name}"
            found[name] = Suggestion(clean(told, 100), {"readings": {name: setting}})
            if len(found) == _MOST:
                return list(found.values())
    return list(found.values())


def _numbers(payload: bytes) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every number of a message, and the names that lead to it."""
    try:
        text = payload[:_LARGEST].decode().strip()
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    yield from _leaves(document, ())


def _leaves(value: object, steps: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    if isinstance(value, dict):
        for key, inner in value.items() if len(steps) < _DEEPEST else ():
            if key.isprintable() and 0 < len(key) <= 60:
                yield from _leaves(inner, (*steps, key))
    elif (isinstance(value, bool | int | float) and -_BEYOND < value < _BEYOND) or (
        isinstance(value, str) and _NUMBER.fullmatch(value[:40])
    ):
        yield steps, value


def _step(name: str) -> str:
    """A name as an expression has it."""
    return name if _PLAIN.fullmatch(name) else json.dumps(name)


def _name(words: tuple[str, ...], taken: Mapping[str, object]) -> str:
    """What a value is called: by the last word that says something, with those before it where that is taken."""
    slugs = [slug for word in words if (slug := re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_"))]
    for count in range(1, len(slugs) + 1):
        name = "_".join(slugs[-count:])[-30:].strip("_")
        if name[:1].isalpha() and name not in taken and name not in KNOWN:
            return name
    return next(name for number in range(1, 1000) if (name := f"value_{number}") not in taken)
