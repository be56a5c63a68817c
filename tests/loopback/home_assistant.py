"""Home Assistant on 127.0.0.1, with entities of its own shapes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC

from eink_monitor.clock import local
from loopback.server import Asked, LoopbackServer, Said

TOKEN = "eyJhbGciOiJIUzI1NiJ9.long-lived"
NOW = 1_795_759_200  # 2026-11-27 06:00 UTC
_Attributes = Mapping[str, object]


def said(at: float) -> str:
    """An instant as Home Assistant writes it."""
    return local(int(at), UTC).isoformat()


def state(
    name: str,
    value: str,
    at: float = NOW - 60,
    *,
    attributes: _Attributes | None = None,
    reported: float | None = None,
    unit: str = "",
    kind: str = "",
) -> dict[str, object]:
    """An entity as it is told; ``at`` is when it last changed, ``kind`` its device_class."""
    told = {
        "unit_of_measurement": unit,
        "device_class": kind,
        "friendly_name": name.partition(".")[2].replace("_", " "),
    }
    return {
        "entity_id": name,
        "state": value,
        "attributes": {key: text for key, text in told.items() if text} | dict(attributes or {}),
        "last_changed": said(at),
        "last_reported": said(at if reported is None else reported),
        "last_updated": said(at),
        "context": {"id": "01JDP3V0000000000000000000", "parent_id": None, "user_id": None},
    }


class HomeAssistantServer(LoopbackServer):
    """``states`` are its entities; ``admin`` is whether the token is an administrator's; ``phase`` as its config says.

    With ``live`` (by name) the template engine knows later reports than the states tell.
    """

    def __init__(self, *states: dict[str, object], admin: bool = False) -> None:
        super().__init__()
        self.states = {str(one["entity_id"]): one for one in states}
        self.admin = admin
        self.phase = "RUNNING"
        self.live: dict[str, float] = {}

    def answer(self, asked: Asked) -> Said:
        """As aiohttp and the api component say it."""
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Said(401, b"401: Unauthorized", {"Content-Type": "text/plain; charset=utf-8"})
        path = asked.path
        if asked.method == "POST" and path == "/api/template":
            return self._template(asked)
        if asked.method != "GET":
            return Said(405, b"405: Method Not Allowed", {"Content-Type": "text/plain; charset=utf-8"})
        whole = {
            "/api/states": [*self.states.values()],
            "/api/config": {"state": self.phase, "version": "2026.11.2", "unit_system": {"length": "mi"}},
        }
        if path in whole:
            return Said(200, whole[path])
        if path.startswith("/api/states/"):
            known = self.states.get(path.removeprefix("/api/states/"))
            return Said(200, known) if known else Said(404, {"message": "Entity not found."})
        return Said(404, b"404: Not Found", {"Content-Type": "text/plain; charset=utf-8"})

    def _template(self, asked: Asked) -> Said:
        if not self.admin:
            return Said(401, b"401: Unauthorized", {"Content-Type": "text/plain; charset=utf-8"})
        names = re.findall(r"'([a-z0-9_]+\.[a-z0-9_]+)'", json.loads(asked.body)["template"])
        found = [self.states[name] for name in names if name in self.states]
        told = [
            {key: one[key] for key in ("entity_id", "state", "attributes", "last_updated")}
            | {
                "last_reported": said(self.live[name])
                if (name := str(one["entity_id"])) in self.live
                else one["last_reported"]
            }
            for one in found
        ]
        return Said(200, json.dumps(told).encode(), {"Content-Type": "text/plain; charset=utf-8"})
