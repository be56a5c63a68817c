"""Three cars from their vendors' wires to the panel: real configuration, forks, store and panels, on a fast clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest
from PIL import Image

import qr_reader
from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock
from eink_monitor.config import load
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.polls import Forked
from eink_monitor.daemon.runner import Result
from eink_monitor.metrics import SOC
from eink_monitor.panels.car import Car
from eink_monitor.simulation import live
from eink_monitor.sources._http.tokens import Tokens, TokenStore
from eink_monitor.store import Store
from houses import write
from loopback import bmw, vw_portal
from loopback.bmw import CLIENT, TELEMATICS, TOKEN, Bmw, cardata_error, refused
from loopback.cars import NOW, Reply, Vendor, recording
from loopback.vw_portal import PASSWORD, USER, VwPortal, data, delivery, field
from witness import Listener

HOUSE = """\
database: {folder}/readings.db
timezone: Europe/Berlin
display: {{type: png, path: {folder}/out}}
sources:
%s
panels:
  charge: {{type: car, subject: %s, dwell: 1h}}
  health: {{type: health, dwell: 1h}}
"""
I4 = '  i4: {{type: bmw_cardata, name: BMW i4, client_id: %s, vin: %s, base_url: "%s", auth_url: "%s", every: 15m}}'
MINI = '  mini: {{type: bmw_cardata, client_id: %s, vin: %s, base_url: "URL", auth_url: "URL", every: 20m}}'
ENYAQ = '  enyaq: {{type: skoda, api_key: %s, vin: TMBJJ7NX0MY000001, base_url: "%s", every: 15m}}'
ID3 = '  id3: {{type: vw_eu_data_act, brand: audi, username: %s, password: %s, vin: %s, base_url: "%s", every: 12h}}'
KEY = "sk-0123456789abcdef"
SKODA = ("GET", "/api/v1/vehicles/TMBJJ7NX0MY000001")
UNSAID = (*bmw.SECRETS, *vw_portal.SECRETS, KEY, "TMBJJ7NX0MY000001", "Error", "Traceback")
GOOD = Reply(recording("bmw_cardata", "i4_charging"))


class House:
    """The daemon of a house with one car (and ``more``), and its vendor."""

    def __init__(self, folder: Path, car: str, more: Sequence[str] = ()) -> None:
        self.folder, self.clock = folder, FastClock(NOW)
        self.bmw, self.portal = Bmw([GOOD]), VwPortal()
        self.skoda = Vendor({SKODA: [Reply(recording("skoda", "enyaq"))]})
        self.portal.deliver(NOW - 100 * MINUTE, delivery(vw_portal.ID3))
        sources = {
            "i4": I4 % (CLIENT, bmw.VIN, self.bmw.url, self.bmw.url),
            "enyaq": ENYAQ % (KEY, self.skoda.url),
            "id3": ID3 % (USER, PASSWORD, vw_portal.VIN, self.portal.url),
        }
        self.config = load(
            write(
                folder, HOUSE % ("\n".join([sources[car], *(line.replace("URL", self.bmw.url) for line in more)]), car)
            )
        )
        self.store = Store(self.config.database, self.config.zone)
        self.daemon = Daemon(self.config, self.store, self.clock, Forked(self.config))
        if car == "i4":
            self.sign_in()

    def sign_in(self, lasting: int = 14 * DAY) -> None:
        now = self.clock.now()
        (shared,) = self.config.feeds["i4"].source.shares(self.config.state / "i4")
        with TokenStore(shared, "i4", "account").locked() as store:
            store.save(Tokens(f"access-{self.bmw.turn}", f"refresh-{self.bmw.turn}", now + HOUR, now + lasting))

    def live(self, seconds: int) -> None:
        live(self.daemon, self.clock.now() + seconds)

    def what(self, name: str) -> str:
        past = self.store.outcomes.get(name)
        return past.what if past else ""

    def poll(self, name: str) -> Result:
        return self.daemon.fetching.poll_now(name)


@contextmanager
def house(folder: Path, car: str, more: Sequence[str] = ()) -> Iterator[House]:
    home = House(folder, car, more)
    with home.bmw, home.skoda, home.portal, closing(home.store):
        yield home
        home.daemon.stop()


def bmw_says(*replies: Reply) -> Callable[[House], None]:
    return lambda home: home.bmw.routes.update({("GET", TELEMATICS): list(replies)})


def bmw_renews_nothing(code: str) -> Callable[[House], None]:
    def refuse(home: House) -> None:
        bmw_says(Reply(b"", 401))(home)
        home.bmw.routes[("POST", TOKEN)] = [refused(code)]

    return refuse


def skoda_says(reply: Reply) -> Callable[[House], None]:
    return lambda home: home.skoda.routes.update({SKODA: [reply]})


def portal_says(leaf: str, reply: Reply) -> Callable[[House], None]:
    return lambda home: home.portal.routes.update({("GET", home.portal.path(leaf)): [reply]})


def the_portal_wants_its_terms_accepted(home: House) -> None:
    page = "/x/terms-and-conditions"
    home.portal.routes[("POST", vw_portal.AUTHENTICATE)] = [vw_portal.goto(vw_portal.IDENTITY + page)]
    home.portal.routes[("GET", page)] = [vw_portal.page("<html>")]


def delivered(content: object) -> Callable[[House], None]:
    def put(home: House) -> None:
        home.portal.files.clear()
        home.portal.deliver(NOW - 5 * MINUTE, content)

    return put


def the_car_sleeps(home: House) -> None:
    home.portal.files.clear()
    home.portal.deliver(NOW - 5 * MINUTE, b"", f"20261008115500_{vw_portal.VIN}_no_content_found.zip")


def telematics(name: str, value: object, unit: str | None) -> Reply:
    return Reply({"telematicData": {name: {"value": value, "unit": unit, "timestamp": "2026-10-08T11:55:00Z"}}})


BROKEN = b'{"telematicData": {'
TRAVELLED = "vehicle.vehicle.travelledDistance"
FAULTY: dict[str, tuple[str, Callable[[House], None], str, str]] = {
    "bmw invalid_grant": ("i4", bmw_renews_nothing("invalid_grant"), "auth", "ended the sign-in; sign in again: eink-"),
    "bmw access_denied": ("i4", bmw_renews_nothing("access_denied"), "auth", "sign in again: eink-monitor login i4"),
    "bmw invalid_client": ("i4", bmw_renews_nothing("invalid_client"), "auth", "does not accept client_id"),
    "bmw 401": ("i4", bmw_says(Reply(b"", 401)), "unavailable", "the next poll uses it"),
    "bmw 403": ("i4", bmw_says(Reply(b"", 403)), "auth", "its primary user must subscribe it"),
    "bmw 403 CU-429": ("i4", bmw_says(cardata_error("CU-429", 403)), "throttled", "today's 50 calls"),
    "bmw 429": ("i4", bmw_says(Reply(b"", 429)), "throttled", "today's 50 calls"),
    "bmw CU-105 for ever": ("i4", bmw_says(cardata_error("CU-105", 404)), "unavailable", "lost our list of values"),
    "bmw 404": ("i4", bmw_says(cardata_error("CU-101", 404)), "bad-answer", "check vin"),
    "bmw 410": ("i4", bmw_says(Reply(b"", 410)), "gone", "closed this interface for good"),
    "bmw 503": ("i4", bmw_says(Reply(b"", 503)), "unavailable", "an internal error"),
    "bmw broken": ("i4", bmw_says(Reply(BROKEN)), "bad-answer", "not JSON"),
    "bmw wrong types": ("i4", bmw_says(Reply({"telematicData": [1]})), "bad-answer", "not an object"),
    "bmw -NA-": ("i4", bmw_says(telematics(TRAVELLED, "-NA-", "km")), "ok", "no data of this car yet"),
    "bmw another unit": (
        "i4",
        bmw_says(telematics(TRAVELLED, "7", "furlong")),
        "ok",
        "odometer without a known unit 7",
    ),
    "skoda 401": ("enyaq", skoda_says(Reply(b"", 401)), "auth", "a new API key is needed"),
    "skoda 403": ("enyaq", skoda_says(Reply(b"", 403)), "auth", "does not allow this API key"),
    "skoda 404": ("enyaq", skoda_says(Reply(b"", 404)), "bad-answer", "check vin"),
    "skoda 410": ("enyaq", skoda_says(Reply(b"", 410)), "gone", "closed this interface for good"),
    "skoda 429": ("enyaq", skoda_says(Reply(b"", 429)), "throttled", "20 calls an hour"),
    "skoda 502": ("enyaq", skoda_says(Reply(b"", 502)), "unavailable", "an internal error"),
    "skoda wrong types": ("enyaq", skoda_says(Reply({"vehicle": 5})), "bad-answer", "not an object"),
    "portal terms": ("id3", the_portal_wants_its_terms_accepted, "auth", "wants its new terms accepted"),
    "portal 410": ("id3", portal_says("list", Reply(b"", 410)), "gone", "closed this interface"),
    "portal 500": ("id3", portal_says("list", Reply(b"", 500)), "unavailable", "an internal error"),
    "portal 429": ("id3", portal_says("list", Reply(b"", 429)), "throttled", "too often"),
    "portal truncated": ("id3", delivered(delivery(vw_portal.ID3)[:-40]), "bad-answer", "cannot be read"),
    "portal wrong types": ("id3", delivered({"Data": [7]}), "bad-answer", "missing or not an object"),
    "portal another type": ("id3", delivered(data(field("battery_state_report.soc", 5))), "bad-answer", "no sense"),
    "portal no_content_found": ("id3", the_car_sleeps, "ok", "the car sleeps; its last values stand"),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_every_fault_is_an_outcome_in_plain_words_and_stores_nothing(tmp_path: Path, fault: str) -> None:
    name, happens, what, words = FAULTY[fault]
    with house(tmp_path, name) as home:
        happens(home)
        result = home.poll(name)
        home.store.flush()
        past = home.store.outcomes.get(name)
        assert past is not None
        assert (past.what, result.readings) == (what, [])
        assert words in past.detail
        assert not any(word in past.detail for word in UNSAID)
        assert home.store.rows()["reading"] == home.store.rows()["day"] == 0


def codes(home: House) -> list[str]:
    """What the QR codes on the car's and on the health panel say."""
    pictures = [home.folder / "out" / f"{name}.png" for name in ("charge", "health")]
    return [qr_reader.read(Image.open(picture)) for picture in pictures]


