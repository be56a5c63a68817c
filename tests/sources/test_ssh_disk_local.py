"""Local disks, the newest of the backups, known_hosts files, and settings that cannot work."""

from __future__ import annotations

import base64
import ctypes
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doors.nas import NOW, new_visit, poll
from eink_monitor import metrics
from eink_monitor.clock import DAY
from eink_monitor.errors import BadAnswer
from eink_monitor.settings import Duration
from eink_monitor.sources.ssh_disk import SshDisk, hosts
from eink_monitor.sources.ssh_disk.disk import DiskStatus, State, listing, local
from eink_monitor.sources.ssh_disk.newest import Entry, Unlisted, newest


def test_a_local_disk_needs_no_ssh(tmp_path: Path) -> None:
    visit = new_visit(tmp_path)
    values = poll(SshDisk("localhost", {"root": "/", "gone": str(tmp_path)}, newest={"root": "nothing*"}), visit)
    real = os.statvfs("/")
    assert values["nas:root", "disk_size"] == real.f_blocks * real.f_frsize
    assert values["nas:root", "disk_state"] in {0, 1}
    assert values["nas:gone", "disk_state"] == 2
    assert ("nas:root", "newest_backup") not in values
    assert visit.note == f"nothing is mounted at {tmp_path}"


def children() -> set[str]:
    """The processes that this one has begun, and that live or wait to be buried."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split())


def test_a_dead_disk_costs_the_others_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a network disk whose server is gone: who asks waits in the kernel, and only SIGKILL ends it."""
    real, dead = os.statvfs, str(tmp_path / "dead")

    def statvfs(path: str) -> os.statvfs_result:
        if path == dead:
            signal.pause()
        return real(path)

    monkeypatch.setattr(os, "statvfs", statvfs)
    visit, mounts, before = new_visit(tmp_path), {"dead": dead, "root": "/"}, children()
    values = poll(SshDisk("localhost", mounts, newest=dict.fromkeys(mounts, "*"), timeout=Duration(1)), visit)
    assert values["nas:dead", "disk_state"] == 3
    assert ("nas:dead", "disk_size") not in values
    assert values["nas:root", "disk_size"] == real("/").f_blocks * real("/").f_frsize
    assert visit.note == f"{dead} is mounted, but cannot be measured: the kernel did not come back within 1s"
    assert children() <= before, "nobody was left behind"


@pytest.fixture
def fuse(tmp_path: Path) -> Iterator[Path]:
    """A file system whose server never says a word."""
    folder, libc = tmp_path / "fuse", ctypes.CDLL(None)
    folder.mkdir()
    try:
        server = os.open("/dev/fuse", os.O_RDWR)
    except OSError:
        pytest.skip("there is no FUSE here")
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0"
    if libc.mount(b"dead", bytes(folder), b"fuse", 0, options.encode()):
        os.close(server)
        pytest.skip("nothing can be mounted here")
    yield folder
    os.close(server)
    libc.umount2(bytes(folder), 2)  # MNT_DETACH


def test_a_file_system_without_its_server(tmp_path: Path, fuse: Path) -> None:
    visit = new_visit(tmp_path)
    values = poll(SshDisk("localhost", {"dead": str(fuse), "root": "/"}, timeout=Duration(1)), visit)
    assert (values["nas:dead", "disk_state"], values["nas:root", "disk_state"] in {0, 1}) == (3, True)
    assert "the kernel did not come back within 1s" in visit.note


def test_a_bug_costs_its_own_disk_and_is_told_as_one(tmp_path: Path) -> None:
    visit = new_visit(tmp_path)
    source = SshDisk("localhost", {"odd": "/odd", "root": "/"})
    source.mounts["odd"] += "\0"  # which no kernel can be asked for
    values = poll(source, visit)
    assert ("nas:odd", "disk_state") not in values
    assert values["nas:root", "disk_state"] in {0, 1}
    assert "mounted at /odd: a bug, please report it: ValueError at " in visit.note


