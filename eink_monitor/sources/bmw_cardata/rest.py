"""BMW CarData over REST: one call for all values of a car, once its container (the list of values) exists.

Quota: 50 calls a day for an account, container calls included; so the container is made once and its id kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from eink_monitor.clock import HOUR, local
from eink_monitor.errors import AuthFailed, BadAnswer, Throttled, Trouble, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.sources._http.answer import Answer, judge, retry_after, rows, table, text
from eink_monitor.sources._http.notebook import Notebook
from eink_monitor.sources._http.web import Web
from eink_monitor.sources.bmw_cardata.catalogue import WHO
from eink_monitor.sources.bmw_cardata.signin import Account

_CONTAINERS = "/customers/containers"
_REMAKE = 2  # calls to find or make a container
_PAUSE = 6 * HOUR


class Rest:
    """The data interface during one visit; ``wanted`` are the descriptors of the container.

    BMW refuses to make one for some cars as long as a descriptor that the car does not know is in it: then it is made
    of ``fewer``, and that is remembered.
    """

    def __init__(self, base_url: str, account: Account, visit: Visit, wanted: list[str], fewer: list[str]) -> None:
        self._web = Web(base_url, WHO, visit)
        self._account = account
        self._visit = visit
        self._notes = Notebook(account.folder(visit.state), "containers")
        self._whole, self._fewer = wanted, fewer
        self._wanted = which(self._notes.read(), wanted, fewer)
        self._refused = Notebook(visit.state, "refused")  # the last call, and none was left to try the renewed token
        self._access = ""

    def telematics(self, vin: str) -> object:
        """All values of a car, as JSON. A container that BMW has lost (CU-105) is made again, once."""
        known = self._notes.read().get(container_label(self._wanted))
        if not isinstance(known, str):
            return self._ask(vin, self._container()).json()
        answer = self._ask(vin, known, lost_is_fine=True)
        if _complaint(answer) != "CU-105":
            return answer.json()
        self._note_container(None)
        if self._visit.allowance - self._visit.spent <= _REMAKE:
            message = f"{WHO} has lost our list of values (container); the next poll makes it again"
            raise Unavailable(message)
        return self._ask(vin, self._container()).json()

    def _ask(self, vin: str, container: str, *, lost_is_fine: bool = False) -> Answer:
        path = f"/customers/vehicles/{vin}/telematicData"
        answer = self._call(lambda headers: self._web.get(path, {"containerId": container}, headers))
        if lost_is_fine and _complaint(answer) == "CU-105":
            return answer
        return self._checked(answer)

    def _container(self) -> str:
        """Find the container that an earlier installation made, else make one: every extra one doubles the stream."""
        self._not_again_yet()
        listed = self._checked(self._call(lambda headers: self._web.get(_CONTAINERS, headers=headers))).json()
        known = {}
        for each in rows(table(listed, WHO, "the containers").get("containers", []), WHO, "containers"):
            entry = each if isinstance(each, dict) else {}
            if entry.get("state", "ACTIVE") == "ACTIVE":
                known[entry.get("name")] = entry.get("containerId")
        if (found := known.get(container_label(self._wanted))) is not None:
            return self._note_container(text(found, WHO, "containerId"))
        answer = self._make()
        if self._wanted is self._whole and _is_about_the_list(answer):
            self._wanted = self._fewer
            self._note_fewer(1)
            if self._visit.allowance - self._visit.spent < _REMAKE:
                message = f"{WHO} rejects some of the values we want; the next poll asks for fewer"
                raise Unavailable(message)
            answer = self._make()
        if _is_about_the_list(answer) or _complaint(answer) == "CU-124":
            self._note_fewer(None)  # the values were not the reason
            self._notes.write(
                self._notes.read() | {_REFUSED: _complaint(answer) or "500", _REFUSED_AT: self._visit.now}
            )
            self._not_again_yet()
        made = table(self._checked(answer).json(), WHO, "the container")
        return self._note_container(text(made.get("containerId"), WHO, "containerId"))

    def _make(self) -> Answer:
        new = {
            "name": container_label(self._wanted),
            "purpose": "e-ink panel at home",
            "technicalDescriptors": self._wanted,
        }
        return self._call(lambda headers: self._web.post_json(_CONTAINERS, new, headers))

    def _not_again_yet(self) -> None:
        """Do not spend two calls per poll on what was just refused."""
        notes = self._notes.read()
        at = notes.get(_REFUSED_AT)
        if isinstance(at, int) and 0 <= self._visit.now - at < _PAUSE:
            words = _OF_CONTAINERS.get(str(notes.get(_REFUSED)), _OF_CONTAINERS[""])
            again = local(at + _PAUSE, self._visit.zone)
            raise BadAnswer(f"{WHO} {words}; tried again at {again:%H:%M}")

    def _note_fewer(self, flag: int | None) -> None:
        mark = _refusal_of(self._whole)
        notes = {key: value for key, value in self._notes.read().items() if key != mark}
        self._notes.write(notes | ({mark: flag} if flag else {}))

    def _note_container(self, container: str | None) -> str:
        label = container_label(self._wanted)
        notes = {key: value for key, value in self._notes.read().items() if key not in {label, _REFUSED, _REFUSED_AT}}
        self._notes.write(notes | ({label: container} if container else {}))
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
            message = f"{WHO} wanted a new token; the next poll uses it"
            raise Unavailable(message)
        return send(self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._access}", "x-version": "v1"}

    def _checked(self, answer: Answer) -> Answer:
        """The answer if all is well, else what BMW's code or status means."""
        now = self._visit.now
        if _complaint(answer) == "CU-429" or answer.status == 429:
            wait = retry_after(answer, now) or HOUR - now % HOUR  # when the day's quota comes back is not known
            message = f"{WHO}: today's 50 calls of this account are used up; the car is polled again later"
            raise Throttled(message, now + wait)
        if _complaint(answer) == "CU-105":
            message = f"{WHO} has lost our list of values (container) twice in a row; trying again later"
            raise Unavailable(message)
        again = f"eink-monitor login {self._visit.feed}"
        if _complaint(answer) == "CU-103":
            message = (
                f"{WHO}: the sign-in does not cover CarData; tick CarData API on the CarData page of the car, wait a "
                f"few minutes, then sign in again: {again}"
            )
            raise AuthFailed(message)
        if _complaint(answer) == "CU-120":
            message = f"{WHO} does not accept this VIN; check vin in the configuration: 17 letters and digits"
            raise BadAnswer(message)
        verdicts: dict[int, Trouble] = {
            401: AuthFailed(f"{WHO} rejects the sign-in although it was just renewed", f"sign in again: {again}"),
            403: AuthFailed(
                f"{WHO} does not let us see this car; its primary user must subscribe it to CarData API, then sign in "
                f"again: {again}"
            ),
            404: BadAnswer(f"{WHO} does not know this car", "check vin in the configuration"),
        }
        return judge(answer, now, verdicts)


