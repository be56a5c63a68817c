"""Where a vendor library that speaks ``requests`` meets the network: it can be led elsewhere, and is watched.

It imports ``requests``, so only a polling child imports it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectTimeout, SSLError, Timeout
from urllib3.exceptions import NewConnectionError

from eink_monitor.errors import Trouble, Unavailable, Unreachable

_SILENCE = 20.0  # s; some libraries would wait for ever


class Doorway(HTTPAdapter):
    """Leads every request to ``base_url`` if that is not ``usual``, and remembers what came of the last one.

    To be mounted for "https://". ``status`` is 0 and ``fault`` says why when nobody answered; then
    ``reached`` says whether there was a connection.
    """

    def __init__(self, base_url: str, usual: str) -> None:
        super().__init__(max_retries=0)  # the daemon tries again, and knows when
        self._elsewhere = None if base_url.rstrip("/") == usual else urlsplit(base_url)
        self.status = 0
        self.fault = ""
        self.reached = True

    def send(self, request: PreparedRequest, *args: object, **more: object) -> Response:
        """Send to wherever ``base_url`` is; the answer looks as if it came from where the library meant."""
        self.status, self.fault = 0, ""
        self.poolmanager.clear()  # vendors drop kept connections without a word
        sent = request.copy()
        if self._elsewhere is not None:
            wanted = urlsplit(request.url or "")
            sent.url = wanted._replace(scheme=self._elsewhere.scheme, netloc=self._elsewhere.netloc).geturl()
        try:
            response = super().send(sent, *args, **{**more, "timeout": _SILENCE})  # type: ignore[arg-type] # passed on
            _ = response.content  # here, so that a broken body counts as a network fault
        except RequestException as error:
            self.reached = _reached(error)
            self.fault = next(words for kind, words in _FAULTS if isinstance(error, kind))
            raise
        self.status = response.status_code
        response.url, response.request = request.url or "", request
        return response

    def trouble(self, who: str) -> Trouble | None:
        """What the last request says of the network or of the vendor's health, if that is the matter."""
        if self.fault:
            return (Unavailable if self.reached else Unreachable)(f"{who}: {self.fault}")
        if self.status >= 500:
            return Unavailable(f"{who} has a fault of its own ({self.status}); trying again later")
        return None


def _reached(error: RequestException) -> bool:
    """Whether there was a connection before it went wrong; the library says so only in what it wraps."""
    behind = getattr(error.args[0], "reason", None) if error.args else None
    return not isinstance(error, ConnectTimeout | SSLError) and not isinstance(behind, NewConnectionError)


_FAULTS: tuple[tuple[type[RequestException], str], ...] = (
    (Timeout, "the server did not answer in time; is the internet connection slow?"),
    (SSLError, "the certificate is not trusted; is this machine's clock right, or a proxy in the way?"),
    (RequestException, "the server cannot be reached; is the internet connection up?"),
)
