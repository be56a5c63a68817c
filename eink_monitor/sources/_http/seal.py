"""Secrets sealed before they are kept, where this machine has a key: the systemd credential eink-monitor-token-key.

The key is 32 bytes or more of anything; the seal is Fernet (AES and HMAC, authenticated). Only processes that seal or
unseal load the library: a polling child or a verb, never the daemon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eink_monitor import places
from eink_monitor.errors import AuthFailed
from eink_monitor.libraries import command

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_MARK = "sealed:"
_ENOUGH = 32  # bytes: fewer might be guessed
_KEY = "the credential eink-monitor-token-key"


def closed(feed: str, text: str) -> str:
    """The text sealed, or as it is where there is no key. ``AuthFailed`` where there is one that cannot be used."""
    lock = _lock(feed)
    return _MARK + lock.encrypt(text.encode()).decode("ascii") if lock else text


def opened(feed: str, text: str) -> str:
    """What was given to ``closed``. ``AuthFailed`` where the key is missing or another one."""
    if not is_closed(text):
        return text
    lock = _lock(feed)
    if lock is None:
        raise AuthFailed(f"{feed}: the stored sign-in is sealed, {_missing(feed)}")
    from cryptography.fernet import InvalidToken

    try:
        return lock.decrypt(text.removeprefix(_MARK)).decode()
    except (InvalidToken, ValueError):
        message = f"{feed}: the stored sign-in is sealed with another key; {_back(feed)}"
    raise AuthFailed(message)


def is_closed(text: str) -> bool:
    """Whether a kept text is sealed."""
    return text.startswith(_MARK)


def allow(feed: str, kept: str) -> None:
    """Make sure that a new sign-in can replace ``kept``; a sealed one can only be replaced by the service.

    Raises ``AuthFailed``.
    """
    if _lock(feed) is None and is_closed(kept) and places.token_key() is None:
        raise AuthFailed(f"{feed}: the stored sign-in is sealed, {_missing(feed)}")


def _missing(feed: str) -> str:
    if places.token_key() is None:
        return "and only the service has its key; run the same with `sudo eink-monitor`"
    return f"and its key, {_KEY}, is missing; {_back(feed)}"


def _back(feed: str) -> str:
    return f"restore that key, or sign in again: eink-monitor login {feed}"


def _lock(feed: str) -> Fernet | None:
    path = places.token_key()
    try:
        key = path.read_bytes() if path else None
    except FileNotFoundError:
        key = None
    except OSError:
        key = b""
    if key is None:
        return None
    if len(key) < _ENOUGH:
        raise AuthFailed(f"{feed}: {_KEY} cannot be read or is shorter than {_ENOUGH} bytes", "create it again")
    try:
        from cryptography.fernet import Fernet
    except ImportError:
        message = f"{feed}: sealing sign-ins needs a library; {command('sealed')}"
    else:
        import base64
        import hashlib

        return Fernet(base64.urlsafe_b64encode(hashlib.sha256(key).digest()))
    raise AuthFailed(message)
