"""Readings in memory and on disk: runs of equal values, hours and days.

A run is one row however long it held: its open end is kept in ``series`` and moves, its closed form goes to ``reading``
under the instant it ended. So no change is lost, no gap is hidden (a pause longer than the expected spacing ends the
run), and unchanged values cost little.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from eink_monitor.clock import HOUR, day_bounds, local, midnight
from eink_monitor.metrics import METRICS, recall
from eink_monitor.model.reading import Bucket, Metric, Reading, Run
from eink_monitor.store.backfill import LONGEST_RUN, Held, following, holding
from eink_monitor.store.card import OpenDatabase
from eink_monitor.store.part import Part
from eink_monitor.store.series import Series, Tally, day_key, day_of

_UPSERT = "INSERT OR REPLACE INTO {} (at, series, n, total, low, high, last) VALUES (?, ?, ?, ?, ?, ?, ?)"
_STEM = 20  # letters of a name that is given up, of 40


class Readings(Mapping[tuple[str, str], Reading], Part):
    """Every series: newest values in memory, older ones on disk."""

    def __init__(self, disk: OpenDatabase, zone: ZoneInfo) -> None:
        self._disk = disk
        self._zone = zone
        self._series: dict[tuple[str, str], Series] = {}
        self._closed: list[tuple[int, int, int, int]] = []
        self._tallies: dict[tuple[str, int, int], Tally] = {}
        self._created: list[Series] = []
        self._renamed: list[tuple[str, int]] = []
        self._last_bounds: dict[str, tuple[int, int, int]] = {}
        self._before: dict[tuple[str, str], Series] = {}

    def reload(self) -> None:
        """Forget what is in memory and read the open runs from disk."""
        found: dict[tuple[str, str], Series] = {}
        rows = self._disk.execute("SELECT id, subject, metric, unit, step, start, end, value FROM series ORDER BY id")
        for number, subject, metric, unit, step, start, end, value in rows:
            recall(metric, unit, step)
            series = found[subject, metric] = Series(number, subject, metric, unit, step)
            if start is not None:
                series.start, series.end, series.value = start, end, value
        self._before, self._series = self._series, found  # not before all of it could be read
        self._closed.clear()
        self._tallies.clear()
        self._created.clear()
        self._renamed.clear()

    def adopt(self) -> None:
        """Keep the newest reading of series that were known before the database was replaced."""
        for key, old in self._before.items():
            if key not in self._series and old.end >= 0 and old.metric in METRICS:
                series = self._create(old.subject, METRICS[old.metric])
                series.unit, series.step = old.unit, old.step
                series.start, series.end, series.value = old.start, old.end, old.value
                series.dirty = True
        self._before = {}

    # -- writing ---------------------------------------------------------------------------------------------------

    def add(self, readings: Iterable[Reading], spacing: int) -> None:
        """Take readings in; those known already change nothing.

        ``spacing`` is how many seconds may lie between two measurements of an unbroken run.
        """
        for subject, metric, number, at in readings:
            series = self._series.get((subject, metric.name)) or self._create(subject, metric)
            step = series.size(metric)
            if step is None:
                self._retire(series)
                series, step = self._create(subject, metric), metric.step
            value = round(number / step)
            before = series.end
            if at > before:
                if value == series.value and at - before <= spacing and at - series.start <= LONGEST_RUN:
                    series.end = at
                else:
                    self._close(series)
                    series.start = series.end = at
                    series.value = value
                self._count(series, value, at, before)
            elif value != series.value or at < before:
                self._late(series, value, at)
            series.dirty = True

    def _create(self, subject: str, metric: Metric) -> Series:
        number = max((series.id for series in self._series.values()), default=0) + 1
        series = self._series[subject, metric.name] = Series(number, subject, metric.name, metric.unit, metric.step)
        self._created.append(series)
        return series

    def _retire(self, series: Series) -> None:
        """Keep under another name what was measured while the name meant something else: "level_l"."""
        unit = "".join(letter for letter in series.unit.casefold() if letter.isascii() and letter.isalnum())
        stem = f"{series.metric[:_STEM]}_{unit or 'before'}"
        names = (stem, *(f"{stem}_{number}" for number in range(2, 1_000)))
        name = next(name for name in names if (series.subject, name) not in self._series)
        del self._series[series.subject, series.metric]
        series.metric = name
        recall(name, series.unit, series.step)
        self._series[series.subject, name] = series
        self._renamed.append((name, series.id))

    def _close(self, series: Series) -> None:
        if series.end >= 0:
            self._closed.append((series.end, series.id, series.value, series.end - series.start))

    def _count(self, series: Series, value: int, at: int, before: int) -> None:
        """Count the newest measurement; ``before`` is the one that was the newest until now."""
        hour, day = series.hour, series.day
        if series.hourly and (hour is None or not hour.start <= at < hour.end):
            hour = series.hour = self._tally("hour", series, at, before)
        if day is None or not day.start <= at < day.end:
            day = series.day = self._tally("day", series, at, before)
        if hour:
            hour.count(value, newest=True)
        day.count(value, newest=True)

    def _late(self, series: Series, value: int, at: int) -> None:
        """A measurement older than the newest, or a restated one; the same one twice counts once."""
        fresh = self._fresh(series)
        known = holding(self._disk, series.id, fresh, at)
        if known and known.value == value:
            return
        next_at = following(self._disk, series.id, fresh, at)
        if known and known.start < at == known.end:  # all but the restated end keeps the old value
            self._closed.append((at - 1, series.id, known.value, at - 1 - known.start))
        if at == series.end:
            series.start, series.value = at, value
        else:
            self._closed.append((at, series.id, value, 0))
        for table in ("hour", "day") if series.hourly else ("day",):
            tally = self._tally(table, series, at, at)
            newest = next_at is None or next_at >= tally.end
            if known:
                tally.correct(known.value, value, newest=newest)
            else:
                tally.count(value, newest=newest)

    def _fresh(self, series: Series) -> list[Held]:
        """The runs of a series that are only in memory, in the order they came to be, and the open one."""
        closed = [Held(value, end - held, end) for end, number, value, held in self._closed if number == series.id]
        return [*closed, Held(series.value, series.start, series.end)]

    def _tally(self, table: str, series: Series, at: int, before: int) -> Tally:
        """The tally that an instant belongs to: from memory, from disk, or new."""
        key, start, end = self._bounds(table, at)
        tally = self._tallies.get((table, key, series.id))
        if tally is None:
            tally = self._tallies[table, key, series.id] = Tally(key, start, end)
            row = (
                before >= start
                and self._disk.execute(
                    f"SELECT n, total, low, high, last FROM {table} WHERE at = ? AND series = ?",  # noqa: S608 - two names
                    (key, series.id),
                ).fetchone()
            )
            if row:
                tally.n, tally.total, tally.low, tally.high, tally.last = row
        return tally

    def _bounds(self, table: str, at: int) -> tuple[int, int, int]:
        """Key, first instant and end of the local hour or day an instant belongs to."""
        key, start, end = self._last_bounds.get(table, (0, 0, 0))
        if start <= at < end:
            return key, start, end
        here = local(at, self._zone)
        if table == "hour":
            start = at - here.minute * 60 - here.second
            bounds = (start, start, start + HOUR)
        else:
            bounds = (day_key(here.date()), *day_bounds(here.date(), self._zone))
        self._last_bounds[table] = bounds
        return bounds

    def write(self) -> None:
        """Put what is only in memory on disk, inside the caller's transaction."""
        dirty = [tally for tally in self._tallies.items() if tally[1].dirty]
        batches: list[tuple[str, list[Any]]] = [
            ("UPDATE series SET metric = ? WHERE id = ?", self._renamed),
            (
                "INSERT INTO series (id, subject, metric, unit, step) VALUES (?, ?, ?, ?, ?)",
                [(s.id, s.subject, s.metric, s.unit, s.step) for s in self._created],
            ),
            ("INSERT OR REPLACE INTO reading (at, series, value, held) VALUES (?, ?, ?, ?)", self._closed),
            (
                "UPDATE series SET start = ?, end = ?, value = ? WHERE id = ?",
                [(s.start, s.end, s.value, s.id) for s in self._series.values() if s.dirty],
            ),
        ]
        for table in ("hour", "day"):
            rows = [
                (key, number, t.n, t.total, t.low, t.high, t.last) for (kind, key, number), t in dirty if kind == table
            ]
            batches.append((_UPSERT.format(table), rows))
        for statement, rows in batches:
            self._disk.executemany(statement, rows)

    def written(self) -> None:
        """The transaction is durable: what was only in memory is no longer."""
        self._created.clear()
        self._renamed.clear()
        self._closed.clear()
        self._tallies = {}
        for series in self._series.values():
            series.dirty = False
            for table, tally in (("hour", series.hour), ("day", series.day)):
                if tally:
                    tally.dirty = False
                    self._tallies[table, tally.key, series.id] = tally

    def prune(self, raw_before: int, hour_before: int, day_before: date | None) -> None:
        """Retention: delete rows older than `keep` says, inside the caller's transaction."""
        self._disk.execute("DELETE FROM reading WHERE at < ?", (raw_before,))
        self._disk.execute("DELETE FROM hour WHERE at < ?", (hour_before,))
        if day_before:
            self._disk.execute("DELETE FROM day WHERE at < ?", (day_key(day_before),))

    def forget(self, subject: str) -> None:
        """Delete all readings of a subject, inside the caller's transaction."""
        for table in ("reading", "hour", "day"):
            self._disk.execute(
                f"DELETE FROM {table} WHERE series IN (SELECT id FROM series WHERE subject = ?)",  # noqa: S608 - names
                (subject,),
            )
        self._disk.execute("UPDATE series SET start = NULL, end = NULL, value = NULL WHERE subject = ?", (subject,))

    def hide_after(self, limit: int) -> None:
        """If the card cannot be written: ignore newest readings dated after ``limit``."""
        for series in self._series.values():
            if series.end > limit:
                series.start = series.end = -1
                series.dirty = False

    # -- reading ---------------------------------------------------------------------------------------------------

    def latest(self, subject: str, metric: Metric) -> Reading | None:
        """The newest reading of a series, or None."""
        return self.get((subject, metric.name))

    def __getitem__(self, key: tuple[str, str]) -> Reading:
        """The newest reading by subject and metric name; as a mapping this is what a ``Visit`` knows."""
        series = self._series[key]
        metric = METRICS[series.metric]
        step = series.size(metric)
        if series.end < 0 or step is None:
            raise KeyError(key)
        return Reading(series.subject, metric, series.value * step, series.end)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        known = ((key, series, METRICS.get(series.metric)) for key, series in self._series.items() if series.end >= 0)
        return (key for key, series, metric in known if metric and series.size(metric) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def end(self) -> int:
        """When the newest reading of any series was measured; -1 for none. Asked at every tick: it builds nothing."""
        return max((series.end for series in self._series.values() if series.metric in METRICS), default=-1)

    def _sized(self, subject: str, metric: Metric) -> tuple[Series | None, float]:
        """A series, and what one step of it is in the metric's unit; none where nothing counts in such a unit."""
        series = self._series.get((subject, metric.name))
        step = series.size(metric) if series else None
        return (None, 0.0) if step is None else (series, step)

    def runs(self, subject: str, metric: Metric, since: int, until: int) -> Sequence[Run]:
        """Runs that end at or after ``since`` and start at or before ``until``, in order of time."""
        series, step = self._sized(subject, metric)
        if series is None:
            return []
        rows = self._disk.look(
            "SELECT at, value, held FROM reading WHERE at BETWEEN ? AND ? AND series = ? ORDER BY at",
            (since, until + LONGEST_RUN, series.id),
        )
        fresh = [(at, value, held) for at, number, value, held in self._closed if number == series.id and at >= since]
        if fresh:  # what is restated replaces what is stored
            rows = sorted({row[0]: row for row in [*rows, *fresh]}.values())
        if series.end >= since:
            rows.append((series.end, series.value, series.end - series.start))
        try:
            return [Run(at - held, at, value * step) for at, value, held in rows if at - held <= until]
        except TypeError as error:
            self._disk.garbled(error)
            return []

    def days(self, subject: str, metric: Metric, first: date, last: date) -> dict[date, Bucket]:
        """Local days from ``first`` to ``last`` inclusive; a day without a measurement is absent."""
        found = self._buckets("day", subject, metric, day_key(first), day_key(last))
        days: dict[date, Bucket] = {}
        for key, bucket in found.items():
            if day := day_of(key):
                days[day] = bucket._replace(at=midnight(day, self._zone))
        return days

    def hours(self, subject: str, metric: Metric, since: int, until: int) -> dict[int, Bucket]:
        """Hours that start between the instants, by their first instant.

        A metric without hourly rows is summed up from its runs, as far back as they reach; ``n`` counts the runs then.
        """
        if metric.hourly:
            return self._buckets("hour", subject, metric, since, until)
        hours: dict[int, Bucket] = {}
        for run in self.runs(subject, metric, since, until + HOUR):
            at = max(run.start, since)
            while at <= run.end:
                start, _, end = self._bounds("hour", at)
                if since <= start <= until:
                    hours[start] = _with_run(hours.get(start), start, run.value)
                at = end
        return hours

    def _buckets(self, table: str, subject: str, metric: Metric, first: int, last: int) -> dict[int, Bucket]:
        series, step = self._sized(subject, metric)
        if series is None:
            return {}
        rows = self._disk.look(
            f"SELECT at, n, low, high, total, last FROM {table} WHERE at BETWEEN ? AND ? AND series = ?",  # noqa: S608
            (first, last, series.id),
        )
        found = {}
        try:
            for at, n, low, high, total, newest in rows:
                found[at] = Bucket(n, low * step, high * step, total / n * step, newest * step, at)
        except (TypeError, ZeroDivisionError) as error:
            self._disk.garbled(error)
        for (kind, key, number), tally in self._tallies.items():
            if kind == table and number == series.id and first <= key <= last and tally.n:
                found[key] = tally.bucket(step)
        return dict(sorted(found.items()))


def _with_run(bucket: Bucket | None, start: int, value: float) -> Bucket:
    if bucket is None:
        return Bucket(1, value, value, value, value, start)
    n, low, high, mean, _, _ = bucket
    return Bucket(n + 1, min(low, value), max(high, value), mean + (value - mean) / (n + 1), value, start)