def test_local_places_that_are_not_there() -> None:
    assert not local("/nowhere/at/all").mounted
    assert local("/proc") == DiskStatus(State.UNMEASURED, reason="it has no size")


def test_a_disk_that_goes_away_is_not_mounted(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert not local(str(tmp_path / "loop")).mounted


def tree(folder: Path, **ages: int) -> None:
    for name, age in ages.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        os.utime(path, (NOW - age, NOW - age))


@pytest.mark.parametrize(
    ("pattern", "age"),
    [("*.gz", 20), ("*/*.gz", 5), ("sub/a.gz", 5), ("[ab].gz", 20), (".h*", 1), ("nothing", None), ("/a.gz/", 30)],
)
def test_the_newest_match(tmp_path: Path, pattern: str, age: int | None) -> None:
    tree(tmp_path, a_gz=30, b_gz=20, sub__a_gz=5, _h_gz=1, c_gz=-2 * DAY)
    assert newest(listing, str(tmp_path), pattern, NOW) == (None if age is None else NOW - age)


def test_a_folder_is_as_new_as_what_is_in_it(tmp_path: Path) -> None:
    tree(tmp_path, disk_bundle__bands=40, disk_bundle__token=7)
    os.utime(tmp_path / "disk.bundle", (NOW - 900, NOW - 900))
    assert newest(listing, str(tmp_path), "*.bundle", NOW) == NOW - 7


def test_what_cannot_be_listed_inside_is_passed_over() -> None:
    def lister(folder: str) -> list[Entry]:
        if folder != "/b":
            raise Unlisted
        return [Entry("..", NOW, True), Entry("x", NOW - 3, True)]

    assert newest(lister, "/b", "*", NOW) == NOW - 3
    with pytest.raises(Unlisted):
        newest(lister, "/c", "*", NOW)


def test_a_folder_that_is_not_there_cannot_be_listed(tmp_path: Path) -> None:
    with pytest.raises(Unlisted):
        newest(listing, str(tmp_path / "gone"), "*", NOW)


def test_endless_folders_end() -> None:
    with pytest.raises(BadAnswer, match="narrow newest:"):
        newest(lambda _: [Entry("x", 0, False)] * 20_001, "/b", "*", NOW)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"mounts": {}}, "mounts: is empty"),
        ({"mounts": {"b": "mnt"}}, "full path"),
        ({"mounts": {"b": "/a\0b"}}, "full path"),
        ({"mounts": {"b:c": "/b"}}, "leave the colon out"),
        ({"newest": {"c": "*"}}, 'no "c" among mounts:'),
        ({"newest": {"b": "/"}}, "newest: b: is empty"),
        ({"sftp_mounts": {"b": "/"}}, 'sftp_mounts: "b" has no pattern in newest:'),
        ({"newest": {"b": "*"}, "sftp_mounts": {"b": "backups"}}, "must be a full path"),
        ({"host": "localhost", "newest": {"b": "*"}, "sftp_mounts": {"b": "/"}}, "sftp_mounts: is for SSH"),
        ({"full_at": 0}, "percentage"),
        ({"fingerprint": "MD5:00"}, "SHA256:"),
        ({"port": 0}, "port:"),
        ({"timeout": 0}, "timeout:"),
        ({"user": ""}, "user: is missing"),
    ],
)
def test_settings_that_cannot_work_say_so(settings: dict[str, object], complaint: str) -> None:
    good: dict[str, object] = {"host": "nas", "user": "pi", "mounts": {"b": "/b"}}
    with pytest.raises(ValueError, match=complaint):
        SshDisk(**{**good, **settings})  # type: ignore[arg-type]


def test_what_is_published() -> None:
    published = SshDisk("localhost", {"b": "/b", "a": "/a"}, newest={"b": "*"}).publishes("nas")
    assert list(published) == ["nas:a", "nas:b"]
    assert metrics.NEWEST_BACKUP in published["nas:b"]
    assert metrics.NEWEST_BACKUP not in published["nas:a"]


