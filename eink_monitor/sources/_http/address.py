"""Vendors' addresses; separate so that the configuration can be checked without loading network libraries."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def address(url: str, key: str = "base_url") -> SplitResult:
    """Check the URL of a setting: scheme, host, port, an optional path. Raises ``ValueError`` with a sentence.

    Keys, passwords and VINs go there, so plain http is only for the local network: an emulator, for example.
    """
    parts = _split(url)
    if (
        parts is None
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
        or not url.isascii()
        or not url.isprintable()
    ):
        message = f"{key} must be an address such as https://host.example/path, without user name, ? or #"
        raise ValueError(message)
    if parts.scheme == "http" and not is_at_home(parts.hostname or ""):
        message = f"{key} must begin with https://: keys and passwords go there; http:// is for the local network"
        raise ValueError(message)
    return parts


def _split(url: str) -> SplitResult | None:
    """The parts of a URL that names a host; None for any other."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        return None
    return parts if good else None


def is_here(host: str | None) -> bool:
    """Whether a host name or address is this machine's own."""
    return host in {"localhost", "127.0.0.1", "::1"}


def is_at_home(host: str) -> bool:
    """Whether a host is on the local network, by its name: this machine, a private address, a home domain.

    Names below ``.local`` (RFC 6762), ``.home.arpa`` (RFC 8375), ``.internal`` and ``.lan`` do not exist elsewhere.
    """
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return is_here(host) or host.endswith((".local", ".home.arpa", ".internal", ".lan"))
