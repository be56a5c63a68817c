"""One signed-in SSH connection: run a command, list folders. Only ``eink_monitor.errors`` come out of here."""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from eink_monitor.clock import stopwatch
from eink_monitor.errors import BadAnswer, Unavailable
from eink_monitor.sources.ssh_disk import hosts
from eink_monitor.sources.ssh_disk.newest import Entry, Unlisted
from eink_monitor.sources.ssh_disk.target import Target, connected, late, plainly, recognise, sign_in

if TYPE_CHECKING:
    from paramiko import Channel, SFTPClient, Transport

_CAP = 1 << 20  # bytes of answer; a host full of containers has a long table of mounts
_CHUNK = 8192
_GARBLED = (ValueError, LookupError, struct.error)  # names that are not UTF-8, packets that end too early


def greet(target: Target) -> hosts.HostKey:
    """The key the host shows to anybody. Raises ``Unavailable``."""
    with connected(target, []) as (_, key):
        return key


@contextmanager
def visit(target: Target) -> Iterator[SshSession]:
    """Sign in, and leave at the end. Raises ``Unavailable`` or ``AuthFailed``."""
    keys = next((found for path in target.known_hosts if (found := hosts.known(hosts.read(path), target.place))), [])
    with connected(target, [] if target.fingerprint else keys) as (transport, key):
        recognise(target, keys, key)
        sign_in(target, transport)
        yield SshSession(target, transport)


class Hangs(Unavailable):
    """A command that does not return, although the host works: perhaps it waits for a dead disk."""


class SshSession:
    """A signed-in connection."""

    def __init__(self, target: Target, transport: Transport) -> None:
        self._target, self._transport = target, transport

    def run(self, command: str) -> str:
        """The output of a command. Raises ``Hangs`` when it takes too long, ``BadAnswer`` when it prints too much."""
        with plainly(self._target):
            end = stopwatch() + self._target.timeout
            channel = self._transport.open_session(timeout=self._target.timeout)
            try:
                channel.exec_command(command)
                answer = bytearray()
                while len(answer) <= _CAP:
                    channel.settimeout(max(0.01, end - stopwatch()))
                    chunk = channel.recv(_CHUNK)
                    if not chunk:
                        self._finished(channel, end - stopwatch())
                        return answer.decode("utf-8", "surrogateescape")
                    answer += chunk
            except TimeoutError:
                raise Hangs(late(self._target)) from None
            finally:
                channel.close()
        message = f"{self._target.place} answered more than {_CAP >> 20} MB to df; check what its shell prints at login"
        raise BadAnswer(message)

    def _finished(self, channel: Channel, patience: float) -> None:
        """Half an answer looks like a whole one, so the host must also say that the command is over."""
        if not channel.status_event.wait(max(0.01, patience)) or channel.exit_status < 0:
            message = f"{self._target.place} dropped the connection in the middle of an answer; trying again"
            raise Unavailable(message)

    @contextmanager
    def files(self) -> Iterator[Sftp]:
        """SFTP. Raises ``Unlisted`` where the host offers none."""
        from paramiko import SFTPClient, SFTPError, SSHException

        with plainly(self._target):
            channel = self._transport.open_session(timeout=self._target.timeout)
            channel.settimeout(self._target.timeout)  # from_transport would wait forever for a silent server
            try:
                channel.invoke_subsystem("sftp")
                client = SFTPClient(channel)
            except TimeoutError:
                raise
            except (SSHException, SFTPError, EOFError, OSError):
                raise Unlisted from None
        with client:
            yield Sftp(self._target, client)


class Sftp:
    """Folders by SFTP."""

    def __init__(self, target: Target, client: SFTPClient) -> None:
        self._target, self._client = target, client

    def entries(self, folder: str) -> Iterable[Entry]:
        """What is in a folder. Raises ``Unlisted`` or ``Unavailable``."""
        from paramiko import SFTPError

        with plainly(self._target):
            try:
                for found in self._client.listdir_iter(folder):
                    mode, changed = found.st_mode or 0, found.st_mtime
                    if changed is not None:
                        yield Entry(found.filename, int(changed), stat.S_ISDIR(mode))
            except TimeoutError:
                raise
            except (OSError, SFTPError, *_GARBLED):
                raise Unlisted from None
