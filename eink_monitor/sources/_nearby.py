"""Hosts on the local network: recognised by their names alone, and what helps if a name is not found."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_ENDINGS = (".local", ".lan", ".home", ".home.arpa", ".internal", ".localdomain", ".fritz.box")
_PRIVATE = ("127.", "10.", "192.168.", "169.254.", *(f"172.{number}." for number in range(16, 32)))
_PRIVATE_6 = ("::1", "fc", "fd", "fe8", "fe9", "fea", "feb")


def nearby(host: str) -> bool:
    """True for a name without dots, one of a home's endings, or a private address (RFC 1918, 3927, 4193, 4291)."""
    name = host.strip().rstrip(".").lower()
    if ":" in name:
        return name.startswith(_PRIVATE_6)
    if name.replace(".", "").isdigit():
        return name.startswith(_PRIVATE)
    return "." not in name or name.endswith(_ENDINGS)


def no_address(host: str, whose: str = "", root: Path = Path("/")) -> str:
    """The sentence for a name of which no address was found, with the way out.

    Names that end in .local are resolved on the local network (multicast DNS, RFC 6762), by Avahi or systemd-resolved;
    a small system has neither. ``root`` is where the machine's files are.
    """
    told = f'no address found for {whose}"{host}"'
    if not host.strip().rstrip(".").lower().endswith(".local"):
        return f"{told}; check host: and the name server"
    asked = ""
    with suppress(OSError):
        lines = (root / "etc/nsswitch.conf").read_text(encoding="utf-8", errors="replace").splitlines()
        asked = next((line for line in lines if line.startswith("hosts:")), "")
    if "mdns" not in asked and "resolve" not in asked:
        return f"{told}; for .local names: sudo apt install avahi-daemon libnss-mdns; or give its IP address as host:"
    if "mdns" in asked and not (root / "run/avahi-daemon/socket").exists():
        return f"{told}; Avahi, which looks up .local names, is not running: sudo apt install avahi-daemon"
    return f"{told}; is it switched on, and on this network? Or give its IP address as host:"