def test_a_lapsed_consent_is_on_the_panels_and_no_vendor_is_asked_until_a_person_has_signed_in(tmp_path: Path) -> None:
    with house(tmp_path, "i4") as home:
        home.live(2 * HOUR)
        assert home.store.readings.latest("i4", SOC) is not None
        bmw_renews_nothing("invalid_grant")(home)
        home.live(8 * HOUR)
        asked = len(home.bmw.calls)
        home.live(DAY)
        assert len(home.bmw.calls) == asked, "two refusals, and not a call more"
        assert codes(home) == ["https://customer.bmwgroup.com/oneid/link"] * 2
        home.bmw.routes[("POST", TOKEN)] = [home.bmw.token]
        bmw_says(GOOD)(home)
        home.sign_in()
        home.live(3 * HOUR)
        assert home.what("i4") == "ok", "it has noticed by itself"
        with pytest.raises(ValueError, match="no QR code"):
            codes(home)


def test_a_token_that_is_refused_however_new_it_is_ends_the_asking(tmp_path: Path) -> None:
    with house(tmp_path, "i4") as home:
        home.poll("i4")
        bmw_says(Reply(b"", 401))(home)
        assert home.poll("i4").what == "unavailable"
        for _ in range(2):
            refusal = home.poll("i4")
            assert refusal.what == "auth"
            assert "although it was just renewed; sign in again: eink-monitor login i4" in refusal.detail
        asked = len(home.bmw.calls)
        home.live(DAY)
        assert len(home.bmw.calls) == asked
        bmw_says(GOOD)(home)
        assert home.poll("i4").what == "ok"
        bmw_says(Reply(b"", 401))(home)
        assert home.poll("i4").what == "unavailable", "after a good answer a refusal may be an accident again"


