"""df and mount tables of four systems, and of none: those of Debian are recorded, the others composed as they write."""

from __future__ import annotations

import json
import shlex
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor import metrics
from eink_monitor.errors import BadAnswer
from eink_monitor.sources._ssh import df
from eink_monitor.sources._ssh.disk import command, remote

RECORDINGS = sorted((Path(__file__).parent / "ssh_disk").glob("*.json"))
HEAD = "Filesystem 1024-blocks Used Available Capacity Mounted on"


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda file: file.stem)
def test_each_system(file: Path) -> None:
    kept = json.loads(file.read_text("utf-8"))
    for path, expected in kept["mounts"].items():
        look = remote(lambda _: kept["answer"], path)
        assert look.mounted == (expected is not None), path
        if expected is None:
            assert look.values() == {metrics.DISK_STATE: 2}
            continue
        size, used, free, inodes, inodes_free, state = expected
        assert look.space == df.Space(size, used, free)
        assert look.inodes == (None if inodes is None else df.Inodes(inodes, inodes_free))
        assert look.values()[metrics.DISK_STATE] == state
        assert (metrics.DISK_SIZE in look.values()) == (size > 0)


def test_every_table_says_where_it_comes_from() -> None:
    notes = {file.stem: json.loads(file.read_text("utf-8"))["note"].split()[0] for file in RECORDINGS}
    assert notes == {
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
    "row", ["/dev/x 10 -4 6 40% /b", "/dev/x 9999999999999999999 4 6 40% /b", "/dev/x 10 4 99999999999999999999 4% /b"]
)
def test_sizes_that_cannot_be(row: str) -> None:
    with pytest.raises(BadAnswer, match="cannot be"):
        df.space(f"{HEAD}\n{row}\n", ["/b"])


def test_the_last_of_two_mounts_is_the_one_on_top() -> None:
    answer = f"{HEAD}\nsystemd-1 0 0 0 - /b\n/dev/x 10 4 6 40% /b\n"
    assert df.space(answer, ["/b"]) == df.Space(10 * 1024, 4 * 1024, 6 * 1024)
    assert df.options("a /b autofs rw 0 0\nb /b ext4 ro,nosuid 0 0\n", ["/b"]) == frozenset({"ro", "nosuid"})


@pytest.mark.parametrize("path", ["/two words", "/tab\there", "/new\nline", "/back\\slash", "/Zürich"])
def test_linux_escapes_in_the_table_of_mounts(path: str) -> None:
    table = path.replace("\\", "\\134").replace(" ", "\\040").replace("\t", "\\011").replace("\n", "\\012")
    assert df.read_only(df.options(f"/dev/x {table} ext4 ro,relatime 0 0\n", [path]))
    assert df.options(f"/dev/x {table} ext4 ro,relatime 0 0\n", ["/other"]) is None
    assert df.read_only(df.options(f"/dev/x on {path} type ext4 (ro)".replace("\n", "?"), [path]))


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
    mark = shlex.split(asked)[3].partition("%s begin\\n' ")[2].partition("\n")[0]
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
    words = shlex.split(command(path, "m"))
    assert words[:3] == ["exec", "/bin/sh", "-c"]
    assert len(words) == 4
    assert words[3].startswith(f"LC_ALL=C; export LC_ALL; p={shlex.quote(path)}\n")


@pytest.mark.parametrize("path", ["/it's", "/$(echo no)", "/`echo no`", "/a\nb", '/"', "/\\", "/$HOME", "/ !! "])
def test_a_real_shell_hands_the_path_on_whole(tmp_path: Path, path: str) -> None:
    (tmp_path / "df").write_text('#!/bin/sh\nfor last; do :; done\nprintf "[%s]" "$last"\n')
    (tmp_path / "df").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    shell = ["/bin/sh", "-c", command(path, "m")]
    answer = subprocess.run(shell, check=True, env=environment, capture_output=True, text=True)
    assert answer.stdout.count(f"[{path}]") == 2
    assert answer.stderr == ""
