"""Host keys: known_hosts files (hashed names and patterns too) and fingerprints. No network, no SSH library."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from eink_monitor import files

_PORT = 22


class HostKey(NamedTuple):
    """A public key: its type ("ssh-ed25519") and its bytes as SSH sends them."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As OpenSSH shows it: SHA256: and unpadded base64."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")


def name_of(host: str, port: int) -> str:
    """How known_hosts names a host: bare on port 22, else ``[host]:port``."""
    return host if port == _PORT else f"[{host}]:{port}"


def known(text: str, name: str) -> list[HostKey]:
    """The keys that a known_hosts file holds for a name. Lines that cannot be read, and @markers, are passed over."""
    keys = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 3 or fields[0].startswith(("#", "@")) or not _names(fields[0], name):
            continue
        try:
            keys.append(HostKey(fields[1], base64.b64decode(fields[2], validate=True)))
        except (binascii.Error, ValueError):
            continue
    return keys


def read(path: Path) -> str:
    """A known_hosts file; empty where there is none that can be read."""
    try:
        return path.expanduser().read_text("utf-8", errors="replace")
    except (OSError, RuntimeError):  # no such file, or no home directory to look in
        return ""


def remember(path: Path, name: str, key: HostKey) -> None:
    """Write the key down as the name's only one, so that a power cut leaves the old file or the new. Raises OSError."""
    others = [line for line in read(path).splitlines() if line.split(" ")[0] != name]
    line = f"{name} {key.kind} {base64.b64encode(key.blob).decode()}"
    files.make_folder(path.parent)
    with files.replacing(path) as file:
        file.write("\n".join([*others, line, ""]).encode())


def _names(field: str, name: str) -> bool:
    """Whether the first field of a line means this name: a hash, or patterns of which none may say no."""
    if field.startswith("|"):
        return _hashed(field, name)
    patterns = field.lower().split(",")
    name = name.lower()
    if any(pattern.startswith("!") and _fits(name, pattern[1:]) for pattern in patterns):
        return False
    return any(_fits(name, pattern) for pattern in patterns)


def _fits(name: str, pattern: str) -> bool:
    """Asterisk and question mark are wild; a bracket is only a bracket."""
    return fnmatchcase(name, pattern.replace("[", "[[]"))


def _hashed(field: str, name: str) -> bool:
    """``|1|salt|hash``: HMAC-SHA1 of the name, as ssh-keygen -H writes it."""
    try:
        _, version, salt, digest = field.split("|")
        wanted = hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest()
        return version == "1" and hmac.compare_digest(wanted, base64.b64decode(digest))
    except (binascii.Error, ValueError):
        return False
