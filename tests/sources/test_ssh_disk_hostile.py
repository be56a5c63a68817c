"""What df says, and hosts that hang, shout, lie or say nothing: against a real sshd, and on bare sockets."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from doors.nas import HEAD, MOUNTED, NOW, documented_script, new_visit, poll
from doors.sshd import Hosts
from eink_monitor.errors import AuthFailed, BadAnswer, Trouble, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Duration, Secret
from eink_monitor.sources.ssh_disk import SshDisk

NAMES = [
    "plain",
    "two words",
    'it\'s "quoted"',
    "$(touch pwned)",
    "`touch pwned`",
    "a;touch pwned;b",
    "new\nline",
    "-rf",
    "*",
    "back\\slash",
    "Zürich",
    "x 1 2 3 4% ",
]


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    return new_visit(tmp_path / "state")


def test_hostile_names_arrive_whole_and_reach_no_shell(hosts: Hosts, visit: Visit, tmp_path: Path) -> None:
    mounts = {str(n): str(tmp_path / name) for n, name in enumerate(NAMES)}
    host = hosts.start(df=MOUNTED)
    for path in mounts.values():
        Path(path).mkdir()
    values = poll(host.source(mounts=mounts), visit)
    for n in mounts:
        assert values[f"nas:{n}", "disk_used"] == 400 * 1024
    assert {path.name for path in tmp_path.iterdir()} == {*NAMES, "host0"}
    assert not [path for path in (Path.home(), Path("/"), Path.cwd()) if (path / "pwned").exists()]


def test_a_folder_without_a_mount_never_shows_the_disk_below(hosts: Hosts, visit: Visit, tmp_path: Path) -> None:
    mounts = {
        "gone": str(tmp_path / "gone"),
        "empty": str(tmp_path),
        "shell": "/$(id)",
        "line": "/new\nline",
    }
    values = poll(hosts.start().source(mounts=mounts, newest={"empty": "*"}), visit)
    assert {metric for _, metric in values} == {"disk_state", "disk_full_at"}
    assert {value for (_, metric), value in values.items() if metric == "disk_state"} == {2}
    assert f"nothing is mounted at {tmp_path}" in visit.note


def test_a_mount_behind_a_link(hosts: Hosts, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    values = poll(hosts.start().source(mounts={"link": f"{tmp_path}/link/"}), visit)
    assert values["nas:link", "disk_size"] > 0


def test_a_df_that_never_returns(hosts: Hosts, visit: Visit) -> None:
    host = hosts.start(df="exec cat")
    with pytest.raises(Unavailable, match="did not answer within 1 s; check whether a disk hangs there"):
        host.source(timeout=Duration(1)).poll(visit)


def test_a_df_that_drips(hosts: Hosts, visit: Visit) -> None:
    host = hosts.start(df="exec bash -c 'while printf x; do read -t 0.2 -r never; done'")
    with pytest.raises(Unavailable, match="did not answer within 1 s"):
        host.source(timeout=Duration(1)).poll(visit)


def test_ten_megabytes(hosts: Hosts, visit: Visit) -> None:
    host = hosts.start(df="head -c 10000000 /dev/zero")
    with pytest.raises(BadAnswer, match="more than 1 MB"):
        host.source().poll(visit)


@pytest.mark.parametrize("noise", ["echo Welcome", f"echo '{HEAD}'; echo '/dev/y 1 1 1 9% /'", "echo x >&2"])
def test_a_shell_that_prints_a_banner(hosts: Hosts, visit: Visit, tmp_path: Path, noise: str) -> None:
    (tmp_path / "banner").write_text("Authorised users only\n" * 50)
    host = hosts.start(
        df=MOUNTED, Banner=str(tmp_path / "banner"), ForceCommand=f'{noise}; eval "$SSH_ORIGINAL_COMMAND"; {noise}'
    )
    assert poll(host.source(), visit)["nas:root", "disk_size"] == 1000 * 1024


def test_a_host_without_df(hosts: Hosts, visit: Visit) -> None:
    host = hosts.start(df="exit 127")
    with pytest.raises(BadAnswer, match="no df to ask"):
        host.source().poll(visit)
    with pytest.raises(BadAnswer, match="no df table"):
        hosts.start(ForceCommand="echo This account is not available").source().poll(visit)


def test_the_documented_forced_command(hosts: Hosts, visit: Visit, tmp_path: Path) -> None:
    script = tmp_path / "eink-disk"
    script.write_text(documented_script())
    script.chmod(0o755)
    host = hosts.start(authorized=f'command="{script}",restrict')
    source = host.source(mounts={"root": "/", "gone": str(tmp_path)}, newest={"root": "e?c"})
    changed = int(Path("/etc").stat().st_mtime)
    readings = source.poll(replace(visit, now=changed))
    values = {(reading.subject, reading.metric.name): reading.value for reading in readings}
    assert values["nas:root", "disk_size"] > 0
    assert values["nas:gone", "disk_state"] == 2
    assert values["nas:root", "newest_backup"] >= changed


def test_a_forced_command_tells_of_a_read_only_disk(hosts: Hosts, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "answer").write_text(f"{HEAD}\n/dev/x 10 4 6 40% /mnt/b\n/dev/x /mnt/b ext4 ro,relatime 0 0\n")
    host = hosts.start(authorized=f'command="cat {tmp_path}/answer",restrict')
    values = poll(host.source(mounts={"b": "/mnt/b"}), visit)
    assert values["nas:b", "disk_state"] == 1
    assert values["nas:b", "disk_free"] == 6 * 1024


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    """Two backups: an old bundle written to inside lately, and a younger one that was left alone."""
    for name, changed, inner in (("a.sparsebundle", NOW - 9000, NOW - 500), ("b.sparsebundle", NOW - 700, NOW - 800)):
        (tmp_path / "disk" / name).mkdir(parents=True)
        (tmp_path / "disk" / name / "bands").write_text("")
        os.utime(tmp_path / "disk" / name / "bands", (inner, inner))
        os.utime(tmp_path / "disk" / name, (changed, changed))
    return tmp_path / "disk"


def test_the_newest_backup_by_sftp(hosts: Hosts, visit: Visit, bundles: Path) -> None:
    source = hosts.start(df=MOUNTED).source(mounts={"b": str(bundles)}, newest={"b": "*.sparsebundle"})
    values = poll(source, visit)
    assert values["nas:b", "newest_backup"] == NOW - 500
    assert values["nas:b", "backup_max_age"] == 2 * 86_400


@pytest.mark.parametrize("subsystem", ["none /bin/false", "sftp /bin/false", "sftp /bin/echo nonsense"])
def test_without_sftp_the_disk_is_read_and_the_backup_noted(
    hosts: Hosts, visit: Visit, bundles: Path, subsystem: str
) -> None:
    source = hosts.start(df=MOUNTED, Subsystem=subsystem).source(mounts={"b": str(bundles)}, newest={"b": "*"})
    values = poll(source, visit)
    assert values["nas:b", "disk_used"] == 400 * 1024
    assert ("nas:b", "newest_backup") not in values
    assert visit.note == f"cannot list {bundles}, so its backups have no age"


def test_a_folder_that_cannot_be_listed_is_noted(hosts: Hosts, visit: Visit) -> None:
    poll(hosts.start(df=MOUNTED).source(mounts={"b": "/nowhere"}, newest={"b": "*"}), visit)
    assert visit.note.startswith("cannot list /nowhere, so its backups have no age; SFTP has another root there with ")
    assert visit.note.endswith(": name it in sftp_mounts:")


def test_a_silent_sftp_server(hosts: Hosts, visit: Visit) -> None:
    host = hosts.start(df=MOUNTED, Subsystem="sftp /bin/sh -c 'cat >/dev/null'")
    with pytest.raises(Unavailable, match="did not answer within 1 s"):
        host.source(newest={"root": "*"}, timeout=Duration(1)).poll(visit)


@contextmanager
def listen(talk: Callable[[socket.socket], object]) -> Iterator[int]:
    """A server on a bare socket that talks to one client."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            with listener.accept()[0] as line:
                line.settimeout(10)
                try:
                    talk(line)
                except OSError:  # the client left
                    return

        thread = threading.Thread(target=run)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(15)
        assert not thread.is_alive()


