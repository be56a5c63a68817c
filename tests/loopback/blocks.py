"""A ``type: http`` source made of the text of its block, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from eink_monitor.clock import FastClock
from eink_monitor.config.schema import Reader
from eink_monitor.sources.http import HttpSource
from loopback.visits import Visitor

NOW = 1_795_847_400  # 2026-11-28T06:30:00Z, 08:30 in Bucharest
BUCHAREST = ZoneInfo("Europe/Bucharest")


def read(folder: Path, block: str) -> tuple[HttpSource | None, list[str]]:
    """The source, and the complaints as line:column: path: words."""
    folder.mkdir(exist_ok=True)
    file = folder / "block.yaml"
    file.write_text(block, encoding="utf-8")
    reader = Reader(file)
    node = reader.compose()
    source: HttpSource | None = reader.record(HttpSource, node, "") if node else None
    return source, [str(complaint).partition("block.yaml:")[2] for complaint in reader.complaints]


def source(folder: Path, block: str) -> HttpSource:
    """The source of a good block."""
    found, complaints = read(folder, block)
    assert found is not None, complaints
    return found


def visitor(folder: Path, block: str, now: int = NOW) -> Visitor:
    """Whoever polls it, with a folder of its own and a clock that stands."""
    return Visitor(source(folder, block), folder / "state", BUCHAREST, FastClock(now))
