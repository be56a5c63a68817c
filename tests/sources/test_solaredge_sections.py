"""SolarEdge V2 section by section: what one of them, or one of its values, says wrongly costs itself only."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from eink_monitor import metrics
from eink_monitor.clock import HOUR, FastClock, midnight
from eink_monitor.errors import AuthFailed
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.remarks import Remarks
from eink_monitor.settings import Secret
from eink_monitor.sources.solaredge import SolarEdge
from eink_monitor.sources.solaredge.sections import growing, grown
from loopback.server import Asked, Said
from loopback.solaredge import KEY, SITE, SolarEdgeServer
from loopback.visits import Visitor

ZONE = ZoneInfo("Europe/Berlin")
AFTERNOON = midnight(date(2026, 9, 3), ZONE) + 15 * HOUR
Edit = Callable[[Asked, Any], object]


class OddServer(SolarEdgeServer):
    """As SolarEdge, but ``edit`` may change what it says."""

    edit: Edit | None = None

    def answer(self, asked: Asked) -> Said:
        said = super().answer(asked)
        if self.edit is None or said.status != 200:
            return said
        changed = self.edit(asked, copy.deepcopy(said.body))
        return changed if isinstance(changed, Said) else Said(200, changed)


class Roof:
    def __init__(self, state: Path, server: OddServer) -> None:
        self.server = server
        source = SolarEdge(SITE, api_key=Secret(KEY), base_url=server.url + "/v2")
        self.visitor = Visitor(source, state, ZONE, FastClock(AFTERNOON))

    def poll(self, edit: Edit | None = None) -> dict[str, list[Reading]]:
        self.server.edit = edit
        found: dict[str, list[Reading]] = {}
        for reading in self.visitor.poll():
            found.setdefault(reading.metric.name, []).append(reading)
        return found


@pytest.fixture
def roof(tmp_path: Path) -> Iterator[Roof]:
    with OddServer(ZONE, lambda: AFTERNOON) as server:
        yield Roof(tmp_path, server)


def closed(*names: str) -> Edit:
    return lambda asked, body: Said(403, {}) if any(name in asked.path for name in names) else body


def test_a_section_that_a_scope_or_tariff_closes_costs_itself(roof: Roof) -> None:
    found = roof.poll(closed("storage"))
    assert {"pv_power", "grid_power", "production_today", "production_year"} <= found.keys()
    assert not {"storage_power", "storage_soc", "load_power"} & found.keys(), "what needs the battery is not known"
    assert "the battery could not be read: SolarEdge does not let us read site" in roof.visitor.note
    assert roof.poll(closed("storage")) == {}, "nothing new is no refusal"


def test_a_site_that_is_closed_altogether_is_for_a_person(roof: Roof) -> None:
    with pytest.raises(AuthFailed, match="does not let us read site"):
        roof.poll(closed(""))


def years(change: Callable[[list[dict[str, Any]]], object]) -> Edit:
    def edit(asked: Asked, body: Any) -> object:  # noqa: ANN401 - any JSON
        if asked.params.get("resolution") == "YEAR":
            change(body["values"])
        return body

    return edit


@pytest.mark.parametrize("value", [0, None, -5, float("nan")])
def test_years_without_this_one_make_no_lifetime(roof: Roof, value: object) -> None:
    found = roof.poll(years(lambda values: values[-1].update(value=value)))
    assert found["production_month"][0].value > 0
    assert not {"production_year", "production_lifetime"} & found.keys()


def test_a_number_that_is_none_costs_its_bucket(roof: Roof) -> None:
    def edit(asked: Asked, body: Any) -> object:  # noqa: ANN401 - any JSON
        for device in body["meters"].values() if "meters" in asked.path else ():
            device["importPower"]["values"][7]["value"] = float("nan")
        return body

    found = roof.poll(edit)
    assert len(found["grid_power"]) == len(found["pv_power"]) - 1
    assert len(found["load_power"]) == len(found["pv_power"]) - 1
    assert roof.visitor.note == "left out: importPower not a number"


def test_a_bucket_in_which_a_battery_is_suddenly_empty_is_left_out(roof: Roof) -> None:
    def edit(asked: Asked, body: Any) -> object:  # noqa: ANN401 - any JSON
        for device in body["storage"].values() if "storage" in asked.path else ():
            device["stateOfEnergy"]["values"][-3]["value"] = 0
        return body

    found = roof.poll(edit)
    assert len(found["storage_soc"]) == len(found["storage_power"]) - 1
    assert min(reading.value for reading in found["storage_soc"][-5:]) > 50
    assert roof.visitor.note == "left out: storage_soc 0 %"


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())


@pytest.mark.parametrize(
    ("metric", "before", "after", "kept"),
    [
        (metrics.PRODUCTION_TODAY, "2026-09-03 14:00", "2026-09-03 15:00", False),
        (metrics.PRODUCTION_TODAY, "2026-09-03 12:00", "2026-09-03 14:59:59", False),
        (metrics.PRODUCTION_TODAY, "2026-09-03 12:00", "2026-09-03 15:00", True),  # it stays: the earlier one was wrong
        (metrics.PRODUCTION_TODAY, "2026-09-03 23:50", "2026-09-04 00:10", True),
        (metrics.PURCHASED_TODAY, "2026-09-03 23:50", "2026-09-04 00:10", True),
        (metrics.PRODUCTION_MONTH, "2026-09-03 23:50", "2026-09-04 00:10", False),
        (metrics.PRODUCTION_MONTH, "2026-08-31 23:50", "2026-09-01 00:10", True),
        (metrics.PRODUCTION_YEAR, "2026-08-31 23:50", "2026-09-01 00:10", False),
        (metrics.PRODUCTION_YEAR, "2026-12-31 23:50", "2027-01-01 00:10", True),
        (metrics.PRODUCTION_LIFETIME, "2026-12-31 23:50", "2027-01-01 00:10", False),
    ],
)
def test_a_sum_does_not_fall_within_its_span(
    tmp_path: Path, metric: Metric, before: str, after: str, kept: bool
) -> None:
    now = instant(after)
    last = Reading("roof", metric, 100_000, instant(before))
    visit = Visit("roof", "roof", now, ZONE, 1800, {("roof", metric.name): last}, tmp_path)
    for value, stays in ((98_000, True), (97_999, kept), (100_000, True)):  # 1 kWh and 1 % are noise
        assert grown([Reading("roof", metric, value, now)], visit) == [Reading("roof", metric, value, now)] * stays
    assert bool(visit.note) is not kept


def test_own_use_goes_with_a_sum_that_fell(tmp_path: Path) -> None:
    last = Reading("roof", metrics.FEED_IN_TODAY, 9_000, AFTERNOON - HOUR)
    visit = Visit("roof", "roof", AFTERNOON, ZONE, 1800, {("roof", last.metric.name): last}, tmp_path)
    fell = Reading("roof", metrics.FEED_IN_TODAY, 0, AFTERNOON)
    own, other = (Reading("roof", metrics.SELF_CONSUMPTION_TODAY, 5, at) for at in (AFTERNOON, AFTERNOON - 60))
    assert grown([fell, own, other], visit) == [other]


def test_of_sums_that_contradict_each_other_the_longer_goes() -> None:
    remarks = Remarks()
    totals = {
        metrics.PRODUCTION_MONTH: 100_000.0,
        metrics.PRODUCTION_YEAR: 97_999.0,
        metrics.PRODUCTION_LIFETIME: 98_000.0,
        metrics.FEED_IN_TODAY: None,
    }
    assert growing(totals, remarks) == {metrics.PRODUCTION_MONTH: 100_000, metrics.PRODUCTION_LIFETIME: 98_000}
    assert remarks.left_out == "production_year 97999 Wh"
