"""The daemon's end of the control socket: it takes requests and replies, a few at a time."""

from __future__ import annotations

import json
import logging
import os
import socket
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from eink_monitor.daemon.control import LARGEST, Reply, Request, alive, pack, short, too_long
from eink_monitor.errors import StoreError, bug

log = logging.getLogger("eink_monitor")

_AT_ONCE = 16  # requests; a flood of them delays the daemon no longer than that


class ControlSocket:
    """The daemon's end. Closed in every forked child, so that the kernel's word about who is alive can be trusted."""

    def __init__(self, path: Path) -> None:
        """Listen. Raises ``StoreError`` where another daemon does so already.

        Without support for sockets (FAT or exFAT) the daemon does without.
        """
        if alive(path):
            way_out = "stop that one, or give this one a `database` of its own"
            raise StoreError(f"another eink-monitor already uses {path.with_suffix('')}", way_out)
        self._path = path
        self._socket: socket.socket | None = None
        before = os.umask(0o177)  # nobody but this user
        try:
            self._listen()
        except OSError as error:
            missed = "`reload`, `show --ink` and `clear` cannot reach this daemon"
            log.warning("%s cannot be created (%s): %s", path, error.strerror, missed)
        finally:
            os.umask(before)
        _open.add(self)

    def _listen(self) -> None:
        self._path.unlink(missing_ok=True)
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_UNIX, kind)
        with short(self._path) as name:
            self._socket.bind(name)

    def watch(self) -> tuple[int, ...]:
        """The file descriptor that becomes readable when a request arrives."""
        return (self._socket.fileno(),) if self._socket else ()

    def serve(self, grant: Callable[[Request], Reply]) -> None:
        """Serve waiting requests, a few at a time; never raises, whatever they contain, even if the sender is gone."""
        ears = self._socket
        if ears is None:
            return
        for _ in range(_AT_ONCE):
            try:
                message, sender = ears.recvfrom(LARGEST + 1)
            except OSError:  # usually BlockingIOError: no request is left
                return
            if isinstance(sender, bytes) and sender:  # senders like ``ask``; others want no reply
                with suppress(OSError):
                    ears.sendto(_sendable(_answered(message, grant)), sender)

    def close(self) -> None:
        """Stop listening and leave no trace."""
        self.forget()
        with suppress(OSError):
            self._path.unlink()

    def forget(self) -> None:
        """Close the socket; in a forked child it is not ours."""
        if self._socket:
            self._socket.close()


def _sendable(answer: Reply) -> bytes:
    message = pack(answer)
    if len(message) <= LARGEST:
        return message
    return pack(Reply(os.EX_SOFTWARE, f"the daemon's answer of {len(message)} bytes is too long to send"))


def _answered(message: bytes, grant: Callable[[Request], Reply]) -> Reply:
    """The reply to a message; a request that hits a bug costs only its own reply."""
    if len(message) > LARGEST:
        return too_long(len(message))
    request = _understood(message)
    if request is None:
        return Reply(os.EX_USAGE, "the daemon does not understand this; restart it")
    try:
        return grant(request)
    except BaseException as error:  # noqa: BLE001 - a display or a panel raises anything
        log.error("the request %s hit a bug: %s", request.verb, bug(error))  # noqa: TRY400 - its text may be secret
        return Reply(os.EX_SOFTWARE, f"a bug, please report it: {bug(error)}")


def _understood(message: bytes) -> Request | None:
    try:
        fields = json.loads(message)
        words = tuple(str(word) for word in fields.get("words", ()))
        request = Request(str(fields["verb"]), str(fields["panel"]), words)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    legible = all(word.isprintable() for word in (request.verb, request.panel, *words))  # no escapes, no surrogates
    return request if legible else None


_open: weakref.WeakSet[ControlSocket] = weakref.WeakSet()


def _forget_all() -> None:
    for one in _open:
        one.forget()


os.register_at_fork(after_in_child=_forget_all)
