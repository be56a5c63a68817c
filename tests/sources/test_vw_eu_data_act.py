from __future__ import annotations

import io
import json
import logging
import os
import stat
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Trouble, Unavailable
from eink_monitor.settings import Secret, Vin
from eink_monitor.sources.vw_eu_data_act import VwEuDataAct
from eink_monitor.sources.vw_eu_data_act.fields import parse
from eink_monitor.sources.vw_eu_data_act.files import File
from eink_monitor.vet import vet
from loopback.cars import NOW, Reply, recording, values, visit_to
from loopback.needs import library
from loopback.vw_portal import (
    AUTHENTICATE,
    AUTHORIZE,
    CALLBACK,
    ID3,
    IDENTIFIER,
    IDENTITY,
    METADATA,
    PASSWORD,
    SECRETS,
    SIGNIN,
    USER,
    VIN,
    VwPortal,
    data,
    delivery,
    field,
    goto,
    page,
    poll,
)

library("carconnectivity", "vw")

SPOKE = NOW - 2 * HOUR
SOC = "battery_state_report.soc"


def test_a_charging_car_with_each_value_at_its_own_time(tmp_path: Path) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 100 * MINUTE, delivery(ID3))
        found = values(poll(portal, tmp_path)[0])
    assert found == {
        "soc": (69, SPOKE),
        "charging": (1, SPOKE),
        "charging_power": (7400, SPOKE),
        "time_to_full": (90, SPOKE),
        "target_soc": (80, NOW - 30 * HOUR),
        "range": (250, SPOKE),
        "odometer": (23456, NOW - 150 * MINUTE),
        "plugged": (1, SPOKE + 5 * MINUTE),
    }


def test_an_old_file_under_a_fresh_date_keeps_its_age(tmp_path: Path) -> None:
    """The portal serves the same file for two days, with a new Date header (and once with a new name) each time."""
    with VwPortal() as portal:
        portal.deliver(NOW - 100 * MINUTE, delivery(ID3))
        readings, _ = poll(portal, tmp_path)
        at = {reading.metric.name: reading.at for reading in readings}
        again, _ = poll(portal, tmp_path, readings, NOW + DAY)
        assert again == []
        portal.deliver(NOW + 2 * DAY - MINUTE, delivery(ID3))
        later, visit = poll(portal, tmp_path, readings, NOW + 2 * DAY)
    assert {reading.metric.name: reading.at for reading in later} == at
    assert max(at.values()) < NOW
    assert visit.now - max(at.values()) > 2 * DAY


def test_a_value_is_dated_by_the_oldest_thing_known_or_absent() -> None:
    """Neither the time of a file nor that of its download says when the car measured."""
    made_at = NOW - 5 * HOUR
    old, older = "2026-10-01T00:00:00", "2026-09-30T00:00:00Z"
    at = NOW - 7 * DAY - 12 * HOUR

    def soc(*fields: dict[str, object]) -> dict[str, tuple[float, int]]:
        found = vet(parse([File(data(*fields), made_at)], "car"), visit_to(Path(), now=NOW))
        return {name: told for name, told in values(found).items() if name == "soc"}

    assert soc(field(SOC, "50")) == {}
    assert soc(field(SOC, "50"), field("car_captured_time", old)) == {"soc": (50, at)}
    assert soc(field(SOC, "50"), field("car_captured_time", old), field("car_captured_time", older, key="k")) == {
        "soc": (50, at - DAY)
    }
    assert soc(field(SOC, "50", "soon"), field("car_captured_time", old)) == {"soc": (50, at)}
    assert soc(field(SOC, "50"), field("other", "1", older), field("another", "1", old)) == {"soc": (50, at - DAY)}
    assert soc(field(SOC, "50"), field("car_captured_time", "2026-10-08T23:00:00Z")) == {}
    assert soc(field(SOC, "50"), field("other", "1", "2026-10-08T23:00:00Z"), field("another", "1", old)) == {
        "soc": (50, at)
    }, "a date after its file does not make the file young"
    assert soc(field(SOC, "50", "2026-10-08T23:00:00Z"), field("another", "1", old)) == {"soc": (50, at)}
    assert soc(field(SOC, "50", "2026-10-08T07:10:00Z")) == {"soc": (50, made_at)}, "within the quarter of its name"
    assert soc(field(SOC, "50", "1970-01-01T00:00:00Z"), field("another", "1", old)) == {"soc": (50, at)}
    assert soc(field(SOC, "50", str(at * 1000))) == {"soc": (50, at)}


