"""Real sshds (Debian's openssh-server) with keys of their own on loopback ports, as root or as anybody."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from eink_monitor.settings import Duration
from eink_monitor.sources.ssh_disk import SshDisk

ME = pwd.getpwuid(os.geteuid()).pw_name


def keygen(path: Path, passphrase: str = "") -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", path], check=True)
    return path


def fingerprint(key: Path) -> str:
    shown = subprocess.run(["ssh-keygen", "-lf", f"{key}.pub"], check=True, capture_output=True, text=True).stdout
    return shown.split()[1]


@dataclass
class Host:
    """A running sshd: its folder and port."""

    folder: Path
    port: int

    def source(self, **settings: object) -> SshDisk:
        plain = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": ME,
            "mounts": {"root": "/"},
            "identity": self.folder / "key",
            "fingerprint": fingerprint(self.folder / "host"),
            "timeout": Duration(5),
        }
        return SshDisk(**{**plain, **settings})  # type: ignore[arg-type]


@contextmanager
def guest(shell: str = "/bin/sh") -> Iterator[str]:
    """A throw-away system user with a password: without PAM, sshd looks into the shadow file."""
    if os.geteuid() != 0 and "CI" not in os.environ:
        pytest.skip("only root can make a user to sign in as")
    name = f"eink{os.getpid()}"
    subprocess.run(["useradd", "--no-create-home", "--home-dir", "/", "--shell", shell, name], check=True)
    try:
        subprocess.run(["chpasswd"], input=f"{name}:correct horse", text=True, check=True)
        yield name
    finally:
        subprocess.run(["userdel", "--force", name], check=True)


class Hosts:
    """Starts sshds in folders of their own, keeps what they log, and ends them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log: list[str] = []
        self._running: list[tuple[subprocess.Popen[str], threading.Thread]] = []

    def start(self, df: str = "", authorized: str = "", **options: str) -> Host:
        """An sshd with further options; ``df`` is a script that takes the place of df there."""
        folder = self.folder / f"host{len(self._running)}"
        (folder / "bin").mkdir(parents=True)
        keygen(folder / "host")
        keygen(folder / "key")
        (folder / "keys").write_text(f"{authorized} {(folder / 'key.pub').read_text()}")
        if df:
            (folder / "bin" / "df").write_text(f"#!/bin/sh\n{df}\n")
            (folder / "bin" / "df").chmod(0o755)
            options["SetEnv"] = f"PATH={folder / 'bin'}:{os.environ['PATH']}"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port: int = probe.getsockname()[1]
        settings = {
            "ListenAddress": f"127.0.0.1:{port}",
            "HostKey": folder / "host",
            "AuthorizedKeysFile": folder / "keys",
            "PidFile": "none",
            "UsePAM": "no",
            "StrictModes": "no",
            "PermitRootLogin": "yes",
            "Subsystem": "sftp internal-sftp",
            "LogLevel": "VERBOSE",
            **options,
        }
        (folder / "config").write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # sshd as root insists on its privilege separation folder
        command = ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "config")]
        server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        listening = threading.Event()
        reader = threading.Thread(target=self._read, args=(server, listening))
        reader.start()
        self._running.append((server, reader))
        assert listening.wait(10), "".join(self.log)
        return Host(folder, port)

    def stop(self) -> str:
        """End every sshd; what they logged."""
        for server, reader in self._running:
            server.terminate()
            server.wait(10)
            reader.join(10)
        self._running.clear()
        return "".join(self.log)

    def _read(self, server: subprocess.Popen[str], listening: threading.Event) -> None:
        assert server.stderr
        with server.stderr:
            for line in server.stderr:
                self.log.append(line)
                if "Server listening" in line:
                    listening.set()
