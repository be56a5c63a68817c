"""Token storage between polls: one small file per feed, used by one process at a time.

Vendors rotate refresh tokens: each refresh revokes the old one at once. So a new token is on the disk (temporary file,
fsync, rename, fsync of the directory) before it is used, and before the vendor is asked the file is written once with
``refreshing_since``: that proves the disk can be written, and says after a crash what happened.

Where this machine has a key (``seal``), the secrets are sealed at the next ``save``; the times stay readable, so that
the daemon can warn of expiry without unsealing anything.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from eink_monitor import files
from eink_monitor.clock import SystemClock, stopwatch
from eink_monitor.errors import AuthFailed, Trouble, Unavailable
from eink_monitor.model.signin import Credential, lifetime
from eink_monitor.sources._http import seal

_NAP = 0.05  # seconds between two tries for the lock


@dataclass(frozen=True, slots=True)
class Tokens:
    """One sign-in; prints without its secrets. Times are epoch seconds UTC.

    ``extra`` is what else the vendor gave and the source keeps (an id token, a site id). ``refreshing_since`` is set
    while a refresh is under way: finding it means that one was interrupted.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: int
    refresh_expires_at: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)
    refreshing_since: int | None = None


class TokenStore:
    """The sign-in of ``feed`` in the private directory ``folder`` (``Visit.state``), made if it is missing.

    Feeds that share a vendor account share one sign-in: then ``name`` is not the feed's. ``load``, ``save`` and
    ``forget`` belong inside ``with store.locked():``; ``lock`` is the file descriptor that holds the lock meanwhile.
    Readers may ``load`` without it: the file is always complete.
    """

    lock = -1

    def __init__(self, folder: Path, feed: str, name: str = "") -> None:
        self._feed = feed
        self._folder = folder
        self._path = folder / f"{(name or feed).replace('/', '_')}.token"

    @contextmanager
    def locked(self, patience: float = 20.0) -> Iterator[TokenStore]:
        """Be the only user of the sign-in; waits up to ``patience`` seconds, then ``Unavailable``.

        The kernel releases the lock when its holder dies.
        """
        with self._plainly():
            files.make_folder(self._folder)
            self.lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait(patience)
            yield self
        finally:
            os.close(self.lock)

    def load(self) -> Tokens | None:
        """The sign-in, or None before the first. A damaged file is ``AuthFailed``: only a person can mend it.

        So is one whose seal cannot be opened here.
        """
        kept = self._kept()
        if kept is None or not kept.sealed:
            return kept and kept.tokens
        secrets = json.loads(seal.opened(self._feed, kept.sealed))
        return replace(kept.tokens, **{name: secrets[name] for name in _SECRETS})

    def look(self) -> Tokens | None:
        """As ``load``, but no seal is opened: of a sealed sign-in only the times are true."""
        kept = self._kept()
        return kept and kept.tokens

    def welcome(self) -> None:
        """Make sure that a new sign-in can be saved, before a person signs in. ``AuthFailed``."""
        kept = _parse(self._content() or b"")
        seal.allow(self._feed, kept.sealed if kept else "")

    def save(self, tokens: Tokens, *, renewal: bool = False) -> None:
        """Replace the sign-in; on return it survives a power cut. ``Unavailable`` if the disk does not take it.

        A ``renewal`` leaves the file's time as it is, that of the last sign-in by a person: feeds that wait for a
        person go by it, and another car's renewal must not restart them.
        """
        document = self._document(tokens)
        with self._plainly(), files.replacing(self._path, alone=True) as file:
            file.write(json.dumps(document).encode())
            if renewal and self._path.exists():
                file.flush()
                times = self._path.stat()
                os.utime(file.fileno(), ns=(times.st_atime_ns, times.st_mtime_ns))

    def forget(self) -> None:
        """Remove the sign-in."""
        with self._plainly():
            self._path.unlink(missing_ok=True)
            files.settle(self._folder)

    def _document(self, tokens: Tokens) -> dict[str, object]:
        known = asdict(tokens)
        secrets = json.dumps({name: known[name] for name in _SECRETS})
        sealed = seal.closed(self._feed, secrets)
        return known if sealed == secrets else {**known, **_SECRETS, "sealed": sealed}

    def _kept(self) -> _Kept | None:
        content = self._content()
        if content is None:
            return None
        kept = _parse(content)
        if kept is None:
            message = f"{self._feed}: the stored sign-in is damaged; sign in again: eink-monitor login {self._feed}"
            raise AuthFailed(message)
        return kept

    def _content(self) -> bytes | None:
        with self._plainly():
            try:
                return self._path.read_bytes()
            except FileNotFoundError:
                return None

    def _wait(self, patience: float) -> None:
        if not _acquired(self.lock, patience):
            message = f"{self._feed}: another eink-monitor is using this sign-in; trying again later"
            raise Unavailable(message)

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "unknown fault"
            trouble = Unavailable(f"{self._feed}: the sign-in in the state directory cannot be used: {reason}")
        else:
            return
        raise trouble


def rest(state: Path, patience: float) -> bool:
    """Wait until nobody uses any sign-in below the folder ``state``; False if ``patience`` (seconds) did not last."""
    started = stopwatch()
    for path in state.glob("*/*.lock"):
        with suppress(OSError), path.open("rb") as lock:
            if not _acquired(lock.fileno(), patience - (stopwatch() - started)):
                return False
    return True


def _acquired(lock: int, patience: float) -> bool:
    started = stopwatch()
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if stopwatch() - started >= patience:
            return False
        SystemClock().wait(_NAP)


class _Kept(NamedTuple):
    """What the file says; where ``sealed`` holds the secrets, those of ``tokens`` are place holders."""

    tokens: Tokens
    sealed: str


_SECRETS: Mapping[str, object] = {"access": "sealed", "refresh": "sealed", "extra": {}}


def _parse(content: bytes) -> _Kept | None:
    try:
        known: dict[str, object] = json.loads(content)
        sealed = known.pop("sealed", "")
        good = sealed == "" or (isinstance(sealed, str) and seal.is_closed(sealed))
        good = good and all(fits(known.get(name)) for name, fits in _FIELDS.items())
        return _Kept(Tokens(**known), sealed) if good else None  # type: ignore[arg-type]  # _FIELDS has just checked
    except (ValueError, TypeError, AttributeError, RecursionError):  # no JSON, no object, unknown fields
        return None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_instant(value: object) -> bool:
    return type(value) is int


def _is_extra(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


_FIELDS: Mapping[str, Callable[[object], bool]] = {
    "access": _is_text,
    "refresh": _is_text,
    "expires_at": _is_instant,
    "refresh_expires_at": lambda value: value is None or _is_instant(value),
    "extra": _is_extra,
    "refreshing_since": lambda value: value is None or _is_instant(value),
}


def credential(store: TokenStore, name: str, way_out: str, now: int) -> Credential:
    """What is known of a stored sign-in: whether it is there, and how long its refresh token still holds."""
    try:
        tokens = store.look()  # without the lock: the daemon asks, and must not wait for a poll
    except Trouble as trouble:
        return Credential(name, present=False, expires_at=None, fact=trouble.fact, cure=trouble.cure)
    if tokens is None:
        return Credential(name, present=False, expires_at=None, fact=f"{name} is missing", cure=way_out)
    return lifetime(name, tokens.refresh_expires_at, now, f"sign in again: {way_out}")
