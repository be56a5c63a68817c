from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import MINUTE, FastClock
from eink_monitor.config import load
from eink_monitor.errors import AuthFailed, BadAnswer, ConfigError, Trouble, Unavailable
from eink_monitor.sources._declared import Declared
from eink_monitor.sources._expression import Expression
from eink_monitor.sources.command import Command
from eink_monitor.sources.command.program import MOST, distrust, masked
from loopback.visits import Visitor

NOW = 1_795_759_200
ZONE = ZoneInfo("Europe/Berlin")
PATHS = {name: Expression.parse(name) for name in ("temp", "at", "deep.power")}
READINGS = {
    "outdoor_temperature": Declared(path=PATHS["temp"], unit="°F"),
    "load_power": Declared(path=PATHS["deep.power"], unit="kW"),
}


def program(folder: Path, *lines: str, mode: int = 0o755) -> str:
    """A shell script, by its full path."""
    file = folder / "read-meter"
    file.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    file.chmod(mode)
    return str(file)


def visitor(*run: str, folder: Path, **settings: object) -> Visitor:
    source = Command(**({"run": run, "readings": READINGS} | settings))  # type: ignore[arg-type]
    return Visitor(source, folder / "state", ZONE, FastClock(NOW))


def test_what_it_prints_becomes_readings(tmp_path: Path) -> None:
    run = program(tmp_path, """printf '{"temp": "%s", "deep": {"power": 1.5}}' "$1" """)
    guest = visitor(run, "50", folder=tmp_path)
    found = [(one.subject, one.metric.name, round(one.value, 3), one.at) for one in guest.poll()]
    assert found == [("roof", "outdoor_temperature", 10, NOW), ("roof", "load_power", 1500, NOW)]
    assert guest.note == ""


def test_it_may_say_when_it_measured(tmp_path: Path) -> None:
    run = program(tmp_path, f"""echo '{{"temp": 50, "at": {NOW - 5 * MINUTE}}}'""")
    guest = visitor(run, folder=tmp_path, at=PATHS["at"])
    assert [one.at for one in guest.poll()] == [NOW - 5 * MINUTE]
    assert guest.note == "load_power: nothing there"


def test_no_shell_reads_what_it_is_told(tmp_path: Path) -> None:
    run = program(tmp_path, """[ "$1" = '; rm -rf / $(id) *' ] && echo '{"temp": 50}'""")
    assert len(visitor(run, "; rm -rf / $(id) *", folder=tmp_path).poll()) == 1


def test_it_sees_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x")
    monkeypatch.setenv("SECRET_TOKEN", "abc")
    run = program(tmp_path, f"env | cut -d= -f1 > {tmp_path}/names", """echo '{"temp": 50}'""")
    visitor(run, folder=tmp_path).poll()
    told = set((tmp_path / "names").read_text().split()) - {"_", "SHLVL", "OLDPWD"}
    assert told == {"HOME", "LANG", "PATH", "PWD", "TZ"}


@pytest.mark.parametrize(
    ("lines", "kind", "words"),
    [
        (["echo oops >&2; echo more >&2; exit 3"], Unavailable, "read-meter ended with code 3: oops"),
        (["echo who are you >&2; exit 77"], AuthFailed, "code 77: who are you"),
        (["exit 65"], BadAnswer, "code 65"),
        (["kill -9 $$"], Unavailable, "was killed by signal 9"),
        (["echo hello"], BadAnswer, "printed something that is not JSON"),
        (["true"], BadAnswer, "printed nothing"),
        (["echo '{}'"], BadAnswer, "printed none of the values"),
        (["echo '[1, 2]'"], BadAnswer, "printed none of the values"),
        ([f"head -c {MOST + 10} /dev/zero"], BadAnswer, "printed more than 1 MB"),
        (["while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxx; done"], BadAnswer, "printed more than 1 MB"),
        (["printf '[%.0s' $(seq 5000)"], BadAnswer, "not JSON"),
        (["""printf '"\\377\\376"'"""], BadAnswer, "not JSON"),
    ],
)
def test_each_end_has_its_sentence(lines: list[str], kind: type[Trouble], words: str, tmp_path: Path) -> None:
    with pytest.raises(kind) as caught:
        visitor(program(tmp_path, *lines), folder=tmp_path).poll()
    assert words in str(caught.value)


def test_many_complaints_do_not_block_it(tmp_path: Path) -> None:
    run = program(tmp_path, "head -c 1000000 /dev/zero | tr '\\0' x >&2", """echo '{"temp": 50}'""")
    assert len(visitor(run, folder=tmp_path).poll()) == 1


