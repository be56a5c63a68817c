"""A service changes its configuration through the command that root types."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.config import load
from eink_monitor.editing.handover import take
from eink_monitor.errors import StoreError
from houses import say

EMPTY = "timezone: Europe/Berlin\ndisplay: {type: png, path: out}  # ours\nsources: {}\npanels: {}\n"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Where the original lies, and where the service may write; what systemd lends can only be read."""
    etc, run, state = (tmp_path / name for name in ("etc", "run", "state"))
    for folder in (etc / "credentials", run, state):
        folder.mkdir(parents=True, mode=0o755)
    for file in (etc / "config.yaml", run / "config.yaml"):
        file.write_text(EMPTY, encoding="utf-8")
    (etc / "config.yaml").chmod(0o600)
    run.chmod(0o500)
    for variable, value in (
        ("CREDENTIALS_DIRECTORY", run),
        ("EINK_MONITOR_ORIGIN", etc),
        ("STATE_DIRECTORY", state),
        ("RUNTIME_DIRECTORY", tmp_path / "pictures"),
        ("EINK_MONITOR_CONFIG", run / "config.yaml"),
    ):
        monkeypatch.setenv(variable, str(value))
    return etc, state


def handed(etc: Path, said: bytes) -> subprocess.CompletedProcess[bytes]:
    """What root does with it."""
    ours = {name: value for name, value in os.environ.items() if "EINK" not in name and "DIRECTORY" not in name}
    command = [sys.executable, "-I", "-m", "eink_monitor.editing.handover", str(etc)]
    return subprocess.run(command, input=said, capture_output=True, check=False, env=ours)


def test_what_is_agreed_to_in_the_sandbox_is_written_by_root(folders: tuple[Path, Path], tmp_path: Path) -> None:
    etc, state = folders
    (tmp_path / "key").write_text("TMBJJ7NX0MY000001\n", encoding="utf-8")
    key = tmp_path / "key"
    secrets = ["--secret", f"api_key={key}", "--secret", f"vin={key}"]
    said = say("add", "skoda", "enyaq", "--yes", "--untried", *secrets)
    assert said.code == 0, said.err
    assert (etc / "config.yaml").read_text(encoding="utf-8") == EMPTY
    assert "has the source" not in said.out, "that is for root to say"
    change = state / "change/change.json"
    assert [one.name for one in (state / "change").iterdir()] == ["change.json"]
    assert stat.S_IMODE(change.stat().st_mode) == 0o600
    done = handed(etc, change.read_bytes())
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines() == [
        f"{etc}/config.yaml is written.",
        f"{etc}/config.yaml as it was is {etc}/config.yaml.before-add-enyaq.",
    ]
    assert stat.S_IMODE((etc / "config.yaml").stat().st_mode) == 0o600
    assert {one.name: stat.S_IMODE(one.stat().st_mode) for one in (etc / "credentials").iterdir()} == {
        "enyaq.api_key": 0o600,
        "enyaq.vin": 0o600,
    }
    config = load(etc / "config.yaml")
    assert config.feeds["enyaq"].source.api_key.reveal() == "TMBJJ7NX0MY000001"  # type: ignore[attr-defined]
    assert (handed(etc, change.read_bytes()).returncode, handed(etc, b"").returncode) == (75, 3)


def test_what_nobody_agreed_to_is_not_handed_over(folders: tuple[Path, Path]) -> None:
    _, state = folders
    (state / "change").mkdir()
    (state / "change/change.json").write_text("{}", encoding="utf-8")
    assert say("add", "skoda", "--yes").code == 64
    assert not list((state / "change").iterdir())


def test_a_source_is_polled_there_and_history_renamed(folders: tuple[Path, Path]) -> None:
    etc, state = folders
    assert say("add", "demo", "house", "--yes", "--set", "show=roof").code == 0
    assert handed(etc, (state / "change/change.json").read_bytes()).returncode == 0
    (etc.parent / "run").chmod(0o700)
    (etc.parent / "run/config.yaml").write_bytes((etc / "config.yaml").read_bytes())
    assert say("rename", "house", "home").code == 0
    assert handed(etc, (state / "change/change.json").read_bytes()).returncode == 0
    assert "home: {type: demo" in (etc / "config.yaml").read_text(encoding="utf-8")
    (etc.parent / "run/config.yaml").write_bytes((etc / "config.yaml").read_bytes())
    assert {row["subject"] for row in json.loads(say("latest", "--json").out)} == {"home"}


@given(
    st.binary(max_size=40)
    | st.recursive(
        st.none() | st.text(max_size=9) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["what", "before", "text", "secrets", "../x", "a"]), inner, max_size=5)
        ),
    ).map(lambda one: json.dumps(one).encode())
)
def test_nonsense_writes_nothing(tmp_path_factory: pytest.TempPathFactory, said: bytes) -> None:
    folder = tmp_path_factory.mktemp("etc")
    (folder / "config.yaml").write_text(EMPTY, encoding="utf-8")
    with pytest.raises(StoreError, match="nothing was written"):
        take(said, folder)
    assert (folder / "config.yaml").read_text(encoding="utf-8") == EMPTY


@pytest.mark.parametrize("name", ["../config.yaml", "a/b", "", ".hidden", "x" * 200])
def test_a_secret_stays_in_its_folder(folders: tuple[Path, Path], name: str) -> None:
    etc, _ = folders
    change = {"what": "add-x", "before": "", "text": "x", "secrets": {name: "y"}}
    with pytest.raises(StoreError, match="makes no sense"):
        take(json.dumps(change).encode(), etc)


@pytest.mark.parametrize("secrets", [{"a": "s", "b": "\ud800"}, {f"a{one}": "" for one in range(5000)}])
def test_secrets_that_are_none_leave_nothing(folders: tuple[Path, Path], secrets: dict[str, str]) -> None:
    etc, _ = folders
    change = {"what": "add-x", "before": hashlib.sha256(EMPTY.encode()).hexdigest(), "text": "x", "secrets": secrets}
    with pytest.raises(StoreError, match="makes no sense"):
        take(json.dumps(change).encode(), etc)
    assert not list((etc / "credentials").iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be led astray")
@pytest.mark.parametrize("led", ["a link in another's folder", "a file of another's", "secrets in another's folder"])
def test_root_is_not_led_where_others_may_write(tmp_path: Path, led: str) -> None:
    etc, other = tmp_path / "etc", tmp_path / "other"
    for folder in (etc / "credentials", other):
        folder.mkdir(parents=True)
    (etc / "config.yaml").write_text(EMPTY, encoding="utf-8")
    if led.startswith("a link"):
        (other / "link").symlink_to(etc)
    elif led.startswith("a file"):
        (etc / "config.yaml").rename(other / "config.yaml")
        (etc / "config.yaml").symlink_to(other / "config.yaml")
    else:
        os.chown(etc / "credentials", 65534, 65534)
    os.chown(other, 65534, 65534)
    change = {"what": "add-x", "before": hashlib.sha256(EMPTY.encode()).hexdigest(), "text": "x", "secrets": {"a": "s"}}
    with pytest.raises(StoreError, match="others may write in"):
        take(json.dumps(change).encode(), other / "link" if led.startswith("a link") else etc)
