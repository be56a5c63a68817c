"""Whether a measurement grows: a straight line through it, and how sure that line is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path


def slope(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Slope of the least-squares line and half of its 95 % confidence interval.

    The samples of a process are not independent (memory moves in steps); so the interval is widened by the
    autocorrelation of the residuals at lag 1.
    """
    n = len(points)
    if len({x for x, _ in points}) < 4:
        return math.nan, math.nan  # which is no growth that could be called flat
    mx, my = math.fsum(x for x, _ in points) / n, math.fsum(y for _, y in points) / n
    sxx = math.fsum((x - mx) ** 2 for x, _ in points)
    b = math.fsum((x - mx) * (y - my) for x, y in points) / sxx
    rest = [y - my - b * (x - mx) for x, y in points]
    squares = math.fsum(r * r for r in rest)
    if not squares:
        return b, 0.0
    rho = max(0.0, min(0.95, math.fsum(a * c for a, c in pairwise(rest)) / squares))
    effective = max(3.0, n * (1 - rho) / (1 + rho))
    return b, 2.0 * math.sqrt(squares / sxx / max(1.0, effective - 2))


def memory(pid: int) -> float:
    """KiB of anonymous memory of a process: what it really costs, whatever its children share of it at the moment."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return float(line.split()[1])
    return math.nan


def open_files(pid: int) -> int:
    """How many file descriptors a process holds."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
