"""``add``: what it asks, what it tries, what it writes, and that it leaves nothing behind otherwise."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from eink_monitor.config import load
from eink_monitor.store import Store
from houses import no_room, say
from houses.living import running
from houses.terminal import Person
from loopback.cars import Reply, Vendor, recording
from loopback.home_assistant import TOKEN, HomeAssistantServer, state
from loopback.json_vendor import JsonVendor
from loopback.server import Said

VIN = "TMBJJ7NX0MY000001"
KEY = "sk-0123456789abcdef"
EMPTY = """\
# a house of our own
database: {folder}/db/readings.db
timezone: Europe/Berlin
display: {{type: png, path: {folder}/out}}   # pictures
sources: {{}}
panels: {{}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(EMPTY.format(folder=tmp_path), encoding="utf-8")
    path.chmod(0o640)
    return path


@pytest.fixture
def skoda() -> Iterator[Vendor]:
    with Vendor({("GET", f"/api/v1/vehicles/{VIN}"): [Reply(recording("skoda", "enyaq"))]}) as vendor:
        yield vendor


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but the database's."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "db/" not in str(path)
    }


def secrets(folder: Path) -> list[str]:
    """The options that bring both secrets."""
    (folder / "key").write_text(f"{KEY}\n", encoding="utf-8")
    (folder / "vin").write_text(f"{VIN}\n", encoding="utf-8")
    return ["--secret", f"api_key={folder / 'key'}", "--secret", f"vin={folder / 'vin'}"]


# -- a person ----------------------------------------------------------------------------------------------------------


def test_a_person_is_asked_for_what_is_needed_sees_what_came_and_chooses_a_panel(file: Path, skoda: Vendor) -> None:
    with Person(file.parent, "add", "-c", file, "--set", f"base_url={skoda.url}") as person:
        assert "Cars:" in person.answers("Which type: ", "skoda")
        person.answers("What shall it be called [skoda]: ", "7")
        person.reads("a name begins with a letter")
        person.answers("What shall it be called [skoda]: ", "enyaq")
        person.reads("go.skoda.eu/api-keys")
        person.answers("not shown: ", KEY)
        person.answers("not shown: ", VIN)
        person.answers("Any other settings? [y/N]: ", "y")
        person.answers("Enter for none: ", "evry=15m")
        person.reads("did you mean `every`?")
        person.answers("Enter for none: ", "every=1 fortnight")
        person.reads("is not a duration")
        person.answers("Enter for none: ", "every=15m")
        person.answers("Enter for none: ", "")
        person.reads("soc")
        assert "car: enyaq" in person.answers("0 for none) [1]: ", "1 9")
        person.reads("write numbers from 1 to")
        person.answers("0 for none) [1]: ", "1")
        person.answers("Write this into", "y")
        assert person.leaves() == 0
        assert KEY not in person.seen
        assert VIN not in person.seen
        assert "has the source `enyaq` and the panel `enyaq`." in person.seen
        assert "⣿" in person.seen, "the panel was drawn"
    before = EMPTY.format(folder=file.parent)
    source = f"""\
sources:
  enyaq:
    type: skoda
    base_url: {skoda.url}
    api_key: !file secrets/enyaq.api_key
    vin: !file secrets/enyaq.vin
    every: 15m
panels:
  enyaq: {{type: car, subject: enyaq}}
"""
    assert file.read_text(encoding="utf-8") == before.replace("sources: {}\npanels: {}\n", source)
    assert file.stat().st_mode & 0o777 == 0o640
    folder = file.parent / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {one.name: one.stat().st_mode & 0o777 for one in folder.iterdir()} == {
        "enyaq.api_key": 0o600,
        "enyaq.vin": 0o600,
    }
    assert len(skoda.calls) == 1
    kept = file.with_name("config.yaml.before-add-enyaq")
    assert (kept.read_text(encoding="utf-8"), kept.stat().st_mode & 0o777) == (before, 0o640)
    assert say("check", "-c", file).code == 0


QUESTIONS = [
    "Which type: ",
    "What shall it be called",
    "api_key",
    "vin",
    "Any other settings?",
    "Which of these (",
    "Write this",
]
ANSWERS = ["skoda", "enyaq", KEY, VIN, "n", "1", "y"]


LEAVING = [*((b"\3", number) for number in range(len(QUESTIONS))), (b"\4", 0), (b"\4", 4)]
"""Ctrl-C at every question, Ctrl-D at two."""


