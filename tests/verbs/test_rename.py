"""``rename``: the configuration, the history and the sign-in go by the new name."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from eink_monitor.clock import SystemClock
from eink_monitor.config import load
from eink_monitor.editing.renaming import renamed
from eink_monitor.errors import StoreError
from eink_monitor.metrics import DISK_FREE, PV_POWER
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Listing
from eink_monitor.model.poll import Outcome
from eink_monitor.model.reading import Reading
from eink_monitor.places import time_zone
from eink_monitor.store import Store
from houses import say, write
from houses.living import polled, running

HOUSE = """\
database: {folder}/readings.db
timezone: Europe/Berlin
display: {{type: png, path: {folder}/out}}   # roof
sources:
  roof: {{type: demo, show: roof}}   # the roof
  "attic": {{type: demo, show: disk}}
  sky: {{type: open_meteo, latitude: 48, longitude: 11, roof: 'roof', planes: [{{kwp: 1, tilt: 1, azimuth: 1}}]}}
panels:
  roof: {{type: solar, subject: "roof", title: roof}}
  disk: {{type: disk, subject: attic:backups}}
  both:
    {{type: tiles, tiles: [roof.pv_power, "attic:backups.disk_free"], when: not stale(roof) and roof.pv_power > 5 W}}
  late:
    type: grid
    subject: roof
    first: >-
      trouble(roof) for 5m
      or attic:backups.disk_free < 1 GB
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = write(tmp_path, HOUSE)
    assert say("check", "-c", path).code == 0
    return path


def test_every_mention_follows_and_nothing_else_changes(file: Path) -> None:
    before = file.read_text(encoding="utf-8")
    assert say("rename", "roof", "south", "-c", file).code == 0
    after = before
    for old, new in (
        ("  roof: {type: demo", "  south: {type: demo"),
        ("roof: 'roof'", "roof: 'south'"),
        ('"roof", title', '"south", title'),
        ("[roof.pv", "[south.pv"),
        ("stale(roof) and roof.pv", "stale(south) and south.pv"),
        ("subject: roof\n", "subject: south\n"),
        ("trouble(roof)", "trouble(south)"),
    ):
        assert old in after
        after = after.replace(old, new)
    assert file.read_text(encoding="utf-8") == after
    assert say("rename", "attic", "cellar", "-c", file).code == 0
    assert "attic" not in file.read_text(encoding="utf-8")
    for old, new in (("cellar", "attic"), ("south", "roof")):
        assert say("rename", old, new, "-c", file).code == 0
    assert file.read_text(encoding="utf-8") == before, "and back"


def test_a_panel_has_only_its_key(file: Path) -> None:
    before = file.read_text(encoding="utf-8")
    assert say("rename", "late", "grid", "-c", file).code == 0
    assert file.read_text(encoding="utf-8") == before.replace("  late:\n", "  grid:\n")


def test_history_outcomes_and_sign_in_come_along(file: Path) -> None:
    now, config = SystemClock().now(), load(file)
    with closing(Store(config.database, config.zone)) as store:
        for at in (now - 600, now - 300, now):
            store.add([Reading("roof", PV_POWER, at - now, at), Reading("attic:backups", DISK_FREE, 5e9, at)], 300)
        store.note(Outcome("roof", now, 0.1, "ok"), now + 60, 0)
        store.note(Outcome("roof stream", now, 0.1, "ok"), now + 60, 0)
        store.flush()
    folder = config.state / "roof"
    folder.mkdir(parents=True)
    (folder / "roof.token").write_text("secret", encoding="utf-8")
    assert say("rename", "roof", "south", "-c", file).code == 0
    assert say("rename", "attic", "cellar", "-c", file).code == 0
    with closing(Store(config.database, config.zone, writes=False)) as store:
        assert {subject for subject, _ in store.readings} == {"south", "cellar:backups"}
        assert len(store.readings.runs("south", PV_POWER, now - 900, now)) == 3
        assert store.outcomes.names() == ["south", "south stream"]
    assert (config.state / "south/south.token").read_text(encoding="utf-8") == "secret"
    assert not folder.exists()


