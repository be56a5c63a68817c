"""A disk: what is free, how soon it will be full, and how old the newest backup on it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from eink_monitor.clock import DAY, SKEW, local
from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.locale import say, say_of
from eink_monitor.metrics import (
    BACKUP_MAX_AGE,
    DISK_FREE,
    DISK_FULL_AT,
    DISK_SIZE,
    DISK_STATE,
    DISK_USED,
    NEWEST_BACKUP,
    NO_DISK,
)
from eink_monitor.model.history import History
from eink_monitor.model.panel import Need
from eink_monitor.model.reading import Bucket
from eink_monitor.panels._figures import Cell, aside, cells, gauge, hero
from eink_monitor.panels._known import Figure
from eink_monitor.panels._sheet import Sheet, SubjectPanel
from eink_monitor.panels._trace import trace
from eink_monitor.settings import Duration, insist

_FULL = 90.0  # percent, and how old a backup may be, where neither panel nor source says
_OLD = 2 * DAY
_READ_ONLY = 1  # the state of a disk
_TREND_DAYS = 30
_FEWEST = 3  # days that make a trend
_HORIZON = 3 * 365  # days; a disk that lasts longer is not filling


@dataclass(frozen=True)
class Disk(SubjectPanel):
    """Free space, use, days until full by the trend, and the age of the newest backup; alarming when too full or old.

    ``full_at`` is in percent; ``backup_max_age`` how old the newest backup may be. Without them the source's own count.
    A disk that is not mounted, or cannot be measured, is told in words, and so is one that cannot be written to. Of a
    folder somewhere else, of which only its newest file is known, it says when that was made.
    """

    full_at: float | None = None
    backup_max_age: Duration | None = None

    def __post_init__(self) -> None:
        insist(
            (self.full_at is None or 0 < self.full_at <= 100, "full_at must be 1 to 100 (percent)"),
            (self.backup_max_age is None or self.backup_max_age > 0, "backup_max_age must be longer than nothing"),
        )

    def needs(self) -> Iterator[Need]:
        """Free space, or a backup."""
        yield Need(self.subject, (DISK_FREE, NEWEST_BACKUP))

    def speaks(self, history: History) -> bool:
        """A disk without figures may have a state."""
        return super().speaks(history) or history.latest(self.subject, DISK_STATE) is not None

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """Free space in huge digits, use as a bar; an alarm reverses the half of the sheet it concerns."""
        sheet = Sheet(canvas, history, now, self)
        free, state = sheet.reading(DISK_FREE), sheet.reading(DISK_STATE)
        lack = NO_DISK.get(round(state.value)) if state and (free is None or state.at >= free.at) else None
        if lack:
            _missing(sheet, lack, free.at if free else None, self._oldest(sheet))
        elif free is None and (newest := sheet.reading(NEWEST_BACKUP)):
            _elsewhere(sheet, int(newest.value), self._oldest(sheet))
        # TRANSLATORS: at most 20 letters; after "Waiting for", and in "No free space yet"
        elif sheet.begin((DISK_FREE,), "disk", say("the disk"), say("free space")) and free:
            self._measured(sheet, free.value)

    def _measured(self, sheet: Sheet, free: float) -> None:
        """A disk of which it is known how much is free."""
        used = _used_share(sheet, free)
        _above(sheet, free, used, self._fullest(sheet))
        # TRANSLATORS: at most 9 letters; over the word "read-only", which says how the disk is mounted
        mounted, read_only = say_of("disk", "mounted"), say_of("disk", "read-only")
        # TRANSLATORS: at most 6 letters; before the word "read-only": in short for "is at the moment"
        outlook = Cell(mounted, read_only, alarm=True, brief=say_of("disk", "now"))
        if sheet.value(DISK_STATE) != _READ_ONLY:
            outlook = _outlook(sheet, free)
        under = None if used is None else gauge(sheet, used.value, tag=used.tag)
        if under is None:
            sheet.rule()
        cells(sheet, [outlook, *_backup(sheet, self._oldest(sheet))], under)
        if sheet.more:
            sheet.canvas.rule(sheet.more.top)
            trace(sheet, sheet.more, DISK_FREE, _TREND_DAYS * DAY)

    def _fullest(self, sheet: Sheet) -> float:
        """How full the disk may be, in percent."""
        return _first(self.full_at, sheet.value(DISK_FULL_AT), _FULL)

    def _oldest(self, sheet: Sheet) -> float:
        """How old the newest backup may be, in seconds."""
        return _first(self.backup_max_age, sheet.value(BACKUP_MAX_AGE), _OLD)


def _first(own: float | None, theirs: float | None, otherwise: float) -> float:
    """What the panel says, else the source, else what is usual."""
    if own is not None:
        return own
    return otherwise if theirs is None else theirs


def _above(sheet: Sheet, free: float, used: Figure | None, fullest: float) -> None:
    """Free space in huge digits, and the share in use; reversed where that is too much."""
    # TRANSLATORS: at most 6 letters, none of which reaches below the line as a g does; space on a disk
    hero(sheet, *words.size(free), say_of("disk", "free"))
    if used is None:
        return
    # TRANSLATORS: at most 8 letters; space on a disk, in per cent
    aside(sheet, Cell(say_of("disk", "used"), words.percent(100 * used.value), "%", tag=used.tag))
    if 100 * used.value >= fullest and not used.tag:
        sheet.alarm()


def _missing(sheet: Sheet, lack: str, seen: int | None, oldest: float) -> None:
    """A disk without figures: since when nobody has seen any, and how old its newest backup is by now."""
    # TRANSLATORS: at most 20 letters; in "No state yet": of a disk
    sheet.begin((DISK_STATE,), "disk", say("the disk"), say_of("disk", "state"))
    zone = sheet.hero
    sheet.canvas.icon(zone.left, zone.top + 10, "disk", 40, hollow=sheet.outline())
    sheet.canvas.text(zone.left + 50, zone.top + 40, say(lack), fonts.FIGURE_28, hollow=sheet.outline())
    sheet.alarm()
    sheet.rule()
    # TRANSLATORS: at most 10 letters; over an age: when the disk was there
    word = say_of("disk", "last seen")
    # TRANSLATORS: at most 7 letters; in place of an age: the disk was never there
    ago = say_of("disk", "never") if seen is None else words.span(max(0, sheet.now - seen))
    # TRANSLATORS: at most 6 letters; before an age: when the disk was there
    last = Cell(word, ago, brief=say_of("disk", "seen"))
    cells(sheet, [last, *_backup(sheet, oldest)])


def _elsewhere(sheet: Sheet, made: int, oldest: float) -> None:
    """A backup on no disk that we know: when the newest was made (epoch seconds), and how old it is by now."""
    sheet.begin((NEWEST_BACKUP,), "disk", say("the disk"), say("free space"))
    zone = sheet.hero
    sheet.canvas.icon(zone.left, zone.top + 10, "disk", 40, hollow=sheet.outline())
    when = words.stamp(made, sheet.now, sheet.history.zone)
    sheet.canvas.text(zone.left + 50, zone.top + 40, when, fonts.FIGURE_28, hollow=sheet.outline())
    sheet.rule()
    cells(sheet, _backup(sheet, oldest))


def _backup(sheet: Sheet, oldest: float) -> list[Cell]:
    """The age of the newest backup, where one is known."""
    backup = sheet.figure(NEWEST_BACKUP)
    if backup is None:
        return []
    old = sheet.now - int(backup.value)
    alarm = old > oldest or old < -SKEW
    # TRANSLATORS: at most 10 letters; over an age: that of the newest backup
    word = say("backup age")
    # TRANSLATORS: at most 7 letters; before an age: that of the newest backup
    return [Cell(word, _age(old), alarm=alarm, brief=say("backup"), tag=backup.tag)]


def _used_share(sheet: Sheet, free: float) -> Figure | None:
    """The share in use, between 0 and 1, from used and free (what the system keeps for itself counts as neither)."""
    used = sheet.figure(DISK_USED)
    whole = used._replace(value=used.value + free) if used else sheet.figure(DISK_SIZE)
    return whole._replace(value=max(0.0, min(1.0, 1 - free / whole.value))) if whole and whole.value else None


def _outlook(sheet: Sheet, free: float) -> Cell:
    """In how long the disk will be full, by the trend of the last days; as old as the newest of them."""
    used = sheet.figure(DISK_USED)
    tag = used.tag if used else ""
    today = local(sheet.now, sheet.history.zone).date()
    first = today - timedelta(days=_TREND_DAYS)
    growth = trend(sheet.history.daily(sheet.subject, DISK_USED, first, today))
    # TRANSLATORS: at most 7 letters; over "not filling": how the use of a disk grows
    word = say_of("disk", "trend")
    if growth is None:
        # TRANSLATORS: at most 11 letters; below "trend": not known yet
        return Cell(word, say_of("disk", "too early"), tag=tag)
    if growth <= 0 or free / growth > _HORIZON:
        # TRANSLATORS: at most 11 letters; below "trend": the disk
        return Cell(word, say_of("disk", "not filling"), tag=tag)
    left = words.span(max(DAY, free / growth * DAY))
    # TRANSLATORS: at most 10 letters; over a length of time, after which the disk will be full
    word = say_of("disk", "full in")
    # TRANSLATORS: at most 6 letters; before a length of time, after which the disk will be full
    return Cell(word, left, brief=say_of("disk", "full"), tag=tag)


def trend(days: Mapping[date, Bucket]) -> float | None:
    """The least-squares slope of the daily last values, per day; None from fewer than three days."""
    if len(days) < _FEWEST:
        return None
    points = [(day.toordinal(), bucket.last) for day, bucket in days.items()]
    middle_x, middle_y = sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread


def _age(seconds: int) -> str:
    """How old a backup is."""
    return words.age(seconds) if seconds < -SKEW else words.span(max(0, seconds))
