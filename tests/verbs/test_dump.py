from __future__ import annotations

import json
import os
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.config import Config, Feed, plugins
from eink_monitor.displays.png import Png
from eink_monitor.model.source import Source
from eink_monitor.settings import Secret, Vin, kinds, personal
from eink_monitor.sources.skoda import Skoda
from eink_monitor.verbs._masks import masking
from houses import no_room, read_or_complain, say, write

SECRETS = """\
database: {folder}/readings.db
timezone: Europe/Berlin
display: {{type: png, path: !env PICTURES}}
sources:
  roof: {{type: solaredge, site_id: 7654321, client_id: app-of-mine, client_secret: "two words, one secret"}}
  nas: {{type: ssh_disk, host: vault.example.org, user: albertine, password: !file nas, mounts: {{data: /data}}}}
  box: {{type: skoda, api_key: "key.with.dots*", vin: TMBJB7NE6G0000001}}
panels:
  health: {{type: health}}
"""


def test_everything_a_helper_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = tmp_path / "bin" / "journalctl"
    journal.parent.mkdir()
    journal.write_text('#!/bin/sh\necho "$*"\nseq 60\n', encoding="utf-8")
    journal.chmod(0o755)
    monkeypatch.setenv("PATH", f"{journal.parent}:{os.environ['PATH']}")
    file = write(tmp_path)
    say("poll", "roof", "-c", file)
    say("poll", "car", "-c", file)
    said = say("dump", tmp_path / "dump.txt", "-c", file)
    assert (said.code, said.err) == (0, "")
    text = (tmp_path / "dump.txt").read_text(encoding="utf-8")
    assert said.out == f"{tmp_path}/dump.txt: {len(text.splitlines())} lines; read it before you send it\n"
    titles = re.findall("^== (.*) ==$", text, re.MULTILINE)
    assert titles == [
        *(
            "versions",
            "packages",
            "configuration",
            "last outcomes",
            "quota",
            "outlooks",
            "listings and events",
            "wear of the panel",
            "doctor",
            "log",
        )
    ]
    for line in (
        r"^Python 3\.\d+\.\d+",
        "^[Pp]illow ",
        "^source +car: demo, every 15m",
        r"car: ok once, \d\.\d s",
        "^car +demo car +day +1 +44",
        "^full 0, partial 0",
        "^ok +configuration",
    ):
        assert re.search(line, text, re.MULTILINE), line
    log = text.partition("== log ==\n")[2].split()
    assert log == [str(number) for number in range(11, 61)], "the last fifty"
    assert say("dump", "-", "-c", file).out.startswith("== versions ==\neink-monitor ")


def test_nothing_secret_and_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PICTURES", "/srv/mine")
    (tmp_path / "nas").write_text("open\nsesame\n", encoding="utf-8")
    tokens = tmp_path / "state" / "roof"
    tokens.mkdir(parents=True)
    (tokens / "roof.token").write_text(json.dumps({"access": "short", "extra": {"id": ["deep-inside"]}}))
    (tokens / "torn").write_bytes(b"\xff{")
    config = read_or_complain(write(tmp_path, SECRETS))
    mask = masking(config)  # type: ignore[arg-type]
    words = (
        "two words, one secret|7654321|app-of-mine|vault.example.org|albertine|key.with.dots*|sesame|short|deep-inside"
    )
    for word in (*words.split("|"), "/srv/mine", "open\nsesame", "TMBJB7NE6G0000001"):
        assert mask(f"before {word} after") == "before **** after"
    text = say("dump", "-", "-c", tmp_path / "config.yaml").out
    assert "client_secret ****" in text
    for word in (*words.split("|"), "/srv/mine", "TMBJB7NE6G0000001"):
        assert word not in text


