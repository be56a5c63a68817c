"""One thin HTTP client for every cloud source: http.client and ssl, nothing else.

A source imports this module in its ``poll`` and lists ``_http.warm`` as ``preload``: a child forked with it spends
1.5 ms on a call; ``requests`` costs 90. Redirects are not followed, gzip is not asked for, proxies are not used. The
socket timeout bounds one silence and the body; a server that drips headers is ended by the parent's SIGKILL. What goes
wrong comes out as one of ``eink_monitor.errors`` whose sentence names the vendor and never the URL, a header or the
body, because those may hold a key.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode

from eink_monitor import __version__
from eink_monitor.clock import stopwatch
from eink_monitor.errors import AuthFailed, BadAnswer, Trouble, Unavailable, Unreachable
from eink_monitor.model.poll import Visit
from eink_monitor.sources._http.address import address
from eink_monitor.sources._http.answer import Answer, said_at

Params = Mapping[str, str | Sequence[str]]

_CHUNK = 1 << 16


class _Request(NamedTuple):
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None = None


def _with(path: str, params: Params | None = None) -> str:
    return quote(path, safe="/:,+") + (f"?{urlencode(params, doseq=True)}" if params else "")


class Web:
    """Calls to one vendor during one visit.

    ``who`` is what the sentences call the vendor. ``timeout`` (seconds) bounds connecting, every silence, and the time
    from the headers to the end of the body; ``cap`` (bytes) bounds the body. ``cost`` of a call is what it takes from
    the account's budget; it is spent before the call is made (``Throttled`` when nothing is left), and
    given back where no connection came about, which is ``Unreachable``.
    """

    def __init__(self, base_url: str, who: str, visit: Visit, timeout: float = 20.0, cap: int = 2_000_000) -> None:
        self._parts = address(base_url)
        self._who = who
        self._visit = visit
        self._timeout = timeout
        self._cap = cap

    def get(
        self, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None, cost: int = 1
    ) -> Answer:
        """GET ``base_url + path``; a sequence among ``params`` repeats its key."""
        return self._send(_Request("GET", _with(path, params), headers or {}), cost)

    def delete(
        self, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None, cost: int = 1
    ) -> Answer:
        """DELETE ``base_url + path``."""
        return self._send(_Request("DELETE", _with(path, params), headers or {}), cost)

    def post_form(
        self, path: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None, cost: int = 1
    ) -> Answer:
        """POST a form (application/x-www-form-urlencoded)."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send(_Request("POST", _with(path), kind | dict(headers or {}), urlencode(form).encode()), cost)

    def post_json(self, path: str, document: object, headers: Mapping[str, str] | None = None, cost: int = 1) -> Answer:
        """POST a JSON document."""
        kind = {"Content-Type": "application/json"}
        body = json.dumps(document).encode()
        return self._send(_Request("POST", _with(path), kind | dict(headers or {}), body), cost)

    def _send(self, asked: _Request, cost: int) -> Answer:
        self._visit.spend(cost)
        own = {"Accept": "application/json", "User-Agent": f"eink-monitor/{__version__}", "Connection": "close"}
        connection, reached = self._connection(), False
        try:
            connection.connect()
            reached = True  # from here on the vendor may count it
            target = self._parts.path.rstrip("/") + asked.target
            connection.request(asked.method, target, asked.body, own | dict(asked.headers))
            with connection.getresponse() as response:  # it outlives its connection where the server says close
                answer = read(response, self._who, self._timeout, self._cap)
            self._visit.heard = said_at(answer.headers)
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a header that cannot be sent
            trouble = in_words(error, self._who)
            if not reached:
                self._visit.spare(cost)
                trouble = unreached(trouble)
        else:
            return answer.not_elsewhere()
        finally:
            connection.close()
        raise trouble  # outside the except block, so that the original, which may quote a key, does not travel along

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        return (_Plain if self._parts.scheme == "http" else _Secure)(host, port, timeout=self._timeout)


def read(response: http.client.HTTPResponse, who: str, timeout: float, cap: int) -> Answer:
    """The whole answer, within ``timeout`` seconds and ``cap`` bytes."""
    started, body = stopwatch(), bytearray()
    due = response.length
    while chunk := response.read1(_CHUNK):
        body += chunk
        if len(body) > cap:
            message = f"{who} sent more than {cap // 1_000_000} MB, which cannot be an answer"
            raise BadAnswer(message)
        if stopwatch() - started > timeout:
            raise TimeoutError
    if due is not None and len(body) < due:  # a cut body ends like a whole one
        message = f"{who}: the answer broke off half-way; trying again later"
        raise Unavailable(message)
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(who, response.status, headers, bytes(body))


class _Plain(http.client.HTTPConnection):
    """http.client's, but for the host's name: as text it would be looked up with the help of 1 MiB of IDNA tables."""

    def connect(self) -> None:
        host = self.host.encode("ascii")
        self.sock = socket.create_connection((host, self.port), self.timeout)  # type: ignore[arg-type]
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _Secure(_Plain):
    """The same with TLS on top."""

    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        self.sock = trust().wrap_socket(self.sock, server_hostname=self.host.encode("ascii"))


@cache
def trust() -> ssl.SSLContext:
    """A verifying TLS context, made once: 0.2 ms from a hashed directory of certificates, 21 ms from a bundle."""
    paths = ssl.get_default_verify_paths()
    for folder in (paths.capath, "/etc/ssl/certs"):
        if folder and "SSL_CERT_FILE" not in os.environ and any(Path(folder).glob("[0-9a-f]" * 8 + ".0")):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(capath=folder)
            return context
    return ssl.create_default_context()


def in_words(error: Exception, who: str) -> Trouble:
    """What a network error means for the person at the wall; quotes nothing of the request."""
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _NOT_TODAY:
        return Unavailable(f"{who}: the certificate is not valid today; is this machine's clock right?")
    for kinds, words in () if isinstance(error, http.client.InvalidURL) else _WORDS:
        if isinstance(error, kinds):
            return Unavailable(f"{who}: the {words}?")
    return AuthFailed(f"{who}: a key, an id or base_url holds a character that cannot be sent; copy it again")


def unreached(trouble: Trouble) -> Trouble:
    """The same of somebody to whom no connection came about; what only a person can mend stays as it is."""
    return Unreachable(str(trouble)) if type(trouble) is Unavailable else trouble


_NOT_TODAY = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED of OpenSSL
_BROKEN = (ConnectionError, http.client.IncompleteRead, ssl.SSLEOFError, ssl.SSLZeroReturnError)
_WORDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (  # the first that fits is said
    (ssl.SSLCertVerificationError, "certificate is not trusted; is a proxy or captive portal in the way"),
    (socket.gaierror, "address cannot be looked up; is the internet connection up"),
    (TimeoutError, "server did not answer in time; is the internet connection slow"),
    (ConnectionRefusedError, "server refuses the connection; is base_url right"),
    (_BROKEN, "server broke the connection off; is the network shaky"),
    (http.client.HTTPException, "server does not speak HTTP; is base_url right"),
    (ssl.SSLError, "server and we cannot agree on an encrypted connection; is base_url right"),
    (OSError, "server cannot be reached; is the network up"),
)
