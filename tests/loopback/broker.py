"""A real mosquitto on 127.0.0.1 that lets one user with one password read one topic."""

from __future__ import annotations

import getpass
import json
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from eink_monitor.clock import FastClock, SystemClock
from loopback.needs import lacking

_PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=_PLACES)
    if found is None:
        lacking(name, "apt install mosquitto")
    return found or name


class QuickClock(FastClock):
    """Waits at most 0.1 s of real time for a message, then jumps to the end of the wait.

    ``at_rest`` is called once, when a wait finds nothing to read: then everybody listens.
    """

    def __init__(self, start: int) -> None:
        super().__init__(start)
        self.at_rest: Callable[[], object] | None = None

    def wait(self, seconds: float, readable: Sequence[int] = ()) -> list[int]:
        ready = super().wait(min(seconds, 0.1), readable)
        if ready:
            return ready
        super().wait(max(0.0, seconds - 0.1))
        act, self.at_rest = self.at_rest, None
        if act is not None:
            act()
        return []


class Broker:
    """The broker and, beside the reader, a user "car" who may say anything."""

    def __init__(self, folder: Path, user: str, password: str, topic: str) -> None:
        self._folder, self._user = folder, user
        self._mosquitto, self._hash = _program("mosquitto"), _program("mosquitto_passwd")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._passwords(password)
        (folder / "acl").write_text(f"user car\ntopic readwrite #\nuser {user}\ntopic read {topic}\n")
        (folder / "conf").write_text(
            f"listener {self.port} 127.0.0.1\npassword_file {folder / 'users'}\nacl_file {folder / 'acl'}\n"
            f"allow_anonymous false\nlog_dest stderr\nuser {getpass.getuser()}\n"
        )

    def __enter__(self) -> Self:
        command = [self._mosquitto, "-c", str(self._folder / "conf")]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, cwd=self._folder)
        self._hear(b" running")
        self._is_reached()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(5)
        if self._process.stderr:
            self._process.stderr.close()

    def admit(self, password: str) -> None:
        """From now on only this password opens the door; whoever came in with another is shown out."""
        self._passwords(password)
        self._process.send_signal(signal.SIGHUP)
        self._hear(b"Reloading config")

    def say(self, topic: str, message: object) -> None:
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        from paho.mqtt import publish  # noqa: PLC0415 - an extra

        publish.single(
            topic, payload, 1, hostname="127.0.0.1", port=self.port, auth={"username": "car", "password": "car"}
        )

    def _is_reached(self) -> None:
        """Some versions of mosquitto say that they run before they listen."""
        clock = SystemClock()
        until = clock.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionRefusedError:
                assert clock.monotonic() < until, "mosquitto does not listen"
                clock.wait(0.01)
            else:
                return

    def _hear(self, word: bytes) -> None:
        """Read the broker's log until it says so."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if word in line:
                return
        self.stop()
        raise AssertionError(word)

    def _passwords(self, password: str) -> None:
        users = self._folder / "users"
        users.write_text(f"{self._user}:{password}\ncar:car\n")
        subprocess.run([self._hash, "-U", str(users)], check=True, capture_output=True)
        for file in self._folder.iterdir():
            file.chmod(0o644)
