"""A real mosquitto on 127.0.0.1: open, with users and their topics, or encrypted."""

from __future__ import annotations

import base64
import getpass
import hashlib
import json
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from eink_monitor.clock import SystemClock
from loopback.needs import lacking

_PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
_PLUGIN = "mosquitto_dynamic_security.so"


def _found(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=_PLACES)
    if found is None:
        lacking(name, "apt install mosquitto")
    return found or name


@dataclass
class Mosquitto:
    """``users`` are names with their password and the topics that they may subscribe to; none: anybody, everything.

    ``certificate`` is a pair of files, certificate and key. It may be stopped and started again on the same port.
    """

    folder: Path
    users: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    certificate: tuple[Path, Path] | None = None
    more: str = ""

    def __post_init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.url = f"{'mqtts' if self.certificate else 'mqtt'}://127.0.0.1:{self.port}"
        lines = [f"listener {self.port} 127.0.0.1", "log_dest stderr", f"user {getpass.getuser()}", self.more]
        lines.append(f"allow_anonymous {'false' if self.users else 'true'}")
        if self.users:
            lines += [f"plugin {self._plugin()}", f"plugin_opt_config_file {self.folder / 'users.json'}"]
            (self.folder / "users.json").write_text(json.dumps(_security(self.users)))
        if self.certificate:
            lines += [f"certfile {self.certificate[0]}", f"keyfile {self.certificate[1]}"]
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def _plugin(self) -> str:
        found = next(Path("/usr/lib").rglob(_PLUGIN), None)
        if found is None:
            lacking(_PLUGIN, "apt install mosquitto")
        return str(found)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to listen."""
        command = [_found("mosquitto"), "-c", str(self.folder / "mosquitto.conf")]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=self.folder)
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

    def stop(self, *, hard: bool = False) -> None:
        """End it, politely or not."""
        (self._process.kill if hard else self._process.terminate)()
        self._process.wait(5)

    def say(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Publish, as a user "thing" who may say anything, and wait until the broker has it."""
        from paho.mqtt import publish  # noqa: PLC0415 - an extra

        login = {"username": "thing", "password": "thing"} if self.users else None
        tls = {"ca_certs": str(self.certificate[0])} if self.certificate else None
        publish.single(topic, payload, 1, retain, hostname="127.0.0.1", port=self.port, auth=login, tls=tls)  # type: ignore[arg-type]

    def kept(self, topic: str) -> bytes:
        """What the broker keeps on a topic."""
        from paho.mqtt import subscribe  # noqa: PLC0415 - an extra

        return bytes(subscribe.simple(topic, hostname="127.0.0.1", port=self.port).payload)  # type: ignore[no-untyped-call]


def _security(users: Mapping[str, tuple[str, tuple[str, ...]]]) -> dict[str, object]:
    """As mosquitto's plugin for dynamic security keeps it: who may subscribe to what, and "thing", who may say all."""
    everyone = {**{name: (password, topics) for name, (password, topics) in users.items()}, "thing": ("thing", ("#",))}
    acls = {
        name: [{"acltype": "subscribePattern", "topic": topic, "priority": 0, "allow": True} for topic in topics]
        for name, (_, topics) in everyone.items()
    }
    return {
        "defaultACLAccess": {
            "publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True
        },
        "clients": [
            {"username": name, "roles": [{"rolename": name}], **_hashed(password)}
            for name, (password, _) in everyone.items()
        ],
        "groups": [],
        "roles": [{"rolename": name, "acls": acls[name]} for name in everyone],
    }  # fmt: skip


def _hashed(password: str) -> dict[str, object]:
    salt = b"0123456789ab"
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return {"password": base64.b64encode(made).decode(), "salt": base64.b64encode(salt).decode(), "iterations": 101}