def read_all(line: socket.socket) -> None:
    while line.recv(4096):
        pass


def hello_then_silence(line: socket.socket) -> None:
    line.sendall(b"SSH-2.0-Silent\r\n")
    read_all(line)


@pytest.mark.parametrize(
    "talk",
    [
        read_all,
        hello_then_silence,
        lambda line: line.close(),
        lambda line: line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 200),
        lambda line: line.sendall(b"SSH-2.0-x\r\n" + os.urandom(4000)),
        lambda line: line.sendall(b"\xff" * 100_000),
    ],
)
def test_what_is_no_ssh_server(visit: Visit, talk: Callable[[socket.socket], object]) -> None:
    with listen(talk) as port, pytest.raises(Unavailable, match="speaks no SSH within 1 s"):
        SshDisk("127.0.0.1", {"root": "/"}, "pi", port, Secret("x"), timeout=Duration(1)).poll(visit)


def test_nobody_there(visit: Visit) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    for host, words in (
        ("127.0.0.1", "refuses SSH connections"),
        ("nowhere.invalid", "no address found"),
        ("a" * 70, "no address found"),
        ("255.255.255.255", "cannot be reached"),
    ):
        with pytest.raises(Unavailable, match=words):
            SshDisk(host, {"root": "/"}, "pi", port, timeout=Duration(1)).poll(visit)


def test_a_host_that_ends_during_the_sign_in(hosts: Hosts, visit: Visit) -> None:
    host = hosts.start(MaxAuthTries="1")
    with pytest.raises((AuthFailed, Unavailable)) as caught:
        host.source(identity=None, password=Secret("hunter2")).poll(visit)
    assert isinstance(caught.value, Trouble)
    assert "hunter2" not in str(caught.value)