@pytest.mark.parametrize("odd", ["soon", "2026-10-08T23:00:00Z", "9" * 40, "0001-01-01T00:00:00+14:00"])
def test_a_date_that_cannot_be_true_is_told_where_there_is_no_other(odd: str) -> None:
    with pytest.raises(BadAnswer, match=r"some of entries|makes no sense"):
        vet(parse([File(data(field(SOC, "50", odd)), NOW - HOUR)], "car"), visit_to(Path(), now=NOW))


def test_successive_files_are_merged_newest_value_per_field() -> None:
    first = data(
        field(SOC, "40", "2026-10-08T09:00:00Z"),
        field("mileage.value", "1000", "2026-10-08T09:00:00Z"),
        field("mileage.unit", "MILES", "2026-10-08T09:00:00Z"),
        field("value", "100", "2026-10-08T09:00:00Z", "0ca40e18-0564-3eda-bcc0-7aee9ef44f04"),
        field("value", "7", "2026-10-08T09:30:00Z", "00000000-some-other-nameless-field"),
    )
    second = data(
        field(SOC, "39", "2026-10-08T08:00:00Z"),
        field("mileage.value", "1010", "2026-10-08T10:00:00Z"),
    )
    found = values(parse([File(first, NOW - 2 * HOUR), File(second, NOW - HOUR)], "car"))
    assert {name: (round(value, 2), at) for name, (value, at) in found.items()} == {
        "soc": (40, NOW - 3 * HOUR),
        "range": (160.93, NOW - 3 * HOUR),
        "odometer": (1625.44, SPOKE),
    }


def test_a_hybrid_shows_its_electric_range() -> None:
    document = json.loads(recording("vw_eu_data_act", "passat_hybrid"))
    found = values(parse([File(document, NOW)], "car"))
    at = NOW - 4 * HOUR
    assert found == {
        "soc": (44, at),
        "range": (21, at),
        "fuel": (63, at),
        "charging": (0, at),
        "charging_power": (0, at),
        "plugged": (0, at),
        "odometer": (65535, at),
    }


def test_a_hybrid_whose_file_lacks_the_tank_does_not_pass_fuel_for_battery() -> None:
    document = json.loads(recording("vw_eu_data_act", "passat_hybrid"))
    document["Data"] = [entry for entry in document["Data"] if "fuel" not in entry["dataFieldName"]]
    assert values(parse([File(document, NOW)], "car", burns=True))["range"][0] == 21


def test_what_a_charging_job_recorded_is_not_the_charge_of_now() -> None:
    copy = field(SOC, "34", "2026-10-08T11:00:00Z", "93b55324-6628-36df-8f76-8eba797fc59c")
    assert parse([File(data(copy), NOW)], "car") == []
    state = "charging_state_report.current_charge_state"
    stand_in = field(state, "2", "2026-10-08T11:00:00Z", "96c211b4-f8fb-3f40-b7cf-6a1cd12cce6d")
    assert values(parse([File(data(stand_in), NOW)], "car")) == {"charging": (1, NOW - HOUR)}
    live = field(state, "CHARGE_STATE_OFF", "2026-10-08T10:00:00Z", "a08cca2b-0000-3000-8000-000000000001")
    assert values(parse([File(data(stand_in, live), NOW)], "car")) == {"charging": (0, SPOKE)}


@pytest.mark.parametrize(
    "odd",
    [
        field(SOC, ""),
        field(SOC, "255"),
        field(SOC, "unknown"),
        field("range", "16383"),
        field("cruising_range_primary_engine", "65535"),
        field("plug_state", "sideways"),
        field("charging_state", "unheard of"),
        field("charging_state", "true"),
        field("remaining_charging_time", "65535"),
        field("", "", key=" "),
    ],
)
def test_what_says_nothing_is_no_reading(odd: dict[str, object]) -> None:
    assert parse([File(data(odd), NOW)], "car") == []


