"""``doctor``: what it finds on a well house and on sick ones, and that it asks no vendor."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from eink_monitor.clock import DAY, HOUR, SystemClock
from eink_monitor.config import load
from eink_monitor.doctor import Doctor
from eink_monitor.draw.testcard import SEEN
from eink_monitor.finding import Finding, good
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.frame import Wear
from eink_monitor.model.poll import Outcome
from eink_monitor.model.reading import Reading
from eink_monitor.places import time_zone
from eink_monitor.store import Store
from eink_monitor.verbs import doctor as verb
from houses import HOUSE, Said, say, write
from virtual_panel import Rules, VirtualPanel

INK = HOUSE.replace("{{type: png, path: {folder}/out}}", "{{type: waveshare, model: 2in13_V2}}")
VENDORS = """\
database: {folder}/readings.db
timezone: Europe/Berlin
display: {{type: png, path: {folder}/out}}
sources:
  bmw: {{type: bmw_cardata, client_id: me, vin: WBA12345678901234, base_url: "URL", auth_url: "URL"}}
  skoda: {{type: skoda, api_key: hunter2, vin: TMB12345678901234, base_url: "URL"}}
  sun: {{type: solaredge, site_id: 1, api_key: hunter2, base_url: "URL", calls_per_month: 10}}
panels:
  car: {{type: car, subject: bmw}}
