"""The control socket: a datagram socket beside the database, on which verbs reach the daemon.

SPI and GPIO have one owner. ``show --ink``, ``clear`` and ``doctor`` therefore ask the daemon while it runs; the kernel
tells whether it does: a socket without a living owner refuses. Who may write the socket is who may write the database.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from eink_monitor.clock import stopwatch
from eink_monitor.errors import StoreError
from eink_monitor.finding import Finding

PATIENCE = 100.0  # seconds for an answer: the slowest of Waveshare's panels may take 60, and another refresh come first

LARGEST = 65536  # bytes of a request, and of a reply
_SILENT = "the daemon runs but does not answer; its log says why, or restart it"
_LONGEST_ADDRESS = 107  # bytes; sun_path of unix(7) without its closing zero


@dataclass(frozen=True, slots=True)
class Request:
    """A request: ``verb`` is show, why, picture, clear, examine or sign in; ``panel`` is the one to show, or empty.

    For a sign-in ``panel`` is who asks for it and ``words`` are the address, a shorter one to type, and the code.
    """

    verb: str
    panel: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply: an exit code, a sentence, and findings if some were requested."""

    code: int
    words: str
    findings: list[Finding] = field(default_factory=list)
    process: int = 0


def address(database: Path) -> Path:
    """Where the daemon that uses a database listens."""
    return database.with_name(f"{database.name}.control")


def alive(path: Path) -> bool:
    """Whether a daemon listens at ``path``, also one that this user may not talk to."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as probe:
        try:
            with short(path) as name:
                probe.connect(name)
        except (PermissionError, BlockingIOError):
            return True
        except OSError:
            return False
    return True


def ask(path: Path, request: Request, patience: float = PATIENCE) -> Reply | None:
    """The reply of the daemon at ``path``, or None if none runs.

    Raises ``StoreError`` if it cannot be asked. ``patience`` covers all of it: a hanging daemon does not even take the
    request, once enough are waiting.
    """
    message = json.dumps(asdict(request)).encode()
    began = stopwatch()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
        asking.bind("")  # an abstract address of the kernel's choice, to be answered at
        asking.settimeout(patience)
        try:
            with short(path) as name:
                asking.connect(name)
            if len(message) > LARGEST:
                return too_long(len(message))
            asking.send(message)
        except PermissionError:
            owner = _owner(path)
            raise StoreError(f"the daemon runs as {owner}; run the same command with sudo -u {owner}") from None
        except TimeoutError:
            raise StoreError(_SILENT) from None
        except OSError:
            return None
        return _unpack(_await(asking, path, began + patience))


def _await(asking: socket.socket, path: Path, until: float) -> bytes:
    """The reply; nothing signals that a daemon has died meanwhile, so that is checked every second."""
    while (left := until - stopwatch()) > 0:
        asking.settimeout(min(left, 1.0))
        with suppress(TimeoutError):
            return asking.recv(LARGEST)
        if not alive(path):
            raise StoreError("the daemon ended before it answered", "its log says why")
    raise StoreError(_SILENT)


def pack(answer: Reply) -> bytes:
    """An answer as a message."""
    return json.dumps({**asdict(answer), "process": os.getpid()}).encode()


def _unpack(message: bytes) -> Reply:
    try:
        fields: dict[str, Any] = json.loads(message)
        return Reply(**{**fields, "findings": [Finding(*found) for found in fields["findings"]]})
    except (ValueError, TypeError, KeyError, RecursionError):
        raise StoreError("the daemon's answer cannot be read", "restart it; it may be another version") from None


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (OSError, KeyError):
        return "another user"


def too_long(size: int) -> Reply:
    """The reply to a request of more than ``LARGEST`` bytes."""
    return Reply(os.EX_USAGE, f"the request is too long: {size} bytes, and a daemon accepts {LARGEST}")


@contextmanager
def short(path: Path) -> Iterator[str]:
    """A name of the socket that fits into an address, however deep its folder lies."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