def test_a_sleeping_car_is_not_an_error(tmp_path: Path) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - HOUR, b"", f"20261008110000_{VIN}_no_content_found.zip")
        readings, visit = poll(portal, tmp_path)
        assert (readings, portal.downloads()) == ([], 0)
        assert "sleeps" in visit.note
        portal.files.clear()
        assert "no file of this car yet" in poll(portal, tmp_path)[1].note


def test_nobody_signs_in_at_every_poll(tmp_path: Path) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 30 * MINUTE, delivery(ID3))
        readings, _ = poll(portal, tmp_path)
        portal.deliver(NOW - 15 * MINUTE, data(field(SOC, "70", "2026-10-08T11:40:00Z")))
        assert values(poll(portal, tmp_path, readings)[0])["soc"] == (70, NOW - 20 * MINUTE)
        assert (portal.logins, portal.downloads(), len(portal.on(METADATA))) == (1, 2, 1)
        portal.expire()
        portal.deliver(NOW - MINUTE, data(field(SOC, "71", "2026-10-08T11:50:00Z")))
        assert poll(portal, tmp_path, readings)[0]
        assert portal.logins == 2
        assert portal.source().credentials(visit_to(tmp_path))[0].present
        portal.source().sign_out(visit_to(tmp_path))
        assert not portal.source().credentials(visit_to(tmp_path))[0].present
        poll(portal, tmp_path, readings)
        assert portal.logins == 3


def test_the_session_is_kept_private(tmp_path: Path) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 30 * MINUTE, delivery(ID3))
        poll(portal, tmp_path)
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"session-1" in file.read_bytes()
    assert not any(secret.encode() in file.read_bytes() for secret in (PASSWORD, USER, VIN))


def test_the_session_is_sealed_where_there_is_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "eink-monitor-token-key"
    key.write_bytes(b"k" * 32)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with VwPortal() as portal:
        portal.deliver(NOW - 30 * MINUTE, delivery(ID3))
        readings, _ = poll(portal, tmp_path)
        (file,) = tmp_path.rglob("*.notes")
        content, written = file.read_bytes(), file.stat().st_mtime_ns
        assert b"session-1" not in content
        poll(portal, tmp_path, readings)
        assert (portal.logins, file.stat().st_mtime_ns) == (1, written), "nothing new: the card is left alone"
        key.unlink()
        with pytest.raises(AuthFailed, match="its key, the credential eink-monitor-token-key, is missing"):
            poll(portal, tmp_path, readings)
        assert (portal.logins, file.read_bytes()) == (1, content)


def test_another_account_does_not_inherit_the_session(tmp_path: Path) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 30 * MINUTE, delivery(ID3))
        poll(portal, tmp_path)
        other = VwEuDataAct("audi", USER, Secret(PASSWORD), Vin(VIN), portal.url)
        other.poll(visit_to(tmp_path))
        assert portal.logins == 2
        assert portal.on(AUTHORIZE)[1].query["client_id"].startswith("cc29b87a")


def test_a_crash_before_the_readings_are_stored_loses_nothing(tmp_path: Path) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 30 * MINUTE, delivery(ID3))
        readings, _ = poll(portal, tmp_path)
        assert poll(portal, tmp_path, known=[])[0] == readings  # nothing of it is in the store
        assert poll(portal, tmp_path, known=readings)[0] == []


def test_the_first_visit_reads_the_last_eight_files(tmp_path: Path) -> None:
    with VwPortal() as portal:
        for quarter in range(20):
            moment = f"2026-10-08T{quarter // 4:02}:{quarter % 4 * 15:02}:00Z"
            portal.deliver(NOW - (20 - quarter) * 15 * MINUTE, data(field(SOC, str(quarter), moment)))
        assert values(poll(portal, tmp_path)[0])["soc"][0] == 19
        assert portal.downloads() == 8


