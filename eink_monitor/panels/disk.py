"""A disk: what is free, how soon it will be full, and how old the newest backup on it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from eink_monitor.clock import DAY, local
from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.metrics import DISK_FREE, DISK_SIZE, DISK_USED, NEWEST_BACKUP
from eink_monitor.model import Bucket, History, Need
from eink_monitor.panels._figures import Cell, amount_right, cells, gauge, hero
from eink_monitor.panels._sheet import HEADER, RIGHT, RULE, Sheet, SubjectPanel
from eink_monitor.settings import Duration, insist

_TWO_DAYS = Duration(2 * DAY)
_TREND_DAYS = 30
_FEWEST = 3  # days that make a trend
_HORIZON = 3 * 365  # days; a disk that lasts longer is not filling


@dataclass(frozen=True)
class Disk(SubjectPanel):
    """Free space, use, days until full by the trend, and the age of the newest backup; alarming when too full or old.

    ``full_at`` is in percent; ``backup_max_age`` how old the newest backup may be.
    """

    full_at: float = 90
    backup_max_age: Duration = _TWO_DAYS

    def __post_init__(self) -> None:
        insist(
            (0 < self.full_at <= 100, "full_at must be 1 to 100 (percent)"),
            (self.backup_max_age > 0, "backup_max_age must be longer than nothing"),
        )

    def needs(self) -> Iterator[Need]:
        """Free space."""
        yield Need(self.subject, (DISK_FREE,))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """Free space in huge digits, use as a bar; an alarm reverses the half of the sheet it concerns."""
        sheet = Sheet(canvas, history, now, self)
        if not sheet.begin((DISK_FREE,), "disk", "the disk"):
            return
        free = sheet.value(DISK_FREE) or 0.0
        used = _used_share(sheet, free)
        hero(canvas, *words.size(free), "free", hollow=sheet.hollow)
        if used is not None:
            canvas.text(RIGHT, 42, "used", fonts.TEXT, align="right")
            amount_right(canvas, RIGHT, 71, (words.percent(100 * used), "%"), (fonts.FIGURE_28, fonts.FIGURE_18))
        if used is not None and 100 * used >= self.full_at:
            canvas.invert(0, HEADER + 1, canvas.width, RULE - HEADER - 4)
        _below(sheet, used, _outlook(sheet, free), self.backup_max_age)


def _used_share(sheet: Sheet, free: float) -> float | None:
    """The share in use, between 0 and 1, from used and free (what the system keeps for itself counts as neither)."""
    used = sheet.value(DISK_USED)
    total = used + free if used is not None else sheet.value(DISK_SIZE)
    return max(0.0, min(1.0, 1 - free / total)) if total else None


def _outlook(sheet: Sheet, free: float) -> Cell:
    """In how long the disk will be full, by the trend of the last days."""
    today = local(sheet.now, sheet.history.zone).date()
    first = today - timedelta(days=_TREND_DAYS)
    growth = trend(sheet.history.daily(sheet.panel.subject, DISK_USED, first, today))
    if growth is None:
        return Cell("trend", "too early")
    if growth <= 0 or free / growth > _HORIZON:
        return Cell("trend", "not filling")
    return Cell("full in", words.span(max(DAY, free / growth * DAY)))


def trend(days: Mapping[date, Bucket]) -> float | None:
    """The least-squares slope of the daily last values, per day; None from fewer than three days."""
    if len(days) < _FEWEST:
        return None
    points = [(day.toordinal(), bucket.last) for day, bucket in days.items()]
    middle_x, middle_y = sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread


def _below(sheet: Sheet, used: float | None, outlook: Cell, oldest: int) -> None:
    """The bar of what is used, the outlook, and the backup's age with its alarm."""
    top = RULE
    if used is None:
        sheet.canvas.rule(RULE)
    else:
        top = gauge(sheet, used)
    backup = sheet.value(NEWEST_BACKUP)
    figures = [outlook]
    if backup is not None:
        old = sheet.now - int(backup)
        figures.append(Cell("backup age", _age(old), alarm=old > oldest or old < -words.FUTURE, brief="backup"))
    cells(sheet, figures, top)


def _age(seconds: int) -> str:
    """How old a backup is."""
    return words.age(seconds) if seconds < -words.FUTURE else words.span(max(0, seconds))
