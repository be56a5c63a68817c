"""Backfill: where a late or corrected measurement belongs among the runs of one series.

``fresh`` are its runs that are only in memory, in the order they came to be; a later one replaces what ends with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from eink_monitor.clock import DAY, HOUR
from eink_monitor.store.card import OpenDatabase

LONGEST_RUN = 6 * HOUR  # a run is cut there, so that a query never has to search further ahead


class Held(NamedTuple):
    """A run in steps of its metric: the value held from ``start`` to ``end``."""

    value: int
    start: int
    end: int


def holding(disk: OpenDatabase, series: int, fresh: Sequence[Held], at: int) -> Held | None:
    """The run that contains an instant: of a run and a correction inside it, the one that ends first."""
    row = disk.execute(
        """SELECT value, at - held, at FROM reading WHERE at BETWEEN :at AND :most AND series = :series
           AND at - held <= :at ORDER BY at LIMIT 1""",
        {"at": at, "most": at + LONGEST_RUN, "series": series},
    ).fetchone()
    known = {run.end: run for run in fresh if run.end >= at}
    if row and row[2] not in known:
        known[row[2]] = Held(*row)
    return min((run for run in known.values() if run.start <= at), key=lambda run: run.end, default=None)


def following(disk: OpenDatabase, series: int, fresh: Sequence[Held], at: int) -> int | None:
    """When the next measurement was made, at the earliest; None when nothing is newer."""
    (stored,) = disk.execute(
        "SELECT min(max(at - held, :at + 1)) FROM reading WHERE at > :at AND at <= :most AND series = :series",
        {"at": at, "most": at + DAY + LONGEST_RUN, "series": series},
    ).fetchone()
    known = [max(run.start, at + 1) for run in fresh if run.end > at]
    return min(known if stored is None else [stored, *known], default=None)
