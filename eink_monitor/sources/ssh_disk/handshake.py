"""How a person confirms an SSH host's key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from eink_monitor.clock import MINUTE, Clock
from eink_monitor.errors import AuthFailed
from eink_monitor.model.poll import Visit
from eink_monitor.model.signin import Prompt


class Host(Protocol):
    """Something that shows its key, and can be told to trust it."""

    @property
    def host(self) -> str:
        """Its name."""

    def greet(self, visit: Visit) -> str:
        """The fingerprint that it shows. Raises ``Unavailable``."""

    def trust(self, visit: Visit, fingerprint: str) -> None:
        """Trust the key. Raises ``BadAnswer``, ``Unavailable``, ``StoreError``."""


@dataclass(frozen=True)
class Handshake:
    """By comparing its fingerprint with what the machine itself says."""

    source: Host

    def begin(self, visit: Visit) -> Prompt:
        """Ask the host for its key. Raises ``Unavailable``."""
        shown = self.source.greet(visit)
        return Prompt(
            url="",
            text=f"{self.source.host} shows the SSH key {shown}. On that machine, compare it with what "
            "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub prints (or the file of another key type).",
            expires_at=visit.now + 10 * MINUTE,
            brings='the word "yes" if the two are the same',
            pending={"fingerprint": shown},
        )

    def finish(self, visit: Visit, prompt: Prompt, clock: Clock, answer: str = "") -> str:  # noqa: ARG002 no waiting here
        """Keep the key if the person confirmed it, by "yes" or by the fingerprint itself. Raises as ``trust`` does."""
        shown = prompt.pending["fingerprint"]
        if answer.strip().lower() not in {"yes", "y"} and answer.strip() != shown:
            message = f"the SSH key of {self.source.host} was not accepted; nothing was kept"
            raise AuthFailed(message)
        self.source.trust(visit, shown)
        return f"The SSH key of {self.source.host} is trusted from now on."
