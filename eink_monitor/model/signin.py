"""Signing in, as the command line sees it: the person's part, and the resulting credentials.

The command line shows a ``Prompt``, waits or reads a line, and calls ``finish``; it need not know which vendor it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from eink_monitor.clock import DAY, Clock
from eink_monitor.model.poll import Visit

WARNING = 3 * DAY
"""How long before a credential expires people are warned."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a person must do: open ``url`` (also as a QR code) before ``expires_at`` (epoch seconds UTC).

    ``short_url`` and ``code`` are for typing by hand where there is no camera; both may be empty. When ``brings`` is
    not empty the person must bring something back, which those words describe, and ``finish`` takes it as ``answer``;
    a page on this machine may take it instead if ``listen`` names its port; ``state`` is the secret of this one sign-in
    that must come back with it. ``pending`` belongs to the sign-in.
    """

    url: str
    text: str
    expires_at: int
    code: str = ""
    short_url: str = ""
    brings: str = ""
    listen: int | None = None
    state: str = field(default="", repr=False)
    pending: Mapping[str, str] = field(default_factory=dict, repr=False)


class SignIn(Protocol):
    """One vendor's way of signing in. Raises ``Trouble`` only."""

    def begin(self, visit: Visit) -> Prompt:
        """Ask the vendor for what a person needs."""

    def finish(self, visit: Visit, prompt: Prompt, clock: Clock, answer: str = "") -> str:
        """Wait until the person is done (or take their ``answer``), save the sign-in, and say so in a sentence."""


class Credential(NamedTuple):
    """A credential for a vendor. ``expires_at`` is None where unknown; ``cure`` is what renews it, if due."""

    name: str
    present: bool
    expires_at: int | None
    fact: str
    cure: str = ""

    @property
    def words(self) -> str:
        """Both, for the person."""
        return f"{self.fact}; {self.cure}" if self.cure else self.fact


def lifetime(name: str, expires_at: int | None, now: int, way_out: str) -> Credential:
    """An existing credential, described by how long it remains valid; ``way_out`` renews it."""
    if expires_at is None:
        return Credential(name, present=True, expires_at=None, fact=f"{name} is present")
    left = expires_at - now
    if left <= 0:
        return Credential(name, present=True, expires_at=expires_at, fact=f"{name} has expired", cure=way_out)
    days = left // DAY
    when = "in less than a day" if days < 1 else f"in {days} day{'s' if days > 1 else ''}"
    fact, cure = f"{name} expires {when}", way_out if left <= WARNING else ""
    return Credential(name, present=True, expires_at=expires_at, fact=fact, cure=cure)
