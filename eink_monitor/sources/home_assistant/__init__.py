"""Home Assistant: whatever it knows, entity by entity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import urlsplit

from eink_monitor import metrics as m
from eink_monitor.clock import DAY, HOUR
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source, Suggestion
from eink_monitor.settings import Duration, Personal, Secret, insist, together
from eink_monitor.sources._http.address import address, is_at_home
from eink_monitor.sources.home_assistant.entity import Entity, Short

_ID = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
_LASTING = frozenset(
    {
        m.SOC,
        m.TARGET_SOC,
        m.RANGE,
        m.TIME_TO_FULL,
        m.ODOMETER,
        m.FUEL,
        m.FUEL_VOLUME,
        m.NEWEST_BACKUP,
        m.DISK_SIZE,
        m.DISK_USED,
    }
    | {m.DISK_FREE, m.STORAGE_SOC}
)
"""What may stay as it is for a day."""


@dataclass(frozen=True, kw_only=True)
class HomeAssistant(Source):
    """Entities of Home Assistant: any number of subjects from one source, with a long-lived token.

    ``entities`` says which entity is which subject's which metric. ``measured_at`` names, for a subject, the entity
    that says when its values were measured, where an integration has one. ``stale_after`` is how old a value may look.
    With ``live_times`` one template is asked instead of the states: times are exact, but the token must be an
    administrator's.
    """

    base_url: Personal[str]
    token: Secret
    entities: Mapping[str, Short | Entity] = field(default_factory=dict)
    measured_at: Mapping[str, str] = field(default_factory=dict)
    stale_after: Duration | None = None
    live_times: bool = False

    at_large: ClassVar[bool] = True
    independent: ClassVar[bool] = True
    lag: ClassVar[int] = HOUR  # a value that stays as it is may not be dated anew
    group: ClassVar[str] = "other"
    guide: ClassVar[str] = (
        "In Home Assistant add a user that is no administrator, sign in as that user, open the profile, Security,"
        " and create a long-lived access token: docs/home_assistant.md."
    )
    words: ClassVar[Mapping[str, str]] = {
        "base_url": "the address of Home Assistant, such as http://homeassistant.local:8123",
        "token": "the long-lived access token",
    }
    preload: ClassVar[tuple[str, ...]] = ("eink_monitor.sources._http.warm",)

    def __post_init__(self) -> None:
        """Raises ``ValueError``."""
        together(lambda: address(self.base_url), lambda: insist(*self._rules()))

    def _rules(self) -> Iterator[tuple[bool, str]]:
        for name in (*self.entities, *self.measured_at.values()):
            yield _ID.fullmatch(name) is not None, f'"{name[:60]}" is no entity; write for example sensor.zoe_battery'
        known: dict[tuple[str, str], str] = {}
        for name, entity in self.entities.items():
            rival = known.setdefault((entity.on(""), entity.name), name)
            yield rival == name, f"entities: {rival} and {name} are both {entity.to}"
        subjects = {entity.on("") for entity in self.entities.values()} - {""}
        for subject in self.measured_at:
            told = f"measured_at: no entity is of `{subject}`; known are {', '.join(sorted(subjects))}"
            yield subject in subjects, told

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """What ``entities`` say."""
        found: dict[str, tuple[Metric, ...]] = {}
        for entity in self.entities.values():
            on = entity.on(subject)
            found[on] = (*found.get(on, ()), entity.kind)
        return found

    def patience_with(self, metric: Metric, every: int) -> int:
        """Longer than elsewhere: Home Assistant dates what stays as it is by its last change."""
        if self.stale_after:
            return max(self.stale_after, 3 * every)
        if metric in _LASTING or metric.unit == "0/1" or metric.names:
            return max(3 * every, DAY)
        return max(3 * every, HOUR if metric.unit == "W" else 3 * HOUR)

    def patience(self, every: int) -> int:
        """The shortest of any metric."""
        return max(3 * every, self.stale_after or HOUR)

    @property
    def local(self) -> bool:
        """Unless it is reached through the internet."""
        return is_at_home(urlsplit(self.base_url).hostname or "")

    @property
    def renews(self) -> str:
        """No sign-in."""
        return "token"

    def poll(self, visit: Visit) -> Iterable[Reading]:
        """One call, or one for each of a few entities."""
        from eink_monitor.sources.home_assistant.hub import Hub
        from eink_monitor.sources.home_assistant.states import States

        wanted = {*self.entities, *self.measured_at.values()}
        if not wanted:
            visit.remarks.add("entities is empty: nothing is read")
            return ()
        hub = Hub(self.base_url, self.token, visit)
        whole = {name for name, entity in self.entities.items() if entity.path or entity.at}
        known = hub.live(wanted, whole) if self.live_times else hub.states(wanted)
        return States(known, visit).readings(self.entities, self.measured_at)

    def suggestions(self, visit: Visit) -> Sequence[Suggestion]:
        """The entities that look useful."""
        from eink_monitor.sources.home_assistant.hub import Hub
        from eink_monitor.sources.home_assistant.offers import offers

        return offers(Hub(self.base_url, self.token, visit).all())