def container_label(wanted: list[str]) -> str:
    """The name of a container with these descriptors; each set has its own container."""
    return f"eink-monitor {hashlib.sha256(' '.join(wanted).encode()).hexdigest()[:6]}"


def which(known: Mapping[str, str | int], wanted: list[str], fewer: list[str]) -> list[str]:
    """The descriptors of the container that goes with the notes ``known``."""
    return fewer if _refusal_of(wanted) in known else wanted


def _refusal_of(wanted: list[str]) -> str:
    return f"{container_label(wanted)} is refused"


def _is_about_the_list(answer: Answer) -> bool:
    """Whether a refusal may be meant for the descriptors: CU-402 says so, a 500 does not say why."""
    return answer.status >= 500 or _complaint(answer) == "CU-402"


_REFUSED, _REFUSED_AT = "refused for", "refused at"
_OF_CONTAINERS: Mapping[str, str] = {
    "CU-124": (
        "keeps at most 10 lists of values (containers) for an account; delete one that no program uses, on the "
        "CarData page or with the program that made it"
    ),
    "CU-402": "does not know one of the values that we ask for, even of the short list; is eink-monitor up to date",
    "": (
        "fails whenever a list of values (container) is made, even a short one; if that lasts, delete "
        "the client on the CarData page, make a new one and sign in again"
    ),
}


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