def test_a_daemon_that_runs_goes_on_by_the_new_name(file: Path) -> None:
    file.write_text(
        "".join(line for line in file.read_text(encoding="utf-8").splitlines(keepends=True) if "  sky:" not in line),
        encoding="utf-8",
    )
    with running(file):
        polled(file, frozenset({"roof", "attic:backups"}))
        said = say("rename", "roof", "south", "-c", file)
        assert said.code == 0, said.err
        assert "goes on with" in said.out
        polled(file, frozenset({"south"}))
    subjects = {row["subject"] for row in json.loads(say("latest", "--json", "-c", file).out)}
    assert subjects == {"south", "attic:backups"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("rof", "x", "did you mean `roof`?"),
        ("roof", "attic", "there is a source `attic` already"),
        ("roof", "attic:x", "a name begins with a letter"),
        ("roof", "and", "is a word of conditions"),
        ("late", "both", "there is a panel `both` already"),
    ],
)
def test_names_that_will_not_do(file: Path, old: str, new: str, told: str) -> None:
    before = file.read_bytes()
    said = say("rename", old, new, "-c", file)
    assert (said.code, told in said.err) == (64, True)
    assert file.read_bytes() == before


def test_two_histories_never_mix_and_then_nothing_is_renamed(file: Path) -> None:
    config, before = load(file), file.read_bytes()
    now = SystemClock().now()
    with closing(Store(config.database, config.zone)) as store:
        store.add([Reading("roof", PV_POWER, 1, now), Reading("former", PV_POWER, 2, now)], 300)
        store.flush()
    (config.state / "roof").mkdir(parents=True)
    said = say("rename", "roof", "former", "-c", file)
    assert (said.code, "both would mix" in said.err) == (75, True)
    assert file.read_bytes() == before
    (config.state / "north").mkdir()
    assert say("rename", "roof", "north", "-c", file).code == 75
    assert file.read_bytes() == before
    with closing(Store(config.database, config.zone, writes=False)) as store:
        assert {subject for subject, _ in store.readings} == {"roof", "former"}


def test_a_rename_is_not_undone_by_undo(file: Path) -> None:
    assert say("rename", "roof", "south", "-c", file).code == 0
    said = say("undo", "--yes", "-c", file)
    assert (said.code, "the last change was a rename" in said.err) == (75, True)


def test_a_subject_of_its_own_stays() -> None:
    text = "sources: {a: {type: x, subject: b}}\npanels: {p: {subject: b, when: trouble(a)}}\n"
    told = "sources: {c: {type: x, subject: b}}\npanels: {p: {subject: b, when: trouble(c)}}\n"
    assert renamed(text, "sources", "a", "c", subject=False) == told


def test_what_home_assistants_entities_are_of_follows(tmp_path: Path) -> None:
    text = """\
database: {folder}/readings.db
timezone: Europe/Berlin
display: {{type: png, path: {folder}/out}}
sources:
  home:
    type: home_assistant
    base_url: http://127.0.0.1:9
    token: abcdefgh
    entities:
      sensor.living: home.living_temperature °C
      sensor.zoe: zoe.soc
    measured_at: {{home: sensor.last}}
panels:
  living: {{type: number, subject: home, metric: living_temperature}}
"""
    file = write(tmp_path, text)
    before = file.read_text(encoding="utf-8")
    said = say("rename", "home", "flat", "-c", file)
    assert said.code == 0, said.err
    after = before.replace("  home:\n", "  flat:\n").replace("home.living", "flat.living")
    after = after.replace("{home: sensor", "{flat: sensor").replace("subject: home", "subject: flat")
    assert file.read_text(encoding="utf-8") == after


def test_what_happened_to_another_is_not_mixed_in(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "readings.db", time_zone())) as store:
        store.events.add([Event(one, "trip", "1", 1_780_000_000 + at, None) for at, one in enumerate(("old", "new"))])
        store.listings.add([Listing(one, "parcels", 1_780_000_000 + at, ()) for at, one in enumerate(("old", "new"))])
        store.flush()
        with pytest.raises(StoreError, match="events of a `new` already"), store.renaming("old", "new", subject=True):
            pass
        store.forget(["new"])
        with store.renaming("old", "new", subject=True):
            pass
        assert [listing.at for listing in store.listings.all()] == [1_780_000_000]
        assert [event.start for event in store.events.get("new", "", 0, 1 << 40)] == [1_780_000_000]
