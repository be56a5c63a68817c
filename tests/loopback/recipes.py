"""Recordings of recipes, played by a server on 127.0.0.1: what a vendor answered, and what it must become.

A recording is ``tests/recipes/NAME/*.json``:

- ``now`` (epoch seconds), ``zone``, ``settings``: when, where, and what the recipe takes beside its examples
- ``answers``: ``status``, ``headers``, ``body``, in the order of the requests
- ``asked``: ``method``, ``path``, ``params``, ``headers`` of the requests, as far as it says
- ``error``: the word of the outcome, and ``words`` of its sentence; or
- ``readings`` (subject, metric, value, at), ``listings``, ``events`` and the ``note``
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from eink_monitor.clock import FastClock
from eink_monitor.config import recipes
from eink_monitor.config.recipes import RecipeSource
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Listing
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.settings import Secret
from loopback.server import Asked, LoopbackServer, Said

Recording = Mapping[str, Any]
FOLDER = Path(__file__).parent.parent / "recipes"
SUBJECT = "it"
_SECRET = "s3cret-of-"
_EXAMPLES = {"text": "1", "personal": "me", "whole": "1", "number": "1", "duration": "1h", "timezone": "Europe/Berlin"}
_COUNT = count()


class Recorded(LoopbackServer):
    """Gives the answers of a recording one after the other, and the last one again and again."""

    date_header = ""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self.answers = list(recording.get("answers", ()))
        self.given = 0

    def answer(self, asked: Asked) -> Said:
        self.asked[-1] = dataclasses.replace(asked, path=re.sub("^/~[^~]*~", "", asked.path))
        said = self.answers[min(self.given, len(self.answers) - 1)]
        self.given += 1
        body = said.get("body", "")
        content = body.encode() if isinstance(body, str) else body
        return Said(said.get("status", 200), content, said.get("headers", {}))


def recordings(name: str) -> dict[str, Recording]:
    """Those of a recipe by their names."""
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted((FOLDER / name).glob("*.json"))}


def source(file: Path, folder: Path, url: str, settings: Mapping[str, Any]) -> RecipeSource:
    """A source of a recipe that asks the server at ``url``, wherever its vendor lives."""
    text = file.read_text(encoding="utf-8")
    text = re.sub(r"((?:url|token_url): *[\"']?)https://((?:\{\{\w+\}\}|[^/\s\"',{}])+)", partial(_here, url), text)
    text = re.sub(r"^  hosts: .*\n", "", text, flags=re.MULTILINE)
    copy = folder / f"{next(_COUNT)}" / file.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(text, encoding="utf-8")
    kind = recipes.made(copy)
    return kind(**filled(kind, url, settings))


def _here(url: str, found: re.Match[str]) -> str:
    """The address of the server; names of a vendor's host go into the path, which drops them."""
    return f"{found[1]}{url}/~{found[2]}~" if "{{" in found[2] else f"{found[1]}{url}"


def filled(kind: type[RecipeSource], url: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a recipe takes: as ``settings`` say, a host is that of the server, else its example."""
    found: dict[str, Any] = {}
    for name, take in kind.recipe.takes.items():
        if name in settings:
            found[name] = take.value(str(settings[name]))
        elif take.type == "host":
            found[name] = take.value(url.partition("://")[2])
        elif name == "scheme":
            found[name] = "http"
        elif take.default is None:
            usual = take.choices[0] if take.choices else _EXAMPLES.get(take.type, "")
            secret = service_account() if signs(kind) else _SECRET + name
            found[name] = Secret(secret) if take.type == "secret" else take.value(take.example or usual)
    return found


def signs(kind: type[RecipeSource]) -> bool:
    """Whether its secret is a key with which it signs."""
    return "cryptography" in kind.recipe.door.modules(kind.recipe.block)


@cache
def service_account() -> str:
    """The file of a service account of Google, as far as it is used."""
    key = rsa.generate_private_key(65537, 2048)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return json.dumps(
        {
            "type": "service_account",
            "client_email": "panel@project.iam.example",
            "private_key": key.private_bytes(*form).decode(),
        }
    )


def visit(made: RecipeSource, recording: Recording, state: Path) -> Visit:
    """A visit at the time and in the zone of a recording."""
    zone = ZoneInfo(recording.get("zone", "Europe/Berlin"))
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = Visit("it", SUBJECT, FastClock(recording["now"]).now(), zone, int(made.usual), {}, state)
    found.allowance = made.cost(found)
    return found


def told(said: list[Any]) -> dict[str, list[Any]]:
    """What a poll said, as a recording has it."""
    readings = [[r.subject, r.metric.name, r.metric.rounded(r.value), r.at] for r in said if isinstance(r, Reading)]
    return {
        "readings": [[*one[:2], float(f"{one[2]:.12g}"), one[3]] for one in readings],
        "listings": [
            dataclasses.asdict(one) | {"items": [list(row) for row in one.rows()]}
            for one in said
            if isinstance(one, Listing)
        ],
        "events": [dataclasses.asdict(one) for one in said if isinstance(one, Event)],
    }
