"""Milliseconds to draw a panel, letters warm: the median over every golden scene, and the slowest."""

from __future__ import annotations

from statistics import median

from eink_monitor.clock import stopwatch
from eink_monitor.draw.canvas import Canvas
from scenes import SCENES, Scene

_DRAWS = 60


def measure() -> dict[str, float]:
    """Draw every scene many times."""
    times = [_median(scene) for scene in SCENES.values()]
    return {"panel_render_ms_median": median(times), "panel_render_ms_slowest": max(times)}


def _median(scene: Scene) -> float:
    times = []
    for _ in range(_DRAWS):
        began = stopwatch()
        canvas = Canvas()
        scene.panel.draw(canvas, scene.house, scene.now)
        canvas.frame("")
        times.append((stopwatch() - began) * 1000)
    return median(times)
