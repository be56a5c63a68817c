"""How much work a function is: steps of the program, counted, so that a busy machine changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def effort(work: Callable[[], object]) -> int:
    """How many steps (lines, calls, returns) of Python the work takes, whatever it is."""
    steps = 0

    def step(_frame: FrameType, _event: str, _told: Any) -> Any:  # noqa: ANN401 - as the interpreter calls it
        nonlocal steps
        steps += 1
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        work()
    finally:
        sys.settrace(before)
    return steps
