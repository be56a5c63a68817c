from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eink_monitor import places
from eink_monitor.config import Config, plugins
from eink_monitor.displays._models import MODELS
from eink_monitor.displays.png import Png
from eink_monitor.errors import ConfigError
from eink_monitor.model.display import Display
from eink_monitor.model.panel import Panel
from eink_monitor.model.source import Source
from eink_monitor.settings import Duration
from houses import complaints, read_or_complain, write

KINDS: tuple[type[Any], ...] = (Source, Panel, Display)
EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"
TEXT = EXAMPLE.read_text(encoding="utf-8")
HEAD = "display: {{type: 'null'}}\n"
BARE = HEAD + "sources: {{a: {{type: demo, show: roof}}}}\npanels: {{h: {{type: health}}}}\n"


# -- the example -------------------------------------------------------------------------------------------------------


def test_the_example_is_a_whole_house() -> None:
    config = read_or_complain(EXAMPLE)
    assert isinstance(config, Config)
    assert config.keep.raw == 2 * 365 * 86400
    assert config.keep.daily is None
    assert set(config.feeds) == {"home"}
    assert next(slide.type for slide in config.slides.values()) == "overview"


def uncommented() -> str:
    return re.sub(r"^#( *[a-z_0-9]+:( |$))", r"\1", TEXT, flags=re.MULTILINE)


def test_what_the_example_has_in_comments_is_right_too(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(uncommented(), encoding="utf-8")
    allowed = r"appears twice|there is no file |environment variable .* not set"
    wrong = [line for line in complaints(tmp_path / "config.yaml") if not re.search(allowed, line)]
    assert wrong == []


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in plugins.names(kind)])
def test_the_example_has_every_key_of_every_plugin(kind: type[Any], name: str) -> None:
    blocks = [block for block in re.split(r"\n\s*\n", TEXT) if re.search(rf"^#? *type: {name}\b", block, re.MULTILINE)]
    assert blocks, f"config.example.yaml has no block with `type: {name}`"
    for field in dataclasses.fields(plugins.load(kind, name)):
        if field.init:
            assert any(re.search(rf"^#? *{field.name}:", block, re.MULTILINE) for block in blocks), (
                f"config.example.yaml: `{field.name}` of `type: {name}` is neither set nor in a comment beside it"
            )


@pytest.mark.parametrize("key", ["database", "timezone", "quiet_hours", "commit_every", "raw", "hourly", "daily"])
def test_the_example_has_every_key_of_the_house(key: str) -> None:
    assert re.search(rf"^#? *{key}:", TEXT, re.MULTILINE)


TROUBLEMAKERS = """&a *a <<: !env !file /dev/zero ~ null [ ] { } : - ' " | > % @ ` ? # 9999999999y -1 1e999 no 12:30"""
WORDS = st.sampled_from([*TROUBLEMAKERS.split(), *"\0\ufeff\r\n\t"])


@st.composite
def mutations(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from([TEXT, uncommented()]))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 40)))
        piece = draw(st.one_of(WORDS, st.text(max_size=5), st.just(""), st.just(text[start:end] * 2)))
        text = text[:start] + piece + text[end:]
    return text


