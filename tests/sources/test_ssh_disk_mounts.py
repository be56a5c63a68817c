"""What stands between a mounted disk and its figures: languages, shared containers, closed folders, dead disks."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doors.nas import HEAD, MOUNTED, NOW, documented_script, new_visit, poll
from doors.sshd import Host, Hosts, guest
from eink_monitor.errors import AuthFailed, BadAnswer, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Duration
from eink_monitor.sources.ssh_disk import df, mounts
from eink_monitor.sources.ssh_disk.disk import DiskStatus, State, local, remote

TEN = df.Space(10240, 4096, 6144)


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    return new_visit(tmp_path / "state")


def look(answer: str, path: str = "/b") -> DiskStatus:
    return remote(lambda _: answer, path)


# The heads of GNU df -P, df -Pi and df -h in some of the languages that coreutils 9.1 is translated to.
HEADS = (Path(__file__).parent / "ssh_disk" / "heads.txt").read_text("utf-8")
KILOBYTES, INODES, HUMAN = (part.strip().splitlines() for part in HEADS.split("\n\n"))


@pytest.mark.parametrize("inodes", INODES)
@pytest.mark.parametrize("head", KILOBYTES)
def test_df_in_any_language(head: str, inodes: str) -> None:
    """A table of inodes, whose rows look the same, is never taken for one of blocks."""
    answer = f"{head}\n/dev/x 10 4 6 40% /b\n{inodes}\n/dev/x 900 100 800 12% /b\n"
    assert look(answer).space == TEN
    assert look(answer, "/c") == DiskStatus(State.NOT_MOUNTED)
    with pytest.raises(BadAnswer, match="without the size of its blocks; make that host run LC_ALL=C df -Pk"):
        look(f"{inodes}\n/dev/x 900 100 800 12% /b\n")


@pytest.mark.parametrize("row", ["/dev/x 51G 4.0G 2.3G 64% /b", "/dev/x 1,8T 900M 1T 50% /b", "d 9k 1 8k 9% /b"])
@pytest.mark.parametrize("head", HUMAN)
def test_rounded_sizes_are_told_with_their_cure(head: str, row: str) -> None:
    for path in ("/b", "/elsewhere"):
        with pytest.raises(BadAnswer, match="rounded or grouped; make that host run LC_ALL=C df -Pk"):
            look(f"{head}\n{row}\n", path)
    assert look(f"{head}\n{row}\n{HEAD}\n/dev/x 10 4 6 40% /b\n").space == TEN


def test_grouped_digits_and_huge_blocks() -> None:
    with pytest.raises(BadAnswer, match="rounded or grouped"):
        look(f"{HEAD.replace('1024', '1K')}\n".replace("1K-blocks", "Size") + "/dev/x 1,234,567 4 6 40% /b\n")
    with pytest.raises(BadAnswer, match="without the size"):
        look("Filesystem 1G-blocks Used Available Use% Mounted on\n/dev/x 51 5 46 10% /b\n")


@pytest.mark.parametrize(("unit", "block"), [("1M-blocks", 1 << 20), ("1kB-blocks", 1000), ("1B-blocks", 1)])
def test_other_blocks(unit: str, block: int) -> None:
    answer = f"Filesystem {unit} Used Available Use% Mounted on\n/dev/x 10 4 6 40% /b\n"
    assert look(answer).space == df.Space(10 * block, 4 * block, 6 * block)


def test_blocks_and_inodes_in_one_table() -> None:
    head = "Filesystem 1024-blocks Used Available Capacity iused ifree %iused  Mounted on"
    found = look(f"{head}\n/dev/ada1p1 10 4 6 40% 30 70 30% /b\n/dev/ada1p1 on /b (ufs, local)\n")
    assert (found.space, found.inodes) == (TEN, df.Inodes(100, 70))


APFS = f"{HEAD}\n/dev/disk5s1 53477376 4194304 2411724 64% /Volumes/Backup\n"


@pytest.mark.parametrize("table", ["", "/dev/disk5s1 on /Volumes/Backup (apfs, local, nodev, nosuid, journaled)\n"])
def test_a_volume_shares_its_container(table: str) -> None:
    """What is not free is used, by whichever of the volumes: 95.5 % here, not the 63 % of this one alone."""
    space = look(APFS + table, "/Volumes/Backup").space
    assert space is not None
    assert space.used == space.size - space.free
    assert round(100 * space.used / (space.used + space.free), 1) == 95.5


@pytest.mark.parametrize("table", ["", "/dev/sda1 /b ext4 rw,relatime 0 0\n"])
def test_the_reserve_of_root_is_not_used(table: str) -> None:
    """Judged as df's own column of capacity does: of what an ordinary user may have."""
    assert look(f"{HEAD}\n/dev/sda1 1000 400 540 43% /b\n{table}").space == df.Space(1024000, 409600, 552960)


