"""Which broker, and as whom; apart from the connection, so that the daemon loads nothing of that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from eink_monitor.settings import Secret
from eink_monitor.sources._http.address import is_at_home

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class MqttBroker:
    """Which broker, and as whom: sources with the same settings share one connection."""

    url: str
    username: str = ""
    password: Secret | None = None
    ca: Path | None = None
    version: str = "5"
    status: str = ""

    def __post_init__(self) -> None:
        """Raises ``ValueError`` with a sentence."""
        if not _is_address(self.url):
            message = (
                "broker must be mqtt://host, mqtts://host or either with a :port; username and password stand apart"
            )
            raise ValueError(message)
        if not self.tls and not self.at_home:
            message = "broker must begin with mqtts://: a password goes there; mqtt:// is for the local network"
            raise ValueError(message)

    @property
    def host(self) -> str:
        """Its name or address."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """As configured, or the usual one."""
        parts = urlsplit(self.url)
        return parts.port or _PORTS[parts.scheme]

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.url.startswith("mqtts:")

    @property
    def at_home(self) -> bool:
        """Whether it is on the local network, by its name; one without a dot is found nowhere else."""
        return "." not in self.host or is_at_home(self.host)

    @property
    def who(self) -> str:
        """As sentences call it."""
        return f"The MQTT broker {self.host}"


def _is_address(url: str) -> bool:
    """Whether it names a broker, and nothing else."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in _PORTS and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:  # a port that is no number, a broken IPv6 address
        return False
    beyond = parts.path.strip("/") or parts.query or parts.fragment
    return bool(good) and not beyond and url.isascii() and url.isprintable()
