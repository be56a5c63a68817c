"""A We Connect session of the ``weconnect`` library: its login and its headers, and nothing else of it.

This module imports vendor libraries, so it is imported by ``poll`` only.
"""

from __future__ import annotations

import json
import logging

from weconnect.auth.session_manager import SessionUser
from weconnect.auth.we_connect_session import WeConnectSession
from weconnect.errors import AuthentificationError

from eink_monitor.clock import HOUR
from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Trouble
from eink_monitor.sources._vag.host_guard import HostGuard
from eink_monitor.sources.weconnect.fields import WHO

USUAL = "https://emea.bff.cariad.digital"

_HOSTS = frozenset({"emea.bff.cariad.digital", "identity.vwgroup.io"})
_JOBS = "charging,measurements,fuelStatus"
_CLOSED = "VW closed this interface in May 2026; use type: vw_eu_data_act (or, for a Skoda, type: skoda)"


class VwSession:
    """One account; ``kept`` is what ``keep`` returned after an earlier visit."""

    def __init__(self, username: str, password: str, base_url: str, kept: str) -> None:
        for talker in ("weconnect", "urllib3", "oauthlib"):  # they log VINs and tokens
            logging.getLogger(talker).setLevel(logging.CRITICAL)
        try:
            token, metadata = json.loads(kept)
        except (ValueError, TypeError):
            token, metadata = None, {}
        self._session = WeConnectSession(SessionUser(username, password), token=token, metadata=metadata)
        self._guard = HostGuard(base_url, USUAL, _HOSTS)
        for speaker in (self._session, self._session.websession):
            self._guard.guard(speaker)

    def keep(self) -> str:
        """The session for the next visit, so that nobody signs in at every poll."""
        return json.dumps([self._session.token, self._session.metadata]) if self._session.token else ""

    def status(self, vin: str, now: int) -> object:
        """What the interface knows of the car; it asks VW's server, never the car."""
        url = f"{USUAL}/vehicle/v1/vehicles/{vin}/selectivestatus?jobs={_JOBS}"
        try:
            answer = self._session.get(url, allow_redirects=False)
            if answer.status_code == 401:  # the token expired early
                self._session.login()
                answer = self._session.get(url, allow_redirects=False)
            if answer.status_code in {200, 207}:
                found: object = answer.json()
                return found
            trouble = self._verdict(now)
        except AuthentificationError:
            trouble = self._verdict(now, AuthFailed(f"{WHO} does not accept username and password", "check both"))
        except Exception:  # noqa: BLE001 - a page that the library did not expect raises anything
            trouble = self._verdict(now)
        raise trouble

    def _verdict(self, now: int, otherwise: Trouble | None = None) -> Trouble:
        status = self._guard.status
        if status == 429:
            return Throttled(f"{WHO} says we poll too often", now + HOUR)
        if 400 <= status < 500:
            return Gone(_CLOSED)
        odd = BadAnswer(f"{WHO} sent something that cannot be read; it is ignored")
        return self._guard.trouble(WHO) or otherwise or odd

    def close(self) -> None:
        """Disconnect."""
        self._session.websession.close()
        self._session.close()
