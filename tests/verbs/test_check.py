from __future__ import annotations

import json
from pathlib import Path

import pytest

from houses import HOUSE, say, write


def test_the_house_it_understood(tmp_path: Path) -> None:
    file = write(tmp_path)
    said = say("check", "-c", file)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        f"{file}: good",
        f"database     {tmp_path}/readings.db",
        "timezone     Europe/Berlin",
        "quiet_hours  never",
        "language     en",
        "units        km, c, 24h, EUR",
        f"display      png (path {tmp_path}/out)",
        "source       roof: demo, every 5m, about roof (show 'roof')",
        "source       car: demo, every 15m, about car (show 'car', calls_per_day 45)",
        "source       attic: demo, every 15m, about attic:backups (show 'disk')",
        "panel        sun: solar for 3m (subject 'roof')",
        "panel        flow: flow for 3m (subject 'roof')",
        "panel        disk: disk for 3m (subject 'attic:backups')",
    ]


def test_what_it_says_of_attention(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("stale(car)", encoding="utf-8")
    text = HOUSE.replace("flow, subject: roof", "flow, subject: roof, when: not stale(roof), first: !file s, weight: 2")
    said = say("check", "-c", write(tmp_path, text))
    assert (
        "panel        flow: flow for 3m, when not stale(roof), first ****, weight 2 (subject 'roof')\n" in said.out
    ), said.err


def test_secrets_are_stars_wherever_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S", "hunter2")
    monkeypatch.setenv("ZONE", "Asia/Kolkata")
    (tmp_path / "s").write_text("hunter2\n", encoding="utf-8")
    text = (
        "timezone: !env ZONE\ndisplay: {{type: png, path: !file s}}\nsources:\n"
        "  a: {{type: solaredge, site_id: 1, client_id: !file s, client_secret: inline-hunter2}}\n"
        "  b: {{type: demo, show: roof, subject: !env S, name: !env S}}\n"
        "  c: {{type: solaredge, site_id: 2, api_key: !env S}}\n"
        "panels:\n  d: {{type: solar, subject: !env S}}\n"
    )
    said = say("check", "-c", write(tmp_path, text))
    assert said.code == 0
    assert "hunter2" not in said.out
    assert "Kolkata" not in said.out
    assert "a: solaredge, every 5m, about a (site_id 1, client_id ****, client_secret ****)" in said.out
    assert "b: demo, every 5m, about **** (show 'roof')" in said.out
    assert "c: solaredge, every 5m, about c (site_id 2, api_key ****)" in said.out
    assert "display      png (path ****)" in said.out


BOTH = """\
database: {{folder}}/readings.db
display: {{{{type: null}}}}
sources:
  golf: {{{{type: {first}, {more}username: a, password: hunter2, vin: WVWZZZE1ZMP000001}}}}
  id3: {{{{type: vw_eu_data_act, brand: volkswagen, username: a, password: hunter2, vin: WVWZZZE1ZMP000002}}}}
panels:
  charge: {{{{type: car, subject: id3}}}}
"""


def test_libraries_that_exclude_each_other_are_told_before_anything_fails(tmp_path: Path) -> None:
    file = write(tmp_path, BOTH.format(first="weconnect", more=""))
    words = (
        "sources: golf and id3 cannot be used together: their libraries need different releases of requests: "
        "remove golf from the configuration"
    )
    said = say("check", "-c", file)
    assert said.code == 69
    assert said.err.splitlines()[0] == words
    assert "pip install" not in said.err, "what is missing could not be added"
    assert "hunter2" not in said.out + said.err
    assert "remove golf from the configuration" in say("doctor", "-c", file).out


def test_two_of_a_kind_may_live_together(tmp_path: Path) -> None:
    file = write(tmp_path, BOTH.format(first="vw_eu_data_act", more="brand: volkswagen, "))
    assert "cannot be in one house" not in say("check", "-c", file).err


LOCAL = """\
display: {{type: null}}
sources:
  here: {{type: ssh_disk, host: localhost, mounts: {{b: /mnt}}, newest: {{b: "*.sparsebundle"}}}}
panels:
  disk: {{type: disk, subject: "here:b"}}
"""


@pytest.mark.parametrize("verb", ["check", "doctor"])
def test_what_is_allowed_and_hardly_meant(tmp_path: Path, verb: str) -> None:
    said = say(verb, "-c", write(tmp_path, "database: {folder}/readings.db\n" + LOCAL))
    told = said.err if verb == "check" else said.out
    assert said.code == 0
    assert "source here" in told
    assert "also changes when a Mac only opens the bundle" in told
    assert "write *.sparsebundle/com.apple.TimeMachine.SnapshotHistory.plist, which a finished backup writes" in told


def test_a_name_that_no_panel_can_write_is_told(tmp_path: Path) -> None:
    text = HOUSE.replace("show: roof,", 'show: roof, name: "家 Škoda ⚡",').replace(
        "type: flow,", 'type: flow, title: "☀",'
    )
    said = say("check", "-c", write(tmp_path, text))
    assert said.code == 0
    mend = "each shows as an empty box; choose another name or title"
    assert said.err.splitlines() == [
        f'source roof: the name "家 Škoda ⚡" has letters that no panel can draw, 家 ⚡: {mend}',
        f'panel flow: the name "☀" has letters that no panel can draw, ☀: {mend}',
    ]
    assert say("check", "-c", write(tmp_path)).err == ""


def test_json_has_the_same_shape_as_that_of_the_doctor(tmp_path: Path) -> None:
    file = write(tmp_path, "database: {folder}/readings.db\n" + LOCAL)
    said = say("check", "--json", "-c", file)
    assert (said.code, said.err) == (0, "")
    first, second = json.loads(said.out)
    assert first == {"check": "configuration", "state": "ok", "words": f"{file} is good", "mend": ""}
    assert (second["check"], second["state"]) == ("source here", "warn")
    assert second in json.loads(say("doctor", "--json", "-c", file).out)


def test_json_of_what_is_wrong(tmp_path: Path) -> None:
    file = write(tmp_path, "qiet_hours: never\n" + LOCAL)
    said = say("check", "--json", "-c", file)
    assert (said.code, said.err) == (78, "")
    (found,) = json.loads(said.out)
    assert (found["check"], found["state"], found["mend"]) == ("configuration", "bad", f"edit {file}")
    assert found["words"].startswith(f"{file}:1:1: qiet_hours: unknown key")
    missing = say("check", "--json", "-c", tmp_path / "nothing.yaml")
    assert (missing.code, json.loads(missing.out)[0]["state"]) == (78, "bad")
