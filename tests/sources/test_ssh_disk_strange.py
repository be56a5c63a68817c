"""The SSH source against servers that speak SSH and still misbehave; the server side of paramiko plays them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_SUCCEEDED,
)
from paramiko.common import OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED as REFUSED

from doors.nas import new_visit
from eink_monitor.errors import AuthFailed, BadAnswer, Unavailable
from eink_monitor.settings import Duration, Secret
from eink_monitor.sources.ssh_disk import SshDisk

SHA_2 = {"pubkeys": ["rsa-sha2-256", "rsa-sha2-512"]}


class Strange(paramiko.ServerInterface):
    """Signs everybody in by password; how it goes wrong is ``vice``."""

    def __init__(self, vice: str) -> None:
        self.vice = vice
        self.over = threading.Event()
        self.transport: paramiko.Transport | None = None

    def get_allowed_auths(self, username: str) -> str:
        return "publickey" if self.vice == "knows SHA-1" else "password"

    def check_auth_password(self, username: str, password: str) -> int:
        assert self.transport
        if self.vice == "hangs at the sign-in":
            self.over.wait(10)
        if self.vice == "leaves at the sign-in":
            self.transport.close()
        return AUTH_SUCCESSFUL if password == "correct" else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return REFUSED if self.vice == "opens no session" else OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        if self.vice == "runs nothing":
            return False
        threading.Thread(target=self.answer, args=(channel,)).start()
        return True

    def answer(self, channel: paramiko.Channel) -> None:
        assert self.transport
        self.transport.global_request("are you there")  # answered only after the client knows that its command runs
        if self.vice == "leaves in the middle":
            channel.sendall(b"Filesystem\n")
            self.transport.close()
        elif self.vice == "answers in no language":
            channel.sendall(b"Filesystem \xff\n\x80 10 4 6 40% /\xfe\n" * 100)
            channel.send_exit_status(0)
            channel.close()


@contextmanager
def strange(vice: str, tmp_path: Path) -> Iterator[SshDisk]:
    key = paramiko.RSAKey.generate(2048)
    manners = Strange(vice)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            line = listener.accept()[0]
            manners.transport = paramiko.Transport(line, disabled_algorithms=SHA_2 if vice == "knows SHA-1" else None)
            manners.transport.add_server_key(key)
            with suppress(EOFError, paramiko.SSHException):  # the client may be gone before the greeting is over
                manners.transport.start_server(server=manners)

        thread = threading.Thread(target=run)
        thread.start()
        yield SshDisk(
            "127.0.0.1",
            {"root": "/"},
            "pi",
            listener.getsockname()[1],
            Secret("correct"),
            fingerprint=key.fingerprint,
            timeout=Duration(2),
        )
        manners.over.set()
        thread.join(10)
        if manners.transport:
            manners.transport.close()
            manners.transport.join(10)


@pytest.mark.parametrize(
    ("vice", "sentence"),
    [
        ("hangs at the sign-in", "did not answer the sign-in within 2 s"),
        ("opens no session", "dropped the SSH connection"),
        ("runs nothing", "dropped the SSH connection"),
        ("leaves in the middle", "dropped the connection in the middle"),
    ],
)
def test_vices_become_sentences(tmp_path: Path, vice: str, sentence: str) -> None:
    with strange(vice, tmp_path) as source, pytest.raises((Unavailable, BadAnswer), match=sentence):
        source.poll(new_visit(tmp_path))


def test_a_host_that_leaves_at_the_sign_in_counts_as_a_refusal(tmp_path: Path) -> None:
    """Hosts that have seen too many wrong passwords leave like this: better to ask a person than to go on knocking."""
    with strange("leaves at the sign-in", tmp_path) as source, pytest.raises(AuthFailed, match="refuses the password"):
        source.poll(new_visit(tmp_path))


def test_bytes_in_no_language_are_not_mounted(tmp_path: Path) -> None:
    with strange("answers in no language", tmp_path) as source:
        assert [reading.value for reading in source.poll(new_visit(tmp_path))] == [2, 90]


def test_an_rsa_key_where_nothing_is_said_of_sha_2(tmp_path: Path) -> None:
    """OpenSSH before 7.2 and many a router: the refusal may be of the old signature, not of the key."""
    key = tmp_path / "key"
    paramiko.RSAKey.generate(2048).write_private_key_file(str(key))
    with strange("knows SHA-1", tmp_path) as source:
        ours = replace(source, password=None, identity=key)
        with pytest.raises(AuthFailed, match="knows only old signatures of RSA keys, so try a key of type ed25519"):
            ours.poll(new_visit(tmp_path))


def test_a_key_where_only_passwords_are_taken(tmp_path: Path) -> None:
    key = tmp_path / "key"
    paramiko.RSAKey.generate(2048).write_private_key_file(str(key))
    with strange("answers in no language", tmp_path) as source:
        both = SshDisk(
            source.host, source.mounts, "pi", source.port, source.password, key, fingerprint=source.fingerprint
        )
        assert both.poll(new_visit(tmp_path))
