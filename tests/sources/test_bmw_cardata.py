from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.errors import AuthFailed, BadAnswer, Throttled, Trouble, Unavailable
from eink_monitor.metrics import CHARGING, LATITUDE
from eink_monitor.settings import Vin
from eink_monitor.sources.bmw_cardata import BmwCarData
from eink_monitor.sources.bmw_cardata.catalogue import descriptors, parse
from eink_monitor.sources.bmw_cardata.rest import container_label
from eink_monitor.vet import vet
from loopback.bmw import (
    CLIENT,
    CONTAINERS,
    GCID,
    SECRETS,
    TELEMATICS,
    TOKEN,
    VIN,
    Bmw,
    cardata_error,
    ready,
    refused,
    signed_in,
    store,
)
from loopback.cars import NOW, Reply, recording, said, values, visit_to

I4 = recording("bmw_cardata", "i4_charging")
GOOD = Reply(I4)


def test_a_charging_car_with_each_value_at_its_own_time(tmp_path: Path) -> None:
    signed_in(tmp_path)
    with Bmw([GOOD]) as bmw:
        visit = visit_to(tmp_path, allowance=3)
        assert bmw.source().cost(visit) == 3
        found = values(list(bmw.source().poll(visit)))
    assert found == {
        "soc": (64, NOW - 5 * MINUTE),
        "target_soc": (80, NOW - 18 * HOUR),
        "range": (251, NOW - 5 * MINUTE),
        "charging": (1, NOW - 6 * MINUTE),
        "time_to_full": (95, NOW - 5 * MINUTE),
        "charging_power": (10800, NOW - 5 * MINUTE),
        "plugged": (1, NOW - 10 * MINUTE),
        "odometer": (23456, NOW - 3 * HOUR),
        "battery_12v": (14.1, NOW - 5 * MINUTE),
    }
    assert visit.spent == 3


def test_miles_no_value_markers_and_the_order_of_preference() -> None:
    found = values(parse(json.loads(recording("bmw_cardata", "mini_miles")), "car"))
    spoke = NOW - 4 * HOUR
    assert {name: (round(value, 3), at) for name, (value, at) in found.items()} == {
        "soc": (41, spoke),
        "range": (160.934, spoke),
        "odometer": (1609.344, spoke),
        "charging": (0, spoke - HOUR),
        "plugged": (1, spoke),
    }


def test_a_descriptor_that_a_car_stopped_sending_does_not_hide_a_fresh_one_for_ever() -> None:
    old = {"value": "20", "unit": "%", "timestamp": "2026-09-01T00:00:00Z"}
    new = {"value": "70", "unit": "%", "timestamp": "2026-10-08T11:00:00Z"}
    told = {
        "vehicle.drivetrain.batteryManagement.header": old,
        "vehicle.drivetrain.electricEngine.charging.level": new,
    }
    assert values(parse({"telematicData": told}, "car")) == {"soc": (70, NOW - HOUR)}


def test_the_position_is_neither_asked_for_nor_told_unless_wanted() -> None:
    assert not [name for name in descriptors(position=False) if "currentLocation" in name]
    assert len([name for name in descriptors(position=True) if "currentLocation" in name]) == 2
    assert "latitude" not in values(parse(json.loads(I4), "car"))
    assert values(parse(json.loads(I4), "car", position=True))["latitude"] == (48.17, NOW - 3 * HOUR)
    car = BmwCarData(CLIENT, Vin(VIN), position=True)
    assert LATITUDE in car.publishes("car")["car"]
    assert LATITUDE not in BmwCarData(CLIENT, Vin(VIN)).publishes("car")["car"]


def test_the_container_is_made_once_and_its_calls_are_counted(tmp_path: Path) -> None:
    signed_in(tmp_path)
    with Bmw([GOOD]) as bmw:
        visits = [visit_to(tmp_path) for _ in range(3)]
        for visit in visits:
            bmw.source().poll(visit)
        made = [call for call in bmw.calls if call.method == "POST" and call.path == CONTAINERS]
        assert bmw.source().cost(visits[0]) == 1
    assert [visit.spent for visit in visits] == [3, 1, 1]
    assert len(made) == 1
    assert json.loads(made[0].body)["technicalDescriptors"] == descriptors(position=False)
    assert {call.query["containerId"] for call in bmw.on(TELEMATICS)} == {"made-1"}
    assert all(call.headers["x-version"] == "v1" for call in bmw.calls)
    assert [call.headers["authorization"] for call in bmw.on(TELEMATICS)] == ["Bearer access-0"] * 3