@pytest.mark.parametrize("word", ["ro", "emergency_ro", "shutdown"])
def test_words_for_read_only(word: str) -> None:
    answer = f"{HEAD}\n/dev/x 10 4 6 40% /b\n/dev/x /b ext4 rw,relatime,{word},errors=remount-ro 0 0\n"
    wanted = State.READ_ONLY
    assert look(answer) == DiskStatus(wanted, TEN)
    assert look(answer.replace(f",{word}", "")).state is State.MOUNTED


@pytest.mark.parametrize(
    ("said", "state", "reason"),
    [
        ("df: /b: Stale file handle", State.UNMEASURED, "Stale file handle"),
        ("/bin/df: '/b': Transport endpoint is not connected", State.UNMEASURED, "Transport endpoint is not connected"),
        ("df: /b: Input/output error", State.UNMEASURED, "Input/output error"),
        (
            "df: /bb: Stale file handle",
            State.UNMEASURED,
            "df leaves it out; use the current script in docs/ssh-disk.md",
        ),
    ],
)
def test_a_mount_without_figures_gives_its_reason(said: str, state: State, reason: str) -> None:
    answer = f"{HEAD}\n/dev/a 10 4 6 40% /a\n{said}\nnas:/x /b nfs4 rw,hard 0 0\n/dev/a /a ext4 rw 0 0\n"
    found = look(answer)
    assert (found.state, found.space) == (state, None)
    assert found.reason.startswith(reason)
    assert look(answer, "/a").space == TEN


@pytest.mark.parametrize("row", ["/dev/x 10 4 6 /b", "/dev/x 1e3 400 600 40% /b", "/dev/x 10 4 6 5x 40% /b"])
def test_a_row_that_cannot_be_read_is_that_of_a_disk_that_is_there(row: str) -> None:
    answer = f"{HEAD}\n{row}\n/dev/y 10 4 6 40% /c\n"
    assert look(answer) == DiskStatus(State.UNMEASURED, reason="its row in the table of df cannot be read")
    assert look(answer, "/c").space == TEN


@pytest.mark.parametrize("unit", ["MB blocks", "GB-blocks", "TB blocks"])
def test_blocks_in_words_are_no_kilobytes(unit: str) -> None:
    with pytest.raises(BadAnswer, match="without the size of its blocks"):
        look(f"Filesystem {unit} Used Available Capacity Mounted on\n/dev/x 10 4 6 40% /b\n")


@pytest.mark.parametrize("quotes", ["\u2018\u2019", "\u201e\u201c", "``", "\u00ab\u00bb", "''"])
def test_a_reason_in_any_quotes(quotes: str) -> None:
    answer = f"{HEAD}\ndf: {quotes[0]}/b{quotes[1]}: Stale file handle\nsrv:/b /b nfs4 rw 0 0\n"
    assert look(answer) == DiskStatus(State.UNMEASURED, reason="Stale file handle")


def test_what_cannot_be_told_is_not_told() -> None:
    answer = f"{HEAD}\n/dev/a 10 4 6 40% /a\ndf: /b: Permission denied\n"
    assert look(answer) == DiskStatus(None, reason="Permission denied")
    assert look(answer).values() == {}
    assert "nobody can tell whether a disk is mounted at /b: Permission denied" in look(answer).note("/b")
    assert look(answer.replace("Permission denied", "No such file or directory")) == DiskStatus(State.NOT_MOUNTED)


def test_an_automount_without_its_disk_is_not_mounted() -> None:
    answer = f"{HEAD}\nsystemd-1 0 0 0 - /b\nsystemd-1 /b autofs rw,relatime,direct 0 0\n"
    assert look(answer) == DiskStatus(State.NOT_MOUNTED)
    over = f"{HEAD}\n/dev/x 10 4 6 40% /b\nsystemd-1 /b autofs rw 0 0\n/dev/x /b ext4 ro 0 0\n"
    assert look(over) == DiskStatus(State.READ_ONLY, TEN)
    assert look(f"{HEAD}\n/dev/x 10 4 6 40% /b\nsystemd-1 - - - - /b\n").space == TEN


LINE = st.one_of(
    st.sampled_from([HEAD, *KILOBYTES, *INODES, *HUMAN, "df: /b: No", "x /b ext4 rw 0 0", "x on /b (apfs, ro)", "/b"]),
    st.builds(
        "{} {} {} {} {} /b".format, *[st.sampled_from(["/dev/disk1s1", "0", "-", "7", "9%", "1,8T", "8" * 30])] * 5
    ),
    st.text(max_size=40),
)