@settings(max_examples=150, deadline=None)
@given(mutations())
def test_a_damaged_example_is_a_house_or_complains(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "damaged.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    result = read_or_complain(file)
    if isinstance(result, ConfigError):
        assert result.exit_code == 78
        assert result.complaints
        for line in map(str, result.complaints):
            assert re.match(rf"{re.escape(str(file))}:\d+:\d+: \S", line)
            assert line.isprintable()


# -- what is understood ------------------------------------------------------------------------------------------------


def test_the_timetable(tmp_path: Path) -> None:
    text = HEAD + (
        "database: {folder}/a.db\ntimezone: Asia/Kolkata\nquiet_hours: '22:00-6:00'\ncommit_every: 1m\n"
        "keep: {{raw: 1y, daily: 20y}}\n"
        "sources:\n  a: {{type: demo, show: disk, every: 10s, deadline: 2m, subject: nas, name: Attic}}\n"
        "  b: {{type: demo}}\npanels:\n  z: {{type: health, dwell: 9s}}\n  d: {{type: disk, subject: 'nas:backups'}}\n"
    )
    config = read_or_complain(write(tmp_path, text))
    assert isinstance(config, Config)
    assert (config.database, config.state) == (tmp_path / "a.db", tmp_path / "state")
    assert (config.zone.key, str(config.quiet_hours), config.commit_every) == ("Asia/Kolkata", "22:00-06:00", 60)
    assert (config.keep.raw, config.keep.daily) == (Duration(31536000), Duration(20 * 31536000))
    a, b = config.feeds.values()
    assert (a.every, a.deadline, a.subject, a.label) == (10, 120, "nas", "Attic")
    assert (b.every, b.deadline, b.subject, b.label) == (300, 60, "b", "b")
    assert [(slide.name, slide.dwell) for slide in config.slides.values()] == [("z", 9), ("d", 180)]


def test_the_stamp_is_that_of_the_newest_file(tmp_path: Path) -> None:
    secret = tmp_path / "s"
    secret.write_text("5", encoding="utf-8")
    file = write(tmp_path, BARE.replace("show: roof", "calls_per_day: !file s"))
    before = read_or_complain(file)
    os.utime(secret, ns=(0, newest := secret.stat().st_mtime_ns + 10**9))
    after = read_or_complain(file)
    assert isinstance(before, Config)
    assert isinstance(after, Config)
    assert before.stamp < after.stamp == newest
    assert after.hidden == {"sources.a.calls_per_day"}


def test_blocks_may_be_merged(tmp_path: Path) -> None:
    text = HEAD + (
        "sources:\n  a: &car {{type: demo, show: car, every: 7m, calls_per_day: 9}}\n  b: {{<<: *car, every: 8m}}\n"
        "panels: {{}}\n"
    )
    config = read_or_complain(write(tmp_path, text))
    assert isinstance(config, Config)
    assert [(feed.type, feed.every) for feed in config.feeds.values()] == [("demo", 420), ("demo", 480)]


# -- what is wrong -----------------------------------------------------------------------------------------------------


def test_every_problem_of_a_house_at_once_and_in_order(tmp_path: Path) -> None:
    text = (
        "timezone: Berlin\n"
        "display: {{type: pgn}}\n"
        "qiet_hours: '0:00-6:00'\n"
        "sources:\n"
        "  roof: {{type: demo, show: rof, every: 1s}}\n"
        "  roof: {{type: demo}}\n"
        "  nas: {{type: dmo}}\n"
        "  my car: {{type: demo}}\n"
        "  x: {{every: 5m}}\n"
        "  y: 3\n"
        "panels:\n"
        "  sun: {{type: solar, dwell: 0s}}\n"
        "  flow: {{type: [flow]}}\n"
    )
    assert complaints(write(tmp_path, text)) == [
        '1:11: timezone: "Berlin" is not a time zone; write for example Europe/Berlin',
        "2:17: display.type: unknown type `pgn`; did you mean `png`?",
        "3:1: qiet_hours: unknown key `qiet_hours`; did you mean `quiet_hours`?",
        '5:28: sources.roof.show: "rof" is not one of house, roof, car, hybrid, disk, weather, price, parcels',
        "5:40: sources.roof: `every` must be at least 5s",
        "6:3: sources.roof: this key appears twice (first on line 5)",
        "7:15: sources.nas.type: unknown type `dmo`; did you mean `demo`?",
        "8:3: sources.my car: use only letters, digits, - and _ in a name",
        f"9:6: sources.x: `type` is missing; known are {', '.join(plugins.types(KINDS[0]))}",
        "10:6: sources.y: expected a block with a `type`",
        "12:8: panels.sun: `subject` is missing",
        "12:29: panels.sun: `dwell` must be at least 1s",
        "13:16: panels.flow.type: expected a single value",
    ]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("h: {{type: health}}", "h: {{type: solar, subject: b}}", "3:13: panels.h: unknown subject `b`; known are a"),
        ("h: {{type: health}}", "h: {{type: solar, subject: A}}", "3:13: panels.h: unknown subject `A`; known are a"),
        (
            "h: {{type: health}}",
            "h: {{type: disk, subject: a}}",
            "3:13: panels.h: no source publishes disk_free or newest_backup for `a`",
        ),
        ("{{a: {{type: demo, show: roof}}}}", "", "2:9: sources: expected a block of `key: value` lines"),
        ("sources: {{a: {{type: demo, show: roof}}}}\n", "", "1:1: sources: is missing; see config.example.yaml"),
        ("display: {{type: 'null'}}\n", "", "1:1: display: is missing; write for example"),
        ("{{type: 'null'}}", "png", "1:10: display: expected a block with a `type`"),
        ("show: roof", "deadline: 2d", "2:37: sources.a: `deadline` must be 1s to 1d"),
        ("h: {{type", "now: {{type", "3:10: panels.now: now.png is the picture that shows; choose another name"),
        ("h: {{type", "contact: {{type", "3:10: panels.contact: contact.png is the sheet of all panels; choose"),
        ("type: health", "type: history, subject: a, days: 1", "3:47: panels.h: days must be 2 to 60"),
        ("show: roof", "calls_per_day: -1", "2:42: sources.a: calls_per_day must be 0 (no quota) or more"),
        ("show: roof", "every: 5", '2:34: sources.a.every: "5" is not a duration'),
    ],
)
def test_one_problem(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert old in BARE
    found = complaints(write(tmp_path, BARE.replace(old, new)))
    assert len(found) == 1
    assert found[0].startswith(complaint)


def test_a_panel_without_a_source_is_told_beside_other_problems(tmp_path: Path) -> None:
    text = "disply: 3\n" + BARE.replace("h: {{type: health}}", "h: {{type: solar, subject: b}}")
    assert [line.split(": ")[1] for line in complaints(write(tmp_path, text))] == ["disply", "panels.h"]
    text = BARE.replace("show: roof", "show: rof").replace("h: {{type: health}}", "h: {{type: solar, subject: b}}")
    assert [line.split(": ")[1] for line in complaints(write(tmp_path, text))] == ["sources.a.show"]


def told(
    folder: Path, sources: str, panels: str = "h: {{type: health}}", display: str = "{{type: 'null'}}"
) -> list[str]:
    """What is wrong with a house of these, without the places."""
    text = f"display: {display}\nsources:\n  {sources}\npanels:\n  {panels}\n"
    return [line.partition(": ")[2] for line in complaints(write(folder, text))]


def test_panels_are_checked_against_sources_that_failed(tmp_path: Path) -> None:
    """As much of it as could be read says what it publishes, if that does not hang on what could not be read."""
    failed = "roof: {{type: solaredge, site_id: x, subject: sun}}"
    wrong = 'sources.roof.site_id: "x" is not a whole number'
    assert told(tmp_path, failed, "p: {{type: solar, subject: sun}}") == [wrong]
    assert told(tmp_path, failed, "p: {{type: solar, subject: sn}}") == [
        wrong,
        "panels.p: unknown subject `sn`; did you mean `sun`?",
    ]
    assert told(tmp_path, failed, "p: {{type: disk, subject: sun}}") == [
        wrong,
        "panels.p: no source publishes disk_free or newest_backup for `sun`",
    ]
    assert told(tmp_path, "a: {{type: skodda, vin: x}}", "p: {{type: solar, subject: a, titel: x}}") == [
        "sources.a: `api_key` is missing",
        "sources.a.type: unknown type `skodda`; did you mean `skoda`?",
        "sources.a.vin: a VIN has 17 characters, and this one 1",
        "panels.p: no source publishes pv_power for `a`",
        "panels.p.titel: unknown key `titel`; did you mean `title`?",
    ]


@pytest.mark.parametrize(
    ("keys", "mistakes"),
    [
        ("mounts: [b]", ["expected a block of `key: value` lines, without the `-` of a list"]),
        ("mounts: {{}}", ["mounts: is empty; write for example {backups: /mnt/backups}"]),
        ("mount: {{b: /b}}", ["unknown key `mount`; did you mean `mounts`?"]),
        ("mounts: {{b: /b}}, zzz: 1", ["unknown key `zzz`; known are "]),
    ],
)
def test_a_panel_is_not_blamed_for_what_its_source_could_not_say(
    tmp_path: Path, keys: str, mistakes: list[str]
) -> None:
    found = told(
        tmp_path, f"nas: {{{{type: ssh_disk, host: localhost, {keys}}}}}", "p: {{type: disk, subject: 'nas:b'}}"
    )
    assert len(found) == len(mistakes)
    for line, mistake in zip(found, mistakes, strict=True):
        assert mistake in line


@pytest.mark.parametrize("key", ["display", "sources", "panels"])
def test_a_slip_in_the_name_of_a_part_is_one_mistake(tmp_path: Path, key: str) -> None:
    (found,) = complaints(write(tmp_path, BARE.replace(f"{key}:", f"{key[:-1]}x:")))
    assert f"{key[:-1]}x: unknown key `{key[:-1]}x`; did you mean `{key}`?" in found


def test_an_invented_house_that_could_not_be_read_may_speak_of_anything(tmp_path: Path) -> None:
    panel = "p: {{type: solar, subject: roof}}"
    assert told(tmp_path, "home: {{type: demo, show: rof}}", panel) == [
        'sources.home.show: "rof" is not one of house, roof, car, hybrid, disk, weather, price, parcels'
    ]
    assert told(tmp_path, "home: {{type: demo, every: 1s}}", "p: {{type: solar, subject: roof}}") == [
        "sources.home: `every` must be at least 5s"
    ]


def test_a_panel_with_a_mistake_of_its_own_is_checked_too(tmp_path: Path) -> None:
    source = "a: {{type: demo, show: roof}}"
    assert told(tmp_path, source, "p: {{type: solar, subject: b, dwell: 0s}}") == [
        "panels.p: unknown subject `b`; known are a",
        "panels.p: `dwell` must be at least 1s",
    ]
    assert told(tmp_path, source, "p: {{type: disk, subject: a, full_at: 0}}") == [
        "panels.p: no source publishes disk_free or newest_backup for `a`",
        "panels.p: full_at must be 1 to 100 (percent)",
    ]
    assert told(tmp_path, source, "p: {{type: history, subject: b, days: x}}") == [
        "panels.p: unknown subject `b`; known are a",
        'panels.p.days: "x" is not a whole number',
    ]


def test_the_keys_of_a_block_whose_type_is_a_slip(tmp_path: Path) -> None:
    """Where there is only one thing that it can mean, the rest of the block is read as that."""
    assert told(tmp_path, "a: {{type: solaredg, site_id: x, api: v3}}") == [
        "sources.a.type: unknown type `solaredg`; did you mean `solaredge`?",
        'sources.a.site_id: "x" is not a whole number',
        'sources.a.api: "v3" is not one of v2, v1',
    ]
    (found,) = told(tmp_path, "a: {{type: bmw, site_id: x}}")  # BMW has two doors
    assert found.startswith("sources.a.type: unknown type `bmw`")
    slip, model = told(tmp_path, "a: {{type: demo}}", display="{{type: wavehsare, model: V4}}")
    assert slip == "display.type: unknown type `wavehsare`; did you mean `waveshare`?"
    assert model.startswith('display: model "V4" is not known; known are 2in13_V2')


def test_a_value_that_cannot_be_read_hides_no_other_mistake(tmp_path: Path) -> None:
    host = "a: {{type: ssh_disk, host: nas, mounts: {{b: /b}}, "
    assert told(tmp_path, host + "user: me, port: ssh, full_at: 0}}") == [
        'sources.a.port: "ssh" is not a whole number',
        "sources.a: full_at: 0 must be a percentage from 1 to 100",
    ]
    assert told(tmp_path, host + "usr: me, port: 22}}") == ["sources.a.usr: unknown key `usr`; did you mean `user`?"]
    assert told(tmp_path, host + "zzz: me, full_at: 0}}")[0].startswith("sources.a.zzz: unknown key `zzz`; known are ")


def test_what_is_missing_is_told_with_what_it_can_be(tmp_path: Path) -> None:
    source = "a: {{type: demo, show: roof}}"
    (missing,) = told(tmp_path, source, display="{{type: waveshare}}")
    known = "2in13_V2, 2in13_V3, 2in13_V4 (the sticker on its back says which); for others see docs/ink.md"
    assert missing == f"display: `model` is missing; known are {known}"
    assert told(tmp_path, source, display="{{path: out}}") == [
        "display: `type` is missing; known are null, png, terminal, waveshare"
    ]


def test_no_path_depends_on_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    (tmp_path / "house").mkdir()
    (tmp_path / "elsewhere").mkdir()
    text = "database: data/r.db\n" + BARE.replace("{{type: 'null'}}", "{{type: png, path: pictures}}")
    write(tmp_path / "house", text)
    for stand, file in (("house", "config.yaml"), ("elsewhere", "../house/config.yaml")):
        monkeypatch.chdir(tmp_path / stand)
        config = read_or_complain(Path(file))
        assert isinstance(config, Config)
        assert config.database.resolve() == tmp_path / "house/data/r.db"
        assert config.display == Png(config.file.absolute().parent / "pictures")
        assert config.database.is_absolute()
    write(tmp_path / "house", BARE.replace("{{type: 'null'}}", "{{type: png}}"))
    config = read_or_complain(tmp_path / "house" / "config.yaml")
    assert isinstance(config, Config)
    assert config.display == Png(tmp_path / "house" / "out")
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/eink-monitor")
    config = read_or_complain(tmp_path / "house" / "config.yaml")
    assert isinstance(config, Config)
    assert config.display == Png(Path("/run/eink-monitor"))
    write(tmp_path / "house", "database: r.db\n" + BARE.replace("{{type: 'null'}}", "{{type: png, path: out}}"))
    config = read_or_complain(tmp_path / "house" / "config.yaml")
    assert isinstance(config, Config)
    assert config.display == Png(Path("/run/eink-monitor/out")), "a service may not write beside its configuration"
    assert config.database == tmp_path / "house" / "r.db", "memory is no place for a database"
    monkeypatch.delenv("RUNTIME_DIRECTORY")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/eink-monitor")  # a verb that runs as the service does
    config = read_or_complain(tmp_path / "house" / "config.yaml")
    assert isinstance(config, Config)
    assert config.display == Png(Path("/var/lib/eink-monitor/out"))


ADDRESS = "must be an address such as https://host.example/path, without user name, ? or #"


@pytest.mark.parametrize(
    ("block", "mistakes"),
    [
        (
            "display: {{type: waveshare, model: V4, rotate: 90, partials: 6, min_interval: 9s, rst: 24, speed: 9}}",
            [
                f'display: model "V4" is not known; known are {", ".join(MODELS)}',
                "rotate must be 0 or 180: panels are drawn in landscape",
                "min_interval must be at least 30s (Waveshare asks for 3m)",
                "partials must be 0 to 5: the panel's specification asks for a full refresh after five",
                "rst, dc, busy and pwr must be four different pins",
                "speed must be 100000 to 20000000 (Hz): the controllers read at most 20 MHz",
            ],
        ),
        (
            "sources: {{a: {{type: solaredge, site_id: 0, calls_per_minute: 6, latitude: 91, base_url: roof}}}}",
            [
                "sources.a: site_id must be the number in the address of your SolarEdge site",
                "api: v2 needs client_id and client_secret (or, for a fleet account, api_key)",
                "calls_per_month and calls_per_minute must be at least 7: one poll may need that many",
                "latitude must be between -90 and 90 degrees",
                f"base_url {ADDRESS}",
            ],
        ),
        (
            "sources: {{a: {{type: bmw_cardata, client_id: ' ', vin: WBA53FJ0X0CH00001, calls_per_day: 51, auth_url: 'ftp://x'}}}}",
            [
                "sources.a: client_id is empty; copy it from the CarData page of the car",
                "calls_per_day must be 1 to 50: BMW allows 50, other programs of the account included",
                f"auth_url {ADDRESS}",
            ],
        ),
        (
            "sources: {{a: {{type: ssh_disk, host: nas, mounts: {{b: mnt}}, port: 0}}}}",
            [
                'sources.a: mounts: b: "mnt" must be the full path of a mount point, such as /mnt/backups',
                "port: must be between 1 and 65535; SSH has 22",
                "user: is missing; SSH needs a user",
            ],
        ),
    ],
)
def test_no_mistake_of_a_block_hides_another(tmp_path: Path, block: str, mistakes: list[str]) -> None:
    key = block.partition(":")[0]
    text = "".join(f"{block if line.startswith(key) else line}\n" for line in BARE.splitlines())
    (found,) = complaints(write(tmp_path, text))
    assert found.split(": ", 1)[1] == "; ".join(mistakes)


def test_no_complaint_tells_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S", "hunter2-hunter2")
    for old, new in (
        ("type: demo", "type: !env S"),
        ("show: roof", "show: !env S"),
        ("show: roof", "every: !env S"),
        ("type: health", "type: solar, subject: !env S"),
        ("'null'", "!env S"),
    ):
        found = complaints(write(tmp_path, BARE.replace(old, new)))
        assert found
        assert "hunter2" not in "\n".join(found)


# -- where things are --------------------------------------------------------------------------------------------------


def test_the_configuration_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("EINK_MONITOR_CONFIG", raising=False)
    assert places.configuration(Path("given")) == Path("given")
    with pytest.raises(ConfigError, match=r"config\.yaml, .*/xdg/eink-monitor/config\.yaml, /etc/eink-monitor"):
        places.configuration(None)
    xdg = tmp_path / "xdg" / "eink-monitor" / "config.yaml"
    xdg.parent.mkdir(parents=True)
    xdg.touch()
    assert places.configuration(None) == xdg
    Path("config.yaml").touch()
    assert places.configuration(None) == Path("config.yaml")
    monkeypatch.setenv("EINK_MONITOR_CONFIG", str(tmp_path / "named"))
    with pytest.raises(ConfigError, match=r"looked for .*/named\)"):
        places.configuration(None)
    (tmp_path / "named").touch()
    assert places.configuration(None) == tmp_path / "named"


def test_the_database_is_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert places.database() == Path("/somewhere/.local/state/eink-monitor/readings.db")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert places.database() == Path("/state/eink-monitor/readings.db")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/one:/var/lib/two")
    assert places.database() == Path("/var/lib/one/readings.db")


def test_the_time_zone_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Asia/Kolkata")
    assert places.time_zone().key == "Asia/Kolkata"
    for nonsense in ("CET-1CEST", "/etc/localtime", ""):
        monkeypatch.setenv("TZ", nonsense)
        assert places.time_zone().key


@pytest.mark.parametrize(
    ("vin", "told"),
    [
        ("TMBJB7NX5MY00012", "a VIN has 17 characters, and this one 16"),
        ("TMBJB7NX5MY0001234", "a VIN has 17 characters, and this one 18"),
        ("TMBJB7NX5MYO00123", "a VIN has digits and capital letters without I, O and Q"),
    ],
)
@pytest.mark.parametrize("written", ["!env K", "{vin}"])
def test_a_vin_that_is_none_is_told_where_it_stands_and_not_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vin: str, told: str, written: str
) -> None:
    monkeypatch.setenv("K", vin)
    file = tmp_path / "config.yaml"
    car = f"{{type: skoda, api_key: key, vin: {written.format(vin=vin)}}}"
    file.write_text(f"display: {{type: 'null'}}\nsources:\n  a: {car}\npanels: {{b: {{type: car, subject: a}}}}\n")
    (line,) = complaints(file)
    assert f"3:{6 + car.index('vin:') + len('vin: ')}: sources.a.vin: {told}" in line
    assert vin not in line
