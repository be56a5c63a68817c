"""A display that shows nothing, for simulations and for a house that only wants its history kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from eink_monitor.model import Display, Frame


@dataclass
class Null(Display):
    """Shows nothing; counts the frames it was given."""

    frames: int = field(default=0, init=False)

    def show(self, frame: Frame) -> None:  # noqa: ARG002 - the interface is the point
        """Count the frame."""
        self.frames += 1