@pytest.mark.parametrize(("key", "number"), LEAVING)
def test_who_leaves_at_a_question_leaves_nothing_behind(file: Path, skoda: Vendor, number: int, key: bytes) -> None:
    before = contents(file.parent)
    with Person(file.parent, "add", "-c", file, "--set", f"base_url={skoda.url}") as person:
        for question, answer in zip(QUESTIONS[:number], ANSWERS, strict=False):
            person.answers(question, answer)
        person.reads(QUESTIONS[number])
        if not QUESTIONS[number].endswith(": "):
            person.reads(": ")
        assert person.gives_up(key) == 130
    assert contents(file.parent) == before
    assert not (file.parent / "secrets").exists()
    if (file.parent / "db/readings.db").exists():
        store = Store(file.parent / "db/readings.db", load(file).zone, writes=False)
        assert not list(store.readings), "what the trial stored is forgotten"
        store.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whoever_ends_it_leaves_nothing_behind(file: Path, skoda: Vendor, number: int) -> None:
    before = contents(file.parent)
    with Person(file.parent, "add", "skoda", "enyaq", "-c", file) as person:
        person.answers("not shown: ", KEY)
        person.reads("not shown: ")
        assert len(contents(file.parent)) > len(before)
        person.process.send_signal(number)
        assert person.leaves() == 128 + number
    assert contents(file.parent) == before


def test_a_poll_that_fails_says_why_and_an_answer_can_be_changed(file: Path, skoda: Vendor) -> None:
    with Person(file.parent, "add", "skoda", "enyaq", "-c", file, "--set", "base_url=http://127.0.0.1:9") as person:
        person.answers("not shown: ", KEY)
        person.answers("not shown: ", VIN)
        person.answers("Any other settings?", "n")
        assert "the server refuses the connection" in person.answers("k, c or l [c]: ", "c")
        person.answers("base_url [http://127.0.0.1:9]: ", skoda.url)
        person.answers("not shown: ", "")
        person.answers("not shown: ", "")
        person.answers("0 for none) [1]: ", "0")
        person.answers("Write this into", "y")
        assert person.leaves() == 0
    config = load(file)
    assert (list(config.feeds), list(config.slides)) == (["enyaq"], [])
    assert config.feeds["enyaq"].source.api_key.reveal() == KEY  # type: ignore[attr-defined]


@pytest.mark.parametrize(("answer", "code"), [("l", 75), ("k", 0)])
def test_a_source_that_fails_is_kept_only_if_that_is_wanted(file: Path, answer: str, code: int) -> None:
    before = contents(file.parent)
    with Person(file.parent, "add", "skoda", "enyaq", "-c", file, "--set", "base_url=http://127.0.0.1:9") as person:
        person.answers("not shown: ", KEY)
        person.answers("not shown: ", VIN)
        person.answers("Any other settings?", "n")
        person.answers("k, c or l [c]: ", answer)
        if answer == "k":
            person.answers("0 for none) [1]: ", "1")
            person.answers("Write this into", "y")
        assert person.leaves() == code
    assert (contents(file.parent) == before) is (answer == "l")


def test_what_is_wrong_with_all_of_it_is_asked_again(file: Path) -> None:
    with Person(file.parent, "add", "forecast_solar", "sun", "-c", file, "--untried") as person:
        person.answers("latitude", "north")
        person.reads('"north" is not a number')
        person.answers("latitude", "95")
        person.answers("longitude", "11")
        person.answers("planes", "[{kwp: 6.4, tlt: 35, azimuth: 0}]")
        person.reads("did you mean `tilt`?")
        person.answers("planes", "[{kwp: 6.4, tilt: 35, azimuth: 0}]")
        person.reads("latitude must be")
        person.answers("latitude", "48")
        person.answers("0 for none) [1]: ", "0")
        person.answers("Write this into", "y")
        assert person.leaves() == 0
    assert load(file).feeds["sun"].source.latitude == 48  # type: ignore[attr-defined]


def test_of_several_settings_that_belong_together_all_are_asked_again(file: Path) -> None:
    with Person(file.parent, "add", "solaredge", "roof", "-c", file) as person:
        person.answers("site_id", "a7")
        person.reads('"a7" is not a whole number')
        person.answers("site_id", "1234567")
        person.answers("client_id", "")
        person.answers("not shown: ", "")
        person.reads("v2 needs client_id and client_secret")
        person.answers("api [v2]: ", "")
        person.answers("api_key, not shown: ", "")
        person.answers("client_id", "my-app")
        person.answers("not shown: ", "s3cr3t")
        person.answers("Any other settings?", "n")
        person.answers("Sign in now? [Y/n]: ", "n")
        assert "not signed in to SolarEdge yet" in person.answers("k, c or l [c]: ", "k")
        person.answers("0 for none) [1]: ", "1")
        person.answers("Write this into", "y")
        assert person.leaves() == 0
    config = load(file)
    assert [slide.type for slide in config.slides.values()] == ["solar"], "what it will publish"
    assert config.feeds["roof"].source.client_secret.reveal() == "s3cr3t"  # type: ignore[attr-defined]


