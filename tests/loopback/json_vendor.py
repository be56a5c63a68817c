"""Imitates vendors that answer in JSON, from small pieces: routes, tokens, scarce points, pages, tags and bad days.

    with JsonVendor() as vendor:
        vendor.routes["/v1/orders"] = Said(200, {"count": 3})
        vendor.routes["/v1/stock"] = lambda asked: {"sku": asked.params["sku"]}   # or any function of the request
        vendor.tokens = Tokens("shop", "s3cret", lives=86_400)                    # POST /oauth/token
        vendor.guarded = ("/v1/",)                                                # 401 there without a token of ours
        vendor.date_header = http_date(NOW)                                              # "" is none

``vendor.asked`` are the requests, ``vendor.log`` their first lines: ``vendor.never_logged(secret)``.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import parse_qsl

from loopback.server import Asked, LoopbackServer, Said

Route = Said | Callable[[Asked], object]
"""An answer, or a function of the request that makes one: a ``Said``, or what it says in JSON."""


def http_date(at: int) -> str:
    """Epoch seconds as a Date header has them."""
    return formatdate(at, usegmt=True)


@dataclass
class Tokens:
    """A token endpoint: counts what it issues; the token before the last one no longer holds.

    ``rotates`` is whether each refresh replaces the refresh token and revokes the one before.
    """

    client_id: str = "client"
    client_secret: str = "s3cret"
    lives: object = 86_399
    path: str = "/oauth/token"
    refresh: str = "refresh-0"
    rotates: bool = True
    more: Mapping[str, object] = field(default_factory=dict)
    issued: int = 0
    refreshed: int = 0

    @property
    def current(self) -> str:
        return f"token-{self.issued}"

    def answer(self, asked: Asked) -> Said:
        form = dict(parse_qsl(asked.body.decode()))
        if "json" in asked.headers.get("Content-Type", ""):
            form = json.loads(asked.body)
        basic = asked.headers.get("Authorization", "").removeprefix("Basic ")
        if basic:
            form["client_id"], _, form["client_secret"] = base64.b64decode(basic).decode().partition(":")
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return Said(400, {"error": "invalid_client", "error_description": "no such app"})
        known: dict[str, object] = {"token_type": "Bearer", "expires_in": self.lives, **self.more}
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") != self.refresh:
                return Said(400, {"error": "invalid_grant"})
            self.refreshed += 1
            if self.rotates:
                self.refresh = f"refresh-{self.refreshed}"
                known["refresh_token"] = self.refresh
        elif form.get("grant_type") != "client_credentials":
            return Said(400, {"error": "unsupported_grant_type"})
        self.issued += 1
        return Said(200, {"access_token": self.current, **known})


@dataclass
class Bucket:
    """Points that leak back with time, as Shopify's GraphQL counts them; ``now`` is a clock."""

    now: Callable[[], float]
    most: float = 2000
    restores: float = 100  # a second
    cost: float = 12
    _left: float = -1
    _at: float = 0

    def spend(self) -> tuple[bool, dict[str, object]]:
        """Whether there was enough, and what ``extensions`` say."""
        now = self.now()
        left = self.most if self._left < 0 else min(self.most, self._left + (now - self._at) * self.restores)
        enough = left >= self.cost
        self._left, self._at = left - self.cost * enough, now
        state = {"maximumAvailable": self.most, "currentlyAvailable": self._left, "restoreRate": self.restores}
        return enough, {
            "cost": {"requestedQueryCost": self.cost, "actualQueryCost": self.cost, "throttleStatus": state}
        }