def test_a_container_of_an_earlier_installation_is_found_again(tmp_path: Path) -> None:
    signed_in(tmp_path)
    with Bmw([GOOD]) as bmw:
        label = container_label(descriptors(position=False))
        bmw.containers = [
            {"containerId": "other", "name": "evcc", "state": "ACTIVE"},
            {"containerId": "dead", "name": label, "state": "DELETED"},
            {"containerId": "ours", "name": label, "state": "ACTIVE"},
        ]
        visit = visit_to(tmp_path)
        bmw.source().poll(visit)
        assert visit.spent == 2
        assert bmw.on(TELEMATICS)[0].query["containerId"] == "ours"


@pytest.mark.parametrize("odd", ["c\ud800", "c\x1b[2J", "c\u202e", "c" * 10_001, 5, None])
def test_a_container_whose_name_could_not_be_sent_is_none(tmp_path: Path, odd: object) -> None:
    signed_in(tmp_path)
    with Bmw([GOOD]) as bmw:
        bmw.routes[("POST", CONTAINERS)] = [Reply({"containerId": odd}), Reply({"containerId": "made-2"})]
        with pytest.raises(BadAnswer, match="containerId"):
            bmw.source().poll(visit_to(tmp_path))
        assert bmw.source().poll(visit_to(tmp_path)), "and the next poll goes on as if nothing had been"


def asked(bmw: Bmw) -> list[list[str]]:
    """The lists of values that BMW was asked for."""
    return [json.loads(call.body)["technicalDescriptors"] for call in bmw.on(CONTAINERS) if call.method == "POST"]


WHOLE, SHORT = descriptors(position=False), descriptors(position=False, rare=False)


@pytest.mark.parametrize("refusal", [Reply(b"oops", 500), cardata_error("CU-402", 400)])
@pytest.mark.parametrize("allowance", [3, 5])
def test_a_list_that_bmw_does_not_take_is_made_shorter_once_and_that_is_remembered(
    tmp_path: Path, refusal: Reply, allowance: int
) -> None:
    signed_in(tmp_path)
    with Bmw([GOOD, GOOD, cardata_error("CU-105", 404), GOOD]) as bmw:
        good = bmw.routes[("POST", CONTAINERS)][0]
        bmw.routes[("POST", CONTAINERS)] = [refusal, good]
        if allowance == 3:
            with pytest.raises(Unavailable, match="the next poll asks for fewer"):
                bmw.source().poll(visit_to(tmp_path, allowance=3))
        assert bmw.source().poll(visit_to(tmp_path, allowance=allowance))
        assert asked(bmw) == [WHOLE, SHORT]
        assert bmw.source().cost(visit_to(tmp_path)) == 1
        assert bmw.source().poll(visit_to(tmp_path, allowance=1))
        assert bmw.source().poll(visit_to(tmp_path, allowance=5)), "lost, and made again as short"
        assert asked(bmw) == [WHOLE, SHORT, SHORT]
    assert set(SHORT) < set(WHOLE)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (Reply(b"oops", 500), "even a short one; if that lasts, delete the client"),
        (cardata_error("CU-402", 400), "even of the short list"),
        (cardata_error("CU-124", 403), "at most 10 lists of values .containers. for an account; delete one"),
    ],
)
def test_what_bmw_refuses_to_make_does_not_cost_two_calls_at_each_poll(
    tmp_path: Path, refusal: Reply, words: str
) -> None:
    signed_in(tmp_path, expires_at=NOW + DAY)
    with Bmw([GOOD]) as bmw:
        good = bmw.routes[("POST", CONTAINERS)][0]
        bmw.routes[("POST", CONTAINERS)] = [refusal]
        for hour in range(6):
            with pytest.raises(BadAnswer, match=words) as caught:
                bmw.source().poll(visit_to(tmp_path, now=NOW + hour * HOUR))
        assert "tried again at 20:00" in str(caught.value)
        assert len(bmw.calls) <= 3
        bmw.routes[("POST", CONTAINERS)] = [good]
        assert bmw.source().poll(visit_to(tmp_path, now=NOW + 6 * HOUR))
        assert asked(bmw)[-1] == WHOLE, "it was not the values"


def test_a_lost_container_is_made_again_once(tmp_path: Path) -> None:
    with Bmw([GOOD, cardata_error("CU-105", 404), GOOD]) as bmw:
        ready(tmp_path, bmw)
        bmw.routes[("POST", CONTAINERS)] = [Reply({"containerId": "made-2"})]
        visit = visit_to(tmp_path, allowance=4)
        assert bmw.source().poll(visit)
        assert visit.spent == 4
        assert [call.query["containerId"] for call in bmw.on(TELEMATICS)] == ["made-1", "made-2"]


