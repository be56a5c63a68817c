"""BMW's MQTT stream: what a car reports, when it reports it, at no cost to the quota.

One connection per account. User name is the account's gcid, password the current id token, which expires after an hour
and ends the connection: so we reconnect with a new one a quarter of an hour earlier.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from eink_monitor.clock import MINUTE, Clock
from eink_monitor.errors import AuthFailed, BadAnswer, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.sources._http.address import is_here
from eink_monitor.sources.bmw_cardata.catalogue import WHO
from eink_monitor.sources.bmw_cardata.signin import Account

if TYPE_CHECKING:
    from paho.mqtt.client import Client

_MARGIN = 15 * MINUTE  # of an hour
_NAP = 5.0  # s; the longest time without handling keep-alives
_KEEPALIVE = 60  # s
_PATIENCE = 20  # s for the broker to greet us
_LOG = logging.getLogger(__name__)


class Broker(NamedTuple):
    """Where the stream comes from."""

    host: str
    port: int
    tls: bool

    @classmethod
    def parse(cls, url: str) -> Broker:
        """Read ``mqtts://host:port``; ``mqtt://`` (no encryption) only on this machine. Raises ``ValueError``."""
        parts = urlsplit(url)
        good = parts.scheme == "mqtts" or (parts.scheme == "mqtt" and is_here(parts.hostname))
        if not good or not parts.hostname or "@" in parts.netloc or not parts.port:
            message = "stream_url must be mqtts://host:port; mqtt:// is for a broker on this very machine only"
            raise ValueError(message)
        return cls(parts.hostname, parts.port, parts.scheme == "mqtts")


def follow(
    account: Account,
    broker: Broker,
    vin: str,
    read: Callable[[object], list[Reading]],
    at: tuple[Visit, Clock],
) -> Iterator[list[Reading]]:
    """Endless batches of readings. Raises ``Unavailable`` when the connection breaks, ``AuthFailed`` when refused."""
    visit, clock = at
    with _alone(visit, account):
        refused = False
        while True:
            tokens = account.tokens(visit, clock.now())
            if refused or tokens.expires_at - clock.now() < _MARGIN:
                tokens = account.tokens(visit, clock.now(), rejected=tokens.access)
            line = _Line(broker, tokens.extra.get("gcid", ""), tokens.extra.get("id_token", ""))
            try:
                if line.open(clock, vin):
                    refused = False
                    yield from _batches(line, read, at, max(tokens.expires_at - _MARGIN, clock.now() + MINUTE))
                elif refused:
                    raise AuthFailed(_SHUT_OUT.format(feed=visit.feed))
                else:
                    refused = True
            finally:
                line.close()


def _batches(
    line: _Line, read: Callable[[object], list[Reading]], at: tuple[Visit, Clock], until: int
) -> Iterator[list[Reading]]:
    (visit, clock), said = at, ""
    while clock.now() < until:
        for payload in line.listen(clock):
            try:
                readings = read(_document(payload))
            except BadAnswer as trouble:  # one odd message is no reason to disconnect, nor to log each time
                visit.remarks.clear()
                if str(trouble) != said:
                    said = str(trouble)
                    _LOG.warning("%s", said)
                continue
            if readings or visit.note:  # of a message without a plausible value at least that is told
                yield readings


def _document(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        pass
    message = f"{WHO} sent a stream message that is not JSON; it is skipped"
    raise BadAnswer(message)


class _Line:
    """One connection to the broker, driven from here, without paho's thread."""

    def __init__(self, broker: Broker, gcid: str, id_token: str) -> None:
        from paho.mqtt.client import Client, MQTTv311
        from paho.mqtt.enums import CallbackAPIVersion

        from eink_monitor.sources._http.trust import trust

        self._broker = broker
        self._gcid = gcid
        self._heard: list[bytes] = []
        self._greeting: int | None = None
        self._granted: int | None = None
        self._client: Client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv311, reconnect_on_failure=False)
        self._client.username_pw_set(gcid, id_token)
        self._client.connect_timeout = float(_PATIENCE)
        if broker.tls:
            self._client.tls_set_context(trust())
        self._client.on_connect = lambda *event: setattr(self, "_greeting", event[3].value)
        self._client.on_subscribe = lambda *event: setattr(self, "_granted", max(code.value for code in event[3]))
        self._client.on_message = lambda *event: self._heard.append(event[2].payload)

    def open(self, clock: Clock, vin: str) -> bool:
        """Connect and subscribe to one car; False when the broker refuses our name or token."""
        self._connect()
        self._until(clock, lambda: self._greeting is not None)
        if self._greeting in _REFUSALS:
            return False
        if self._greeting != 0:
            message = f"{WHO}: the stream is closed to us right now; trying again later"
            raise Unavailable(message)
        self._client.subscribe(f"{self._gcid}/{vin}")
        self._until(clock, lambda: self._granted is not None)
        if self._granted is not None and self._granted >= 128:
            message = f'{WHO} streams no values of this car; tick them under "Configure data stream" in the portal'
            raise AuthFailed(message)
        return True

    def listen(self, clock: Clock) -> list[bytes]:
        """The messages of the next few seconds."""
        self._turn(clock)
        if self._client.socket() is None:
            raise Unavailable(_BROKEN)
        heard, self._heard = self._heard, []
        return heard

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()

    def _connect(self) -> None:
        from eink_monitor.sources._http.web import in_words, unreached

        try:
            self._client.connect(self._broker.host, self._broker.port, _KEEPALIVE)
        except OSError as error:
            trouble = unreached(in_words(error, f"{WHO} stream"))
        else:
            return
        raise trouble

    def _until(self, clock: Clock, done: Callable[[], bool]) -> None:
        latest = clock.monotonic() + _PATIENCE
        while not done():
            if self._client.socket() is None or clock.monotonic() > latest:
                raise Unavailable(_BROKEN)
            self._turn(clock)

    def _turn(self, clock: Clock) -> None:
        """Wait for something to read, read it, and keep the connection alive."""
        line = self._client.socket()
        if line is None:
            return
        pending = getattr(line, "pending", None)  # TLS may hold bytes that select does not see
        if (pending is not None and pending()) or clock.wait(_NAP, [line.fileno()]):
            self._client.loop_read()
        if self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()


_REFUSALS = {134, 135}  # paho's names for CONNACK 4 and 5: bad user name or password, not authorised
_BROKEN = f"{WHO}: the stream was cut off; reconnecting"
_SHUT_OUT = (
    f"{WHO} rejects the stream even with a new token; is another program streaming from this account? "
    "If not, sign in again: eink-monitor login {feed}"
)


@contextmanager
def _alone(visit: Visit, account: Account) -> Iterator[None]:
    """BMW allows one connection per account; a second one would end the first, and so on forever."""
    try:
        folder = account.folder(visit.state)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / "stream.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        message = f"{visit.feed}: the state directory cannot be used: {os.strerror(error.errno or 0)}"
        raise Unavailable(message) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        message = (
            f"{visit.feed}: another car already has this BMW account's only stream; set stream: false for one of them"
        )
        raise Unavailable(message) from None
    else:
        yield
    finally:
        os.close(lock)
