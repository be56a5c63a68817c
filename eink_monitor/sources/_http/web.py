"""A thin session for every cloud source: requests, with our own rules.

A source imports this module in its ``poll`` and lists ``_http.warm`` as ``preload``: a child forked with it spends 3 ms
on a call, one that has to import requests itself 90. No redirect is followed, no cookie is kept, ``.netrc`` is not
read; the environment's proxies are used, except on the local network. Certificates are judged by the system's list. The
socket timeout bounds one silence and the body; a server that drips headers is ended by the parent's SIGKILL. Errors
become one of ``eink_monitor.errors``, whose sentence names the vendor and never the URL, a header or the body, because
those may hold a key.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote, urlencode

from urllib3.exceptions import HTTPError, IncompleteRead, InvalidHeader, NewConnectionError, ProxyError
from urllib3.exceptions import TimeoutError as Overdue
from urllib3.response import BaseHTTPResponse

from eink_monitor import __version__
from eink_monitor.clock import stopwatch
from eink_monitor.errors import AuthFailed, BadAnswer, Trouble, Unavailable, Unreachable
from eink_monitor.model.poll import Visit
from eink_monitor.sources._http.address import address, is_at_home
from eink_monitor.sources._http.answer import Answer, said_at
from eink_monitor.sources._http.lean import requests
from eink_monitor.sources._http.session import open_session
from eink_monitor.sources._http.trust import trust

Params = Mapping[str, str | Sequence[str]]

_CHUNK = 1 << 16
_GZIP = 16 + zlib.MAX_WBITS


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

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, cost: int = 1) -> Answer:
        """Any request; ``target`` is path and query as they are sent. An answer may be 304, if ``headers`` ask so."""
        return self._send(_Request(method, target, headers, body), cost)

    def _send(self, asked: _Request, cost: int) -> Answer:
        self._visit.spend(cost)
        own = {"Accept": "application/json", "Accept-Encoding": "gzip", "Connection": "close"}
        headers = own | {"User-Agent": f"eink-monitor/{__version__}"} | dict(asked.headers)
        url = self._parts.geturl().rstrip("/") + asked.target
        reached: list[bool] = []
        try:
            with open_session(trust, lambda: reached.append(True)) as session:
                request = session.prepare_request(requests.Request(asked.method, url, headers, data=asked.body))
                with session.send(
                    request, timeout=self._timeout, proxies=_proxies(url, self._parts.hostname), **RULES
                ) as response:
                    answer = read(response.status_code, response.raw, self._who, self._timeout, self._cap)
            self._visit.heard = said_at(answer.headers)
        except (OSError, http.client.HTTPException, HTTPError, ValueError, zlib.error) as error:
            trouble = in_words(error, self._who)
            if not reached:  # else the vendor may have counted it
                self._visit.spare(cost)
                trouble = unreached(trouble)
        else:
            return answer.not_elsewhere()
        raise trouble  # outside the except block, so that the original, which may quote a key, does not travel along


RULES = {"allow_redirects": False, "stream": True, "verify": True}


def _proxies(url: str, host: str | None) -> dict[str, str]:
    """The environment's proxies (HTTPS_PROXY, NO_PROXY ...); none on the local network."""
    return {} if is_at_home(host or "") else requests.utils.get_environ_proxies(url)


def read(status: int, body: BaseHTTPResponse, who: str, timeout: float, cap: int) -> Answer:
    """The whole answer, unpacked, within ``timeout`` seconds and ``cap`` bytes.

    Unpacked here: urllib3 reads on until something comes out, which never happens with a gzip that never begins.
    """
    started, whole = stopwatch(), bytearray()
    packed = body.headers.get("content-encoding", "").lower() in {"gzip", "x-gzip"}
    unpack = zlib.decompressobj(_GZIP)
    while not unpack.eof and (chunk := body.read1(_CHUNK, decode_content=False)):
        whole += unpack.decompress(chunk, cap + 1 - len(whole)) if packed else chunk
        if len(whole) > cap:
            message = f"{who} sent more than {cap // 1_000_000} MB, which cannot be an answer"
            raise BadAnswer(message)
        if stopwatch() - started > timeout:
            raise TimeoutError
    if packed and whole and not unpack.eof:
        raise http.client.IncompleteRead(b"")
    headers = {name.lower(): value for name, value in body.headers.items()}
    return Answer(who, status, headers, bytes(whole))


def in_words(error: Exception, who: str) -> Trouble:
    """What a network error means for the user; quotes nothing of the request."""
    roots = list(_roots(error))
    for cause in roots:
        if isinstance(cause, ssl.SSLCertVerificationError) and cause.verify_code in _NOT_TODAY:
            return Unavailable(f"{who}: the certificate is not valid today", "is this machine's clock right?")
        if isinstance(cause, (IncompleteRead, http.client.IncompleteRead)):
            return Unavailable(f"{who}: the answer was cut off halfway; trying again later")
        if isinstance(cause, zlib.error):
            return BadAnswer(f"{who} sent something that cannot be unpacked; it is ignored")
    for kinds, words in _WORDS:
        if any(isinstance(cause, kinds) for cause in roots):
            return Unavailable(f"{who}: the {words}?")
    return AuthFailed(f"{who}: a key, an id or base_url holds a character that cannot be sent", "copy it again")


def _roots(error: BaseException) -> Iterator[BaseException]:
    """What went wrong below requests and urllib3, which wrap it in errors of their own; all of it, outermost first."""
    waiting, seen = [error], set[int]()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        if not isinstance(cause, (requests.RequestException, NewConnectionError, http.client.InvalidURL)):
            yield cause
        within = (*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__)
        waiting += [one for one in within if isinstance(one, BaseException)]


def unreached(trouble: Trouble) -> Trouble:
    """The same without a connection; errors that only a person can fix stay as they are."""
    return Unreachable(str(trouble)) if type(trouble) is Unavailable else trouble


_NOT_TODAY = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED of OpenSSL
_BROKEN = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
_WORDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (  # the first that fits is said
    (ProxyError, "proxy refuses us; is HTTPS_PROXY right"),
    (ssl.SSLCertVerificationError, "certificate is not trusted; is a proxy or captive portal in the way"),
    (socket.gaierror, "address cannot be looked up; is the internet connection up"),
    ((TimeoutError, Overdue), "server did not answer in time; is the internet connection slow"),
    (ConnectionRefusedError, "server refuses the connection; is the address right"),
    (_BROKEN, "server dropped the connection; is the network shaky"),
    ((http.client.HTTPException, InvalidHeader), "server does not speak HTTP; is the address right"),
    (ssl.SSLError, "server and we cannot agree on an encrypted connection; is the address right"),
    (OSError, "server cannot be reached; is the network up"),
)
