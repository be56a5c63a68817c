"""A MyBMW session of the ``bimmer_connected`` library: its login, its client and its headers.

This module imports vendor libraries, so it is imported by ``poll`` only.
"""

from __future__ import annotations

import asyncio
import logging

logging.getLogger("bimmer_connected").setLevel(logging.CRITICAL)  # it logs VINs, and its own deprecation

import httpx  # noqa: E402 - after the line above
from bimmer_connected.api import authentication  # noqa: E402
from bimmer_connected.api.client import MyBMWClient, MyBMWClientConfiguration  # noqa: E402
from bimmer_connected.api.regions import get_region_from_name, get_server_url  # noqa: E402
from bimmer_connected.const import VEHICLE_STATE_URL, CarBrands  # noqa: E402

from eink_monitor.clock import HOUR  # noqa: E402
from eink_monitor.errors import BadAnswer, Gone, Throttled, Trouble, Unavailable, Unreachable  # noqa: E402
from eink_monitor.outside import is_clean  # noqa: E402
from eink_monitor.sources._http.tokens import Tokens  # noqa: E402
from eink_monitor.sources.bmw_connected.fields import WHO  # noqa: E402

_CLOSED = "BMW closed this interface in September 2025; use type: bmw_cardata"
_HOSTS = (
    "https://cocoapi.bmwgroup.com",
    "https://cocoapi.bmwgroup.us",
    "https://customer.bmwgroup.com",
    "https://login.bmwusa.com",
)
_LED_ASTRAY = "it redirected us to a foreign server, and we did not follow; is a captive portal in the way?"
_NO_CAPTCHA = "none"  # the library requires one; emulators of MyBMW do not


class BmwSession:
    """One account; ``tokens`` is what ``keep`` returned after an earlier visit."""

    def __init__(self, username: str, password: str, region: str, base_url: str, tokens: Tokens | None) -> None:
        logging.getLogger("httpx").setLevel(logging.CRITICAL)
        where = get_region_from_name(region)
        self._url = base_url or get_server_url(where)
        # the login client takes no address; this child is ours
        vars(authentication)["get_server_url"] = lambda _: self._url
        _guard({self._url, *_HOSTS})
        self._guard = authentication.MyBMWAuthentication(
            username,
            password,
            where,
            access_token=tokens.access if tokens else None,
            refresh_token=tokens.refresh if tokens else None,
            gcid=tokens.extra.get("gcid") if tokens else None,
            hcaptcha_token=_NO_CAPTCHA,
        )

    def keep(self) -> Tokens | None:
        """The sign-in as it is now."""
        guard = self._guard
        access, refresh, gcid = guard.access_token or "", guard.refresh_token or "", guard.gcid or ""
        if not (
            access and refresh and (access + refresh + gcid).isascii() and is_clean(access + refresh + gcid, 20_000)
        ):
            return None  # none, or one that could never be sent back
        expires = int(guard.expires_at.timestamp()) if guard.expires_at else 0
        return Tokens(access, refresh, expires, extra={"gcid": gcid})

    def state(self, vin: str, brand: str, now: int) -> object:
        """What BMW's server knows of the car; it does not ask the car."""
        try:
            return asyncio.run(self._state(vin, brand, now))
        except Exception as error:  # noqa: BLE001 - an answer that the library did not expect raises anything
            trouble = _verdict(error, now)
        raise trouble

    async def _state(self, vin: str, brand: str, now: int) -> object:
        config = MyBMWClientConfiguration(self._guard)
        async with MyBMWClient(config, brand=CarBrands(brand), base_url=self._url) as client:
            asked = {"apptimezone": 0, "appDateTime": now * 1000}
            answer = await client.get(VEHICLE_STATE_URL, params=asked, headers={"bmw-vin": vin})
            found: object = answer.json()
            return found


class _Elsewhere(httpx.TransportError):
    """An answer led to a foreign server."""


def _guard(hosts: set[str]) -> None:
    """Let this child connect to ``hosts`` only: the server's answer decides where the password goes."""
    known = {_origin(httpx.URL(host)) for host in hosts}
    passed = _guard.__dict__.setdefault("passed", httpx.AsyncHTTPTransport.handle_async_request)

    async def send(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        if _origin(request.url) not in known or request.url.userinfo:
            raise _Elsewhere(_LED_ASTRAY)
        answer: httpx.Response = await passed(self, request)
        return answer

    setattr(httpx.AsyncHTTPTransport, "handle_async_request", send)  # noqa: B010 - the library makes clients as it likes


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _verdict(error: Exception, now: int) -> Trouble:
    """What the library's error means, by the HTTP error behind it; its text may hold anything."""
    behind: BaseException | None = error
    while behind is not None and not isinstance(behind, httpx.HTTPError):
        behind = behind.__cause__ or behind.__context__
    if isinstance(behind, httpx.HTTPStatusError):
        status = behind.response.status_code
        if status == 429 or (status == 403 and "quota" in behind.response.text.lower()):
            return Throttled(f"{WHO} says we poll too often", now + HOUR)
        if status >= 500:
            return Unavailable(f"{WHO} reports an internal error ({status}); trying again later")
        return Gone(_CLOSED)
    if isinstance(behind, httpx.TransportError):
        return _no_answer(behind)
    return BadAnswer(f"{WHO} sent something that cannot be read; it is ignored")


def _no_answer(error: httpx.TransportError) -> Unavailable:
    """Why there was no answer."""
    if isinstance(error, _Elsewhere):
        return Unavailable(f"{WHO}: {_LED_ASTRAY}")
    never = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
    slow = isinstance(error, httpx.TimeoutException)
    words = "did not answer in time; is the internet connection slow" if slow else _NOT_THERE
    return (Unreachable if never else Unavailable)(f"{WHO}: the server {words}?")


_NOT_THERE = "cannot be reached; is the internet connection up"