def test_where_nothing_can_be_looked_for_an_answer_can_be_changed(file: Path) -> None:
    kitchen = state("sensor.kitchen", "20.5", unit="°C", kind="temperature")
    with (
        HomeAssistantServer(kitchen) as vendor,
        Person(file.parent, "add", "home_assistant", "home", "-c", file) as person,
    ):
        person.answers("base_url", vendor.url)
        person.answers("not shown: ", "mistyped")
        person.reads("Home Assistant rejects the token")
        person.answers("Change an answer and look again? [Y/n]: ", "y")
        person.answers(f"[{vendor.url}]: ", "")
        person.answers("not shown: ", TOKEN)
        person.answers("Any other settings?", "n")
        assert "kitchen: 20.5 °C" in person.answers("0 for none) [1]: ", "1")
        person.answers("Any other settings?", "n")
        person.answers("0 for none) [1]: ", "0")
        person.answers("Write this into", "y")
        assert person.leaves() == 0, person.seen
    source = load(file).feeds["home"].source
    assert source.token.reveal() == TOKEN  # type: ignore[attr-defined]


def test_what_is_there_to_be_read_may_be_nothing(file: Path) -> None:
    with JsonVendor() as vendor, Person(file.parent, "add", "http", "porch", "-c", file) as person:
        vendor.routes |= {"/page": Said(200, b"<html>"), "/x": Said(200, [])}
        person.answers("url (", f"{vendor.url}/page")
        person.reads("a web page came instead")
        person.answers("look again? [Y/n]: ", "")
        person.answers("/page]: ", f"{vendor.url}/x")
        person.answers("Any other settings?", "y")
        person.answers("Enter for none: ", "every=15m")
        person.answers("Enter for none: ", "")
        person.reads("Nothing was found there that could be read.")
        person.answers("Any other settings?", "n")
        person.answers("Write this into", "n")
        assert person.leaves() == 0


def test_what_no_answer_mends_is_told_before_any_question(file: Path) -> None:
    before = contents(file.parent)
    with Person(file.parent, "add", "command", "boiler", "-c", file) as person:
        assert person.leaves() == 64
        assert "write `allow_commands: true` at the top of the file" in " ".join(person.seen.split())
        assert "run (" not in person.seen
    assert contents(file.parent) == before


# -- a script ----------------------------------------------------------------------------------------------------------


def test_a_script_is_asked_nothing(file: Path, skoda: Vendor) -> None:
    said = say("add", "skoda", "enyaq", "-c", file, "--yes", "--set", f"base_url={skoda.url}", *secrets(file.parent))
    assert said.code == 0, said.err
    assert list(load(file).slides) == ["enyaq"]
    assert "No daemon runs" in said.out
    again = say("add", "skoda", "enyaq", "-c", file, "--yes")
    assert (again.code, "there is a source `enyaq` already" in again.err) == (64, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["skoda"], "missing: --secret api_key=FILE"),
        (["skodda"], "did you mean `skoda`?"),
        (["skoda", "2"], "a name begins with a letter"),
        (["skoda", "and"], "is a word of conditions"),
        (["skoda", "--set", f"vin={VIN}"], "use --secret vin=FILE"),
        (["skoda", "--set", "evry=5m"], "did you mean `every`?"),
        (["skoda", "--set", "every=5 fish"], "is not a duration"),
        (["skoda", "--set", "every"], "--set takes key=value"),
        (["skoda", "--secret", "vin=/nowhere"], "cannot be read: No such file"),
        (["skoda", "--secret", "vin=/dev/null"], "this secret is empty"),
        (["forecast_solar", "--set", "latitude=95", "--set", "longitude=1", "--set", "planes=[]"], "latitude"),
    ],
)
def test_what_is_wrong_or_missing_is_told_and_nothing_written(file: Path, words: list[str], told: str) -> None:
    before = contents(file.parent)
    said = say("add", *words, "-c", file, "--yes")
    assert said.code in {64, 78}
    assert told in said.err
    assert VIN not in said.err
    assert contents(file.parent) == before


