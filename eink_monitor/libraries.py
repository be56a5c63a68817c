"""How the libraries of an extra are installed."""

from __future__ import annotations

import os
import sys

BITS = 64 if sys.maxsize > 1 << 32 else 32

# Only Debian has binaries for 32 bits; pip uses those (``locks/environment.sh``).
_DEBIAN = {
    "ssh": "python3-bcrypt python3-cryptography python3-nacl",
    "vw": "python3-cryptography",
    "sealed": "python3-cryptography",
    "pi": "python3-spidev python3-rpi.gpio",
    "pi5": "python3-spidev python3-rpi-lgpio",
}

SERVICE = "sudo make install, in the folder that the service was installed from"
"""What installs a service's libraries: it has its own environment, and pip would change another."""


def command(extra: str, bits: int = BITS) -> str:
    """The command that installs an extra: the installer for a service; on 32 bits, with apt's packages first."""
    if os.environ.get("EINK_MONITOR_ORIGIN"):
        return SERVICE
    by_pip = f"pip install 'eink-monitor[{extra}]'"
    if bits == 32 and extra in _DEBIAN:
        return f"sudo apt install {_DEBIAN[extra]} && {by_pip}"
    return by_pip