def test_a_data_request_made_anew_is_found_again(tmp_path: Path) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 30 * MINUTE, delivery(ID3))
        readings, _ = poll(portal, tmp_path)
        portal.routes[("GET", portal.path("list"))] = [Reply(b"", 404)]
        portal.identifier = "request-2"
        portal.deliver(NOW - 15 * MINUTE, data(field(SOC, "70", "2026-10-08T11:40:00Z")))
        assert poll(portal, tmp_path, readings)[0]
        assert len(portal.on(METADATA)) == 2


def test_a_list_that_fails_costs_the_identifier_only(tmp_path: Path) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 30 * MINUTE, delivery(data(field("not.ours", "1"))))
        readings, visit = poll(portal, tmp_path)
        assert (readings, visit.note) == ([], "the newest file of the car holds no value that we know")
        portal.routes[("GET", portal.path("list"))] = [Reply(b"", 500)]
        with pytest.raises(Unavailable):
            poll(portal, tmp_path)
        portal.routes.pop(("GET", portal.path("list")))
        poll(portal, tmp_path)
        assert (len(portal.on(METADATA)), portal.logins) == (2, 1)


def test_one_spoilt_file_does_not_hide_the_others(tmp_path: Path) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 45 * MINUTE, delivery(ID3))
        portal.deliver(NOW - 30 * MINUTE, delivery(ID3)[:200])
        readings, visit = poll(portal, tmp_path)
    assert values(readings)["soc"] == (69, SPOKE)
    assert "could not be read" in visit.note


def heap(entries: int) -> bytes:
    """A ZIP of very many files."""
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as file:
        for number in range(entries):
            file.writestr(zipfile.ZipInfo(f"{number}.json"), "{}")  # dated 1980: every worker names the test alike
    return box.getvalue()


def locked(content: bytes) -> bytes:
    """Pretend that the ZIP's only entry wants a password."""
    body = bytearray(content)
    for mark, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(mark) + flag] |= 1
    return bytes(body)


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"<html>",
        delivery(ID3)[:-30],
        delivery(ID3, "report.txt"),
        delivery(b"{"),
        delivery(b"\xff\xfe"),
        delivery(b'{"Data": NaN}'),
        delivery(b"[" * 100_000),
        delivery(b" " * 21_000_000),
        delivery(b"[]"),
        delivery({"Data": {}}),
        delivery(data(field(SOC, 5))),
        delivery({"Data": [7]}),
        delivery(data(field(SOC, "9" * 5000))),
        delivery(data(field(SOC, "120", "2026-10-08T10:00:00Z"))),
        delivery(data(field(SOC, "50", "2036-01-01T00:00:00Z"))),
        locked(delivery(ID3)),
    ],
)
def test_files_that_make_no_sense(tmp_path: Path, spoilt: bytes) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 45 * MINUTE, spoilt)
        with pytest.raises(BadAnswer) as caught:
            poll(portal, tmp_path)
    assert not any(secret in f"{caught.value!r}" for secret in SECRETS)


