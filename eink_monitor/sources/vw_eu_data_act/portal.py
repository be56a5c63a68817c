"""The EU Data Act portal through the connector's client, which knows the login; nothing else of it is used.

Only ``EudaApiClient`` and ``Dataset`` are used. ``CarConnectivity`` itself would ask a time server at start, take over
logging, run threads, write tokens carelessly and date values by the clock. This module imports vendor libraries, so it
is imported by ``poll`` only.
"""

from __future__ import annotations

import io
import json
import logging
import zipfile
import zlib
from collections.abc import Callable
from typing import TypeVar

from carconnectivity.errors import TooManyRequestsError
from carconnectivity_connectors.vw_eu_data_act import client as connector

from eink_monitor.clock import MINUTE
from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Trouble
from eink_monitor.outside import is_clean
from eink_monitor.sources._vag.host_guard import HostGuard
from eink_monitor.sources.vw_eu_data_act.files import WHO

_T = TypeVar("_T")
_LONG_ENOUGH = 15 * MINUTE  # the portal's own rhythm
_HOSTS = frozenset({connector.PORTAL_HOST, connector.IDENTITY_HOST})
_LARGEST = 20_000_000  # bytes of JSON; real files have some 100,000
_MOST_ENTRIES = 100  # of a ZIP; real ones have one
_ENTRY = b"PK\x01\x02"  # the mark of each in the list at the end
_BROWSER = f"sign in once in a browser at {connector.BASE_URL}"


class Portal(connector.EudaApiClient):  # type: ignore[misc] # untyped
    """One account's session; ``session`` is what ``keep`` returned after an earlier visit."""

    def __init__(self, username: str, password: str, brand: str, base_url: str, session: str) -> None:
        for talker in ("carconnectivity", "urllib3"):  # they log VINs
            logging.getLogger(talker).setLevel(logging.CRITICAL)
        connector.LOG.setLevel(logging.CRITICAL)
        super().__init__(username, password, country="de", language="de", brand=brand, timeout=20)
        self._guard = HostGuard(base_url, connector.BASE_URL, _HOSTS)
        self._guard.guard(self._session)
        self._restore(session)

    def identifier(self, vin: str, now: int) -> str:
        """The id of the continuous data request; ``AuthFailed`` where none was made in the portal."""
        told = self._plainly(lambda: self.get_metadata(vin), now, missing=AuthFailed(_NO_REQUEST))
        found = told.get("Identifier") or told.get("identifier") if isinstance(told, dict) else None
        if isinstance(found, str) and found.isascii() and is_clean(found, 200):
            return found
        raise AuthFailed(_NO_REQUEST)

    def listing(self, vin: str, identifier: str, now: int) -> list[object]:
        """What can be downloaded; empty also where the identifier is not the current one."""
        try:
            listed = self._plainly(lambda: self.list_datasets(vin, identifier), now, missing=BadAnswer(_UNREADABLE))
        except BadAnswer:
            if self._guard.status in {400, 404}:
                return []
            raise
        if isinstance(listed, list):
            return list(listed)
        message = f"{WHO}: the list of files is not a list"
        raise BadAnswer(message)

    def content(self, vin: str, identifier: str, name: str, now: int) -> object:
        """The JSON inside one delivery."""
        return self._plainly(lambda: self.download_dataset(vin, identifier, name), now, missing=BadAnswer(_UNREADABLE))

    def keep(self) -> str:
        """The session for the next visit, so that nobody signs in at every poll."""
        return json.dumps(
            [
                [cookie.name, cookie.value, cookie.domain, cookie.path]
                for cookie in self._session.cookies
                if connector.PORTAL_HOST.endswith(cookie.domain.lstrip("."))
            ]
        )

    def _restore(self, session: str) -> None:
        try:
            for name, value, domain, path in json.loads(session or "[]"):
                self._session.cookies.set(str(name), str(value), domain=str(domain), path=str(path), secure=True)
        except (ValueError, TypeError):
            return
        self._logged_in = "access_token" in self._session.cookies

    def _plainly(self, act: Callable[[], _T], now: int, missing: Trouble) -> _T:
        """Do it, and report errors in our own words: the connector's contain URLs with VINs."""
        try:
            return act()
        except Trouble:
            raise
        except TooManyRequestsError as error:
            asked = error.retry_after if isinstance(error.retry_after, int) else _LONG_ENOUGH
            trouble: Trouble = Throttled(f"{WHO} says we poll too often", now + max(asked, MINUTE))
        except connector.AuthError as error:
            trouble = self._guard.trouble(WHO) or _refusal(str(error))
        except connector.ApiError:
            trouble = self._guard.trouble(WHO) or self._status_trouble(missing)
        except Exception:  # noqa: BLE001 - a page or a list that the connector did not expect raises anything
            trouble = self._guard.trouble(WHO) or BadAnswer(_UNREADABLE)
        raise trouble

    def _status_trouble(self, missing: Trouble) -> Trouble:
        status = self._guard.status
        if status == 410:
            return Gone(
                f"{WHO} has closed this interface", "is there a newer carconnectivity-connector-vw-eu-data-act?"
            )
        if status in {401, 403}:
            return AuthFailed(f"{WHO} does not let us see this car", f"{_BROWSER} and link the car there")
        if status in {400, 404}:
            return missing
        return BadAnswer(_UNREADABLE)

    @staticmethod
    def _unzip_json(raw: bytes, name: str) -> object:  # noqa: ARG004 - the connector's signature
        """The first JSON in a ZIP of bounded size, whatever the ZIP says of itself."""
        try:
            if raw.count(_ENTRY) <= _MOST_ENTRIES:  # before a list of hundreds of thousands is made
                found: object = json.loads(_unpacked(raw).decode("utf-8-sig"))
                return found
        except (zipfile.BadZipFile, zlib.error, ValueError, StopIteration, EOFError, NotImplementedError, RuntimeError):
            pass  # RuntimeError: the entry wants a password; a RecursionError is one too
        raise BadAnswer(_UNREADABLE)


def _unpacked(raw: bytes) -> bytes:
    """The bytes of the first JSON, counted as they are unpacked: sizes in a ZIP are claims. Raises ``ValueError``."""
    content = bytearray()
    with zipfile.ZipFile(io.BytesIO(raw)) as box:
        inside = next(entry for entry in box.infolist() if entry.filename.lower().endswith(".json"))
        with box.open(inside) as file:
            while piece := file.read(1 << 16):
                content += piece
                if len(content) > _LARGEST:
                    raise ValueError
    return bytes(content)


def _refusal(words: str) -> Trouble:
    """What the connector found on the login page, in our words."""
    for sign, meaning in (
        ("terms", f"wants its new terms accepted; {_BROWSER}, accept them, and start again"),
        ("consent", f"has a question about consent; {_BROWSER}, answer it, and start again"),
        ("email", f"does not accept username and password; check both, and {_BROWSER}"),
    ):
        if sign in words.lower():
            return AuthFailed(f"{WHO} {meaning}")
    return AuthFailed(
        f"{WHO} does not let us sign in; {_BROWSER}. If that works, its login has changed: "
        "update carconnectivity-connector-vw-eu-data-act"
    )


_UNREADABLE = f"{WHO} sent something that cannot be read; it is ignored"
_NO_REQUEST = (
    f'{WHO} has no continuous data request for this car; {_BROWSER}, choose "Get customised data", then a continuous '
    "request every 15 minutes"
)
