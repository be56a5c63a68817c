"""The page on this machine that a browser lands on after a consent: it takes the address along and says thank you.

On a Pi without a screen the browser runs elsewhere: ``ssh -L 8765:127.0.0.1:8765 pi`` carries it here.
"""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Self

from eink_monitor.clock import Clock
from eink_monitor.errors import Unavailable

_PAGE = b"<!doctype html><title>eink-monitor</title><p>Thank you. You may close this page; the terminal says the rest."


class Landing:
    """Listens on ``port`` of 127.0.0.1 (0: any free one; see ``port``). Raises ``Unavailable`` if the port is taken.

    Use as a context manager; ``arrived`` waits for the browser.
    """

    def __init__(self, port: int) -> None:
        self._target = ""
        landing = self

        class Desk(BaseHTTPRequestHandler):
            timeout = 5  # s; a browser that connects ahead of need must not hold us

            def do_GET(self) -> None:
                wanted = "code=" in self.path or "error=" in self.path  # not the browser's call for an icon
                landing._target = self.path if wanted else landing._target
                self.send_response(200 if wanted else 404)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(_PAGE)))
                self.end_headers()
                self.wfile.write(_PAGE)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
                """Say nothing: the address holds a code."""

        try:
            self._server = HTTPServer(("127.0.0.1", port), Desk)
        except OSError:
            message = f"port {port} of this machine is taken; paste the address of the page instead"
            raise Unavailable(message) from None
        self.port = int(self._server.server_port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.server_close()

    def arrived(self, clock: Clock, until: int, also: tuple[int, ...] = ()) -> str:
        """What the browser asked for (path and query), or nothing: too late, or one of ``also`` became readable.

        ``also`` lets a person paste the address while we listen.
        """
        while not self._target and clock.now() < until:
            ready = clock.wait(1.0, [self._server.fileno(), *also])
            if any(other in ready for other in also):
                break
            if ready:
                self._server.handle_request()
        return self._target
