"""From the states of entities to readings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eink_monitor.clock import MINUTE
from eink_monitor.errors import BadAnswer
from eink_monitor.metrics import NEWEST_BACKUP
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.outside import clean
from eink_monitor.sources._expression import Answered
from eink_monitor.sources._template import Scope
from eink_monitor.sources._times import instant
from eink_monitor.sources.home_assistant.entity import Entity
from eink_monitor.units import countable

State = Mapping[str, object]
"""An entity as Home Assistant says it: ``state``, a text, ``attributes``, and times."""

NOTHING = frozenset({"unavailable", "unknown", "none", "null", ""})
"""States that are no value."""
_TIMES = ("last_reported", "last_updated", "last_changed")
_TOLD = 3  # entities without a value that are named


class States:
    """The ``known`` states by name, as one visit got them."""

    def __init__(self, known: Mapping[str, State], visit: Visit) -> None:
        self._known, self._visit = known, visit
        self._answered = Answered(Scope(visit.now, visit.zone, {}, "Home Assistant"))

    def readings(self, entities: Mapping[str, Entity], measured_at: Mapping[str, str]) -> Iterator[Reading]:
        """What the entities that are there say; ``measured_at`` names the clocks of subjects."""
        silent: list[str] = []
        for name, entity in entities.items():
            if name not in self._known:  # which the hub has remarked
                continue
            try:
                raw = self._raw(name, entity)
                if _is_nothing(raw, entity):
                    silent.append(name)
                elif (at := self._when(name, entity, measured_at.get(entity.on(""), ""))) is not None:
                    value = self._value(name, entity, raw, at)
                    if value is not None:
                        yield Reading(entity.on(self._visit.subject), entity.kind, value, at)
            except BadAnswer as error:
                self._visit.remarks.add(f"{name}: {error.fact}")
        if silent:
            more = f" and {len(silent) - _TOLD} more" if len(silent) > _TOLD else ""
            self._visit.remarks.add(f"without a value: {', '.join(silent[:_TOLD])}{more}")

    def _raw(self, name: str, entity: Entity) -> object:
        state = self._known[name]
        return entity.path.find(state, self._answered) if entity.path else state.get("state")

    def _when(self, name: str, entity: Entity, clock: str) -> int | None:
        """When it was measured: by its own time or another entity's, never later than it was written; else a remark."""
        written = self._written(name)
        if written is None:
            self._visit.remarks.add(f"{name} has no time")
            return None
        if not entity.at and not clock:
            return written
        told = (
            entity.at.find(self._known[name], self._answered) if entity.at else self._known.get(clock, {}).get("state")
        )
        said = instant(told, self._visit.zone)
        if said is None:
            where = "its attribute" if entity.at else clock
            self._visit.remarks.add(f"{where} does not say when {name} was measured")
            return None
        return min(said, written)

    def _written(self, name: str) -> int | None:
        """When an integration last wrote it, as far as it is told; None where no time is.

        ``last_reported`` is the best there is, but the REST interface may hold an old one: Home Assistant keeps the
        text of a state until it changes. So it is the latest of all three; a value that stays as it is looks older.
        """
        times = [instant(self._known[name].get(key), self._visit.zone) for key in _TIMES]
        return max((at for at in times if at is not None), default=None)

    def _value(self, name: str, entity: Entity, raw: object, at: int) -> float | None:
        """In the metric's unit; None, with a remark, where it is no such number."""
        attributes = self._known[name].get("attributes")
        said = attributes if isinstance(attributes, dict) else {}
        metric = entity.kind
        if _is_moment(said, metric, raw):
            return self._moment(name, metric, raw, at)
        unit = entity.unit if entity.path else said.get("unit_of_measurement") or entity.unit
        unit = clean(unit, 20) if isinstance(unit, str) else ""
        if not unit and not countable(metric) and not (isinstance(raw, str) and raw in entity.values):
            self._visit.remarks.add(f"{name} has no unit: say which with `unit`")
            return None
        try:
            value = entity.figure(raw, unit, name.partition(".")[0])
        except KeyError:
            self._visit.remarks.add(f"{name} is in {unit}, which is no unit of {metric.name}")
            return None
        if value is None:
            self._visit.remarks.leave_out(name, raw)
        return value

    def _moment(self, name: str, metric: Metric, raw: object, at: int) -> float | None:
        """A time: as epoch seconds, or, for a metric in minutes, how long it was until then."""
        moment = instant(raw, self._visit.zone)
        if moment is None:
            self._visit.remarks.add(f"{name} is no time")
            return None
        if metric.unit == "s":
            return float(moment)
        return (moment - at) / MINUTE if moment >= at else None


def _is_nothing(raw: object, entity: Entity) -> bool:
    return raw is None or (isinstance(raw, str) and raw.strip().casefold() in NOTHING and raw not in entity.values)


def _is_moment(said: Mapping[str, object], metric: Metric, raw: object) -> bool:
    dated = said.get("device_class") in ("timestamp", "date") or metric is NEWEST_BACKUP
    return dated and isinstance(raw, str) and metric.unit in {"s", "min"}