def test_one_that_it_leaves_behind_with_the_pipe_open_is_not_waited_for(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    run = program(tmp_path, f"setsid sleep 60 & echo $! > {pid}", """echo '{"temp": 50}'""")
    assert len(visitor(run, folder=tmp_path).poll()) == 1
    os.kill(int(pid.read_text()), 9)


def test_a_program_that_others_could_change_is_not_run(tmp_path: Path) -> None:
    run = program(tmp_path, "echo '{}'")
    assert distrust((run,)) is None
    for mode, words in ((0o775, "others can write"), (0o757, "others can write"), (0o644, "is no program")):
        Path(run).chmod(mode)
        told = distrust((run,))
        assert told is not None
        assert words in told[0]
    Path(run).chmod(0o755)
    tmp_path.chmod(0o777)
    with pytest.raises(BadAnswer, match="others can write"):
        visitor(run, folder=tmp_path).poll()
    assert [words for words, _ in Command(run=(run,), readings=READINGS).doubts()] == [
        f"others can write {tmp_path}, and could change what runs"
    ]
    tmp_path.chmod(0o755 | stat.S_ISVTX)
    assert distrust((run,)) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_root_runs_no_program_of_a_lesser_user(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    run = program(folder, "echo '{}'")
    os.chown(folder, 1000, 1000)
    told = distrust((run,))
    assert told == (f"{folder} belongs to another user, who could change what runs", f"chown root {folder}")
    script = folder / "script.py"
    script.write_text("print('{}')")
    assert distrust(("/usr/bin/env", "python3", str(script))) == told
    link = tmp_path / "link"
    link.symlink_to(run)
    assert distrust((str(link),)) == told  # where it leads counts


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadAnswer, match="there is no program"):
        visitor(str(tmp_path / "nothing"), folder=tmp_path).poll()
    run = program(tmp_path, "")
    Path(run).write_text("#!/nowhere/interpreter\n")
    with pytest.raises(Unavailable, match="cannot be run: no such file or directory"):
        visitor(run, folder=tmp_path).poll()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("fatal: https://bob:pa55word@host/x is down", "fatal: https****host/x is down"),
        ("bad token: abc", "bad ****"),
        ("Authorization: Bearer xyz", "****"),
        ("got eyJhbGciOiJIUzI1NiJ9abcdef, which expired", "got ****, which expired"),
        ("\x1b[31mred\x07", "[31mred"),
        ("the token has expired", "the token has expired"),
        ('{"api_key": "abc"}', '{"****'),
    ],
)
def test_a_complaint_keeps_its_secrets(line: str, shown: str) -> None:
    assert masked(line) == shown


@given(st.text(max_size=300))
def test_any_complaint_is_one_clean_line(line: str) -> None:
    assert masked(line).isprintable()
    assert len(masked(line)) <= 160


_CONFIG = """
{head}
display: {{type: png, path: out}}
sources:
  meter:
    type: command
    run: [{run}]
    readings: {{load_power: {{path: power, unit: kW}}}}
panels:
  meter: {{type: number, subject: meter, metric: load_power}}
"""


def _load(folder: Path, **words: str) -> str:
    file = folder / "config.yaml"
    file.write_text(_CONFIG.format(**{"head": "allow_commands: true", "run": "/bin/true"} | words))
    try:
        load(file)
    except ConfigError as error:
        return str(error).replace(str(folder), "")
    return ""


def test_it_is_off_unless_the_configuration_allows_it(tmp_path: Path) -> None:
    assert _load(tmp_path) == ""
    for head in ("", "allow_commands: false"):
        assert _load(tmp_path, head=head) == (
            "/config.yaml:6:11: sources.meter.type: `command` runs a program; write `allow_commands: true` at the top"
            " of the file if that is meant"
        )


@pytest.mark.parametrize(("run", "words"), [("", "full path"), ("read-meter", "full path"), ('"./x"', "full path")])
def test_a_program_is_named_in_full(run: str, words: str, tmp_path: Path) -> None:
    assert words in _load(tmp_path, run=run)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["temp", "deep", "power"]), inner),
        max_leaves=5,
    )
)
def test_whatever_it_prints_is_read_or_refused(document: object) -> None:
    source = Command(run=("/bin/echo", json.dumps(document)), readings=READINGS)
    guest = Visitor(source, Path("/nowhere"), ZONE, FastClock(NOW))
    with suppress(BadAnswer):
        assert guest.poll() or guest.note
