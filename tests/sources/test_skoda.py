from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.errors import AuthFailed, BadAnswer, Throttled, Trouble, Unavailable
from eink_monitor.metrics import CHARGING, LATITUDE, PLUGGED
from eink_monitor.settings import Secret, Vin
from eink_monitor.sources.skoda import Skoda, parse
from eink_monitor.vet import vet
from loopback.cars import NOW, Reply, Vendor, recording, said, values, visit_to

VIN = "TMBJJ7NX0MY000001"
KEY = "sk-0123456789abcdef"
PATH = ("GET", f"/api/v1/vehicles/{VIN}")
ENYAQ = recording("skoda", "enyaq")


def skoda(url: str = "http://127.0.0.1:9", *, position: bool = False) -> Skoda:
    return Skoda(api_key=Secret(KEY), vin=Vin(VIN), base_url=url, position=position)


def test_a_charging_car_is_read_with_the_times_the_car_gave(tmp_path: Path) -> None:
    with Vendor({PATH: [Reply(ENYAQ, headers={"Date": "Thu, 08 Oct 2026 12:00:00 GMT"})]}) as vendor:
        visit = visit_to(tmp_path)
        readings = vet(skoda(vendor.url).poll(visit), visit)
    charged = NOW - 10 * MINUTE
    assert values(readings) == {
        "soc": (69, charged),
        "range": (300, charged),
        "target_soc": (80, charged),
        "plugged": (1, charged),
        "charging": (1, charged),
        "charging_power": (7200, charged),
        "time_to_full": (120, charged),
        "odometer": (12345, NOW - 3 * HOUR),
    }
    assert visit.spent == 1
    assert vendor.calls[0].headers["x-api-key"] == KEY
    assert [reading.at for reading in readings] == sorted(reading.at for reading in readings)


def test_a_hybrid_shows_its_electric_range_and_its_fuel_and_misses_what_skoda_missed(tmp_path: Path) -> None:
    with Vendor({PATH: [Reply(recording("skoda", "octavia_hybrid"))]}) as vendor:
        found = values(list(skoda(vendor.url).poll(visit_to(tmp_path))))
    spoke = NOW - 20 * HOUR
    assert found == {"soc": (40, spoke), "range": (24, spoke), "fuel": (55, spoke), "odometer": (54321, spoke)}


def test_a_combustion_car_has_the_range_of_its_tank() -> None:
    status = {"carCapturedTimestamp": "2026-10-08T12:00:00Z", "totalRangeInKm": 700}
    status_ = status | {"primaryEngineRange": {"engineType": "DIESEL", "currentFuelLevelInPercent": 80}}
    assert values(parse({"vehicle": {"fuelStatus": status_}}, "car")) == {"range": (700, NOW), "fuel": (80, NOW)}


def test_the_position_is_told_only_when_asked_for() -> None:
    document = json.loads(ENYAQ)
    assert "latitude" not in values(parse(document, "car"))
    assert LATITUDE not in skoda().publishes("car")["car"]
    assert LATITUDE in skoda(position=True).publishes("car")["car"]
    found = values(parse(document, "car", position=True))
    assert found["latitude"] == (50.1, NOW - 10 * MINUTE)
    assert found["longitude"] == (14.4, NOW - 10 * MINUTE)


@pytest.mark.parametrize(
    ("state", "plug", "expected"),
    [
        ("CONNECT_CABLE", None, {"charging": 0, "plugged": 0}),
        ("READY_FOR_CHARGING", None, {"charging": 0, "plugged": 1}),
        ("CONSERVING", "CONNECTED", {"charging": 0, "plugged": 1}),
        ("SOMETHING_NEW", "SOMETHING_NEW", {}),
        (None, "DISCONNECTED", {"plugged": 0}),
    ],
)
def test_words_are_translated_and_unknown_words_are_not_guessed(
    state: str | None, plug: str | None, expected: dict[str, int]
) -> None:
    status = {"state": state, "plugConnectionState": plug, "remainingTimeToFullyChargedInMinutes": 0}
    car = {"charging": {"carCapturedTimestamp": "2026-10-08T12:00:00Z", "status": status}}
    assert {name: value for name, (value, _) in values(parse({"vehicle": car}, "car")).items()} == expected


def test_a_value_that_the_car_did_not_date_is_left_out() -> None:
    assert parse({"vehicle": {"odometer": {"mileageInKm": 5}}}, "car") == []


