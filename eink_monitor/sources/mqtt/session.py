"""One connection to a broker: greeted, subscribed, kept alive, and what it says.

It is driven by whoever listens, without a thread. Every error is one of ``eink_monitor.errors``, and quotes neither
user name nor password.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from pathlib import Path

from eink_monitor.clock import Clock
from eink_monitor.errors import AuthFailed, BadAnswer, Trouble, Unavailable, Unreachable
from eink_monitor.sources.mqtt import packets
from eink_monitor.sources.mqtt.broker import MqttBroker
from eink_monitor.sources.mqtt.packets import ClientAccount, Inflow, Message, Packet

KEEP_ALIVE = 60  # s
_PATIENCE = 20  # s for the broker to connect, to greet us and to answer a ping
_BREATH = 0.25  # s after each mouthful, so that a flood costs a bounded part of the processor
_MOUTHFUL = 1 << 18  # bytes that are read at once; the rest waits in the broker, which drops what is too much
_PIECE = 1 << 16


class Session:
    """A connection. ``refused`` are topics that we may not read, with the reason; ``granted`` those that we do."""

    def __init__(self, broker: MqttBroker, client: str, clock: Clock) -> None:
        self.refused: dict[str, int] = {}
        self.granted: set[str] = set()
        self.flooded = False  # more came than was read
        self.busy = False  # something came, be it no message
        self._broker, self._clock = broker, clock
        secret = broker.password.reveal() if broker.password else ""
        self._account = ClientAccount(client, broker.username, secret, broker.status)
        self._level = packets.LEVELS[broker.version]
        self._keep_alive = KEEP_ALIVE
        self._socket: socket.socket | None = None
        self._asked: dict[int, str] = {}
        self._numbers = 0

    def open(self) -> None:
        """Connect and be greeted, by an old broker in the older version.

        Raises ``Unreachable``, ``Unavailable``, ``AuthFailed`` or ``BadAnswer``.
        """
        reason = self._greeted()
        if self._level == 5 and reason in _OTHER_VERSION:
            self.close()
            self._level = 4
            reason = self._greeted()
        if reason:
            self.close()
            raise _refusal(self._broker, self._level, reason)
        if self._broker.status:
            self._send(packets.retain(self._level, self._broker.status, "online"))

    def subscribe(self, topics: Iterable[str]) -> None:
        """Ask for topics; what the broker says of each is in ``granted`` and ``refused`` when it has said it."""
        for topic in topics:
            self._numbers = self._numbers % 65_535 + 1
            self._asked[self._numbers] = topic
            self._send(packets.subscribe(self._level, self._numbers, topic))
        self._asked_at = self._clock.monotonic()

    @property
    def settled(self) -> bool:
        """Whether the broker has answered for every topic."""
        return not self._asked

    def listen(self, seconds: float) -> list[Message]:
        """What is said within so many seconds, or right now if something is; raises ``Trouble`` when it is over."""
        heard = self._hear(seconds)
        said = [packets.message(self._level, packet) for packet in heard if self._counts(packet)]
        if self._socket is not None or not said:  # a last word counts, even if the broker has hung up since
            self._keep()
        return said

    def close(self) -> None:
        """Take leave, as far as anybody listens."""
        line, self._socket = self._socket, None
        if line is not None:
            try:
                line.sendall(packets.farewell())
                line.close()
            except OSError:
                line.close()

    def _greeted(self) -> int:
        """Connect anew; the reason of the greeting, 0 for a welcome."""
        self._inflow = Inflow()
        self._waiting: list[Packet] = []
        self._connect()
        self._sent = self._heard = self._asked_at = self._clock.monotonic()
        self._send(packets.connect(self._level, self._account, KEEP_ALIVE))
        until = self._clock.monotonic() + _PATIENCE
        while not (came := self._hear(until - self._clock.monotonic())):
            if self._socket is None:
                return _SHUT
            if self._clock.monotonic() >= until:
                self.close()
                raise Unavailable(
                    f"{self._broker.who} does not greet us in time", "is it overloaded, or something else?"
                )
        if came[0].kind != packets.CONNACK:
            raise BadAnswer(f"{self._broker.who} does not speak MQTT", "check address and port of broker")
        reason, wanted = packets.greeted(came[0].body)
        self._keep_alive = min(KEEP_ALIVE, wanted or KEEP_ALIVE)
        self._waiting = came[1:]
        return reason

    def _connect(self) -> None:
        broker = self._broker
        try:
            line = socket.create_connection((broker.host, broker.port), _PATIENCE)
            self._socket = _trust(broker.ca).wrap_socket(line, server_hostname=broker.host) if broker.tls else line
        except (OSError, ValueError) as error:
            trouble = _in_words(error, broker)
        else:
            return
        raise trouble  # outside, so that the original does not travel along

    def _hear(self, seconds: float) -> list[Packet]:
        """Packets that are there, or come within so many seconds; none, and no socket, once the broker has hung up."""
        waiting, self._waiting = self._waiting, []
        self.busy = bool(waiting)
        line = self._socket
        if waiting or line is None:
            return waiting
        pending = getattr(line, "pending", int)  # TLS may hold bytes that select does not see
        if not pending() and not self._clock.wait(max(0.0, seconds), [line.fileno()]):
            return []
        packets_, taken = [], 0
        while taken < _MOUTHFUL and (pending() or self._clock.wait(0, [line.fileno()]) or not taken):
            try:
                piece = line.recv(_PIECE)
            except OSError:
                piece = b""
            if not piece:
                line.close()
                self._socket = None
                break
            taken += len(piece)
            packets_ += self._inflow.take(piece)
        self.flooded, self.busy = taken >= _MOUTHFUL, taken > 0
        self._heard = self._clock.monotonic()
        return packets_

    def _keep(self) -> None:
        """Keep the connection alive, and see whether it is."""
        if self._socket is None:
            name = self._account.client
            cure = f"reconnecting; if it does that again and again, does another machine connect as {name}?"
            raise Unavailable(f"{self._broker.who} closed the connection", cure)
        now = self._clock.monotonic()
        if self._asked and now - self._asked_at > _PATIENCE:
            raise Unavailable(f"{self._broker.who} does not answer when asked for a topic; reconnecting")
        if now - self._heard > self._keep_alive + _PATIENCE:
            raise Unavailable(f"{self._broker.who} has gone silent; reconnecting")
        if now - self._sent > self._keep_alive / 2:
            self._send(packets.ping())

    def breathe(self) -> None:
        """Let others work before the next mouthful."""
        self._clock.wait(_BREATH)

    def _counts(self, packet: Packet) -> bool:
        """Whether a packet is a message; the others are dealt with."""
        if packet.kind == packets.SUBACK:
            number, reason = packets.granted(self._level, packet.body)
            topic = self._asked.pop(number, "")
            if topic and reason < 0x80:
                self.granted.add(topic)
                self.refused.pop(topic, None)
            elif topic:
                self.refused[topic] = reason
        elif packet.kind == packets.DISCONNECT:
            reason = packet.body[0] if packet.body else 0
            words = _LEAVING.get(reason, f"ended the connection (reason 0x{reason:02X}); reconnecting")
            raise Unavailable(f"{self._broker.who} {words.format(client=self._account.client)}")
        return packet.kind == packets.PUBLISH

    def _send(self, packet: bytes) -> None:
        self._sent = self._clock.monotonic()
        try:
            if self._socket is not None:
                self._socket.sendall(packet)
        except OSError:
            self._socket.close()  # type: ignore[union-attr]
            self._socket = None


def refused(broker: MqttBroker, topic: str, reason: int) -> Trouble:
    """What the refusal of a topic means."""
    if reason in {0x80, 0x83, 0x87}:
        return AuthFailed(f"{broker.who} does not let us read {topic}", "give this user the right to read it (ACL)")
    if reason in {0x8F, 0xA2, 0x9E}:
        return BadAnswer(f"{broker.who} cannot serve the topic {topic}", "write it without + and #")
    return Unavailable(f"{broker.who} cannot serve the topic {topic} now (reason 0x{reason:02X}); trying again later")


_SHUT = -1
_OTHER_VERSION = {_SHUT, 0x01, 0x84}
"""Greetings of brokers that know 3.1.1 only; some just hang up."""
_LEAVING = {
    0x8B: "is shutting down; reconnecting",
    0x8D: "did not hear from us in time; reconnecting",
    0x8E: "ended this session because another client came with our name, {client}; does a second machine run from a "
    "copy of this card?",
    0x98: "ended this session: somebody did that at the broker; reconnecting",
}
_OLD = {1: 0x84, 2: 0x85, 3: 0x88, 4: 0x86, 5: 0x87}
"""The reasons of 3.1.1, as MQTT 5 has them."""


def _refusal(broker: MqttBroker, level: int, reason: int) -> Trouble:
    """What a greeting that is no welcome means."""
    if reason == _SHUT:
        way = "is it mqtt:// without TLS?" if broker.tls else "does it want TLS (mqtts://)?"
        return Unavailable(f"{broker.who} hangs up before it greets us", way)
    code = _OLD.get(reason, reason) if level == 4 else reason
    kind, words, cure = _REFUSALS.get(code, (Unavailable, f"refuses us (reason 0x{code:02X}); trying again later", ""))
    return kind(f"{broker.who} {words}", cure)


_REFUSALS: dict[int, tuple[type[Trouble], str, str]] = {
    0x84: (BadAnswer, "speaks neither MQTT 5 nor 3.1.1", "it is too old or too new"),
    0x85: (AuthFailed, "does not accept our client name", "allow any client name there"),
    0x86: (AuthFailed, "does not accept user name and password", "check username and password"),
    0x87: (AuthFailed, "does not let us in", "check username and password, and what this user may do"),
    0x88: (Unavailable, "is not available; trying again later", ""),
    0x89: (Unavailable, "is busy; trying again later", ""),
    0x8A: (AuthFailed, "has banned us", "ask whoever runs it"),
    0x8C: (AuthFailed, "wants another way to sign in than user name and password", "allow passwords there"),
    0x90: (AuthFailed, "does not let us write to the topic of status", "allow it, or leave status out"),
    0x97: (Unavailable, "has no room for us; trying again later", ""),
    0x9F: (Unavailable, "says that we connect too often; trying again later", ""),
}


def _trust(authority: Path | None) -> ssl.SSLContext:
    """A verifying context, for certificates of one authority or of those that the system trusts."""
    from eink_monitor.sources._http.trust import trust

    return ssl.create_default_context(cafile=str(authority)) if authority else trust()


def _in_words(error: Exception, broker: MqttBroker) -> Trouble:
    """What a failure to connect means."""
    who = broker.who
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in {9, 10}:  # X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED of OpenSSL
            return Unavailable(f"{who}: its certificate is not valid today", "is this machine's clock right?")
        if error.verify_code in {62, 64}:  # X509_V_ERR_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH
            return AuthFailed(f"{who}: its certificate is for another name", "write the name that it is for")
        return AuthFailed(f"{who}: its certificate is not trusted", "name the file of its authority: ca: FILE")
    for kinds, words, cure in _WORDS:
        if isinstance(error, kinds):
            kind = Unavailable if kinds is ssl.SSLError else Unreachable
            return kind(f"{who} {words}", cure)
    return Unreachable(f"{who} cannot be reached", "is the network up?")


_WORDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
    (socket.gaierror, "cannot be looked up", "is the name right, and the network up?"),
    (TimeoutError, "does not answer", "is it switched on?"),
    (ConnectionRefusedError, "refuses the connection", "does it run, and is the port right?"),
    (ssl.SSLError, "and we cannot agree on an encrypted connection", "does it speak TLS on this port?"),
    ((ConnectionError, ssl.SSLEOFError), "dropped the connection", "does it speak TLS on this port?"),
    (ValueError, "has a name that cannot be looked up", "check broker"),
)
