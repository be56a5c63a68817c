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
from eink_monitor.sources.ssh_disk.door import Door, connected, late, plainly, recognise, sign_in
from eink_monitor.sources.ssh_disk.newest import Entry, Unlisted

if TYPE_CHECKING:
    from paramiko import Channel, SFTPClient, Transport

_CAP = 1 << 20  # bytes of answer; a host full of containers has a long table of mounts
_CHUNK = 8192
_GARBLED = (ValueError, LookupError, struct.error)  # names that are not UTF-8, packets that end too early


def greet(door: Door) -> hosts.HostKey:
    """The key the host shows to anybody. Raises ``Unavailable``."""
    with connected(door, []) as (_, key):
        return key


@contextmanager
def visit(door: Door) -> Iterator[SshSession]:
    """Sign in, and leave at the end. Raises ``Unavailable`` or ``AuthFailed``."""
    keys = next((found for path in door.known_hosts if (found := hosts.known(hosts.read(path), door.place))), [])
    with connected(door, [] if door.fingerprint else keys) as (transport, key):
        recognise(door, keys, key)
        sign_in(door, transport)
        yield SshSession(door, transport)


class Hangs(Unavailable):
    """A command that does not come back, while the host itself may be well: perhaps it waits for a dead disk."""


class SshSession:
    """A signed-in connection."""

    def __init__(self, door: Door, transport: Transport) -> None:
        self._door, self._transport = door, transport

    def run(self, command: str) -> str:
        """What a command prints. Raises ``Hangs`` when it takes too long, ``BadAnswer`` when it says too much."""
        with plainly(self._door):
            end = stopwatch() + self._door.timeout
            channel = self._transport.open_session(timeout=self._door.timeout)
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
                raise Hangs(late(self._door)) from None
            finally:
                channel.close()
        message = f"{self._door.place} answered more than {_CAP >> 20} MB to df; check what its shell prints at login"
        raise BadAnswer(message)

    def _finished(self, channel: Channel, patience: float) -> None:
        """Half an answer looks like a whole one, so the host must also say that the command is over."""
        if not channel.status_event.wait(max(0.01, patience)) or channel.exit_status < 0:
            message = f"{self._door.place} dropped the connection in the middle of an answer; trying again"
            raise Unavailable(message)

    @contextmanager
    def files(self) -> Iterator[Sftp]:
        """SFTP. Raises ``Unlisted`` where the host offers none."""
        from paramiko import SFTPClient, SFTPError, SSHException

        with plainly(self._door):
            channel = self._transport.open_session(timeout=self._door.timeout)
            channel.settimeout(self._door.timeout)  # from_transport would wait for ever for a server that is silent
            try:
                channel.invoke_subsystem("sftp")
                client = SFTPClient(channel)
            except TimeoutError:
                raise
            except (SSHException, SFTPError, EOFError, OSError):
                raise Unlisted from None
        with client:
            yield Sftp(self._door, client)


class Sftp:
    """Folders by SFTP."""

    def __init__(self, door: Door, client: SFTPClient) -> None:
        self._door, self._client = door, client

    def entries(self, folder: str) -> Iterable[Entry]:
        """What is in a folder. Raises ``Unlisted`` or ``Unavailable``."""
        from paramiko import SFTPError

        with plainly(self._door):
            try:
                for found in self._client.listdir_iter(folder):
                    mode, changed = found.st_mode or 0, found.st_mtime
                    if changed is not None:
                        yield Entry(found.filename, int(changed), stat.S_ISDIR(mode))
            except TimeoutError:
                raise
            except (OSError, SFTPError, *_GARBLED):
                raise Unlisted from None
