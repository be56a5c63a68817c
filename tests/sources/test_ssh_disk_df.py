"""df and mount tables of four systems, and of none: those of Debian are recorded, the others composed as they write."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor import metrics
from eink_monitor.errors import BadAnswer
from eink_monitor.sources.ssh_disk import df, mounts
from eink_monitor.sources.ssh_disk.disk import DiskStatus, State, remote
from eink_monitor.sources.ssh_disk.question import any_shell, question

RECORDINGS = sorted((Path(__file__).parent / "ssh_disk").glob("*.json"))
HEAD = "Filesystem 1024-blocks Used Available Capacity Mounted on"


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda file: file.stem)
def test_each_system(file: Path) -> None:
    kept = json.loads(file.read_text("utf-8"))
    for path, expected in kept["mounts"].items():
        look = remote(lambda _: kept["answer"], path)
        if expected is None:
            assert look.values() == {metrics.DISK_STATE: 2}
            continue
        if isinstance(expected, str):
            assert look == DiskStatus(State.UNMEASURED, reason=expected), path
            continue
        size, used, free, inodes, inodes_free, state = expected
        if not size:
            assert look == DiskStatus(State.UNMEASURED, reason="it has no size")
            continue
        assert look.space == df.Space(size, used, free)
        assert look.inodes == (None if inodes is None else df.Inodes(inodes, inodes_free))
        assert look.values()[metrics.DISK_STATE] == state


def test_every_table_says_where_it_comes_from() -> None:
    notes = {file.stem: json.loads(file.read_text("utf-8"))["note"].split()[0] for file in RECORDINGS}
    assert notes == {
        "busybox_bind_mergerfs": "recorded",
        "gnu_bind_mergerfs": "recorded",
        "gnu_bind_without_a": "recorded",
        "busybox_debian_12": "recorded",
        "busybox_openwrt": "composed",
        "freebsd_14_zfs": "composed",
        "gnu_debian_12": "recorded",
        "gnu_nfs": "composed",
        "macos_14": "composed",
    }


@pytest.mark.parametrize(
    ("unit", "block"), [("1024-blocks", 1024), ("512-blocks", 512), ("1K-blocks", 1024), ("", 1024)]
)
def test_block_sizes(unit: str, block: int) -> None:
    answer = f"Filesystem {unit} Used Available Capacity Mounted on\n/dev/x 10 4 6 40% /b\n"
    assert df.space(answer, ["/b"]) == df.Space(10 * block, 4 * block, 6 * block)


@pytest.mark.parametrize(
    "row",
    [
        "/dev/x 10 -4 6 40% /b",
        "/dev/x 9999999999999999999 4 6 40% /b",
        "/dev/x 10 4 99999999999999999999 4% /b",
        "s3fs 18014398509481984 0 18014398509481984 0% /b",
        "/dev/x 10 4 60 40% /b",
        "/dev/x 10 40 6 87% /b",
        "/dev/x 9999999999999999999999999999999999 4 6 40% /b",
    ],
)
def test_sizes_that_cannot_be_cost_that_mount_alone(row: str) -> None:
    answer = f"{HEAD}\n/dev/a 10 4 6 40% /a\n{row}\n/dev/c 10 4 6 40% /c\n"
    bad = remote(lambda _: answer, "/b")
    assert bad == DiskStatus(State.UNMEASURED, reason="its sizes cannot be")
    assert bad.values() == {metrics.DISK_STATE: 3}
    for path in ("/a", "/c"):
        assert remote(lambda _: answer, path).space == df.Space(10240, 4096, 6144)


def test_the_last_of_two_mounts_is_the_one_on_top() -> None:
    answer = f"{HEAD}\nsystemd-1 0 0 0 - /b\n/dev/x 10 4 6 40% /b\n"
    assert df.space(answer, ["/b"]) == df.Space(10 * 1024, 4 * 1024, 6 * 1024)
    found = mounts.find("a /b autofs rw 0 0\nb /b ext4 ro,nosuid 0 0\n", ["/b"])
    assert found == mounts.Mount("ext4", frozenset({"ro", "nosuid"}))


@pytest.mark.parametrize("path", ["/two words", "/tab\there", "/new\nline", "/back\\slash", "/Zürich"])
def test_linux_escapes_in_the_table_of_mounts(path: str) -> None:
    table = path.replace("\\", "\\134").replace(" ", "\\040").replace("\t", "\\011").replace("\n", "\\012")
    ro = mounts.Mount("ext4", frozenset({"ro", "relatime"}))
    assert mounts.find(f"/dev/x {table} ext4 ro,relatime 0 0\n", [path]) == ro
    assert mounts.find(f"/dev/x {table} ext4 ro,relatime 0 0\n", ["/other"]) is None
    assert mounts.find(f"/dev/x on {path} type ext4 (ro,relatime)".replace("\n", "?"), [path]) == ro


def test_two_spellings_of_one_name() -> None:
    assert df.space(f"{HEAD}\n/dev/x 10 4 6 40% /Zu\u0308rich\n", ["/Z\u00fcrich"])


def test_what_is_no_table_is_a_bad_answer() -> None:
    for answer in ("", "This account is currently not available.\n", "df: /b: No such file\n"):
        with pytest.raises(BadAnswer, match="no df table"):
            remote(lambda _, answer=answer: answer, "/b")  # type: ignore[misc]


def test_an_answer_that_ends_early_is_not_a_missing_mount() -> None:
    def run(asked: str) -> str:
        return f"\n{mark_of(asked)} begin\n{HEAD}\n"

    with pytest.raises(BadAnswer, match="no df table"):
        remote(run, "/b")


def mark_of(asked: str) -> str:
    mark = shlex.split(asked)[3].partition('%s begin\\n" ')[2].partition(";")[0]
    assert len(mark) == 16
    return mark


LINE = st.one_of(
    st.text(max_size=30),
    st.sampled_from([HEAD, "Filesystem Inodes IUsed IFree IUse% Mounted on", "MARK begin", "MARK end", "MARK df 127"]),
    st.builds(
        "{} {} {} {} {}% {}".format,
        st.text(max_size=9),
        st.integers(),
        st.integers(),
        st.integers(),
        st.integers(),
        st.just("/b"),
    ),
    st.builds("{} {} ext4 {} 0 0".format, st.text(max_size=9), st.just("/b"), st.text(max_size=9)),
    st.builds("x on {} ({})".format, st.text(max_size=9), st.text(max_size=9)),
    st.builds("MARK where {}".format, st.text(max_size=9)),
    st.builds("MARK df {}".format, st.text(max_size=9)),
)


@given(st.lists(LINE, max_size=12))
def test_whatever_comes_back_is_plausible_or_a_bad_answer(lines: list[str]) -> None:
    """The host sees the marks of the command, so even those may be forged."""

    def run(asked: str) -> str:
        return "\n" + "\n".join(lines).replace("MARK", mark_of(asked)) + "\n"

    with suppress(BadAnswer):
        for metric, value in remote(run, "/b").values().items():
            assert metric.low <= value <= metric.high


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20).map("/".__add__))
def test_any_path_is_one_word_to_sh(path: str) -> None:
    """Parsed by the shell's own rules: sh -c SCRIPT, and in the script p= takes the path whole."""
    asked = question(path, "m")
    words = shlex.split(asked)
    assert words[:3] == ["exec", "/bin/sh", "-c"]
    assert len(words) == 4
    assert "\n" not in asked  # csh ends a quotation with the line
    if "\n" not in path:
        assert f"; p={shlex.quote(path)}; " in words[3]


