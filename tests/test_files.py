"""Files of our own: whole or not at all, private, and never through what somebody has put in their place."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from eink_monitor import files


def replace(path: Path) -> None:
    with files.replacing(path) as file:
        file.write(b"new")


def replace_alone(path: Path) -> None:
    with files.replacing(path, alone=True) as file:
        file.write(b"new")


def replace_for_all(path: Path) -> None:
    with files.replacing(path, 0o666, durable=False) as file:
        file.write(b"new")


@pytest.mark.parametrize(("way", "mode"), [(replace, 0o600), (replace_alone, 0o600), (replace_for_all, 0o644)])
def test_a_file_takes_the_place_of_a_link(tmp_path: Path, way: Callable[[Path], None], mode: int) -> None:
    mask = os.umask(0o022)
    treasure, file = tmp_path / "treasure", tmp_path / "file"
    treasure.write_text("theirs")
    file.symlink_to(treasure)
    files.draft_of(file, "new").symlink_to(treasure)
    try:
        way(file)
    finally:
        os.umask(mask)
    assert treasure.read_text() == "theirs"
    assert (file.read_text(), stat.S_IMODE(file.lstat().st_mode)) == ("new", mode)


@pytest.mark.parametrize("alone", [True, False])
def test_what_fails_leaves_what_was_there(tmp_path: Path, alone: bool) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    with pytest.raises(TypeError), files.replacing(file, alone=alone) as draft:
        draft.writelines([b"half", None])  # type: ignore[list-item]
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_draft_that_a_kill_has_left_is_used_by_the_next_writer_with_a_lock(tmp_path: Path) -> None:
    file = tmp_path / "file"
    files.draft_of(file, "new").write_text("half, from somebody who was killed")
    replace_alone(file)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["new"]


def test_two_writers_without_a_lock_do_not_mix(tmp_path: Path) -> None:
    file = tmp_path / "file"
    with files.replacing(file) as mine:
        mine.write(b"first ")
        replace(file)
        mine.write(b"last")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["first last"]


def test_a_place_that_knows_no_syncing_is_taken_as_it_is(tmp_path: Path) -> None:
    files.settle(tmp_path)
    files.settle(Path("/dev/null"))
    with pytest.raises(OSError, match=os.strerror(errno.ENOENT)):
        files.settle(tmp_path / "nowhere")
