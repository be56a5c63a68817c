"""Calls to evcc, and how often each is made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from eink_monitor.clock import local
from eink_monitor.errors import AuthFailed, BadAnswer, Trouble, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.sources._http.answer import Answer, judge, rows, said_at, table
from eink_monitor.sources._http.notebook import Notebook
from eink_monitor.sources._http.web import Web

WHO = "evcc"
_TURN = 7  # days of a month in which a session of the month before may still be new
_REFUSED = AuthFailed(f"{WHO} wants a password", "use its address in the house, such as http://evcc.local:7070")
_MEANINGS: Mapping[int, Trouble] = {
    401: _REFUSED,
    403: _REFUSED,
    404: BadAnswer(f"there is no {WHO} at base_url (404)", "check the address; its port is 7070"),
    502: Unavailable(f"{WHO} is restarting, or its proxy does not reach it; trying again later"),
}


class Calls:
    """evcc during one visit. ``said_at`` is the time by its clock, of the state it told."""

    def __init__(self, base_url: str, visit: Visit) -> None:
        self._visit = visit
        self._web = Web(base_url, WHO, visit)
        self._notebook = Notebook(visit.state, "evcc")
        self._known = self._notebook.read()
        self._now = dict(self._known)
        self.said_at = 0

    def state(self) -> Mapping[str, object]:
        """Everything that it knows now; older releases wrapped it."""
        answer = self._get("/api/state")
        document = table(_unwrapped(judge(answer, self._visit.now, _MEANINGS).json()), WHO, "its state")
        if document.get("fatal"):
            raise Unavailable(f"{WHO} has not started: its configuration is wrong", "look at its page or its log")
        if document.get("startupCompleted") is False:
            raise Unavailable(f"{WHO} is starting; trying again later")
        self.said_at = said_at(answer.headers)
        if not self.said_at:
            raise BadAnswer(f"{WHO} does not say what time it is: there is no Date header", "ask it without a proxy")
        return document

    def rates(self) -> list[object]:
        """The slots of the grid's tariff; empty where it has none."""
        answer = self._get("/api/tariff/grid")
        if answer.status in {400, 404}:
            return []
        document = _unwrapped(judge(answer, self._visit.now, _MEANINGS).json())
        return rows(table(document, WHO, "the tariff").get("rates") or [], WHO, "rates")

    def sessions(self) -> list[object]:
        """The charging sessions of this month, and, where some of them may be new, of the one before, oldest first."""
        today = local(self._visit.now, self._visit.zone).date()
        months = [today.replace(day=1)]
        if today.day <= _TURN or "sessions" not in self._known:
            months.insert(0, (months[0] - timedelta(1)).replace(day=1))
        return [session for month in months for session in self._sessions(month)]

    def _sessions(self, month: date) -> list[object]:
        answer = self._get("/api/sessions", {"year": str(month.year), "month": str(month.month)})
        if answer.status in {404, 409}:  # an evcc without a database
            return []
        return rows(_unwrapped(judge(answer, self._visit.now, _MEANINGS).json()) or [], WHO, "the sessions")

    def is_due(self, what: str, every: int) -> bool:
        """Whether something was not asked for within so many seconds; from now on it was."""
        last = self._known.get(what)
        due = not isinstance(last, int) or not 0 <= self._visit.now - last < every
        if due:
            self._now[what] = self._visit.now
        return due

    def remember(self) -> None:
        """Keep what was asked for, once all of it went well."""
        self._notebook.write(self._now)

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        return self._web.get(path, params, cost=0)


def _unwrapped(document: object) -> object:
    return document["result"] if isinstance(document, dict) and set(document) == {"result"} else document