def test_three_days_before_it_lapses_the_health_panel_says_so(tmp_path: Path) -> None:
    with house(tmp_path, "i4") as home:
        home.bmw.routes[("POST", TOKEN)] = [Reply(b"", 503)]  # else every poll would renew it
        home.sign_in(lasting=3 * DAY + 3 * HOUR)
        feed = home.config.feeds["i4"]
        home.live(HOUR)
        assert home.daemon.house.warning(feed) == ""
        home.live(5 * HOUR)
        assert home.daemon.house.warning(feed) == "BMW sign-in expires in 2 days; sign in again: eink-monitor login i4"


def test_an_old_file_under_a_fresh_date_and_a_new_name_ages_on_the_panel(tmp_path: Path) -> None:
    with house(tmp_path, "id3") as home:
        for _ in range(4):
            now = home.clock.now()
            home.portal.date = formatdate(now, usegmt=True)
            home.portal.deliver(now - MINUTE, delivery(vw_portal.ID3))
            home.live(12 * HOUR)
        assert home.portal.downloads() >= 4
        assert home.what("id3") == "ok"
        sheet = Listener()
        Car("id3").draw(sheet, home.daemon.house, home.clock.now())
    assert "2 days ago" in [text for text, _ in sheet.heard]


def test_two_cars_of_a_lapsed_account_do_not_rouse_each_other(tmp_path: Path) -> None:
    with house(tmp_path, "i4", more=[MINI % (CLIENT, bmw.VIN)]) as home:
        home.live(2 * HOUR)
        assert (home.what("i4"), home.what("mini")) == ("ok", "ok")
        bmw_renews_nothing("invalid_grant")(home)
        home.live(12 * HOUR)
        assert (home.what("i4"), home.what("mini")) == ("auth", "auth")
        asked = len(home.bmw.calls)
        home.live(2 * DAY)
        assert len(home.bmw.calls) == asked
        home.bmw.routes[("POST", TOKEN)] = [home.bmw.token]
        bmw_says(GOOD)(home)
        home.sign_in()
        home.live(3 * HOUR)
        assert (home.what("i4"), home.what("mini")) == ("ok", "ok"), "one sign-in is enough for both"


def test_a_car_that_is_refused_is_left_alone_while_the_other_renews_their_sign_in(tmp_path: Path) -> None:
    with house(tmp_path, "i4", more=[MINI % (CLIENT, "WBA53FJ0X0CH00002")]) as home:
        path = "/customers/vehicles/WBA53FJ0X0CH00002/telematicData"
        home.bmw.routes[("GET", path)] = [Reply(b"", 403)]
        home.live(DAY)
        assert (home.what("i4"), home.what("mini")) == ("ok", "auth")
        assert len(home.bmw.on(TOKEN)) > 10
        assert len(home.bmw.on(path)) == 2