BLOB = base64.b64encode(b"a key").decode()


@pytest.mark.parametrize(
    ("line", "name", "found"),
    [
        ("nas ssh-rsa", "nas", True),
        ("NAS,10.0.0.1 ssh-rsa", "nas", True),
        ("*.local ssh-rsa", "nas.local", True),
        ("*.local,!nas.local ssh-rsa", "nas.local", False),
        ("[nas]:2222 ssh-rsa", "[nas]:2222", True),
        ("nas ssh-rsa", "[nas]:2222", False),
        ("@revoked nas ssh-rsa", "nas", False),
        ("# nas ssh-rsa", "nas", False),
        ("|1|AAAA|AAAA ssh-rsa", "nas", False),
        ("|1|!|! ssh-rsa", "nas", False),
        ("|1|A ssh-rsa", "nas", False),
    ],
)
def test_known_hosts_lines(line: str, name: str, found: bool) -> None:
    keys = hosts.known(f"\n{line} {BLOB} comment\n{name} ssh-rsa %%%\n", name)
    assert keys == ([hosts.HostKey("ssh-rsa", b"a key")] if found else [])


@given(st.text(), st.text())
def test_any_known_hosts_file_reads(text: str, name: str) -> None:
    assert all(len(key) == 2 for key in hosts.known(text, name))


def test_remembering_replaces_the_names_only_line(tmp_path: Path) -> None:
    path = tmp_path / "state" / "known_hosts"
    hosts.remember(path, "nas", hosts.HostKey("ssh-rsa", b"old"))
    hosts.remember(path, "other", hosts.HostKey("ssh-rsa", b"other"))
    hosts.remember(path, "nas", hosts.HostKey("ssh-ed25519", b"new"))
    assert hosts.known(hosts.read(path), "nas") == [hosts.HostKey("ssh-ed25519", b"new")]
    assert hosts.known(hosts.read(path), "other") == [hosts.HostKey("ssh-rsa", b"other")]
    assert [file.name for file in path.parent.iterdir()] == ["known_hosts"]


def test_what_is_remembered_openssh_can_read(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    kind, blob = (tmp_path / "key.pub").read_text().split()[:2]
    key = hosts.HostKey(kind, base64.b64decode(blob))
    hosts.remember(tmp_path / "hosts", hosts.name_of("nas", 2222), key)
    command = ["ssh-keygen", "-l", "-F", "[nas]:2222", "-f", str(tmp_path / "hosts")]
    assert key.fingerprint in subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_finished_backup_and_not_an_opened_bundle(tmp_path: Path) -> None:
    """Time Machine writes its history last; whoever only mounts the bundle touches other files in it."""
    tree(tmp_path, mac_sparsebundle__com_apple_TimeMachine_SnapshotHistory_plist=9000, mac_sparsebundle__token=7)
    patterns = {"*.sparsebundle": 7, "*.sparsebundle/com.apple.TimeMachine.SnapshotHistory.plist": 9000}
    for pattern, age in patterns.items():
        assert newest(listing, str(tmp_path), pattern, NOW) == NOW - age


@pytest.mark.parametrize("pattern", ["*.sparsebundle", "macs/*.sparsebundle/", "*.backupbundle/*", "Mac.SparseBundle"])
def test_a_bundle_as_a_pattern_is_doubted(pattern: str) -> None:
    doubts = list(SshDisk("localhost", {"b": "/b"}, newest={"b": pattern}).doubts())
    bundle = pattern.rstrip("/*")
    assert [mend for _, mend in doubts] == [
        f"write {bundle}/com.apple.TimeMachine.SnapshotHistory.plist, which a finished backup writes"
    ]
    fine = ("*.sparsebundle/com.apple.TimeMachine.SnapshotHistory.plist", "snapshots/*", "*.tar.gz", "daily.0")
    assert not any(list(SshDisk("localhost", {"b": "/b"}, newest={"b": pattern}).doubts()) for pattern in fine)
