"""The picture folder holds each panel and the present one, and says why when it cannot."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from eink_monitor.displays.png import Png
from eink_monitor.draw.canvas import Canvas
from eink_monitor.draw.pictures import made_by, write_png
from eink_monitor.errors import DisplayError


def test_each_panel_and_the_present_one_are_written(tmp_path: Path) -> None:
    display, canvas = Png(tmp_path / "deep" / "out"), Canvas()
    display.show(canvas.frame("sun"))
    canvas.fill(0, 0, 9, 9)
    display.show(canvas.frame("car"))
    display.close()
    assert sorted(path.name for path in display.path.iterdir()) == ["car.png", "now.png", "sun.png"]
    assert (display.path / "now.png").read_bytes() == (display.path / "car.png").read_bytes()
    with Image.open(display.path / "now.png") as picture:
        assert (picture.mode, picture.size) == ("1", (250, 122))


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("not a folder")
    with pytest.raises(DisplayError, match=r"out cannot be used: there is a file of that name; choose another path"):
        Png(tmp_path / "out").show(Canvas().frame("sun"))


def test_a_file_along_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DisplayError, match=r"part of the path is a file"):
        Png(tmp_path / "file" / "out").show(Canvas().frame("sun"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_of_someone_else_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DisplayError, match=r"this user may not write to it"):
        Png(tmp_path).show(Canvas().frame("sun"))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="wants a file system that takes no files")
def test_a_folder_that_takes_no_files_is_named() -> None:
    with pytest.raises(DisplayError, match=r"the picture folder /proc/self cannot be used: "):
        Png(Path("/proc/self")).show(Canvas().frame("sun"))


def test_an_examination_writes_nothing_that_stays(tmp_path: Path) -> None:
    assert [str(finding) for finding in Png(tmp_path / "deep" / "out").examine()] == [
        f"ok    pictures       they go to {tmp_path}/deep/out"
    ]
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "out").write_text("not a folder")
    (finding,) = Png(tmp_path / "out").examine()
    assert (finding.state, finding.code) == ("bad", 69)
    assert finding.words == f"the picture folder {tmp_path}/out cannot be used"
    assert finding.mend == "part of the path is a file, not a folder; choose another path"


def test_a_panel_named_like_a_path_stays_in_the_folder(tmp_path: Path) -> None:
    Png(tmp_path / "out").show(Canvas().frame("../nas:/backup"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["..-nas:-backup.png", "now.png"]


def test_a_service_has_a_place_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    assert Png().path == Path("out")
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/eink-monitor:/run/more")
    assert Png().path == Path("/run/eink-monitor")


def test_there_is_a_picture_of_every_panel_and_of_no_other(tmp_path: Path) -> None:
    """Removed is only what a display made of a panel that is no more; what is a person's stays."""
    display, canvas = Png(tmp_path), Canvas()
    for name in ("sun", "küche"):
        Png(tmp_path).show(canvas.frame(name))  # before a start
    write_png(canvas.frame("old"), tmp_path / "old.png")  # `show --png` made this one for a person
    (tmp_path / "copy.png").write_bytes((tmp_path / "sun.png").read_bytes())
    (tmp_path / "torn.png").write_bytes((tmp_path / "sun.png").read_bytes()[:40])
    (tmp_path / "empty.png").touch()
    (tmp_path / "notes.txt").write_text("eink-monitor sun")
    (tmp_path / "folder.png").mkdir()
    display.collect(canvas.frame(name) for name in ("car", "nas:/backup"))
    left = {path.name for path in tmp_path.iterdir()}
    strangers = {"old.png", "copy.png", "torn.png", "empty.png", "notes.txt", "folder.png"}
    assert left == strangers | {"now.png", "car.png", "nas:-backup.png"}
    assert made_by(tmp_path / "car.png") == "eink-monitor car"
    assert made_by(tmp_path / "old.png") == ""


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_file_is_taken_for_ours_that_is_not(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "sun.png"
        for head in (b"", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + bytes(25) + b"\0\0\0\x09tEXtSoft"):
            file.write_bytes(head + content)
            assert made_by(file) == ""


def test_a_folder_that_cannot_be_written_is_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("not a folder")
    with pytest.raises(DisplayError, match="there is a file of that name"):
        Png(tmp_path / "out").collect(iter([Canvas().frame("sun")]))


def test_a_card_that_was_put_up_before_all_panels_were_drawn_stays(tmp_path: Path) -> None:
    before, display, canvas = Png(tmp_path), Png(tmp_path), Canvas()
    before.show(canvas.frame("gone"))
    display.show(canvas.frame("sun"))
    display.show(canvas.frame("sign in"))
    display.collect(canvas.frame(name) for name in ("sun", "car"))
    assert {path.stem for path in tmp_path.iterdir()} == {"now", "sun", "car", "sign in"}