@pytest.mark.parametrize(
    ("route", "reply", "kind", "words"),
    [
        (("POST", AUTHENTICATE), goto(IDENTITY + AUTHENTICATE), AuthFailed, "username and password"),
        (("GET", SIGNIN), page("<html>new design</html>"), AuthFailed, "its login has changed"),
        (("POST", AUTHENTICATE), goto(f"{IDENTITY}/x/terms-and-conditions"), AuthFailed, "new terms accepted"),
        (("POST", AUTHENTICATE), goto(f"{IDENTITY}/signin-service/v1/consent/users"), AuthFailed, "about consent"),
        (("POST", AUTHENTICATE), goto("http://evil.example/"), AuthFailed, "does not let us sign in"),
        (("GET", CALLBACK), Reply(b"", 200), AuthFailed, "does not let us sign in"),
        (("GET", SIGNIN), page("down", 503), Unavailable, "internal error"),
        (("POST", AUTHENTICATE), page("down", 502), Unavailable, "internal error"),
        (("GET", METADATA), Reply(b"", 404), AuthFailed, "Get customised data"),
        (("GET", METADATA), Reply({"Identifier": None}), AuthFailed, "Get customised data"),
        (("GET", METADATA), Reply([]), AuthFailed, "Get customised data"),
        (("GET", METADATA), Reply(b"", 403), AuthFailed, "does not let us see this car"),
        (("GET", METADATA), Reply(b"", 410), Gone, "closed this interface"),
        (("GET", METADATA), Reply(b"", 418), BadAnswer, "cannot be read"),
        (("GET", METADATA), Reply(b"{", 200), BadAnswer, "cannot be read"),
        (("GET", "list"), Reply(b"", 500), Unavailable, "internal error"),
        (("GET", "list"), Reply(b"", 429, {"Retry-After": "120"}), Throttled, "too often"),
        (("GET", "list"), Reply("text"), BadAnswer, "cannot be read"),
        (("GET", "list"), Reply({"files": "text"}), BadAnswer, "not a list"),
        (("GET", "list"), Reply([5]), BadAnswer, "not an object"),
        (("GET", "list"), Reply([{"name": 5, "createdOn": "2026-10-08T11:00:00Z"}]), BadAnswer, "not a text"),
        (("GET", "list"), Reply([{"name": "x.zip", "createdOn": "soon"}]), BadAnswer, "time"),
        (("GET", "download"), Reply(b"", 404), BadAnswer, "cannot be read"),
        (("GET", "download"), Reply(b"", 500), Unavailable, "internal error"),
        (("GET", "download"), Reply(b"", 429), Throttled, "too often"),
    ],
)
def test_what_may_come_instead(
    tmp_path: Path, route: tuple[str, str], reply: Reply, kind: type[Trouble], words: str
) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 45 * MINUTE, delivery(ID3))
        for landing in ("/x/terms-and-conditions", "/signin-service/v1/consent/users"):
            portal.routes[("GET", landing)] = [page("<html>")]
        method, path = route
        portal.routes[(method, path if path.startswith("/") else portal.path(path))] = [reply]
        with pytest.raises(kind, match=words) as caught:
            poll(portal, tmp_path)
        assert portal.logins <= 2
    assert not any(secret in f"{caught.value!r}" for secret in SECRETS)
    if isinstance(caught.value, Throttled):
        assert caught.value.until == NOW + (120 if reply.headers else 15 * MINUTE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://identity.vwgroup.io/x",
        "http://eu-data-act.drivesomethinggreater.com/x",
        "https://evil.example/x",
        "https://identity.vwgroup.io.evil.example/x",
        "https://me@identity.vwgroup.io/x",
        "https://identity.vwgroup.io:8443/x",
        "http://HERE/x",
    ],
)
def test_password_and_vin_go_nowhere_else(tmp_path: Path, elsewhere: str) -> None:
    """A redirect, a form and a data call each try to lead us to somebody else, or out of https."""
    with VwPortal() as portal:
        portal.deliver(NOW - 45 * MINUTE, delivery(ID3))
        there = elsewhere.replace("HERE", portal.url.removeprefix("http://"))
        form = _with_action(there)
        for route, reply in (
            (("GET", AUTHORIZE), goto(there)),
            (("GET", SIGNIN), form),
            (("POST", IDENTIFIER), goto(there, {})),
            (("POST", IDENTIFIER), Reply(b"", 307, {"Location": there})),
            (("GET", AUTHENTICATE), form),
            (("GET", METADATA), goto(there)),
            (("GET", portal.path("list")), goto(there)),
            (("GET", portal.path("download")), goto(there)),
        ):
            before = portal.routes.get(route)
            portal.routes[route] = [reply]
            with pytest.raises(Trouble) as caught:
                poll(portal, tmp_path)
            assert "foreign server" in str(caught.value), route
            if before is None:
                del portal.routes[route]
            else:
                portal.routes[route] = before
        assert not portal.on("/x")
        assert poll(portal, tmp_path)[0]


def _with_action(there: str) -> Reply:
    return page(f'<form action="{there}"><input name="hmac" value="h2"><input name="_csrf" value="t2"></form>')


def lying(size: int) -> bytes:
    """A ZIP of a hundred million spaces that claims to hold ``size`` bytes."""
    box = bytearray(delivery(b" " * 100_000_000))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = box.index(mark) + place
        box[at : at + 4] = size.to_bytes(4, "little")
    return bytes(box)