def test_an_answer_without_any_section_is_trouble_for_later() -> None:
    with pytest.raises(Unavailable, match="could not read the car"):
        parse({"vehicle": {}, "errors": [{"type": "X"}]}, "car")


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, AuthFailed, "a new API key is needed: it is wrong or has expired; make a new one in the MySkoda app"),
        (403, AuthFailed, "does not allow this API key to read this car, and a new API key is needed"),
        (404, BadAnswer, "check vin"),
        (500, Unavailable, "internal error"),
        (503, Unavailable, "internal error"),
    ],
)
def test_refusals_say_what_to_do_and_keep_the_secrets(
    tmp_path: Path, status: int, kind: type[Trouble], words: str
) -> None:
    problem = {"type": "about:blank", "title": "no", "status": status, "detail": f"key {KEY} and {VIN}"}
    with Vendor({PATH: [Reply(problem, status, {"Content-Type": "application/problem+json"})]}) as vendor:
        source = skoda(vendor.url)
        with pytest.raises(kind, match=words) as caught:
            source.poll(visit_to(tmp_path))
    for text in (str(caught.value), repr(caught.value), repr(source)):
        assert KEY not in text
        assert VIN not in text


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"RateLimit-Limit": "20", "RateLimit-Remaining": "0", "RateLimit-Reset": "754"}, 754),
        ({"Retry-After": "90", "RateLimit-Reset": "754"}, 90),
        ({"RateLimit-Reset": "999999"}, HOUR),
        ({"RateLimit-Reset": "soon"}, HOUR),
        ({}, HOUR),
    ],
)
def test_too_many_calls_wait_for_the_whole_account(tmp_path: Path, headers: dict[str, str], wait: int) -> None:
    with Vendor({PATH: [Reply({"status": 429}, 429, headers)]}) as vendor, pytest.raises(Throttled) as caught:
        skoda(vendor.url).poll(visit_to(tmp_path))
    assert caught.value.until == NOW + wait
    assert caught.value.account_wide


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"vehicle": 3}', b'{"vehicle": {"charging": []}}', b"\xff"])
def test_nonsense_is_a_bad_answer(tmp_path: Path, body: bytes) -> None:
    visit = visit_to(tmp_path)
    with Vendor({PATH: [Reply(body)]}) as vendor, pytest.raises(BadAnswer):
        vet(skoda(vendor.url).poll(visit), visit)


def test_the_expiry_of_the_key_is_remembered_and_warned_of(tmp_path: Path) -> None:
    routes = {PATH: [Reply(ENYAQ, headers={"X-API-Key-Expires-At": "2026-10-10T12:00:00Z"}), Reply(ENYAQ)]}
    source = skoda()
    assert source.credentials(visit_to(tmp_path))[0].words == "the Skoda API key is present"
    with Vendor(routes) as vendor:
        source = skoda(vendor.url)
        visit = visit_to(tmp_path)
        source.poll(visit)
        source.poll(visit_to(tmp_path))
    known = source.credentials(visit_to(tmp_path))[0]
    assert known.expires_at == NOW + 2 * DAY
    assert known.words == visit.note
    assert "expires in 2 days; make a new one" in known.words
    assert source.credentials(visit_to(tmp_path, now=NOW - 8 * DAY))[0].words == "the Skoda API key expires in 10 days"
    assert "has expired" in source.credentials(visit_to(tmp_path, now=NOW + 3 * DAY))[0].words
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
    assert not any(KEY in path.name or KEY.encode() in path.read_bytes() for path in files)


def test_a_strange_expiry_costs_nothing(tmp_path: Path) -> None:
    with Vendor({PATH: [Reply(ENYAQ, headers={"X-API-Key-Expires-At": "never"})]}) as vendor:
        assert skoda(vendor.url).poll(visit_to(tmp_path))
    assert list(tmp_path.rglob("*")) == []


def test_nobody_signs_in_with_a_key() -> None:
    assert (skoda().sign_in(), skoda().renews, skoda().way_in) == (None, "API key", "go.skoda.eu/api-keys")


def test_the_quota_belongs_to_the_key_without_naming_it() -> None:
    quota = skoda().quota()
    assert [(budget.calls, budget.span) for budget in quota.budgets] == [(20, "hour")]
    assert KEY not in quota.account
    assert quota.account == skoda("http://127.0.0.1:1").quota().account


def test_the_pace_follows_the_car_while_its_state_is_fresh(tmp_path: Path) -> None:
    plugged, charging = said(PLUGGED, 1, NOW - MINUTE), said(CHARGING, 1, NOW - MINUTE)
    idle = [said(PLUGGED, 0, NOW), said(CHARGING, 0, NOW)]
    old = [said(CHARGING, 1, NOW - 4 * HOUR), said(PLUGGED, 1, NOW - 4 * HOUR)]
    paces = [skoda().pace(visit_to(tmp_path, known=known)) for known in ([], idle, old, [plugged], [plugged, charging])]
    assert paces == [HOUR, HOUR, HOUR, 30 * MINUTE, 15 * MINUTE]
    assert skoda().pace(visit_to(tmp_path, every=2 * HOUR, known=[charging])) == 2 * HOUR
    assert skoda().patience(HOUR) == DAY


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
def test_mutated_recordings_raise_nothing_but_trouble(data: st.DataObject) -> None:
    document = json.loads(ENYAQ)
    node = document
    while True:
        key = data.draw(st.sampled_from(sorted(node)))
        if isinstance(node[key], dict) and node[key] and data.draw(st.booleans()):
            node = node[key]
            continue
        node[key] = data.draw(JSON)
        break
    try:
        readings = parse(document, "car", position=True)
    except Trouble:
        return
    assert all(type(reading.value) is float and type(reading.at) is int for reading in readings)
