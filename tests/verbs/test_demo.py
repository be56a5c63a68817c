from __future__ import annotations

import logging
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from eink_monitor.config import load
from eink_monitor.displays.png import Png
from houses import Said, say

PANELS = {
    *("overview", "solar", "flow", "battery", "grid", "energy", "history", "forecast", "price", "weather"),
    *("parcels", "car", "hybrid", "disk", "health"),
}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    folder, logger = tmp_path_factory.mktemp("demo"), logging.getLogger("eink_monitor")
    handlers, level, propagate = logger.handlers[:], logger.level, logger.propagate
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HOME", str(folder / "home"))
        said = say("demo")
    logger.handlers[:], logger.propagate = handlers, propagate
    logger.setLevel(level)
    return folder, said


def test_it_leaves_what_it_says(day: tuple[Path, Said]) -> None:
    folder, said = day
    assert (said.code, said.err) == (0, "")
    assert [entry.name for entry in folder.glob("[!.]*")] == ["out"]
    pictures = {file.stem for file in (folder / "out").glob("*.png")}
    assert pictures == PANELS | {"now", "contact"}
    for name in PANELS | {"now"}:
        with Image.open(folder / "out" / f"{name}.png") as image:
            assert (image.size, image.mode) == ((250, 122), "1")
    tail = said.out.splitlines()[-4:]
    assert tail[0].endswith(" polls, 480 frames, 15 panels")
    assert [line.split()[-1] for line in tail[1:]] == ["out/*.png", "out/contact.png", "out/demo.db"]
    assert all((folder / path).exists() for path in ("out/contact.png", "out/demo.db"))


def test_it_tells_of_the_outage_and_of_the_quota(day: tuple[Path, Said]) -> None:
    _, said = day
    assert "Wed 13:45  hybrid: the demo vendor does not answer until 17:00\n" in said.out
    assert "45 of 45 calls this day are used" in said.out


def test_its_database_can_be_looked_at(day: tuple[Path, Said]) -> None:
    folder, _ = day
    file = folder / "config.yaml"
    demo = Path(__file__).parent.parent.parent / "eink_monitor" / "demo.yaml"
    text = demo.read_text(encoding="utf-8").replace("database: ../out/house.db", f"database: {folder}/out/demo.db")
    file.write_text(text, encoding="utf-8")
    assert say("check", "-c", file).code == 0
    assert "roof" in say("latest", "-c", file).out
    file.unlink()


def test_its_story_does_not_spoil_the_bar(tmp_path: Path) -> None:
    story = (
        "from eink_monitor.verbs._progress import aside, progress\nwith progress(2, 'day') as step:\n aside('Tue')\n"
    )
    terminal, end = pty.openpty()
    try:
        subprocess.run([sys.executable, "-c", story], stdout=end, stderr=end, check=True, timeout=30)
        shown = os.read(terminal, 65536).decode()
    finally:
        os.close(terminal)
        os.close(end)
    assert "\r\x1b[KTue\r\n" in shown, "the bar's line is wiped first"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = say("demo", "--out", tmp_path / "file" / "below")
    assert (said.code, said.out) == (69, "")
    assert said.err == (
        f"eink-monitor: {tmp_path}/file/below cannot be written: Not a directory; choose another folder with --out\n"
    )


def test_make_run_without_a_configuration_draws_where_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """In out/ of the checkout, as `make run` prints."""
    for name in ("RUNTIME_DIRECTORY", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    root = Path(__file__).parent.parent.parent
    config = load(root / "eink_monitor" / "demo.yaml")
    assert isinstance(config.display, Png)
    assert config.display.path.resolve() == root / "out"
    assert config.database.resolve() == root / "out" / "house.db"
