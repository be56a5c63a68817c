"""Keeps a vendor library that uses ``requests`` to its own hosts, and can redirect it to another server.

It imports ``requests``, so only a polling child imports it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectTimeout, SSLError, Timeout
from urllib3.exceptions import NewConnectionError

from eink_monitor.errors import Trouble, Unavailable, Unreachable

_SILENCE = 20.0  # s; some libraries would wait forever
_LARGEST = 5_000_000  # bytes; real files have some 100,000


class Elsewhere(RequestException):
    """A page or a redirect led to a foreign server."""


class HostGuard(HTTPAdapter):
    """Lets a session talk to ``hosts`` over https and to nobody else, and remembers what came of the last request.

    Passwords, tokens and the VIN pass here, and pages and redirects decide where to. If ``base_url`` is not ``usual``,
    everything goes there instead, after the same check. ``status`` is 0 and ``fault`` says why when nobody answered;
    then ``reached`` says whether there was a connection. ``guard`` a session with it.
    """

    def __init__(self, base_url: str, usual: str, hosts: frozenset[str]) -> None:
        super().__init__(max_retries=0)  # the daemon tries again, and knows when
        self._elsewhere = None if base_url.rstrip("/") == usual else urlsplit(base_url)
        self._hosts = hosts
        self.status = 0
        self.fault = ""
        self.reached = True

    def guard(self, session: Session) -> None:
        """Replace every adapter of a session: one for plain http that a library left mounted would bypass us."""
        session.trust_env = False
        session.adapters.clear()
        for scheme in ("https://", "http://"):
            session.mount(scheme, self)

    def send(self, request: PreparedRequest, *args: object, **more: object) -> Response:
        """Send to wherever ``base_url`` is; the answer looks as if it came from where the library meant."""
        self.status, self.fault = 0, ""
        self.poolmanager.clear()  # vendors drop idle connections silently
        try:
            response = super().send(self._led(request), *args, **{**more, "timeout": _SILENCE, "stream": True})  # type: ignore[arg-type] # passed on
            _swallow(response)  # here, so that a broken body counts as a network fault
        except RequestException as error:
            self.reached = _reached(error)
            self.fault = next(words for kind, words in _FAULTS if isinstance(error, kind))
            raise
        self.status = response.status_code
        response.url, response.request = request.url or "", request
        return response

    def _led(self, request: PreparedRequest) -> PreparedRequest:
        """The request as it may be sent."""
        wanted = urlsplit(request.url or "")
        if (
            wanted.scheme != "https" or wanted.netloc.lower() not in self._hosts
        ):  # with a port or a user name it is a different host
            raise Elsewhere
        sent = request.copy()
        if self._elsewhere is not None:
            sent.url = wanted._replace(scheme=self._elsewhere.scheme, netloc=self._elsewhere.netloc).geturl()
        return sent

    def trouble(self, who: str) -> Trouble | None:
        """What the last request says about the network or the vendor's health, if that was the cause."""
        if self.fault:
            return (Unavailable if self.reached else Unreachable)(f"{who}: {self.fault}")
        if self.status >= 500:
            return Unavailable(f"{who} reports an internal error ({self.status}); trying again later")
        return None


def _reached(error: RequestException) -> bool:
    """Whether there was a connection before it went wrong; the library says so only in what it wraps."""
    behind = getattr(error.args[0], "reason", None) if error.args else None
    return not isinstance(error, ConnectTimeout | SSLError) and not isinstance(behind, NewConnectionError)


def _swallow(response: Response) -> None:
    """Read the body, up to what can be an answer."""
    body = bytearray()
    for piece in response.iter_content(1 << 16):
        body += piece
        if len(body) > _LARGEST:
            response.close()
            raise TooLarge
    response._content = bytes(body)  # noqa: SLF001 - as requests itself fills it


class TooLarge(RequestException):
    """No page and no file of a car is that large."""


_FAULTS: tuple[tuple[type[RequestException], str], ...] = (
    (Elsewhere, "it redirected us to a foreign server, and we did not follow; is a captive portal in the way?"),
    (TooLarge, f"it sent more than {_LARGEST // 1_000_000} MB, which cannot be an answer"),
    (Timeout, "the server did not answer in time; is the internet connection slow?"),
    (SSLError, "the certificate is not trusted; is this machine's clock right, or a proxy in the way?"),
    (RequestException, "the server cannot be reached; is the internet connection up?"),
)
