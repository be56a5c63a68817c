"""What the program says as a service: files where a person edits them, commands that help, places it can reach."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eink_monitor import cli, libraries, places
from eink_monitor.displays.png import Png
from houses import HOUSE, Said, say, write
from machines import SYSTEMD

Folders = tuple[Path, Path, Path]


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """Where things lie (as in /etc), where systemd lends them, and where the daemon may write."""
    etc, run, state = (tmp_path / name for name in ("etc", "run", "state"))
    for folder in (etc / "credentials", run, state):
        folder.mkdir(parents=True)
    for variable, value in (
        ("CREDENTIALS_DIRECTORY", run),
        ("EINK_MONITOR_ORIGIN", etc),
        ("STATE_DIRECTORY", state),
        ("RUNTIME_DIRECTORY", tmp_path / "pictures"),
        ("EINK_MONITOR_CONFIG", run / "config.yaml"),
    ):
        monkeypatch.setenv(variable, str(value))
    return etc, run, state


def house(folders: Folders, *sources: str) -> None:
    """Lend a configuration with some more sources."""
    etc, run, state = folders
    text = HOUSE.replace("{folder}/readings.db", str(state / "readings.db")).replace("path: {folder}/out", "path: out")
    text = text.replace("panels:\n", "".join(f"  {source}\n" for source in sources) + "panels:\n")
    for folder in (etc, run):
        write(folder, text)


def test_a_mistake_is_where_a_person_edits(service: Folders) -> None:
    etc, run, _ = service
    (run / "credentials_empty").touch()
    (run / "credentials_skoda-key").write_text("x")
    house(
        service,
        "a: {{type: skoda, api_key: !file credentials/skoda-kye, vin: !file nowhere}}",
        "b: {{type: skoda, api_key: !file credentials/empty, vin: TMBJJ7NX0MY000001, zzz: 1}}",
    )
    for said in (say("check"), say("doctor"), say("latest")):
        words = said.out + said.err
        assert str(run) not in words
        place = f"{etc}/config.yaml:8:"
        assert f"{place}" in words
        near = "did you mean credentials/skoda-key?"
        assert f"sources.a.api_key: there is no file credentials/skoda-kye in {etc}; {near}" in words
        assert f"sources.a.vin: there is no file nowhere in {etc}; write the value into one" in words
        assert f"sources.b.api_key: {etc}/credentials/empty is empty; write the value into it" in words
    assert f"-> edit {etc}/config.yaml" in say("doctor").out
    assert f'"mend": "edit {etc}/config.yaml"' in say("check", "--json").out
    (run / "config.yaml").unlink()
    assert say("check", "-c", run / "config.yaml").err == f"{etc}/config.yaml cannot be read: there is no such file\n"
    assert say("check").err.startswith(f"no configuration found (looked for {etc}/config.yaml); ")


def test_a_good_one_is_named_as_well(service: Folders) -> None:
    etc, run, _ = service
    house(service)
    for words in (("check",), ("check", "--json"), ("doctor",), ("simulate", "--days", "1")):
        said = say(*words)
        assert f"{etc}/config.yaml" in said.out, words
        assert str(run) not in said.out + said.err


def test_a_key_that_is_not_there_is_missed_where_a_person_puts_it(service: Folders) -> None:
    etc, run, _ = service
    for file in (run / "credentials" / "disk-key", run / "credentials_disk-key"):
        assert places.origin(file) == etc / "credentials" / "disk-key"
    assert places.origin(Path("/elsewhere/x")) == Path("/elsewhere/x")


@pytest.mark.parametrize("extra", ["ssh", "modbus", "sealed", "pi5"])
def test_a_library_comes_with_the_installer(service: Folders, extra: str) -> None:
    assert service
    for bits in (32, 64):
        assert libraries.command(extra, bits) == "sudo make install, in the folder that the service was installed from"


def test_commands_are_said_as_they_must_be(service: Folders) -> None:
    house(service)
    said = say("doctor").out
    assert "-> sudo eink-monitor " not in said, "nothing was asked yet"
    assert places.sayable("eink-monitor login car, or sudo eink-monitor poll car") == (
        "sudo eink-monitor login car, or sudo eink-monitor poll car"
    )


def test_a_configuration_that_was_named_stands_in_the_commands(tmp_path: Path) -> None:
    say_so = "is the daemon running? Else eink-monitor poll roof; pip install eink-monitor; `eink-monitor quota` says"
    assert places.sayable(say_so) == say_so
    assert places.sayable(say_so, Path("my house.yaml")) == (
        "is the daemon running? Else eink-monitor poll -c 'my house.yaml' roof; pip install eink-monitor; "
        "`eink-monitor quota -c 'my house.yaml'` says"
    )
    text = HOUSE.replace("type: demo, show: car", "type: bmw_cardata, client_id: me, vin: WBA12345678901234")
    file = write(tmp_path, text.replace(", calls_per_day: 45}}", "}}"))
    for words in (("doctor",), ("doctor", "--json")):
        assert f"eink-monitor login -c {file} car" in say(*words, "-c", file).out
    assert f"eink-monitor login -c {file} car" in say("poll", "car", "-c", file).err
    assert f"eink-monitor login --config={file}" not in say("poll", "car", "-c", file).err


def test_every_verb_that_takes_a_configuration_is_known() -> None:
    group = cli.commands
    verbs = {name: group.get_command(None, name) for name in group.list_commands(None)}  # type: ignore[arg-type]
    taking = {name for name, verb in verbs.items() if verb and any(one.name == "config_file" for one in verb.params)}
    assert set(places.VERBS) == taking


# -- where it may write ------------------------------------------------------------------------------------------------


def polled(folders: Folders) -> None:
    house(folders)
    assert say("poll", "roof").code == 0


def refusal(said: Said) -> str:
    assert said.code == 64
    return " ".join(said.err.split())


@pytest.mark.parametrize("name", ["/tmp/backup.db", "backup.db", "~/backup.db"])
def test_a_file_that_would_vanish_is_refused(service: Folders, name: str) -> None:
    polled(service)
    path = os.path.expanduser(name)  # noqa: PTH111 - as a shell does
    for verb in ("backup", "dump"):
        outside = f"{path} is outside the service's sandbox; use: sudo eink-monitor {verb} - > "
        assert f"{outside}{path}" in refusal(say(verb, path))
    assert "use: sudo eink-monitor show sun --png - > PANEL.png" in refusal(say("show", "sun", "--png", path))
    assert not Path(path).exists()


def test_its_own_folder_is_within_reach(service: Folders) -> None:
    polled(service)
    state = service[2]
    assert say("backup", state / "backup.db").code == 0
    assert say("dump", state / "dump.txt").code == 0
    assert say("show", "--png", state / "pictures").code == 0
    assert "use: sudo eink-monitor restore - < /tmp/x.db" in refusal(say("restore", "/tmp/x.db"))
    assert "outside the service's sandbox" in refusal(say("backup", state / ".." / "x.db"))


def test_what_is_poured_comes_out_whole(service: Folders) -> None:
    polled(service)

    def piped(*words: str, given: bytes = b"", code: int = 0) -> bytes:
        command = [sys.executable, "-m", "eink_monitor", *words]
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, input=given)
        assert done.returncode == code
        return done.stdout

    copy, database = piped("backup", "-"), service[2] / "readings.db"
    refused = piped("restore", "-", given=b"milk", code=78).decode()
    assert refused == "eink-monitor: what came through the pipe is not a database of eink-monitor\n"
    database.unlink()
    assert f"{database} is what came through the pipe; its newest" in piped("restore", "-", given=copy).decode()
    assert "pv_power" in say("latest").out
    assert piped("show", "sun", "--png", "-").startswith(b"\x89PNG\r\n\x1a\n")


def test_one_pipe_takes_one_picture(service: Folders) -> None:
    polled(service)
    assert "--png - takes one panel" in refusal(say("show", "--png", "-"))


def test_pictures_are_in_one_place_for_verbs_and_daemon(service: Folders, tmp_path: Path) -> None:
    house(service)
    pictures = tmp_path / "pictures"
    assert f"display      png (path {pictures}/out)" in say("check").out
    (finding,) = Png(pictures / "out").examine()
    assert (finding.state, finding.words) == (
        "ok",
        f"they go to {pictures}/out, which is there while the daemon runs",
    )
    pictures.mkdir()
    (finding,) = Png(pictures / "out").examine()
    assert finding.words == f"they go to {pictures}/out"


def test_the_log_of_a_service_is_read_with_sudo() -> None:
    """On plain Debian a user is in neither of the groups that may read it without."""
    root = SYSTEMD.parent
    told = [*root.glob("*.md"), *root.glob("docs/*.md"), *root.glob("systemd/*"), *root.glob("eink_monitor/**/*.py")]
    lines = [line for file in told for line in file.read_text(encoding="utf-8").splitlines()]
    named = [line for line in lines if "journalctl -" in line]
    assert len(named) >= 5
    assert [line for line in named if "sudo journalctl -" not in line] == []
