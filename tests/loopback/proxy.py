"""An HTTP proxy on 127.0.0.1: whoever is asked for, it leads to one server of ours."""

from __future__ import annotations

import base64
import select
import socket
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Self


class LoopbackProxy:
    """Leads to ``port``; with ``password`` ("user:password") only who knows it. ``asked`` keeps each first line.

    Use it as a context manager.
    """

    def __init__(self, port: int, password: str = "") -> None:
        self.asked: list[str] = []
        self._port = port
        self._expected = base64.b64encode(password.encode()).decode() if password else ""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                here, _ = self._listening.accept()
            except OSError:
                return
            with here, suppress(OSError):  # either side may have had enough
                self._lead(here)

    def _lead(self, here: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and (more := here.recv(1 << 16)):
            head += more
        self.asked.append(head.split(b"\r\n", 1)[0].decode())
        if self._expected and f"Proxy-Authorization: Basic {self._expected}".encode() not in head:
            here.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", self._port)) as there:
            if head.startswith(b"CONNECT"):
                here.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                there.sendall(head)
            ends = {here: there, there: here}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    if not (data := end.recv(1 << 16)):
                        return
                    ends[end].sendall(data)