WITHIN = """\
display: {type: 'null'}
panels: {}
sources:
  shop:
    type: http
    url: https://annas-shop.example/orders
    headers: {X-Key: in-a-header}
    before: [{url: "https://annas-other.example/x", set: {zone: z}, headers: {X-Key: in-a-list}}]
    auth: {type: login, url: "https://annas-shop.example/login", user: anna-of-mine, password: in-a-block, token: t}
    readings: {soc: {path: n}}
"""


def test_what_stands_deep_inside_a_setting(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(WITHIN, encoding="utf-8")
    mask = masking(read_or_complain(tmp_path / "config.yaml"))  # type: ignore[arg-type]
    for word in ("in-a-header", "in-a-list", "in-a-block", "anna-of-mine", "annas-shop.example", "annas-other.example"):
        assert mask(f"before {word} after") == "before **** after"


ELSEWHERE = """
database: {folder}/readings.db
display: {{type: png, path: {folder}/out}}
sources:
  house:
    type: home_assistant
    base_url: http://homeassistant.local:8123
    token: 0123456789abcdef
    entities:
      person.albertine: home.albertine_at_home 0/1
      sensor.mimi_battery: mimi.soc
      sensor.grid_power: roof.grid_power
  roof: {{type: evcc, loadpoints: {{left: Albertines}}, vehicles: {{mimi: Mimi}}}}
panels:
  sun: {{type: flow, subject: roof}}
"""
NAMES = """\
database: {folder}/readings.db
display: {{type: png}}
sources:
  albertines-roof: {{type: demo, show: roof}}
  car: {{type: demo, show: car, subject: mimi, name: "Mimi (blue)"}}
  vault: {{type: ssh_disk, host: localhost, mounts: {{photos: /srv/family/photos}}, newest: {{photos: "wedding-*"}}}}
panels:
  sun: {{type: solar, subject: albertines-roof, title: "Chez Albertine"}}
  mimis_panel: {{type: car, subject: mimi}}
  disk: {{type: disk, subject: "vault:photos"}}
"""


def test_what_a_person_calls_his_things_is_numbered(tmp_path: Path) -> None:
    file = write(tmp_path, NAMES)
    for feed in ("albertines-roof", "car", "vault"):
        say("poll", feed, "-c", file)
    mask = masking(read_or_complain(file))  # type: ignore[arg-type]
    assert mask("albertines-roof: ok, Mimi (blue), mimi; sun, car") == "<name 1>: ok, <name 3>, <name 2>; sun, car"
    assert mask("/srv/family/photos/wedding-1 and vault:photos, mimicry") == (
        "<mount 1>/wedding-1 and <name 4>:<name 5>, mimicry"
    )
    text = say("dump", "-", "-c", file).out
    for word in ("albertine", "Albertine", "mimi", "Mimi", "/srv/family", "photos", "wedding"):
        assert word not in text
    for word in ("<name 1>: demo", "car: demo", "ssh_disk", "<mount 1>", "== last outcomes =="):
        assert word in text


def test_what_things_are_called_elsewhere_is_numbered(tmp_path: Path) -> None:
    file = write(tmp_path, ELSEWHERE)
    text = say("dump", "-", "-c", file).out
    for word in ("albertine", "Albertine", "mimi", "Mimi"):
        assert word not in text
    for word in ("sensor.<name", "grid_power", "roof:<name", "house"):
        assert word in text


LOOKS = {
    "WBA53FJ0X0CH00001": "<vin>",
    "wvwzzze1znp000001": "<vin>",
    "somebody.else+car@mail.example.co.uk": "<e-mail>",
    "http://me:hunter2@example.org/x": "http://****@example.org/****",
    "https://example.org/v2/x?api_key=hunter2&a=b": "https://example.org/****",
    "https://example.org?api_key=hunter2": "https://example.org/****",
    "https://example.org/vehicles/my-own/status": "https://example.org/****",
    "https://example.org:8443/#hunter2": "https://example.org:8443/****",
    "https://example.org/": "https://example.org/",
    "eyJhbGciOiJIUzI1NiJ9eyJzdWIiOiIxMjM0": "<long>",
    "192.168.178.20": "<address>",
    "172.31.0.9": "<address>",
    "fd00::12:34ff": "<address>",
    "nas.fritz.box": "<host>",
    "vault.local": "<host>",
    "/home/albertine/config.yaml": "/home/****/config.yaml",
}


@pytest.mark.parametrize("known", LOOKS)
def test_what_looks_personal_is_masked_without_being_known(known: str) -> None:
    assert masking(None)(f"a {known} , b") == f"a {LOOKS[known]} , b"


@pytest.mark.parametrize(
    "harmless",
    [
        "paho-mqtt 2.2.0",
        "2026-11-22T07:28:00Z to 2026-11-22T07:28:00Z",
        "typing_extensions 4.16.0",
        "carconnectivity-connector-vw-eu-data-act",
        "172.32.0.1 and 8.8.8.8",
        "eink_monitor.sources.solaredge.v2",
        "kernel 6.12.47+rpt-rpi-v8",
    ],
)
def test_what_helps_stays(harmless: str) -> None:
    assert masking(None)(harmless) == harmless


@given(st.text(min_size=3), st.text(), st.text())
def test_a_known_secret_never_stays(secret: str, a: str, b: str) -> None:
    skoda = Feed("a", "skoda", Skoda(Secret(secret), Vin("vin")))
    nowhere = Path("/nonexistent")
    config = Config(nowhere / "c", nowhere / "r.db", ZoneInfo("UTC"), Png(), {"a": skoda}, {})
    masked = masking(config)(f"{a}{secret}{b}")
    assert secret not in masked or secret in a + b + "****" or len(secret.strip()) < 3


def test_a_house_that_cannot_be_read_is_a_reason_to_dump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no journal either
    text = say("dump", "-", "-c", write(tmp_path, "displai: {{type: png}}\n")).out
    assert "unknown key `displai`; did you mean `display`?" in text
    assert "there is no journal on this machine" in text
    assert "== last outcomes" not in text


def test_no_database_yet(tmp_path: Path) -> None:
    text = say("dump", "-", "-c", write(tmp_path)).out
    assert text.count("there is no database at") == 5


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    said = say("dump", tmp_path / "no" / "dump.txt", "-c", write(tmp_path))
    assert said.code == 75
    assert (
        f"cannot be written: No such file or directory; try `eink-monitor dump -c {tmp_path}/config.yaml - > FILE`"
        in said.err
    )


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    target = tmp_path / "dump.txt"
    target.write_text("an older one", encoding="utf-8")
    target.chmod(0o644)
    assert say("dump", target, "-c", write(tmp_path)).code == 0
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine", encoding="utf-8")
    (tmp_path / "dump.txt").symlink_to("precious")
    said = say("dump", tmp_path / "dump.txt", "-c", write(tmp_path))
    assert said.code == 75
    assert "is a link; name a regular file, or one that does not exist yet" in said.err
    assert (tmp_path / "precious").read_text(encoding="utf-8") == "mine"


def test_a_card_that_takes_no_more_is_left_without_half_a_file(tmp_path: Path) -> None:
    file = write(tmp_path)
    with no_room():
        said = say("dump", tmp_path / "dump.txt", "-c", file)
    assert said.code == 75
    assert "dump.txt cannot be written: File too large" in said.err
    assert [entry.name for entry in tmp_path.iterdir()] == ["config.yaml"]


OWNED = {"client_id", "host", "identity", "known_hosts", "password", "site_id", "user", "username", "vin"}


@pytest.mark.parametrize("name", plugins.names(Source))  # type: ignore[type-abstract]
def test_what_names_its_owner_is_personal_or_a_secret(name: str) -> None:
    kind = plugins.load(Source, name)  # type: ignore[type-abstract]
    secret = {field for field, hint in kinds(kind).items() if hint is Vin or "Secret" in str(hint)}
    assert OWNED & set(kinds(kind)) <= personal(kind) | secret
