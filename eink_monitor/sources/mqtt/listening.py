"""Listening to a broker: everyone's turn on a line, and a look at it for a person."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from eink_monitor.clock import MINUTE, Clock
from eink_monitor.errors import Trouble
from eink_monitor.model.reading import Reading
from eink_monitor.sources.mqtt.broker import MqttBroker
from eink_monitor.sources.mqtt.ear import Ear, Saying
from eink_monitor.sources.mqtt.session import Session, refused

_NAP = 20.0  # s; the longest time without handling keep-alives
_GATHERED = 3.0  # s; the longest time for what the broker had kept to come, if it is never still
_SETTLED = 1.0  # s without a word after which everything that the broker had kept is taken in
_ASKED_AGAIN = 15 * MINUTE  # of a topic that was refused
_LONGEST_LOOK = 10.0  # s of a poll in the foreground


class Round:
    """Everyone's turn on a line."""

    def __init__(self, broker: MqttBroker, ears: Mapping[str, Ear], state: Path, clock: Clock) -> None:
        self._broker, self._ears, self._clock = broker, ears, clock
        self._session = Session(broker, client_name(broker, state), clock)

    def __iter__(self) -> Iterator[tuple[str, list[Reading] | Trouble]]:
        try:
            yield from self._go_on()
        finally:
            self._session.close()

    def _go_on(self) -> Iterator[tuple[str, list[Reading] | Trouble]]:
        session, clock = self._session, self._clock
        session.open()
        session.subscribe(dict.fromkeys(topic for ear in self._ears.values() for topic in ear.topics.values()))
        self._gather(clock.monotonic() + _GATHERED)
        again = clock.monotonic() + _ASKED_AGAIN
        while True:
            yield from self._batches()
            self._hear(self._rest())
            if session.refused and clock.monotonic() >= again:
                again = clock.monotonic() + _ASKED_AGAIN
                session.subscribe(list(session.refused))

    def _gather(self, until: float) -> None:
        """Wait for what the broker had kept: until it is still, after it has answered for every topic."""
        settled = False
        while not (self._hear(_SETTLED) == 0 and settled) and not (settled and self._clock.monotonic() > until):
            settled = self._session.settled

    def _hear(self, seconds: float) -> int:
        """Take in one breath; how many messages it had."""
        said = _said(self._session, seconds, self._clock)
        for ear in self._ears.values() if said else ():
            ear.hear(said)
        return len(said)

    def _rest(self) -> float:
        return max(0.0, min([_NAP, *(ear.rest() for ear in self._ears.values())]))

    def _batches(self) -> Iterator[tuple[str, list[Reading] | Trouble]]:
        for name, ear in self._ears.items():
            if ear.rest() <= 0:
                trouble = _refusal(self._broker, self._session, ear)
                found = ear.batch()
                yield name, trouble or found


def look(broker: MqttBroker, ear: Ear, state: Path, clock: Clock) -> list[Reading]:
    """What comes within some seconds, by a connection of its own: for a poll in the foreground."""
    session = Session(broker, client_name(broker, state, f"p{os.getpid() % 0xFFFFFF:x}"), clock)
    until = clock.monotonic() + _LONGEST_LOOK
    topics = set(ear.topics.values())
    try:
        session.open()
        session.subscribe(sorted(topics))
        while (left := until - clock.monotonic()) > 0 and not ear.complete and set(session.refused) != topics:
            ear.hear(_said(session, min(left, _SETTLED), clock))
    finally:
        session.close()
    if trouble := _refusal(broker, session, ear):
        raise trouble
    if ear.visit.explained is not None:
        ear.visit.explained += ear.explain()
    return ear.batch(whole=True)


def _said(session: Session, seconds: float, clock: Clock) -> list[Saying]:
    """What was said in one breath."""
    mono = clock.monotonic
    said = [Saying(message, mono()) for message in session.listen(seconds)]
    if session.busy:
        session.breathe()
    return said


def _refusal(broker: MqttBroker, session: Session, ear: Ear) -> Trouble | None:
    """The trouble of an ear that may hear nothing; of one that may hear a part, that is a remark."""
    topics = dict.fromkeys(ear.topics.values())
    shut = [topic for topic in topics if topic in session.refused]
    if len(shut) == len(topics) and shut:
        return refused(broker, ", ".join(shut), session.refused[shut[0]])
    if shut:
        ear.visit.remarks.add(f"the broker does not let us read {', '.join(shut)}")
    return None


def client_name(broker: MqttBroker, state: Path, suffix: str = "") -> str:
    """Our name at a broker: the same after a restart, and no other client's.

    It is made of this machine, the folder of the state, and the account. A second client with the same name would end
    the first one's session, and so on for ever; so a poll in the foreground has a suffix. It has at most 23
    letters and digits, which every broker accepts.
    """
    try:
        machine = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        machine = ""
    account = (broker.host, str(broker.port), broker.username, broker.version, broker.status, str(broker.ca))
    said = "\n".join((machine, socket.gethostname(), str(state.parent), *account))
    return f"eink{hashlib.sha256(said.encode()).hexdigest()[:12]}{suffix}"[:23]
