"""SolarEdge V2 section by section: what one of them, or one of its values, says wrongly costs itself only."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import HOUR, FastClock, midnight
from eink_monitor.errors import AuthFailed
from eink_monitor.model.reading import Reading
from eink_monitor.settings import Secret
from eink_monitor.sources.solaredge import SolarEdge
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
