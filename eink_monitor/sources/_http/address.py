"""Where a vendor is reached; kept apart so that the configuration can be checked without loading the network."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def address(url: str, key: str = "base_url") -> SplitResult:
    """Check the URL of a setting: scheme, host, port, an optional path. Raises ``ValueError`` with a sentence.

    Keys, passwords and VINs go there, so plain http is for this very machine only.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        parts, good = SplitResult("", "", "", "", ""), False
    if not good or "@" in parts.netloc or parts.query or parts.fragment or not url.isascii() or not url.isprintable():
        message = f"{key} must be an address such as https://host.example/path, without user name, ? or #"
        raise ValueError(message)
    if parts.scheme == "http" and not is_here(parts.hostname):
        message = f"{key} must begin with https://: keys and passwords go there; http:// is for this very machine only"
        raise ValueError(message)
    return parts


def is_here(host: str | None) -> bool:
    """Whether a host name or address is this machine's own."""
    return host in {"localhost", "127.0.0.1", "::1"}