PATHS = [
    "/it's",
    "/$(echo no)",
    "/`echo no`",
    "/a\nb",
    '/"',
    "/\\",
    "/$HOME",
    "/ !! ",
    "/!a",
    "/-n",
    "/#x;&|<>*?[~{}%^",
]
SHELLS = ["sh", "bash", "dash", "busybox sh", "csh", "tcsh", "fish", "zsh", "ksh", "mksh"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("path", PATHS)
def test_any_login_shell_hands_the_path_on_whole(tmp_path: Path, path: str, shell: str) -> None:
    """sshd says SHELL -c COMMAND; csh and fish quote in ways of their own."""
    if not shutil.which(shell.split(maxsplit=1)[0]):
        pytest.skip(f"there is no {shell} here")
    (tmp_path / "df").write_text('#!/bin/sh\nfor last; do :; done\nprintf "[%s]" "$last"\n')
    (tmp_path / "df").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)}
    command = [*shell.split(), "-c", question(path, "m")]
    answer = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
    assert answer.stdout.count(f"[{path}]") == 2
    assert answer.stderr == ""


@pytest.mark.parametrize("shell", SHELLS)
def test_any_login_shell_runs_the_script_as_it_stands(shell: str) -> None:
    if not shutil.which(shell.split(maxsplit=1)[0]):
        pytest.skip(f"there is no {shell} here")
    script = "printf '%s|' 'a  b' \"it's\" '!x' '\\' '$HOME' '`id`' \"\\\"\""
    command = [*shell.split(), "-c", f"exec /bin/sh -c {any_shell(script)}"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    assert (answer.stdout, answer.stderr) == ("a  b|it's|!x|\\|$HOME|`id`|\"|", "")
