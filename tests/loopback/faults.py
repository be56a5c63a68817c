"""What can be wrong with an HTTP answer, by name; a text names one of ``LoopbackServer.breaks``."""

from __future__ import annotations

from loopback.server import Said

FAULTS: dict[str, Said | str] = {
    "401": Said(401, {"status": 401}),
    "403": Said(403, {"status": 403, "detail": "tier"}),
    "404": Said(404, {"status": 404}),
    "410": Said(410, {"status": 410}),
    "429 minute": Said(429, {}, {"Retry-After": "17"}),
    "429 minute by header": Said(429, {}, {"x-ratelimit-remaining-minute": "0"}),
    "429 month": Said(429, {}, {"x-ratelimit-remaining-minute": "7"}),
    "500": Said(500, b"<html>oops</html>", {"Content-Type": "text/html"}),
    "malformed": Said(200, b'{"meters": {'),
    "empty": Said(200, b""),
    "not utf-8": Said(200, b'{"meters": "\xff\xfe"}'),
    "wrong types": Said(200, [1, "two", None]),
    "NaN": Said(200, b'{"overview": NaN, "meters": NaN, "storage": NaN, "unit": "W", "values": NaN}'),
    "infinite": Said(200, b'{"overview": 1e999, "meters": 1e999, "storage": -Infinity, "unit": "W", "values": 1e999}'),
    "nested": Said(200, b"[" * 100_000),
    "captive portal": Said(200, b"<!DOCTYPE html><title>Welcome to Free WiFi</title>", {"Content-Type": "text/html"}),
    "redirect": Said(302, b"", {"Location": "http://127.0.0.1:9/login"}),
    "teapot": Said(418, {}),
    "truncated": "truncated",
    "chunks": "chunks",
    "reset": "reset",
    "endless": "endless",
}
