"""The daemon's ear: a datagram socket beside the database, on which a person's verbs reach the owner of the pins.

SPI and GPIO have one owner. ``show --ink``, ``clear`` and ``doctor`` therefore ask the daemon while it runs; the kernel
tells whether it does: a socket without a living owner refuses. Who may write the socket is who may write the database.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from eink_monitor.errors import StoreError
from eink_monitor.finding import Finding

PATIENCE = 100.0  # seconds for an answer: the slowest of Waveshare's panels may take 60, and another refresh come first
log = logging.getLogger("eink_monitor")

_LARGEST = 65536
_LONGEST_ADDRESS = 107  # bytes; sun_path of unix(7) without its closing zero


@dataclass(frozen=True, slots=True)
class Request:
    """A wish: ``verb`` is show, picture, clear, examine or sign in; ``panel`` names the one to show, or is empty.

    For a sign-in ``panel`` is who asks for it and ``words`` are the address, a shorter one to type, and the code.
    """

    verb: str
    panel: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: an exit code, a sentence, and findings where some were asked for."""

    code: int
    words: str
    findings: list[Finding] = field(default_factory=list)
    process: int = 0


def address(database: Path) -> Path:
    """Where the daemon that works on a database listens."""
    return database.with_name(f"{database.name}.control")


class Ear:
    """The daemon's end. Closed in every forked child, so that the kernel's word about who lives can be believed."""

    def __init__(self, path: Path) -> None:
        """Listen. Raises ``StoreError`` where another daemon does so already.

        Where no socket can be made (a card formatted for Windows) the daemon goes without.
        """
        if alive(path):
            way_out = "stop that one, or give this one a `database` of its own"
            raise StoreError(f"another eink-monitor works on {path.with_suffix('')} already; {way_out}")
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        before = os.umask(0o177)  # nobody but this user
        try:
            path.unlink(missing_ok=True)
            with _short(path) as name:
                self._socket.bind(name)
        except OSError as error:
            log.warning("%s cannot be created (%s): `show --ink` and `clear` will not find me", path, error.strerror)
        finally:
            os.umask(before)
        _ears.add(self)

    def watch(self) -> tuple[int, ...]:
        """The file descriptor that becomes readable when somebody wishes something."""
        return (self._socket.fileno(),)

    def serve(self, grant: Callable[[Request], Answer]) -> None:
        """Answer everybody who has asked; never raises for what they sent, nor if they have left meanwhile."""
        while True:
            try:
                message, sender = self._socket.recvfrom(_LARGEST)
            except OSError:  # above all BlockingIOError: nobody is left
                return
            if not sender:  # it wants no answer, so it is none of ours
                continue
            request = _understood(message)
            answer = grant(request) if request else Answer(64, "the daemon does not understand this; restart it")
            with suppress(OSError):
                self._socket.sendto(_pack(answer), sender)

    def close(self) -> None:
        """Stop listening and leave no trace."""
        self.forget()
        with suppress(OSError):
            self._path.unlink()

    def forget(self) -> None:
        """Let go of the socket; in a forked child it is not ours."""
        self._socket.close()


def _understood(message: bytes) -> Request | None:
    try:
        fields = json.loads(message)
        return Request(str(fields["verb"]), str(fields["panel"]), tuple(str(word) for word in fields.get("words", ())))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


_ears: weakref.WeakSet[Ear] = weakref.WeakSet()


def _forget_all() -> None:
    for ear in _ears:
        ear.forget()


os.register_at_fork(after_in_child=_forget_all)


def alive(path: Path) -> bool:
    """Whether a daemon listens at ``path``, also one that this user may not talk to."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            with _short(path) as name:
                probe.connect(name)
        except PermissionError:
            return True
        except OSError:
            return False
    return True


def ask(path: Path, request: Request, patience: float = PATIENCE) -> Answer | None:
    """What the daemon at ``path`` answers, or None where none runs. Raises ``StoreError`` where it cannot be asked."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
        asking.bind("")  # an abstract address of the kernel's choice, to be answered at
        try:
            with _short(path) as name:
                asking.connect(name)
            asking.send(json.dumps(asdict(request)).encode())
        except PermissionError:
            owner = _owner(path)
            raise StoreError(f"the daemon runs as {owner}; say the same with sudo -u {owner} before it") from None
        except OSError:
            return None
        return _unpack(_await(asking, path, patience))


def _await(asking: socket.socket, path: Path, patience: float) -> bytes:
    """The answer; nothing tells that a daemon has died meanwhile, so that is looked at every second."""
    asking.settimeout(min(patience, 1.0))
    for _ in range(max(1, int(patience))):
        with suppress(TimeoutError):
            return asking.recv(_LARGEST)
        if not alive(path):
            raise StoreError("the daemon ended before it answered; its log says why")
    raise StoreError("the daemon runs but does not answer; its log says why, or restart it")


def _pack(answer: Answer) -> bytes:
    return json.dumps({**asdict(answer), "process": os.getpid()}).encode()


def _unpack(message: bytes) -> Answer:
    try:
        fields: dict[str, Any] = json.loads(message)
        return Answer(**{**fields, "findings": [Finding(*found) for found in fields["findings"]]})
    except (ValueError, TypeError, KeyError):
        raise StoreError("the daemon answers in riddles; restart it, it may be of another version") from None


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (OSError, KeyError):
        return "another user"


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of the socket that fits into an address, however deep its folder lies."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