"""
NAS = "  nas: {{type: ssh_disk, host: 127.0.0.1, user: me, mounts: {{b: /mnt}}}}\n"
NOW = SystemClock().now()
STUCK = (
    "check that display.model 2in13_V2 is what the sticker says "
    "(BUSY of 2in13g, 2in13b_V3, 2in13bc, 2in13d rests high), then the cable and the pins `busy` and `rst`"
)

ATLASES = len(list((Path(__file__).parents[2] / "fonts").glob("*.json")))


def lines(said: Said, check: str) -> list[str]:
    """What was said of one thing, without its name and that of the configuration in commands."""
    told = [re.sub(r"(eink-monitor \w+) -c [^\s`]+", r"\1", line) for line in said.out.splitlines()]
    found = [re.match(rf"(ok|warn|bad) +{re.escape(check)} +(.*)", line) for line in told]
    return [f"{match[1]}: {match[2]}" for match in found if match]


def virtual_panel() -> VirtualPanel:
    """The quickest model, in real time."""
    return VirtualPanel("2in13_V2", SystemClock(), rules=Rules(min_interval=0))


def noted(folder: Path, *outcomes: Outcome) -> None:
    """Put outcomes of polls into a new database."""
    store = Store(folder / "readings.db", time_zone())
    for outcome in outcomes:
        store.note(outcome, None, 0)
    store.flush()
    store.close()


def test_a_well_house(lived: Path) -> None:
    said = say("doctor", "-c", lived)
    assert (said.code, said.err) == (0, "")
    assert "bad" not in {line.split()[0] for line in said.out.splitlines()}
    assert lines(said, "configuration") == [f"ok: {lived} is good: 3 sources, 3 panels"]
    assert lines(said, "time zone")[0].startswith("ok: Europe/Berlin, where it is ")
    assert lines(said, "fonts") == [f"ok: {ATLASES} faces and sets of icons can be read"]
    assert lines(said, "daemon") == ["ok: is not running"]
    assert re.match(r"ok: png, \d+ full and \d+ partial refreshes, the last full one at 20", lines(said, "display")[0])
    assert re.match(r"ok: .*readings\.db is intact, [\d.]+ [kM]B", lines(said, "database")[0])
    assert lines(said, "space")
    assert re.match(
        r"(ok: answered .*|warn: answered .* ago and has not been polled since -> .*)", lines(said, "source roof")[0]
    )
    assert re.match(r"ok: demo car: \d+ of 45 calls left today", lines(said, "quota")[0])


def test_json(lived: Path) -> None:
    found = json.loads(say("doctor", "--json", "-c", lived).out)
    assert len(found) == len(say("doctor", "-c", lived).out.splitlines())
    for finding in found:
        assert list(finding) == ["check", "state", "words", "mend"]
        assert finding["state"] in {"ok", "warn", "bad"}
        assert bool(finding["mend"]) == (finding["state"] != "ok"), "what is not well has a way out"


def test_without_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    said = say("doctor", "--picture")
    assert said.code == 0
    assert lines(said, "configuration")[0].startswith("warn: no configuration found (looked for config.yaml, ")
    assert "-> cp config.example.yaml config.yaml" in said.out
    assert lines(said, "display")[0].startswith("warn: not checked")
    assert lines(said, "fonts")


def test_every_complaint_of_a_broken_configuration(tmp_path: Path) -> None:
    file = write(tmp_path, "display: {{type: pgn}}\nsources: {{a: {{type: dome}}}}\npanels: {{}}\n")
    said = say("doctor", "-c", file)
    assert said.code == 78
    assert lines(said, "configuration") == [
        f"bad: {file}:1:17: display.type: unknown type `pgn`; did you mean `png`? -> edit {file}",
        f"bad: {file}:2:21: sources.a.type: unknown type `dome`; did you mean `demo`? -> edit {file}",
    ]


def test_before_the_first_start_nothing_is_created(tmp_path: Path) -> None:
    file = write(tmp_path)
    said = say("doctor", "-c", file)
    assert said.code == 0
    assert lines(said, "database") == [
        f"ok: {tmp_path}/readings.db does not exist yet; the daemon or the first poll creates it"
    ]
    assert lines(said, "source roof") == ["ok: not polled yet"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["config.yaml"]


def test_a_file_with_nothing_in_it_is_not_called_whole(tmp_path: Path) -> None:
    file = write(tmp_path)
    (tmp_path / "readings.db").touch()
    said = say("doctor", "-c", file)
    assert (said.code, lines(said, "database")) == (
        0,
        [f"ok: {tmp_path}/readings.db is empty; the daemon or the first poll fills it"],
    )


def test_another_programs_database_is_named(tmp_path: Path) -> None:
    file = write(tmp_path)
    with closing(sqlite3.connect(tmp_path / "readings.db")) as db:
        db.execute("CREATE TABLE notes (text)")
    said = say("doctor", "-c", file)
    assert said.code == 78
    assert (
        "is the database of another program -> name another file as `database:`, or move that file away"
        in lines(said, "database")[0]
    )


def test_a_panel_that_answers(tmp_path: Path) -> None:
    panel = virtual_panel()
    with panel.installed():
        said = say("doctor", "-c", write(tmp_path, INK))
    assert said.code == 0
    assert lines(said, "display") == ["ok: 2in13_V2"]
    assert lines(said, "gpio") == ["ok: the lines can be used: RST 17, DC 25, PWR 18, BUSY 24"]
    assert lines(said, "spi") == ["ok: /dev/spidev0.0 can be used, at 4 MHz"]
    assert lines(said, "busy") == ["ok: BUSY (GPIO 24) is low"]
    assert lines(said, "panel") == ["ok: a panel answers: it woke up and went to sleep again"]
    assert panel.glass.unknown() == 250 * 122, "no ink was moved"
    assert (panel.findings, panel.bus.leaked, panel.gpio.directions) == ([], 0, {})


def test_the_documents_print_what_it_says(tmp_path: Path) -> None:
    file, panel = write(tmp_path, INK), virtual_panel()
    with panel.installed():
        said = say("doctor", "-c", file).out
        panel.faults.missing = True
        said += say("doctor", "-c", file).out
    root = Path(__file__).parents[2]
    for page in ("README.md", "docs/ink.md"):
        text = (root / page).read_text(encoding="utf-8")
        printed = re.findall(r"^(?:ok|warn|bad)  +.*$", text, re.MULTILINE)
        assert len(printed) >= 4
        assert set(printed) <= set(said.splitlines())


GROUPS = "sudo usermod -aG spi,gpio USER, then sign in again or restart the service"


@pytest.mark.parametrize(
    ("fault", "check", "words", "mend"),
    [
        (
            {"missing": True},
            "spi",
            "SPI is off (/dev/spidev0.0 does not exist)",
            "enable it with sudo raspi-config nonint do_spi 0, then reboot",
        ),
        ({"denied": True}, "spi", "/dev/spidev0.0 may not be used by this user", GROUPS),
        (
            {"claimed": {24}},
            "gpio",
            "GPIO 24 (BUSY) is held by another process",
            "gpioinfo names it; stop it, or give the panel other pins",
        ),
        ({"gpio_denied": True}, "gpio", "GPIO 17 (RST) may not be used by this user", GROUPS),
        (
            {"busy": 0},
            "panel",
            "no panel answers (BUSY never rises)",
            "check that the HAT sits on its pins, the ribbon cable, and the pins `busy` and `pwr`",
        ),
        (
            {"busy": 1},
            "panel",
            "the panel is still busy 2 s after a reset (BUSY stays high)",
            STUCK,
        ),
    ],
)
def test_what_can_be_wrong_with_the_wires(
    tmp_path: Path, fault: dict[str, object], check: str, words: str, mend: str
) -> None:
    panel = VirtualPanel("2in13_V2", SystemClock(), lgpio=True)
    for name, value in fault.items():
        setattr(panel.faults, name, value)
    with panel.installed():
        said = say("doctor", "-c", write(tmp_path, INK))
    assert said.code == 69
    assert lines(said, check) == [f"bad: {words} -> {mend}"]
    assert lines(said, "database"), "the rest is looked at all the same"


def test_libraries_that_are_missing(tmp_path: Path) -> None:
    file = write(tmp_path, INK)
    with virtual_panel().installed(without=["spidev", "RPi", "RPi.GPIO"]):
        said, checked = say("doctor", "-c", file), say("check", "-c", file)
    words = "spidev and RPi.GPIO are not installed"
    assert said.code == checked.code == 69
    assert lines(said, "display") == [f"bad: {words} -> pip install 'eink-monitor[pi]'"]
    assert checked.err == f"display: {words}: pip install 'eink-monitor[pi]'\n"
    assert checked.out.startswith(f"{file}: good")


def test_waveshares_own_driver(tmp_path: Path) -> None:
    said = say("doctor", "-c", write(tmp_path, INK.replace("2in13_V2", "vendor:epd2in9_V2")))
    assert said.code == 69
    assert lines(said, "panel") == [
        "bad: epd2in9_V2 needs Waveshare's package -> pip install waveshare-epaper gpiozero lgpio"
    ]


def test_a_damaged_database(tmp_path: Path) -> None:
    file, database = write(tmp_path), tmp_path / "readings.db"
    store = Store(database, time_zone())
    store.add([Reading("roof", PV_POWER, n % 2 * 500, NOW - 90_000 + 30 * n) for n in range(3000)], 60)
    store.flush()
    store.close()
    with closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = database.read_bytes()
    half = len(whole) // 2048 * 1024
    database.write_bytes(whole[:half] + b"\xff" * 8192 + whole[half + 8192 :])
    said = say("doctor", "-c", file)
    assert said.code == 75
    (first, *_) = lines(said, "database")
    assert first.startswith("bad: ")
    assert "-> start the daemon: it sets the file aside and saves what can be read" in first


def test_no_database_at_all(tmp_path: Path) -> None:
    (tmp_path / "readings.db").write_text("a letter to my aunt, long enough to be read as a header by SQLite" * 20)
    said = say("doctor", "-c", write(tmp_path))
    assert said.code == 78
    assert lines(said, "database")[0].startswith(f"bad: {tmp_path}/readings.db is a text file, not a database")
    assert lines(said, "source roof") == ["ok: not polled yet"]


def test_a_database_of_the_future(tmp_path: Path) -> None:
    noted(tmp_path)
    with closing(sqlite3.connect(tmp_path / "readings.db")) as db:
        db.execute("PRAGMA user_version = 99")
    said = say("doctor", "-c", write(tmp_path))
    assert lines(said, "database") == [
        f"bad: {tmp_path}/readings.db was written by a newer eink-monitor -> pip install --upgrade eink-monitor"
    ]


def test_a_database_of_the_past(tmp_path: Path) -> None:
    noted(tmp_path)
    with closing(sqlite3.connect(tmp_path / "readings.db")) as db:
        db.execute("PRAGMA user_version = 3")
    file = write(tmp_path)
    assert lines(say("doctor", "-c", file), "database") == [
        f"warn: {tmp_path}/readings.db was written by an older eink-monitor -> start the daemon: it upgrades it"
    ]
    shown = say("show", "-c", file)
    assert shown.code == 75
    assert "damaged" not in shown.err


def test_no_vendor_is_asked_and_no_secret_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as vendor:
        vendor.setblocking(False)
        url = f"http://127.0.0.1:{vendor.getsockname()[1]}"
        said = say("doctor", "-c", write(tmp_path, VENDORS.replace("URL", url)))
        with pytest.raises(BlockingIOError):
            vendor.accept()
    assert said.code == 77
    assert lines(said, "source bmw")[0] == "bad: the BMW sign-in is missing -> eink-monitor login bmw"
    assert lines(said, "source skoda") == ["ok: the Skoda API key is present", "ok: not polled yet"]
    assert "hunter2" not in said.out
    assert "WBA1234" not in said.out
    assert not (tmp_path / "state").exists(), "a look by root must not leave folders of root's"


@pytest.mark.parametrize(
    ("left", "line", "code"),
    [
        (12 * DAY + 60, "ok: the Skoda API key expires in 12 days", 0),
        (2 * DAY + 60, "warn: the Skoda API key expires in 2 days -> ", 0),
        (-60, "bad: the Skoda API key has expired -> ", 77),
    ],
)
def test_how_long_a_key_holds(tmp_path: Path, left: int, line: str, code: int) -> None:
    text = "".join(row + "\n" for row in VENDORS.splitlines() if not re.match("  (bmw|sun)", row))
    text = text.replace("URL", "http://127.0.0.1:1").replace("subject: bmw", "subject: skoda")
    (tmp_path / "state" / "skoda").mkdir(parents=True)
    notes = json.dumps({"expires_at": SystemClock().now() + left})
    (tmp_path / "state" / "skoda" / "key.notes").write_text(notes, encoding="utf-8")
    said = say("doctor", "-c", write(tmp_path, text))
    assert lines(said, "source skoda")[0].startswith(line)
    assert said.code == code


@pytest.mark.parametrize(
    ("what", "detail", "line", "code"),
    [
        ("auth", "roof: refused", "bad: roof: refused (just now) -> fix that, then eink-monitor poll roof", 77),
        ("overloaded", "full", "bad: full (just now) -> stop what else runs here: ps -A --sort=-rss", 75),
        ("gone", "closed", "bad: closed (just now) -> eink-monitor poll roof", 69),
        ("unavailable", "", "bad: unavailable (just now) -> eink-monitor poll roof", 75),
        ("bad-answer", "noise", "bad: noise (just now) -> eink-monitor poll roof", 65),
        ("crashed", "a bug", "bad: a bug (just now) -> eink-monitor poll roof", 70),
        ("throttled", "wait", "warn: wait (just now) -> wait; `eink-monitor quota` says until when", 0),
        (
            "ok",
            "it sleeps",
            "warn: answered just now, but has never brought a measurement (it sleeps) -> eink-monitor poll roof",
            0,
        ),
    ],
)
def test_how_the_last_poll_ended(tmp_path: Path, what: str, detail: str, line: str, code: int) -> None:
    noted(tmp_path, Outcome("roof", SystemClock().now(), 0.1, what, detail))
    said = say("doctor", "-c", write(tmp_path))
    assert lines(said, "source roof") == [line]
    assert said.code == code


@pytest.mark.parametrize(
    ("polled", "measured", "line"),
    [
        (0, 0, "ok: answered just now"),
        (0, 10 * HOUR, "warn: answered just now, but last measured anything 10 h ago (its patience is 15 min)"),
        (10 * HOUR, 10 * HOUR, "warn: answered 10 h ago and has not been polled since"),
        (0, 21 * DAY, "warn: answered just now, but last measured anything 3 weeks ago (its patience is 15 min)"),
    ],
)
def test_a_source_is_judged_by_what_it_measured(tmp_path: Path, polled: int, measured: int, line: str) -> None:
    file, now = write(tmp_path), SystemClock().now()
    store = Store(tmp_path / "readings.db", time_zone())
    store.add([Reading("roof", PV_POWER, 700, now - measured)], HOUR)
    store.note(Outcome("roof", now - polled, 0.1, "ok"), None, 0)
    store.flush()
    store.close()
    assert lines(say("doctor", "-c", file), "source roof")[0].partition(" -> ")[0] == line
    row = next(row for row in json.loads(say("latest", "--json", "-c", file).out) if row["metric"] == "pv_power")
    assert row["old"] is (measured > 0)
    assert say("latest", "-c", file).out.count(", old") == (measured > 0)


def test_what_a_good_poll_left_out_is_told(tmp_path: Path) -> None:
    file, now = write(tmp_path), SystemClock().now()
    store = Store(tmp_path / "readings.db", time_zone())
    store.add([Reading("roof", PV_POWER, 700, now)], HOUR)
    store.note(Outcome("roof", now, 0.1, "ok", "left out: charge -2 %"), None, 0)
    store.flush()
    store.close()
    assert lines(say("doctor", "-c", file), "source roof") == ["ok: answered just now: left out: charge -2 %"]


def test_a_missing_sign_in_or_library_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = VENDORS.replace("URL", "http://127.0.0.1:1").replace("panels:", NAS + "panels:")
    file = write(tmp_path, text)
    monkeypatch.setitem(sys.modules, "paramiko", None)
    assert [say("poll", name, "-c", file).code for name in ("bmw", "nas")] == [77, 69]
    said = say("doctor", "-c", file)
    assert lines(said, "source bmw") == ["bad: the BMW sign-in is missing -> eink-monitor login bmw"]
    assert lines(said, "source nas") == ["bad: paramiko is not installed -> pip install 'eink-monitor[ssh]'"]


def test_a_quota_that_is_used_up_and_an_account_that_must_wait(tmp_path: Path) -> None:
    file = write(tmp_path, VENDORS.replace("URL", "http://127.0.0.1:1"))
    config = load(file)
    quota = config.feeds["sun"].source.quota()
    assert quota is not None
    store = Store(config.database, config.zone)
    now = SystemClock().now()
    store.reserve(quota, 10, now)
    with store.transaction():
        store.ledger.wait_until(quota.account, now + HOUR, "SolarEdge says wait")
    store.close()
    said = say("doctor", "-c", file)
    told = [line for line in lines(said, "quota") if quota.account in line]
    assert f"bad: {quota.account}: SolarEdge says wait -> wait until " in told[0]
    assert any(line.startswith(f"bad: {quota.account}: 0 of 10 calls left this month -> wait until ") for line in told)
    assert said.code == 77, "a missing sign-in is graver"


def test_the_gravest_decides() -> None:
    doctor = Doctor(None, SystemClock())
    for code, worst in ((75, 75), (70, 75), (77, 77), (65, 77), (69, 69), (75, 69), (78, 78)):
        doctor.count(Finding("x", "bad", "", "", code))
        assert doctor.code == worst
    doctor = Doctor(None, SystemClock())
    doctor.count(Finding("x", "warn", "", "", 78))
    assert doctor.code == 0


def test_a_bug_hides_nothing_else() -> None:
    doctor = Doctor(None, SystemClock())

    def group() -> list[Finding]:
        raise ZeroDivisionError

    assert [str(finding) for finding in doctor._group("roof", group)] == [
        "bad   roof           could not be checked: ZeroDivisionError -> please report this as a bug"
    ]
    assert doctor.code == 70


def test_the_test_picture(tmp_path: Path) -> None:
    file = write(tmp_path, INK)
    panel = virtual_panel()
    with panel.installed():
        said = say("doctor", "--picture", "-c", file)
    assert said.code == 0
    assert lines(said, "picture") == [f"ok: the test picture was sent as 2in13_V2; you should see {SEEN}"]
    assert panel.glass.unknown() == 0
    assert panel.findings == []
    store = Store(tmp_path / "readings.db", time_zone(), writes=False)
    assert Wear(**store.wear.counts()).full == 1
    store.close()


def test_a_test_picture_that_cannot_be_drawn(tmp_path: Path) -> None:
    panel = virtual_panel()
    panel.faults.busy = 0
    with panel.installed():
        said = say("doctor", "--picture", "-c", write(tmp_path, INK))
    assert said.code == 69
    assert lines(said, "picture")[0].startswith("bad: no panel answers (BUSY never rises): check that the HAT")


@pytest.mark.parametrize(
    ("seen", "state", "words"),
    [
        (0, "ok", "but nobody looked"),
        (1, "ok", "the panel is a 2in13_V3"),
        (2, "warn", "pale as 2in13_V3"),
        (3, "bad", "the panel is not a 2in13_V3"),
        (4, "bad", "no ink moved"),
    ],
)
def test_what_a_person_sees(tmp_path: Path, seen: int, state: str, words: str) -> None:
    file = write(tmp_path, INK.replace("2in13_V2", "2in13_V3"))
    panel = VirtualPanel("2in13_V3", SystemClock(), rules=Rules(min_interval=0))
    with panel.installed(), CliRunner().isolation(input=f"7\n{seen}\n") as (out, *_):
        (finding,) = verb._picture(load(file), SystemClock(), asking=True)
        asked = out.getvalue().decode()
    assert finding.state == state
    assert words in finding.words
    assert (finding.code == 69) == (state == "bad")
    assert "What do you see on the panel?" in asked


def test_only_ink_is_worth_the_question(tmp_path: Path) -> None:
    with CliRunner().isolation(input="y\n"):
        assert not verb._offered(load(write(tmp_path)).display)
        assert verb._offered(load(write(tmp_path, INK)).display)


def test_one_finding_is_one_line() -> None:
    assert str(good("x", "two\nlines")) == "ok    x              two lines"
