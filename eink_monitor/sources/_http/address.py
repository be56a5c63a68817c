"""Where a vendor is reached; kept apart so that the configuration can be checked without loading the network."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def address(url: str, key: str = "base_url") -> SplitResult:
    """Check the URL of a setting: scheme, host, port, an optional path. Raises ``ValueError`` with a sentence."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        parts, good = SplitResult("", "", "", "", ""), False
    if not good or "@" in parts.netloc or parts.query or parts.fragment or not url.isascii() or not url.isprintable():
        message = f"{key} must be an address such as https://host.example/path, without user name, ? or #"
        raise ValueError(message)
    return parts
