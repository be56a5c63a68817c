"""The sun from forecast.solar: energy between instants, nights it does not tell, several planes, and its quota."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor import metrics as m
from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock, day_bounds, midnight
from eink_monitor.errors import AuthFailed, BadAnswer, Throttled, Trouble, Unavailable
from eink_monitor.settings import Secret
from eink_monitor.sources._http.answer import Answer
from eink_monitor.sources._plane import Plane
from eink_monitor.sources.forecast_solar import ForecastSolar, judged, parse, together_of, whole_days
from loopback.forecasts import ForecastSolarServer
from loopback.server import Said
from loopback.visits import Visitor

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 6, 17)
NOON = midnight(TODAY, BERLIN) + 12 * HOUR
EAST, WEST = Plane(kwp=4, azimuth=-90), Plane(kwp=2, azimuth=90)


def visitor(url: str, state: Path, **keys: Any) -> Visitor:  # noqa: ANN401 - its keys
    keys = {"planes": (EAST, WEST), **keys}
    source = ForecastSolar(latitude=48.137, longitude=11.575, base_url=url, **keys)
    return Visitor(source, state, BERLIN, FastClock(NOON))


def test_two_planes_are_two_calls_and_one_roof(tmp_path: Path) -> None:
    with ForecastSolarServer(TODAY) as server:
        guest = visitor(server.url, tmp_path, max_power=5000)
        assert guest.poll() == []
        asked = server.asked
    assert [one.path for one in asked] == [
        "/estimate/48.137/11.575/30/-90/4",
        "/estimate/48.137/11.575/30/90/2",
    ]
    assert asked[0].params == {"time": "utc", "full": "1"}
    power = guest.outlooks["roof", "pv_power"]
    assert power.slot(NOON).value == 5000  # type: ignore[union-attr]  # 6 kW, of which the inverter gives 5
    assert power.attribution == "forecast.solar"
    assert guest.spent == guest.source.cost(guest.visit()) == 2


def test_whole_days_are_covered_though_it_says_nothing_of_the_night(tmp_path: Path) -> None:
    with ForecastSolarServer(TODAY) as server:
        guest = visitor(server.url, tmp_path)
        guest.poll()
    power = guest.outlooks["roof", "pv_power"]
    for day in (TODAY, date(2026, 6, 18)):
        assert power.covers(*day_bounds(day, BERLIN))
        assert power.energy(*day_bounds(day, BERLIN)) == pytest.approx(16 * 6000)
    assert (power.slots[0].start, power.end) == (midnight(TODAY, BERLIN), midnight(TODAY, BERLIN) + 2 * DAY)


def test_energy_of_a_piece_of_an_hour_is_a_power() -> None:
    slots = parse({"watt_hours_period": {"2026-06-17T05:30:00+00:00": 0, "2026-06-17T06:00:00+00:00": 100}})
    assert [(slot.end - slot.start, slot.value) for slot in slots] == [(30 * MINUTE, 200)]
    naive = parse({"watt_hours_period": {"2026-06-17 05:30:00": 0, "2026-06-17 06:00:00": 100}})
    assert naive == slots, "UTC was asked for"


def test_a_key_goes_into_the_path_and_nowhere_else(tmp_path: Path) -> None:
    with ForecastSolarServer(TODAY) as server:
        guest = visitor(server.url, tmp_path, api_key=Secret("s3cr3t-key"), calls_per_hour=60)
        guest.poll()
        assert server.asked[0].path.startswith("/s3cr3t-key/estimate/")
        server.fault = Said(401, {"message": {"text": "s3cr3t-key"}})
        with pytest.raises(AuthFailed, match="rejects the API key") as caught:
            guest.poll()
    assert "s3cr3t" not in str(caught.value) + repr(guest.source)


def test_a_quota_that_is_spent_waits_as_long_as_it_says(tmp_path: Path) -> None:
    with ForecastSolarServer(TODAY) as server:
        server.remaining = 1
        with pytest.raises(Throttled) as caught:
            visitor(server.url, tmp_path).poll()
    assert caught.value.until == NOON + 4 * HOUR
    (budget,) = ForecastSolar(1, 1, (EAST,)).quota().budgets
    assert (budget.calls, budget.span) == (12, "hour")


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (Said(400, {"result": None}), BadAnswer, "check latitude, longitude and planes"),
        (Said(404, b""), BadAnswer, "check latitude"),
        (Said(422, b""), BadAnswer, "check latitude"),
        (Said(429, b""), Throttled, "too often"),
        (Said(503, b""), Unavailable, "internal error"),
        (Said(200, {"result": []}), BadAnswer, "result"),
        (Said(200, {"result": {"watt_hours_period": {"soon": 5}}}), BadAnswer, "no ISO 8601"),
        (Said(200, {"result": {"watt_hours_period": dict.fromkeys(map(str, range(3000)), 5)}}), BadAnswer, "more than"),
    ],
)
def test_refusals_say_what_to_do(tmp_path: Path, said: Said, kind: type[Trouble], words: str) -> None:
    with ForecastSolarServer(TODAY) as server:
        server.fault = said
        with pytest.raises(kind, match=words):
            visitor(server.url, tmp_path).poll()


def test_where_one_plane_has_a_gap_the_roof_has_one() -> None:
    first = parse({"watt_hours_period": {f"2026-06-17T{hour:02}:00:00": 100 for hour in (10, 11, 12)}})
    second = parse({"watt_hours_period": {f"2026-06-17T{hour:02}:00:00": 100 for hour in (11, 12)}})
    (slot,) = together_of([first, second], 0)
    assert (slot.start, slot.value) == (second[0].start, 200)


@pytest.mark.parametrize("keys", [{"planes": ()}, {"calls_per_hour": 1}, {"latitude": 100}])
def test_mistakes_are_told(keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"planes are missing|calls_per_hour|latitude"):
        ForecastSolar(**{"latitude": 1, "longitude": 1, "planes": (EAST, WEST), **keys})


def test_it_measures_nothing_and_is_patient() -> None:
    source = ForecastSolar(1, 1, (EAST,))
    assert (source.publishes("sky"), source.expects("sky")) == ({}, {"roof": (m.PV_POWER,)})
    assert source.patience(300) == 90 * MINUTE


WHEN = st.datetimes().map(str) | st.text(max_size=25) | st.sampled_from(["2026-06-17T05:30:00+00:00", "0001-01-01"])
VALUE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)


@given(st.dictionaries(WHEN, VALUE, max_size=8) | VALUE)
def test_whatever_it_says_is_judged(periods: object) -> None:
    visit = visitor("http://127.0.0.1:9", Path()).visit()
    body = json.dumps({"result": {"watt_hours_period": periods}}).encode()
    try:
        slots = whole_days(parse(judged(Answer("x", 200, {}, body), visit)), visit, 48)
    except BadAnswer:
        return
    assert all(slot.start < slot.end for slot in slots)
