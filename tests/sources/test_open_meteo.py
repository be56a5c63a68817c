"""The sun and the weather from Open-Meteo: the formula, the gaps, days of other lengths, and its ways to refuse."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor import metrics as m
from eink_monitor.clock import DAY, HOUR, FastClock, day_bounds, midnight
from eink_monitor.errors import BadAnswer, Throttled, Trouble, Unavailable
from eink_monitor.model.outlook import Slot
from eink_monitor.model.reading import Reading
from eink_monitor.sources._http.answer import Answer
from eink_monitor.sources._plane import Plane
from eink_monitor.sources.open_meteo import OpenMeteo, answer
from eink_monitor.vet import heard
from loopback.forecasts import QUARTER, OpenMeteoServer
from loopback.server import Asked, Said
from loopback.visits import Visitor

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 6, 17)
NOON = midnight(TODAY, BERLIN) + 12 * HOUR
SOUTH = Plane(kwp=10)


def visitor(url: str, state: Path, now: int = NOON, **keys: Any) -> Visitor:  # noqa: ANN401 - its keys
    keys = {"planes": (SOUTH,), **keys}
    return Visitor(OpenMeteo(latitude=48.137, longitude=11.575, base_url=url, **keys), state, BERLIN, FastClock(now))


def test_one_call_brings_the_sun_and_the_weather(tmp_path: Path) -> None:
    with OpenMeteoServer(TODAY) as server:
        guest = visitor(server.url, tmp_path)
        readings = guest.poll()
        asked = [one.params for one in server.asked]
    assert readings == [Reading("roof", m.OUTDOOR_TEMPERATURE, 17.3, NOON)]
    assert set(guest.outlooks) == {("roof", metric.name) for metric in guest.source.expects("roof")["roof"]}
    assert len(asked) == guest.spent == 1
    assert (asked[0]["tilt"], asked[0]["azimuth"], asked[0]["timezone"]) == ("30", "0", "Europe/Berlin")
    variables = ",".join(asked[0].get(key, "") for key in ("current", "minutely_15", "hourly", "daily")).split(",")
    assert len(variables) <= 10, "more would count as several calls"
    assert all(one.attribution == "Open-Meteo (CC BY 4.0)" for one in guest.outlooks.values())


def test_radiation_becomes_watts_by_the_formula(tmp_path: Path) -> None:
    """800 W/m² on 10 kWp of modules that are at 25 °C by then: 8 kW; half of that where the sun comes and goes."""
    with OpenMeteoServer(TODAY) as server:
        guest = visitor(server.url, tmp_path)
        guest.poll()
    power = guest.outlooks["roof", "pv_power"]
    start = midnight(TODAY, BERLIN)
    assert [round(power.slot(start + hour * HOUR).value) for hour in (2, 9, 19, 21)] == [0, 8000, 8000, 0]  # type: ignore[union-attr]  # there are slots
    assert power.energy(start, start + DAY) == pytest.approx(12 * 8000)
    assert len(power.slots) == 4 * 96 - 1
    hot = answer.power([_section(900, 30)], [Plane(kwp=1, mounting="flush")], 0)
    assert hot[0].value == pytest.approx(900 * (1 - 0.004 * (30 + 0.0563 * 900 - 25)))


def _section(radiation: float, air: float) -> dict[str, object]:
    times = [NOON, NOON + QUARTER]
    return {
        "minutely_15": {
            "time": times,
            "global_tilted_irradiance_instant": [radiation] * 2,
            "temperature_2m": [air] * 2,
        }
    }


def test_planes_are_summed_up_to_what_the_inverter_can(tmp_path: Path) -> None:
    planes = (Plane(kwp=5, azimuth=-90), Plane(kwp=5, azimuth=90), Plane(kwp=2, tilt=60))
    with OpenMeteoServer(TODAY) as server:
        guest = visitor(server.url, tmp_path, planes=planes, max_power=9000, roof="sun")
        guest.poll()
        asked = [one.params for one in server.asked]
    assert [one["azimuth"] for one in asked] == ["-90", "90", "0"]
    assert ["hourly" in one for one in asked] == [True, False, False], "the weather once"
    assert max(slot.value for slot in guest.outlooks["sun", "pv_power"].slots) == 9000
    assert guest.spent == guest.source.cost(guest.visit()) == 3


def test_what_is_not_known_is_a_gap(tmp_path: Path) -> None:
    with OpenMeteoServer(TODAY, gap=NOON) as server:
        guest = visitor(server.url, tmp_path)
        guest.poll()
    power = guest.outlooks["roof", "pv_power"]
    assert power.slot(NOON - QUARTER) is power.slot(NOON) is None
    assert power.slot(NOON + QUARTER)
    assert power.covers(*day_bounds(TODAY, BERLIN))


@pytest.mark.parametrize("day", [date(2026, 3, 28), date(2026, 10, 24)])
def test_the_weather_of_a_day_is_that_of_the_local_day(tmp_path: Path, day: date) -> None:
    """It tells all days by the offset of the first: those after clocks have changed begin an hour beside midnight."""
    with OpenMeteoServer(day) as server:
        guest = visitor(server.url, tmp_path, midnight(day, BERLIN) + HOUR)
        guest.poll()
    days = [day_bounds(date.fromordinal(day.toordinal() + n), BERLIN) for n in range(4)]
    assert [slot[:2] for slot in guest.outlooks["roof", "day_high"].slots] == days
    assert guest.outlooks["roof", "day_low"].slots[-1] == Slot(*days[3], 13)
    assert len(guest.outlooks["roof", "day_low"].slots) == 3, "one of them was not told"


def test_rain_is_told_at_the_end_of_its_hour(tmp_path: Path) -> None:
    with OpenMeteoServer(TODAY) as server:
        guest = visitor(server.url, tmp_path)
        guest.poll()
    start = midnight(TODAY, BERLIN)
    assert guest.outlooks["roof", "precipitation"].slots[0] == Slot(start - HOUR, start, 0.5)
    assert guest.outlooks["roof", "precipitation_probability"].slots[0] == Slot(start, start + HOUR, 30)
    assert guest.outlooks["roof", "weather_code"].slots[0] == Slot(start, start + HOUR, 61)


def test_without_a_roof_it_tells_the_weather_only(tmp_path: Path) -> None:
    with OpenMeteoServer(TODAY) as server:
        guest = visitor(server.url, tmp_path, planes=())
        guest.poll()
        assert "minutely_15" not in server.asked[0].params
    assert ("roof", "pv_power") not in guest.outlooks
    assert guest.source.quota() is not None
    sun = OpenMeteo(latitude=1, longitude=1, planes=(SOUTH,), weather=False)
    assert (sun.publishes("sky"), sun.expects("sky")) == ({}, {"roof": (m.PV_POWER,)})


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (Said(400, {"error": True, "reason": "Latitude 48.137"}), BadAnswer, "check latitude, longitude and planes"),
        (Said(502, b"<html>"), Unavailable, "internal error"),
        (Said(200, b"<html>"), Unavailable, "web page"),
        (Said(200, b"[]"), BadAnswer, "not an object"),
        (Said(200, {}), BadAnswer, "minutely_15"),
    ],
)
def test_refusals_say_what_to_do_and_not_where_somebody_lives(
    tmp_path: Path, said: Said, kind: type[Trouble], words: str
) -> None:
    with OpenMeteoServer(TODAY) as server:
        server.fault = said
        with pytest.raises(kind, match=words) as caught:
            visitor(server.url, tmp_path).poll()
    assert "48.137" not in str(caught.value)


@pytest.mark.parametrize(
    ("reason", "wait"),
    [
        ("Minutely API request limit exceeded. Please try again in one minute.", 60),
        ("Hourly API request limit exceeded. Please try again in the next hour.", HOUR),
        ("Daily API request limit exceeded. Please try again tomorrow.", 14 * HOUR),
    ],
)
def test_too_many_calls_wait_until_the_budget_is_renewed(tmp_path: Path, reason: str, wait: int) -> None:
    with OpenMeteoServer(TODAY) as server:
        server.fault = Said(429, {"error": True, "reason": reason})
        with pytest.raises(Throttled) as caught:
            visitor(server.url, tmp_path).poll()
    assert caught.value.until == NOON + wait


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"latitude": 91}, "latitude must be"),
        ({"longitude": 181}, "longitude must be"),
        ({"planes": (SOUTH,) * 4}, "at most 3"),
        ({"planes": (), "weather": False}, "weather is false"),
        ({"max_power": -1}, "max_power"),
        ({"base_url": "http://example.org"}, "https"),
    ],
)
def test_mistakes_are_told(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        OpenMeteo(**{"latitude": 1, "longitude": 1, "planes": (SOUTH,), **keys})


@pytest.mark.parametrize("keys", [{"kwp": 0}, {"kwp": 500}, {"kwp": 1, "tilt": 91}, {"kwp": 1, "azimuth": 181}])
def test_a_plane_that_cannot_be_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Plane(**keys)


def _recorded() -> dict[str, Any]:
    with OpenMeteoServer(TODAY) as server:
        params = {"latitude": "1", "timezone": "Europe/Berlin", "forecast_days": "2", "hourly": "", "minutely_15": ""}
        return json.loads(server.answer(Asked("GET", "/v1/forecast", params, {}, b"")).content())  # type: ignore[no-any-return]  # an object


RECORDED = _recorded()
ODD = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=3)
)


@given(st.data())
def test_whatever_it_says_is_judged(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Any value replaced by any other: what comes of it is plausible, or a bad answer."""
    document = copy.deepcopy(RECORDED)
    for _ in range(data.draw(st.integers(1, 3))):
        section = data.draw(st.sampled_from(sorted(document)))
        inner = document[section]
        if isinstance(inner, dict) and data.draw(st.booleans()):
            key = data.draw(st.sampled_from(sorted(inner)))
            if isinstance(inner[key], list) and data.draw(st.booleans()):
                inner[key][data.draw(st.integers(0, len(inner[key]) - 1))] = data.draw(ODD)
            else:
                inner[key] = data.draw(ODD)
        else:
            document[section] = data.draw(ODD)
    visit = visitor("http://127.0.0.1:9", Path()).visit()
    said = Answer("Open-Meteo", 200, {}, json.dumps(document).encode())
    try:
        whole = answer.judged(said, visit)
        slots = answer.power([whole], [SOUTH], 0)
        found = heard(answer.weather(whole, visit, ""), visit)
    except BadAnswer:
        return
    assert all(slot.start < slot.end for slot in slots)
    assert all(one.slots for one in found.outlooks)