def test_a_failing_poll_writes_nothing_unless_untried(file: Path) -> None:
    words = [
        "add",
        "skoda",
        "enyaq",
        "-c",
        file,
        "--yes",
        "--set",
        "base_url=http://127.0.0.1:9",
        *secrets(file.parent),
    ]
    before = contents(file.parent)
    said = say(*words)
    assert (said.code, "Nothing was written" in said.out) == (75, True)
    assert ".draft" not in said.err + said.out
    assert contents(file.parent) == before
    assert say(*words, "--untried").code == 0
    assert [slide.type for slide in load(file).slides.values()] == ["car"], "it will publish what a car shows"


def test_without_a_type_it_lists_what_there_is(file: Path) -> None:
    said = say("add", "-c", file)
    assert said.code == 0
    assert said.out.index("Solar roofs:") < said.out.index("Cars:") < said.out.index("  skoda ")


def test_what_is_listed_gets_a_panel_of_its_own(file: Path) -> None:
    said = say("add", "demo", "post", "--set", "show=parcels", "--yes", "-c", file)
    assert said.code == 0
    (slide,) = load(file).slides.values()
    assert (slide.type, getattr(slide.panel, "subject", "")) == ("list", "post")


def test_a_panel_of_ones_own_choice(file: Path) -> None:
    words = ["add", "demo", "-c", file, "--yes", "--set", "show=roof"]
    assert say(*words, "roof", "--panel", "flow").code == 0
    assert say(*words, "second", "--panel", "none").code == 0
    assert [slide.type for slide in load(file).slides.values()] == ["flow"]
    refused = say(*words, "third", "--panel", "car")
    assert (refused.code, "no panel of type `car`" in refused.err) == (64, True)


# -- files -------------------------------------------------------------------------------------------------------------


def test_a_new_configuration_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = tmp_path / "new.yaml"
    said = say("add", "demo", "--yes", "-c", file)
    assert said.code == 0, said.err
    assert file.stat().st_mode & 0o777 == 0o600
    assert "display: {type: png, path: out}" in file.read_text(encoding="utf-8")
    assert say("check", "-c", file).code == 0
    assert not list(tmp_path.glob("*.before-*"))


def test_a_link_stays_one(file: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = file.rename(tmp_path / "elsewhere" / "real.yaml")
    file.symlink_to(target)
    assert say("add", "demo", "house", "--yes", "-c", file).code == 0
    assert file.is_symlink()
    assert "house" in load(file).feeds
    assert "house" in target.read_text(encoding="utf-8")
    assert target.stat().st_mode & 0o777 == 0o640


def test_two_at_once_is_one_too_many(file: Path) -> None:
    folder = os.open(file.parent, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    said = say("add", "demo", "--yes", "-c", file)
    os.close(folder)
    assert (said.code, "another eink-monitor is changing" in said.err) == (75, True)


def test_a_full_card_leaves_the_file_as_it_was(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8") + "# much\n" * 1000, encoding="utf-8")
    before = contents(file.parent)
    with no_room(4096):
        said = say("add", "demo", "--yes", "--untried", "-c", file)
    assert said.code != 0
    assert "File too large" in said.err
    assert contents(file.parent) == before


def test_mistakes_that_were_there_are_mended_first(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8") + "keeep: {}\n", encoding="utf-8")
    said = say("add", "demo", "--yes", "-c", file)
    assert (said.code, "did you mean `keep`?" in said.err, ".draft" in said.err) == (78, True, False)


def test_where_others_may_write_root_does_nothing(file: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can be misled so")
    file.parent.chmod(0o777)
    said = say("add", "demo", "--yes", "-c", file)
    file.parent.chmod(0o700)
    assert (said.code, "others may write in" in said.err) == (75, True)


def test_a_daemon_that_runs_goes_on_with_it(file: Path) -> None:
    with running(file):
        said = say("add", "demo", "house", "--yes", "-c", file)
    assert said.code == 0
    assert "The daemon: the daemon goes on with" in said.out


def test_earlier_files_are_few_and_none_goes_unseen(file: Path) -> None:
    for number in range(20):
        file.with_name(f"config.yaml.before-add-{number}").write_text("x", encoding="utf-8")
        os.utime(file.with_name(f"config.yaml.before-add-{number}"), (number, number))
    said = say("add", "demo", "--yes", "--untried", "-c", file)
    assert "before-add-0 was the oldest of 21 such files, and is deleted" in said.out
    assert len(list(file.parent.glob("*.before-*"))) == 20
