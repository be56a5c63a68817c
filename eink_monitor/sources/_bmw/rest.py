"""BMW CarData over REST: one call for all values of a car, once its container (the list of values) exists.

Quota: 50 calls a day for an account, container calls included; so the container is made once and its id kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from eink_monitor.clock import HOUR
from eink_monitor.errors import AuthFailed, BadAnswer, Throttled, Trouble, Unavailable
from eink_monitor.model import Visit
from eink_monitor.sources._bmw.account import Account
from eink_monitor.sources._bmw.descriptors import WHO
from eink_monitor.sources._http.answer import Answer, judge, retry_after, rows, table, text
from eink_monitor.sources._http.notebook import Notebook
from eink_monitor.sources._http.web import Web

_CONTAINERS = "/customers/containers"
_REMAKE = 2  # calls to find or make a container


class Rest:
    """The data interface during one visit; ``wanted`` are the descriptors of the container."""

    def __init__(self, base_url: str, account: Account, visit: Visit, wanted: list[str]) -> None:
        self._web = Web(base_url, WHO, visit)
        self._account = account
        self._visit = visit
        self._wanted = wanted
        self._label = container_label(wanted)
        self._notes = Notebook(account.folder(visit.state), "containers")
        self._refused = Notebook(visit.state, "refused")  # the last call, and none was left to try the renewed token
        self._access = ""

    def telematics(self, vin: str) -> object:
        """All values of a car, as JSON. A container that BMW has lost (CU-105) is made anew, once."""
        known = self._notes.read().get(self._label)
        if not isinstance(known, str):
            return self._ask(vin, self._container()).json()
        answer = self._ask(vin, known, lost_is_fine=True)
        if _complaint(answer) != "CU-105":
            return answer.json()
        self._note_container(None)
        if self._visit.allowance - self._visit.spent <= _REMAKE:
            message = f"{WHO} has lost the list of values we want; it is made again at the next poll"
            raise Unavailable(message)
        return self._ask(vin, self._container()).json()

    def _ask(self, vin: str, container: str, *, lost_is_fine: bool = False) -> Answer:
        path = f"/customers/vehicles/{vin}/telematicData"
        answer = self._call(lambda headers: self._web.get(path, {"containerId": container}, headers))
        if lost_is_fine and _complaint(answer) == "CU-105":
            return answer
        return self._checked(answer)

    def _container(self) -> str:
        """Find the container that an earlier installation made, else make it: every stray one doubles the stream."""
        listed = self._checked(self._call(lambda headers: self._web.get(_CONTAINERS, headers=headers))).json()
        for each in rows(table(listed, WHO, "the containers").get("containers", []), WHO, "containers"):
            known = table(each, WHO, "a container")
            if known.get("name") == self._label and known.get("state", "ACTIVE") == "ACTIVE":
                return self._note_container(text(known.get("containerId"), WHO, "containerId"))
        new = {"name": self._label, "purpose": "e-ink panel at home", "technicalDescriptors": self._wanted}
        made = self._checked(self._call(lambda headers: self._web.post_json(_CONTAINERS, new, headers))).json()
        return self._note_container(text(table(made, WHO, "the container").get("containerId"), WHO, "containerId"))

    def _note_container(self, container: str | None) -> str:
        notes = {key: value for key, value in self._notes.read().items() if key != self._label}
        self._notes.write(notes | ({self._label: container} if container else {}))
        return container or ""

    def _call(self, send: Callable[[dict[str, str]], Answer]) -> Answer:
        """Send with our token; if BMW has dropped it before its time, once more with a new one."""
        self._access = self._access or self._account.tokens(self._visit, self._visit.now).access
        answer = send(self._headers())
        if answer.status != 401:
            self._refused.write({})
            return answer
        if self._visit.allowance <= self._visit.spent and self._refused.read():
            return answer  # the token is the one that was renewed for the same reason
        self._access = self._account.tokens(self._visit, self._visit.now, rejected=self._access).access
        if self._visit.allowance <= self._visit.spent:
            self._refused.write({"at": self._visit.now})
            message = f"{WHO} wanted a new token; it has one for the next poll"
            raise Unavailable(message)
        return send(self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._access}", "x-version": "v1"}

    def _checked(self, answer: Answer) -> Answer:
        now = self._visit.now
        if _complaint(answer) == "CU-429" or answer.status == 429:
            wait = retry_after(answer, now) or HOUR - now % HOUR  # when the day's quota comes back is not known
            message = f"{WHO}: today's 50 calls of this account are used up; the car is asked again later"
            raise Throttled(message, now + wait)
        if _complaint(answer) == "CU-105":
            message = f"{WHO} has lost the list of values we want twice in a row; trying again later"
            raise Unavailable(message)
        again = f"eink-monitor login {self._visit.feed}"
        verdicts: dict[int, Trouble] = {
            401: AuthFailed(f"{WHO} refuses the sign-in although it was just renewed; sign in again: {again}"),
            403: AuthFailed(
                f"{WHO} does not show us this car; its primary user must subscribe it to CarData API, then sign in "
                f"again: {again}"
            ),
            404: BadAnswer(f"{WHO} does not know this car; check vin in the configuration"),
        }
        return judge(answer, now, verdicts)


def container_label(wanted: list[str]) -> str:
    """What we call a container of these descriptors; another set of them gets another container."""
    return f"eink-monitor {hashlib.sha256(' '.join(wanted).encode()).hexdigest()[:6]}"


def _complaint(answer: Answer) -> str:
    """BMW's own error code, such as CU-429, or nothing."""
    if answer.status < 400:
        return ""
    try:
        told = table(answer.json(), WHO, "the error")
    except Trouble:
        return ""
    code = told.get("exveErrorId")
    return code if isinstance(code, str) else ""
