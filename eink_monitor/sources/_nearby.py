"""Whether a host is in the house, by its name alone: nothing is looked up."""

from __future__ import annotations

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
