"""Calls to Home Assistant's REST interface.

A call for one state takes 0.8 ms of CPU, one for all of them as much and 7 ms (and 12 MiB) a megabyte; a house of 500
entities has a quarter of one. So a few entities are asked for one by one, more of them all at once, unless the house is
too large for that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from eink_monitor.errors import AuthFailed, BadAnswer, Trouble, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.nearest import nearest
from eink_monitor.settings import Secret
from eink_monitor.sources._http.answer import Answer, judge, rows, table
from eink_monitor.sources._http.notebook import Notebook
from eink_monitor.sources._http.web import Web
from eink_monitor.sources.home_assistant.states import State

WHO = "Home Assistant"
FEW = 3
"""Entities that are asked for one by one, whatever the house."""
LARGEST = 8_000_000
"""Bytes of all states: some 10,000 entities."""
_PER_CALL = 115_000  # bytes of all states that cost as much as a call
_NAMED = 3  # missing entities that are told one by one
_TEMPLATE = (
    "{% set found = namespace(all=[]) %}{% for id in [IDS] %}{% set s = states[id] %}{% if s %}"
    "{% set told = dict(s.attributes) if id in [WHOLE] else {'unit_of_measurement':"
    " s.attributes.get('unit_of_measurement'), 'device_class': s.attributes.get('device_class')} %}"
    "{% set found.all = found.all + [{'entity_id': id, 'state': s.state, 'attributes': told,"
    " 'last_reported': s.last_reported.isoformat(), 'last_updated': s.last_updated.isoformat()}] %}"
    "{% endif %}{% endfor %}{{ found.all | to_json }}"
)
"""All attributes only where they are asked for: not every one can be written as JSON."""


class Hub:
    """Home Assistant during one visit."""

    def __init__(self, base_url: str, token: Secret, visit: Visit) -> None:
        self._visit = visit
        self._web = Web(base_url, WHO, visit, cap=LARGEST)
        self._headers = {"Authorization": f"Bearer {token.reveal()}"}
        self._notebook = Notebook(visit.state, "home_assistant")

    def states(self, wanted: Collection[str]) -> Mapping[str, State]:
        """The states of entities by name; those that do not exist are missing, and remarked.

        Raises ``BadAnswer`` if none exists.
        """
        if len(wanted) > self._worth():
            known = self.all()
        else:
            found = {name: self._one(name) for name in sorted(wanted)}
            known = {name: state for name, state in found.items() if state is not None}
        return self._told(wanted, known)

    def live(self, wanted: Collection[str], whole: Collection[str]) -> Mapping[str, State]:
        """As ``states``, by a template: small, and with the times as they are, but for administrators only.

        ``whole`` are those of which all attributes are wanted.
        """
        ids, with_all = (", ".join(f"'{name}'" for name in sorted(names)) for names in (wanted, whole))
        template = _TEMPLATE.replace("IDS", ids).replace("WHOLE", with_all)
        answer = self._web.post_json("/api/template", {"template": template}, self._headers, cost=0)
        return self._told(wanted, _by_name(judge(answer, self._visit.now, {**_MEANINGS, **_OF_TEMPLATES}).json()))

    def all(self) -> Mapping[str, State]:
        """Every state by name."""
        answer = self._get("/api/states")
        known = _by_name(judge(answer, self._visit.now, {**_MEANINGS, 404: _NO_API}).json())
        self._note(len(answer.body))
        return known

    def _worth(self) -> int:
        """Of how many entities on a call for all states is cheaper."""
        size = self._notebook.read().get("size")
        return FEW if not isinstance(size, int) else max(FEW, 1 + size // _PER_CALL)

    def _note(self, size: int) -> None:
        """How large all states are, roughly: the card need not know it to the byte."""
        self._notebook.write({"size": size // _PER_CALL * _PER_CALL})

    def _one(self, name: str) -> State | None:
        answer = self._get(f"/api/states/{name}")
        if answer.status == 404:
            if isinstance(answer.json(), dict):
                return None
            raise _NO_API
        return table(judge(answer, self._visit.now, _MEANINGS).json(), WHO, name)

    def _get(self, path: str) -> Answer:
        return self._web.get(path, headers=self._headers, cost=0)

    def _told(self, wanted: Collection[str], known: Mapping[str, State]) -> Mapping[str, State]:
        """The same, with a remark about those that are missing."""
        missing = sorted(set(wanted) - set(known))
        if not missing:
            return known
        if self._is_starting():
            told = f"{WHO} is starting; it does not know all of its entities yet"
            if len(missing) == len(wanted):
                raise Unavailable(told)
        else:
            told = _unknown(missing, known if len(known) > len(wanted) else self.all())
            if len(missing) == len(wanted):
                raise BadAnswer(told)
        self._visit.remarks.add(told)
        return known

    def _is_starting(self) -> bool:
        answer = self._get("/api/config")
        document = answer.json() if answer.status == 200 else None
        return isinstance(document, dict) and document.get("state") in {"NOT_RUNNING", "STARTING"}


_NO_API = BadAnswer(f"there is no {WHO} at base_url (404)", "check the address and its port; the interface is /api/")
_RESTARTS = Unavailable(f"{WHO} is restarting, or its proxy does not reach it; trying again later")
_MEANINGS: Mapping[int, Trouble] = {
    400: BadAnswer(f"{WHO} refuses the request (400)", "behind a proxy it needs use_x_forwarded_for, trusted_proxies"),
    401: AuthFailed(f"{WHO} rejects the token", "create a new one in the profile, Security, and put it into token"),
    403: AuthFailed(
        f"{WHO} has banned this machine", "remove its address from ip_bans.yaml there, and restart Home Assistant"
    ),
    405: BadAnswer(f"what answers at base_url is no {WHO} (405)", "check the address"),
    **dict.fromkeys((502, 503, 504), _RESTARTS),
}

_OF_TEMPLATES: Mapping[int, Trouble] = {
    400: BadAnswer(f"{WHO} cannot render our template (400); it may be older than 2024.8", "remove live_times: true"),
    401: AuthFailed(f"{WHO} rejects the token, or it is no administrator's", "renew it, or remove live_times: true"),
}


def _by_name(document: object) -> Mapping[str, State]:
    states = [state for state in rows(document, WHO, "the list of states") if isinstance(state, dict)]
    return {name: state for state in states if isinstance(name := state.get("entity_id"), str)}


def _unknown(missing: list[str], known: Mapping[str, State]) -> str:
    """Which entities do not exist, and what was meant."""
    told = []
    for name in missing[:_NAMED]:
        domain = name.partition(".")[0]
        near = nearest(name, [other for other in known if other.startswith(f"{domain}.")]) or nearest(name, known)
        told.append(f"{name} (did you mean {near}?)" if near else name)
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    return f"{WHO} has no {', '.join(told)}{more}"