def test_a_container_that_stays_lost_is_no_loop(tmp_path: Path) -> None:
    with Bmw([GOOD, cardata_error("CU-105", 404)]) as bmw:
        ready(tmp_path, bmw)
        with pytest.raises(Unavailable, match=r"lost our list of values \(container\) twice"):
            bmw.source().poll(visit_to(tmp_path, allowance=9))
        assert len(bmw.calls) == 4


def test_a_lost_container_without_calls_to_spare_waits_for_the_next_poll(tmp_path: Path) -> None:
    with Bmw([GOOD, cardata_error("CU-105", 404), GOOD]) as bmw:
        ready(tmp_path, bmw)
        with pytest.raises(Unavailable, match="the next poll makes it again"):
            bmw.source().poll(visit_to(tmp_path, allowance=1))
        visit = visit_to(tmp_path, allowance=3)
        assert bmw.source().cost(visit) == 3
        assert bmw.source().poll(visit)


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(("headers", "until"), [({}, NOW + 25 * MINUTE), ({"Retry-After": "7"}, NOW + 35 * MINUTE + 7)])
def test_a_used_up_quota_stops_the_account(tmp_path: Path, status: int, headers: dict[str, str], until: int) -> None:
    now = NOW + 35 * MINUTE
    with Bmw([GOOD, Reply(cardata_error("CU-429", status).body, status, headers)]) as bmw:
        ready(tmp_path, bmw)
        with pytest.raises(Throttled, match="50 calls") as caught:
            bmw.source().poll(visit_to(tmp_path, now=now))
    assert caught.value.until == (NOW + HOUR if not headers else until)
    assert caught.value.account_wide


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (cardata_error("CU-104", 403), AuthFailed, "primary user"),
        (Reply(b"", 403), AuthFailed, "login car"),
        (
            cardata_error("CU-103", 403),
            AuthFailed,
            "tick CarData API on the CarData page of the car, wait a few minutes",
        ),
        (cardata_error("CU-120", 400), BadAnswer, "does not accept this VIN; check vin"),
        (cardata_error("CU-101", 404), BadAnswer, "check vin"),
        (Reply(b"oops", 500), Unavailable, "internal error"),
        (Reply(b"<html>", 200), Unavailable, "web page"),
        (Reply(b"{", 200), BadAnswer, "not JSON"),
        (Reply({"telematicData": []}), BadAnswer, "telematicData"),
        (
            Reply({"telematicData": {"vehicle.vehicle.travelledDistance": 5}}),
            BadAnswer,
            "some of vehicle.vehicle.travelledDistance",
        ),
        (Reply(b"", 410), Trouble, "closed this interface"),
    ],
)
def test_what_bmw_may_say_instead(tmp_path: Path, reply: Reply, kind: type[Trouble], words: str) -> None:
    with Bmw([GOOD, reply]) as bmw:
        ready(tmp_path, bmw)
        visit = visit_to(tmp_path)
        with pytest.raises(kind, match=words) as caught:
            vet(bmw.source().poll(visit), visit)
    assert not any(secret in f"{caught.value} {caught.value!r}" for secret in SECRETS)


@pytest.mark.parametrize(
    ("was", "by", "said"),
    [
        (b'"64"', b'"640"', "left out: soc 640 %"),
        (b'"64"', b'"much"', "left out: soc not a number"),
        (b'"64"', b'"nan"', "left out: soc not a number"),
        (b"2026-10-08T11:55", b"2036-10-08T11:55", "dated 2036-10-08T11:55"),
    ],
)
def test_an_odd_value_costs_itself_alone(tmp_path: Path, was: bytes, by: bytes, said: str) -> None:
    with Bmw([GOOD, Reply(I4.replace(was, by, 1))]) as bmw:
        ready(tmp_path, bmw)
        visit = visit_to(tmp_path)
        assert "odometer" in {reading.metric.name for reading in vet(bmw.source().poll(visit), visit)}
    assert said in visit.note


def test_a_car_that_said_nothing_yet_is_not_an_error(tmp_path: Path) -> None:
    with Bmw([GOOD, Reply({"telematicData": {}})]) as bmw:
        ready(tmp_path, bmw)
        visit = visit_to(tmp_path)
        assert list(bmw.source().poll(visit)) == []
    assert "after the next drive" in visit.note