@dataclass
class Feed:
    """A list in pages of ``size``; ``grows`` is how many new items come before the first one after each page.

    ``style`` says how it leads on: "link" (a Link header), "cursor" (``next`` in the body, ``?after=`` in the query),
    "page" (``?page=``, and ``totalPages``), "url" (a whole address in ``next``).
    """

    items: list[object]
    size: int = 2
    style: str = "cursor"
    grows: int = 0

    def answer(self, asked: Asked, url: str) -> Said:
        start = int(asked.params.get("after") or 0) if self.style != "page" else 0
        start = self.size * int(asked.params.get("page") or 0) if self.style == "page" else start
        shown, end = self.items[start : start + self.size], start + self.size
        more = end < len(self.items)
        body: dict[str, object] = {"items": shown, "total": len(self.items)}
        headers = {}
        if self.style == "link" and more:
            headers["Link"] = f'<{url}{asked.path}?after={end}>; rel="next", <{url}{asked.path}>; rel="first"'
        elif self.style == "cursor":
            body |= {"next": str(end) if more else None}
        elif self.style == "url":
            body |= {"next": f"{url}{asked.path}?after={end}" if more else ""}
        elif self.style == "page":
            body |= {"page": start // self.size, "totalPages": -(-len(self.items) // self.size)}
        for number in range(self.grows):
            self.items.insert(0, {"id": f"new {len(self.items)} {number}"})
        return Said(200, body, headers)


class JsonVendor(LoopbackServer):
    """See the head of this file. ``tagged`` paths have an ETag and say 304; ``always`` are headers of every answer."""

    def __init__(self) -> None:
        super().__init__()
        self.routes: dict[str, Route | Feed] = {}
        self.operations: dict[str, object] = {}  # of POST /graphql, by a word of the query: its ``data``
        self.tokens: Tokens | None = None
        self.guarded: Sequence[str] = ()
        self.bucket: Bucket | None = None
        self.tagged: Sequence[str] = ()
        self.packed = False  # gzip, where the request takes it
        self.always: dict[str, str] = {}

    def answer(self, asked: Asked) -> Said:
        said = self._said(asked)
        headers = {**self.always, **said.headers}
        if any(asked.path.startswith(path) for path in self.tagged) and said.status == 200:
            tag = f'"{hashlib.sha256(said.content()).hexdigest()[:16]}"'
            if asked.headers.get("If-None-Match") == tag:
                return Said(304, b"", {**headers, "ETag": tag})
            headers["ETag"] = tag
        body = said.content()
        if self.packed and "gzip" in asked.headers.get("Accept-Encoding", ""):
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        return Said(said.status, body, headers)

    def _said(self, asked: Asked) -> Said:
        if self.tokens and asked.path == self.tokens.path:
            return self.tokens.answer(asked)
        if any(asked.path.startswith(path) for path in self.guarded) and not self._is_known(asked):
            return Said(401, {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"})
        if asked.path.endswith("graphql.json") or asked.path == "/graphql":
            return self._graphql(asked)
        route = self.routes.get(asked.path, Said(404, {"errors": "Not Found"}))
        if isinstance(route, Feed):
            return route.answer(asked, self.url)
        said = route if isinstance(route, Said) else route(asked)
        return said if isinstance(said, Said) else Said(200, said)

    def _is_known(self, asked: Asked) -> bool:
        given = [asked.headers.get(name, "") for name in ("Authorization", "X-Shopify-Access-Token", "Access-Token")]
        return (
            self.tokens is not None
            and self.tokens.issued > 0
            and any(text.removeprefix("Bearer ") == self.tokens.current for text in given)
        )

    def _graphql(self, asked: Asked) -> Said:
        """By operation; points that run out are told with status 200, as Shopify does."""
        query = json.loads(asked.body).get("query", "")
        enough, extensions = self.bucket.spend() if self.bucket else (True, {})
        if not enough:
            error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return Said(200, {"errors": [error], "extensions": extensions})
        for word, data in self.operations.items():
            if word in query:
                return Said(200, {"data": data(asked) if callable(data) else data, "extensions": extensions})
        error = {"message": "Field doesn't exist", "extensions": {"code": "undefinedField"}}
        return Said(200, {"errors": [error], "extensions": extensions})

    def never_logged(self, *secrets: str) -> bool:
        """Whether no address that was asked for held one of these."""
        return not any(secret in line for line in self.log for secret in secrets)


BAD_DAYS: dict[str, Said] = {
    "maintenance page with 200": Said(
        200, b"<!DOCTYPE html><h1>Down for maintenance</h1>", {"Content-Type": "text/html"}
    ),
    "text error with 200": Said(200, b"Too many requests, try again", {"Content-Type": "text/plain"}),
    "wrong charset": Said(
        200, '{"name": "G\u00f6del"}'.encode("latin-1"), {"Content-Type": "application/json; charset=utf-8"}
    ),
    "unknown charset": Said(200, b'{"a": 1}', {"Content-Type": "application/json; charset=rot13"}),
    "payment": Said(402, {"errors": "Unavailable Shop"}),
    "forbidden": Said(403, {"errors": "no access"}),
    "locked": Said(423, {"errors": "locked"}),
    "security": Said(430, {"errors": "blocked"}),
    "overloaded": Said(529, {"type": "error"}),
    "float Retry-After": Said(429, {"errors": "Exceeded 2 calls per second"}, {"Retry-After": "2.0"}),
    "errors in a 200": Said(
        200, {"errors": [{"message": "Internal", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}
    ),
    "code in a 200": Said(200, {"code": 40001, "message": "no permission", "data": {}}),
    "only a number": Said(200, 7),
    "empty list": Said(200, []),
    "null": Said(200, b"null"),
    "empty": Said(200, b""),
}
"""Answers of vendors on a bad day, beyond ``FAULTS``; ``BOM`` and ``UTF16`` are good ones that look odd."""

BOM = b"\xef\xbb\xbf"


def utf16(document: object) -> Said:
    """A document in UTF-16 with its mark."""
    return Said(200, json.dumps(document).encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"})