@given(st.lists(LINE, max_size=8).map("\n".join))
def test_any_table_is_plausible_or_a_bad_answer(text: str) -> None:
    for parse in (df.sole, df.has_table, df.reason, lambda text: mounts.find(text, ["/b"])):
        parse(text)
    assert len(df.reason(text, ["/b"])) <= 80
    try:
        found = look(text)
    except BadAnswer:
        return
    for metric, value in found.values().items():
        assert metric.low <= value <= metric.high
    if found.space:
        assert max(found.space.used, found.space.free) <= found.space.size


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A folder with real mounts in it: a disk, the same one bound to another place, one in a closed folder."""
    if os.geteuid() != 0 and "CI" not in os.environ:
        pytest.skip("only root can mount")
    tmp_path.chmod(0o755)
    for parent in [*tmp_path.parents][:3]:
        parent.chmod(parent.stat().st_mode | 0o111)
    places = [tmp_path / name for name in ("disk", "bound", "closed/in")]
    for place in places:
        place.mkdir(parents=True)
    tmpfs = ["-t", "tmpfs", "-o", "size=1m", "test"]
    done = []
    try:
        for place, options in zip(places, (tmpfs, ["--bind", str(places[0])], tmpfs), strict=True):
            refused = subprocess.run(["mount", *options, place], check=False).returncode != 0
            if refused and "CI" not in os.environ:
                pytest.skip("nothing can be mounted here, as in most containers")
            assert not refused
            done.append(place)
        (tmp_path / "closed").chmod(0o750)
        yield tmp_path
    finally:
        for place in reversed(done):
            subprocess.run(["umount", place], check=True)


def recipe(hosts: Hosts, folder: Path) -> Host:
    script = folder / "eink-disk"
    script.write_text(documented_script())
    script.chmod(0o755)
    return hosts.start(authorized=f'command="{script}",restrict')


@pytest.mark.parametrize("way", ["recipe", "shell"])
@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/tcsh"])
def test_real_mounts_as_an_ordinary_user(hosts: Hosts, visit: Visit, mounted: Path, way: str, shell: str) -> None:
    if not Path(shell).exists():
        assert "CI" not in os.environ, f"CI must have {shell}"
        pytest.skip(f"there is no {shell} here")
    host = recipe(hosts, mounted) if way == "recipe" else hosts.start()
    places = {name: str(mounted / name) for name in ("disk", "bound", "closed/in", "closed")}
    with guest(shell) as user:
        values = poll(host.source(mounts=places, user=user), visit)
    for name in ("disk", "bound"):
        assert values[f"nas:{name}", "disk_state"] == 0
        assert values[f"nas:{name}", "disk_size"] == 1 << 20
    assert values["nas:closed/in", "disk_state"] == 3
    assert ("nas:closed/in", "disk_size") not in values
    assert values["nas:closed", "disk_state"] == 2
    assert f"{mounted}/closed/in is mounted, but cannot be measured: " in visit.note
    if way == "shell":
        assert "cannot be measured: Permission denied" in visit.note


def test_real_mounts_right_here(visit: Visit, mounted: Path) -> None:
    assert local(str(mounted / "bound")).space == df.Space(1 << 20, 0, 1 << 20)
    assert local(str(mounted / "closed")) == DiskStatus(State.NOT_MOUNTED)
    (mounted / "link").symlink_to(mounted / "disk")
    assert local(str(mounted / "link")).state is State.MOUNTED


def test_a_stale_mount_does_not_cost_the_others(hosts: Hosts, visit: Visit, mounted: Path) -> None:
    complains = (
        'case "$*" in *bound) echo "df: $4: Stale file handle" >&2; exit 1;; esac\nPATH=/usr/bin:/bin; exec df "$@"'
    )
    places = {"disk": str(mounted / "disk"), "bound": str(mounted / "bound")}
    values = poll(hosts.start(df=complains.replace("$4", "$3")).source(mounts=places), visit)
    assert (values["nas:disk", "disk_state"], values["nas:bound", "disk_state"]) == (0, 3)
    assert visit.note == f"{mounted}/bound is mounted, but cannot be measured: Stale file handle"


def test_a_df_that_names_another_mount_point_of_the_same_disk(hosts: Hosts, visit: Visit, mounted: Path) -> None:
    """BusyBox does, for a bind mount that came later."""
    names = f'PATH=/usr/bin:/bin; df "$@" | sed "s#{mounted}/bound#{mounted}/disk#"'
    values = poll(hosts.start(df=names).source(mounts={"bound": str(mounted / "bound")}), visit)
    assert values["nas:bound", "disk_size"] == 1 << 20


def test_one_disk_that_lets_df_hang_does_not_cost_the_others(hosts: Hosts, visit: Visit, tmp_path: Path) -> None:
    host = hosts.start(df=f'case "$*" in *dead) exec tail -f /dev/null;; esac\n{MOUNTED}')
    source = host.source(mounts={"dead": "/mnt/dead", "b": "/mnt/b"}, timeout=Duration(1))
    values = poll(source, visit)
    assert (values["nas:dead", "disk_state"], values["nas:b", "disk_used"]) == (3, 400 * 1024)
    assert "did not come back within 1s" in visit.note
    with pytest.raises(Unavailable, match="check whether a disk hangs there"):
        poll(replace(source, mounts={"dead": "/mnt/dead"}), visit)


def test_sftp_with_another_root_than_the_shell(hosts: Hosts, visit: Visit, tmp_path: Path) -> None:
    """As on a NAS whose SFTP shows /volume1/backups as /backups."""
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "a.tar").write_text("")
    os.utime(tmp_path / "backups" / "a.tar", (NOW - 60, NOW - 60))
    source = hosts.start(df=MOUNTED).source(mounts={"b": "/volume1/backups"}, newest={"b": "*.tar"})
    values = poll(source, visit)
    assert ("nas:b", "newest_backup") not in values
    assert "cannot list /volume1/backups" in visit.note
    assert visit.note.endswith(": name it in sftp_mounts:")
    again = new_visit(tmp_path)
    values = poll(replace(source, sftp_mounts={"b": str(tmp_path / "backups")}), again)
    assert values["nas:b", "newest_backup"] == NOW - 60
    assert again.note == ""


OLD = {
    "KexAlgorithms diffie-hellman-group14-sha1": ("key exchange", "KexAlgorithms curve25519-sha256"),
    "MACs umac-64@openssh.com": ("MAC", "MACs hmac-sha2-256"),
    "Ciphers chacha20-poly1305@openssh.com": ("cipher", "Ciphers aes256-ctr"),
    "HostKeyAlgorithms ssh-rsa": ("host key", "a host key of type ed25519"),
}


@pytest.mark.parametrize("option", OLD)
def test_a_host_that_offers_no_method_of_ours(hosts: Hosts, visit: Visit, option: str) -> None:
    key, _, value = option.partition(" ")
    with socket.socket() as nowhere:
        offered = paramiko.Transport(nowhere).get_security_options()
    if value in {*offered.kex, *offered.key_types}:
        pytest.skip("an older paramiko that still offers it")
    options = {key: value}
    if key == "HostKeyAlgorithms":
        rsa = hosts.folder / "rsa"
        subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", rsa], check=True)
        options["HostKey"] = str(rsa)
    with pytest.raises(Unavailable) as caught:
        hosts.start(**options).source().poll(visit)
    kind, cure = OLD[option]
    assert f"offers only old SSH methods ({kind})" in str(caught.value)
    assert str(caught.value).endswith(f"let it offer {cure}, too")


def test_a_host_that_refuses_an_rsa_key(hosts: Hosts, visit: Visit, tmp_path: Path) -> None:
    rsa = tmp_path / "rsa"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", rsa], check=True)
    with pytest.raises(AuthFailed) as caught:  # this one knows SHA-2, and says so
        hosts.start().source(identity=rsa).poll(visit)
    assert "old signatures" not in str(caught.value)


MOUNTINFO = """\
286 152 254:0 / / ro,nosuid,relatime shared:92 master:1 - ext4 /dev/mmcblk0p2 rw,errors=remount-ro
287 286 8:1 / /mnt/my\\040disk rw,relatime - ext4 /dev/sda1 ro,emergency_ro
288 286 0:39 / /mnt/auto rw shared:9 - autofs systemd-1 rw,fd=57
317 286 0:46 /systemd/inaccessible/dir /home ro,nosuid,nodev,noexec shared:140 master:6 - tmpfs tmpfs rw,size=4936820k
torn 286 0:46
"""


@pytest.mark.parametrize(
    ("place", "kind", "read_only"),
    [("/", "ext4", False), ("/mnt/my disk", "ext4", True), ("/mnt/auto", "autofs", False)],
)
def test_a_disk_of_this_machine_is_judged_by_its_file_system(place: str, kind: str, read_only: bool) -> None:
    """Not by the mount, which a service has read-only of every disk."""
    mount = mounts.own(MOUNTINFO, [place])
    assert mount is not None
    assert (mount.kind, mount.read_only, mount.hidden) == (kind, read_only, False)


def test_what_systemd_hides_is_said_to_be_hidden() -> None:
    mount = mounts.own(MOUNTINFO, ["/home"])
    assert mount is not None
    assert mount.hidden
    assert mounts.own(MOUNTINFO, ["/mnt"]) is None