def test_a_token_about_to_die_is_renewed_and_saved_before_it_is_used(tmp_path: Path) -> None:
    with Bmw([GOOD]) as bmw:
        ready(tmp_path, bmw)
        later = visit_to(tmp_path, now=NOW + 3590)
        bmw.source().poll(later)
        assert [call.path for call in bmw.calls] == [TOKEN, TELEMATICS]
        assert later.spent == 1
        assert bmw.on(TELEMATICS)[0].headers["authorization"] == "Bearer access-1"
    with store(tmp_path).locked() as mine:
        tokens = mine.load()
    assert tokens is not None
    assert (tokens.refresh, tokens.extra["id_token"], tokens.extra["gcid"]) == ("refresh-1", "id-token-1", GCID)
    assert tokens.refresh_expires_at == NOW + 3590 + 14 * DAY


def test_a_token_that_bmw_dropped_early_is_renewed_once(tmp_path: Path) -> None:
    with Bmw([GOOD, Reply(b"", 401), GOOD]) as bmw:
        ready(tmp_path, bmw)
        visit = visit_to(tmp_path, allowance=2)
        assert bmw.source().poll(visit)
        assert visit.spent == 2
        bmw.routes[("GET", TELEMATICS)] = [Reply(b"", 401)]
        with pytest.raises(Unavailable, match="next poll"):
            bmw.source().poll(visit_to(tmp_path, allowance=1))
        with pytest.raises(AuthFailed):
            bmw.source().poll(visit_to(tmp_path, allowance=9))


def test_a_consent_that_lapsed_asks_for_a_person(tmp_path: Path) -> None:
    signed_in(tmp_path, expires_at=NOW - 1, turn=7)
    with Bmw([GOOD]) as bmw, pytest.raises(AuthFailed, match="eink-monitor login car"):
        bmw.source().poll(visit_to(tmp_path))
    assert [call.path for call in bmw.calls] == [TOKEN]


def test_nobody_signed_in_makes_no_call(tmp_path: Path) -> None:
    with Bmw([GOOD]) as bmw, pytest.raises(AuthFailed, match="sign in once"):
        bmw.source().poll(visit_to(tmp_path))
    assert bmw.calls == []
    assert refused("x").status == 400


def test_a_vin_is_sent_in_capitals_without_blanks(tmp_path: Path) -> None:
    signed_in(tmp_path)
    with Bmw([GOOD]) as bmw:
        source = BmwCarData(CLIENT, Vin.parse(f" {VIN.lower()[:9]} {VIN.lower()[9:]}\n"), bmw.url, bmw.url)
        assert source.poll(visit_to(tmp_path))
        assert bmw.on(TELEMATICS)


def test_two_cars_share_account_quota_and_sign_in(tmp_path: Path) -> None:
    first, second = BmwCarData(CLIENT, Vin(VIN)), BmwCarData(CLIENT, Vin("WBA000"))
    assert first.quota() == second.quota()
    assert [(budget.calls, budget.span) for budget in first.quota().budgets] == [(45, "day")]
    assert CLIENT not in first.quota().account
    assert first.sign_in() == second.sign_in()
    assert VIN not in repr(first)


@pytest.mark.parametrize(
    "wrong",
    [{"calls_per_day": 51}, {"calls_per_day": 0}, {"client_id": " "}, {"stream_url": "mqtt://broker.example:1883"}],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    good: dict[str, object] = {"client_id": CLIENT, "vin": Vin(VIN)}
    with pytest.raises(ValueError, match=r"stream_url|client_id|calls_per_day"):
        BmwCarData(**(good | wrong))  # type: ignore[arg-type]


def test_the_pace_of_polls_beside_a_stream_is_slow(tmp_path: Path) -> None:
    visit = visit_to(tmp_path, known=[said(CHARGING, 1, NOW)])
    assert BmwCarData(CLIENT, Vin(VIN)).pace(visit) == 15 * MINUTE
    streaming = BmwCarData(CLIENT, Vin(VIN), stream=True)
    assert streaming.pace(visit) == HOUR
    assert streaming.follows
    assert streaming.modules == ("paho.mqtt.client",)
    assert BmwCarData(CLIENT, Vin(VIN)).modules == ()
    assert streaming.patience(HOUR) == DAY


SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)


@given(st.data())
def test_mutated_recordings_raise_nothing_but_trouble(data: st.DataObject) -> None:
    document = json.loads(data.draw(st.sampled_from([I4, recording("bmw_cardata", "mini_miles")])))
    told = document["telematicData"]
    name = data.draw(st.sampled_from(sorted(told)))
    if data.draw(st.booleans()):
        told[name] = data.draw(SCALAR | st.lists(SCALAR) | st.dictionaries(st.text(max_size=5), SCALAR))
    else:
        told[name][data.draw(st.sampled_from(["value", "unit", "timestamp"]))] = data.draw(SCALAR | st.lists(SCALAR))
    try:
        readings = parse(document, "car", position=True)
    except Trouble:
        return
    assert all(type(reading.value) is float and type(reading.at) is int for reading in readings)
