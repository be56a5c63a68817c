"""MQTT 5.0 and 3.1.1 on the wire, as far as a listener needs them: pure functions of bytes.

Everything is asked for at QoS 0: of a state the newest counts, and TCP loses nothing on the way. So nothing is ever
acknowledged, and a broker keeps no messages for us. Source: OASIS MQTT 5.0 (2019) and 3.1.1 (2014), chapters 2, 3.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from eink_monitor.errors import BadAnswer

CONNACK, PUBLISH, SUBACK, PINGRESP, DISCONNECT = 2, 3, 9, 13, 14
LEVELS = {"5": 5, "3.1.1": 4}
LARGEST = 1 << 18
"""Bytes of one packet; what is larger is skipped, and never kept."""

_SERVER_KEEP_ALIVE = 0x13
_BYTES = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), 2),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
}
"""Of properties of a fixed size; all others that a greeting may have are texts, each after its length."""
_PAIR = 0x26


class Packet(NamedTuple):
    """One control packet: its type, the flags of its first byte, and what follows the length."""

    kind: int
    flags: int
    body: bytes


class Message(NamedTuple):
    """Something that was said; ``retained`` is what the broker had kept, from whenever."""

    topic: str
    payload: bytes
    retained: bool


class ClientAccount(NamedTuple):
    """Who connects: the client's name, and user name and password where the broker wants them."""

    client: str
    username: str = ""
    password: str = ""
    status: str = ""


def connect(level: int, account: ClientAccount, keep_alive: int) -> bytes:
    """Begin a new session; if ``status`` names a topic, the broker says "offline" there once we are gone."""
    flags, payload = 0x02, _text(account.client)
    if account.status:
        flags |= 0x24  # a will that is kept
        payload += _properties(level) + _text(account.status) + _text("offline")
    if account.username:
        flags |= 0x80
        payload += _text(account.username)
    if account.password and (account.username or level == 5):
        flags |= 0x40
        payload += _text(account.password)
    limits = struct.pack(">BHBI", 0x21, 1, 0x27, LARGEST)  # Receive Maximum, Maximum Packet Size
    head = _text("MQTT") + bytes((level, flags)) + struct.pack(">H", keep_alive) + _properties(level, limits)
    return _packet(0x10, head + payload)


def subscribe(level: int, number: int, topic: str) -> bytes:
    """Ask for a topic, at QoS 0."""
    return _packet(0x82, struct.pack(">H", number) + _properties(level) + _text(topic) + b"\0")


def retain(level: int, topic: str, word: str) -> bytes:
    """Say a word that the broker keeps."""
    return _packet(0x31, _text(topic) + _properties(level) + word.encode())


def ping() -> bytes:
    """Ask whether anybody is there."""
    return _packet(0xC0, b"")


def farewell() -> bytes:
    """Leave; the broker forgets the will."""
    return _packet(0xE0, b"")


def greeted(body: bytes) -> tuple[int, int]:
    """Of a CONNACK the reason, and the keep-alive that the broker wants (0: ours is fine). Raises ``BadAnswer``."""
    if len(body) < 2:
        raise _nonsense()
    return body[1], _keep_alive(body[2:]) if len(body) > 2 else 0


def granted(level: int, body: bytes) -> tuple[int, int]:
    """Of a SUBACK the number of the request and the reason. Raises ``BadAnswer``."""
    if len(body) < 3:
        raise _nonsense()
    at = _after_properties(body, 2) if level == 5 else 2
    if at >= len(body):
        raise _nonsense()
    return struct.unpack_from(">H", body)[0], body[at]


def message(level: int, packet: Packet) -> Message:
    """What a PUBLISH says. Raises ``BadAnswer``."""
    body = packet.body
    if len(body) < 2:
        raise _nonsense()
    end = 2 + struct.unpack_from(">H", body)[0]
    try:
        topic = body[2:end].decode()
    except UnicodeDecodeError:
        raise _nonsense() from None
    at = end + 2 * bool(packet.flags & 6)  # the number of one at a higher QoS, which we did not ask for
    at = _after_properties(body, at) if level == 5 else at
    if at > len(body):
        raise _nonsense()
    return Message(topic, body[at:], bool(packet.flags & 1))


class Inflow:
    """Cuts what arrives into packets. ``skipped`` counts those that were too large."""

    def __init__(self) -> None:
        self.skipped = 0
        self._got = bytearray()
        self._skip = 0

    def take(self, data: bytes) -> list[Packet]:
        """The packets that are complete now. Raises ``BadAnswer`` for what is none."""
        if self._skip:
            data, self._skip = data[self._skip :], max(0, self._skip - len(data))
        self._got += data
        found, at = [], 0
        while head := _head(self._got, at):
            begin, size = head
            if size > LARGEST:
                self.skipped += 1
                self._skip = max(0, begin + size - len(self._got))
            elif begin + size > len(self._got):
                break
            else:
                first = self._got[at]
                found.append(Packet(first >> 4, first & 15, bytes(self._got[begin : begin + size])))
            at = min(begin + size, len(self._got))
        del self._got[:at]
        return found


def _head(got: bytearray, at: int) -> tuple[int, int] | None:
    """Where the body of a packet begins, and its length; None while that is not there."""
    if at < len(got) and got[at] >> 4 not in {CONNACK, PUBLISH, SUBACK, PINGRESP, DISCONNECT}:
        raise _nonsense()
    found = _varint(got, at + 1)
    return (found[1], found[0]) if found else None


def _varint(got: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """A length, and where it ends; None where it is not complete. Raises ``BadAnswer``."""
    value = 0
    for place in range(4):
        if at + place >= len(got):
            return None
        value |= (got[at + place] & 127) << 7 * place
        if got[at + place] < 128:
            return value, at + place + 1
    raise _nonsense()


def _after_properties(body: bytes, at: int) -> int:
    found = _varint(body, at)
    if found is None or sum(found) > len(body):
        raise _nonsense()
    return sum(found)


def _keep_alive(properties: bytes) -> int:
    """What a greeting of MQTT 5 says of it; 0 where it says nothing."""
    found = _varint(properties, 0)
    at, end = (found[1], sum(found)) if found else (0, -1)
    if not 0 <= end <= len(properties):
        raise _nonsense()
    try:
        while at < end:
            name, at = properties[at], at + 1
            if name == _SERVER_KEEP_ALIVE:
                return int(struct.unpack_from(">H", properties, at)[0])
            for _ in range(2 if name == _PAIR else 1):
                at += _BYTES.get(name) or 2 + struct.unpack_from(">H", properties, at)[0]
    except struct.error:
        raise _nonsense() from None
    return 0


def _packet(first: int, body: bytes) -> bytes:
    size, left = bytearray(), len(body)
    while left > 127:
        size.append(left & 127 | 128)
        left >>= 7
    return bytes((first, *size, left)) + body


def _properties(level: int, properties: bytes = b"") -> bytes:
    return bytes((len(properties),)) + properties if level == 5 else b""


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def _nonsense() -> BadAnswer:
    return BadAnswer("the broker sent something that is not MQTT", "check address and port of broker")