@pytest.mark.parametrize("spoilt", [lying(10), lying(19_000_000), lying(1 << 31), heap(200)])
def test_a_zip_whose_sizes_lie_is_cut_while_it_is_unpacked(tmp_path: Path, spoilt: bytes) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 45 * MINUTE, spoilt)
        tracemalloc.start()
        with pytest.raises(BadAnswer, match="cannot be read"):
            poll(portal, tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 60_000_000


def test_an_answer_of_any_size_is_not_swallowed(tmp_path: Path) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 45 * MINUTE, os.urandom(5_100_000))
        with pytest.raises(Unavailable, match="more than 5 MB"):
            poll(portal, tmp_path)


@pytest.mark.parametrize("odd", ["a\ud800", "a/../../b\x1b", "x" * 300, ""])
def test_an_identifier_that_could_not_be_sent_is_none(tmp_path: Path, odd: str) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 45 * MINUTE, delivery(ID3))
        good = portal.routes[("GET", METADATA)]
        portal.routes[("GET", METADATA)] = [Reply({"Identifier": odd})]
        with pytest.raises(AuthFailed, match="no continuous data request"):
            poll(portal, tmp_path)
        portal.routes[("GET", METADATA)] = good
        assert poll(portal, tmp_path)[0]


def test_no_network(tmp_path: Path) -> None:
    source = VwEuDataAct("seat", USER, Secret(PASSWORD), Vin(VIN), "https://portal.invalid")
    with pytest.raises(Unavailable, match="internet connection"):
        source.poll(visit_to(tmp_path))


def test_a_cut_connection(tmp_path: Path) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 45 * MINUTE, delivery(ID3))
        portal.fault, portal.fault_on = "truncated", "download"
        with pytest.raises(Unavailable, match="cannot be reached"):
            poll(portal, tmp_path)


def test_a_damaged_session_is_no_session(tmp_path: Path) -> None:
    with VwPortal() as portal:
        portal.deliver(NOW - 45 * MINUTE, delivery(ID3))
        poll(portal, tmp_path)
        (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
        for session in ("{", "[5]", "[[1]]"):
            file.write_text(json.dumps(json.loads(file.read_text()) | {"session": session}))
            assert poll(portal, tmp_path)[0]
        assert portal.logins == 4


def test_nothing_secret_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with VwPortal() as portal:
        portal.deliver(NOW - 45 * MINUTE, delivery(ID3))
        before = [handler.formatter for handler in logging.getLogger().handlers]
        poll(portal, tmp_path)
        portal.routes[("GET", METADATA)] = [Reply(b"", 500)]
        assert [handler.formatter for handler in logging.getLogger().handlers] == before
    assert not any(secret in caplog.text for secret in SECRETS)
    assert not any(secret in repr(portal.source()) for secret in (PASSWORD, VIN))


def test_the_portal_is_asked_every_quarter_of_an_hour(tmp_path: Path) -> None:
    with VwPortal() as portal:
        source = portal.source()
    assert source.pace(visit_to(tmp_path, every=5 * MINUTE)) == 15 * MINUTE
    assert source.pace(visit_to(tmp_path, every=HOUR)) == HOUR
    assert source.quota() is None
    assert source.modules == ("carconnectivity_connectors.vw_eu_data_act.client",)
    assert source.patience(HOUR) == DAY + 15 * MINUTE


@given(st.data())
def test_mutated_recordings_raise_nothing_but_trouble(draw: st.DataObject) -> None:
    document = json.loads(draw.draw(st.sampled_from([ID3, recording("vw_eu_data_act", "passat_hybrid")])))
    scalar = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    entry = draw.draw(st.sampled_from(document["Data"]))
    stamps = st.sampled_from(["2026-10-08T11:00:00", "999999999999999", "9" * 40, "0001-01-01T00:00:00+14:00"])
    entry[draw.draw(st.sampled_from(["key", "dataFieldName", "value", "timestampUtc"]))] = draw.draw(scalar | stamps)
    try:
        readings = parse([File(document, NOW)], "car")
    except Trouble:
        return
    assert all(type(reading.value) is float and type(reading.at) is int for reading in readings)
